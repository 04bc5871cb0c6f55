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

/* Mailboxes begin with these, big endian (PRM 12.3); they are at least 16 bytes long. */
enum { MBOX_OPCODE = 0, MBOX_UID = 2, MBOX_TUNNEL = 4, MBOX_OP_MOD = 6 };
enum { MBOX_IN_MIN = 16, MBOX_OUT_MIN = 16 };

static inline uint16_t mbox_get16(const void *mbox, unsigned int byte)
{
	const uint8_t *p = mbox;

	return (uint16_t)(p[byte] << 8 | p[byte + 1]);
}

enum devx_kind devx_kind(const void *mbox);

/*
 * User space cannot give physical addresses: the kernel sets the bits that make firmware take the
 * umem instead, whether the program has set them or not. (For a QP without queues the bits have
 * no meaning.)
 */
void devx_set_umem_valid(void *mbox, size_t len);

/* May this call send this command? 0 or -EINVAL, as mlx5_ib. */
int devx_check(struct ubundle *b, const void *mbox, enum devx_kind kind);

#endif
