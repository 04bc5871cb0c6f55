/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of this folder only. */
#ifndef VV_HCA_PRIV_H
#define VV_HCA_PRIV_H

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#include "vv_hca.h"

struct vv_hca {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_mr *null_mr;
	struct mlx5dv_devx_uar *uar;
	struct mlx5dv_var *var;
	struct mlx5dv_devx_event_channel *channel;
	void *doorbell_page; /* mapping of the VAR */
	volatile uint32_t *doorbell;
	uint32_t pdn, eqn;
	struct vv_hca_caps caps;
	char error[256];
};

/* Remember why a call fails; returns err. */
int vv_hca_fail(struct vv_hca *hca, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int vv_hca_caps_query(struct vv_hca *hca); /* vv_hca_caps.c */

/* what: for the error line, "create CQ". in is the mailbox with its opcode set. */
int vv_cmd_create(struct vv_hca *hca, const char *what, const void *in, size_t in_len, void *out,
		  size_t out_len, struct mlx5dv_devx_obj **obj);
int vv_cmd_modify(struct vv_hca *hca, const char *what, struct vv_obj *obj, const void *in,
		  size_t in_len);
int vv_cmd_query(struct vv_hca *hca, const char *what, struct vv_obj *obj, const void *in,
		 size_t in_len, void *out, size_t out_len);
int vv_cmd_exec(struct vv_hca *hca, const char *what, const void *in, size_t in_len, void *out,
		size_t out_len);

uint64_t vv_hca_pinned(void); /* bytes that the process has pinned, of its NICs' memory */
/* Append what an operator can do about a refusal to pin len bytes. */
int vv_hca_fail_pin(struct vv_hca *hca, int err, size_t len, const char *what);

#endif
