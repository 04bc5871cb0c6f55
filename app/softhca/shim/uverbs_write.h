/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of the older write() interface that live beside the objects they are about.
 *
 * A handler gets a request that is long enough and a response buffer with room; it may need the
 * driver's part of either (UVERBS_ATTR_UHW_IN, UVERBS_ATTR_UHW_OUT) as well. The file has a
 * context. Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_UVERBS_WRITE_H
#define SOFTHCA_SHIM_UVERBS_WRITE_H

#include "uverbs_attr.h"

typedef int (*write_handler)(struct ubundle *b, const void *req, const struct uattr *out);

int write_alloc_pd(struct ubundle *b, const void *req, const struct uattr *out);
int write_reg_mr(struct ubundle *b, const void *req, const struct uattr *out);
int write_rereg_mr(struct ubundle *b, const void *req, const struct uattr *out);
int write_alloc_mw(struct ubundle *b, const void *req, const struct uattr *out);
int write_resize_cq(struct ubundle *b, const void *req, const struct uattr *out);
int write_create_comp_channel(struct ubundle *b, const void *req, const struct uattr *out);
int write_create_ah(struct ubundle *b, const void *req, const struct uattr *out);
int write_modify_qp(struct ubundle *b, const void *req, const struct uattr *out);
int write_ex_modify_qp(struct ubundle *b, const void *req, const struct uattr *out);
int write_query_qp(struct ubundle *b, const void *req, const struct uattr *out);
int write_query_srq(struct ubundle *b, const void *req, const struct uattr *out);
int write_modify_srq(struct ubundle *b, const void *req, const struct uattr *out);

#endif
