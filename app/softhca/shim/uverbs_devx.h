/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which firmware commands user space may send by which DevX method (the white lists of mlx5_ib).
 * Commands that destroy are in none: the kernel builds them itself.
 */
#ifndef SOFTHCA_SHIM_UVERBS_DEVX_H
#define SOFTHCA_SHIM_UVERBS_DEVX_H

#include "uverbs_attr.h"

enum devx_kind { DEVX_NONE, DEVX_GENERAL, DEVX_CREATE, DEVX_MODIFY, DEVX_QUERY };

/* Event queues that user space may name by a completion vector. */
enum { DEVX_EQ_VECTORS = 8 };

/* mbox: input mailbox of at least 16 bytes. */
enum devx_kind devx_kind(const void *mbox);

/* May this call send this command? 0 or -EINVAL, as mlx5_ib. */
int devx_check(struct ubundle *b, const void *mbox, enum devx_kind kind);

#endif
