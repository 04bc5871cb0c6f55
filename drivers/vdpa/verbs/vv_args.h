/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator asks for: the device arguments, checked and const from then on. Most are the
 * words of provision/vv_request.h; what else there is, is of the driver:
 *
 *	ibdev=NAME       the verbs device (required)
 *	packed=on|off    packed rings: the feature RING_PACKED
 *	offloads=on|off  off: checksums and segmentation are the guest's; buffers still merge
 *	cvq=off          no control queue of ours; MQ stays, for front-ends that have their own
 *
 * The address is address=, not mac=: DPDK's ethdev class takes that for a filter of its own.
 * Threads: pure functions, but for the model's file.
 */
#ifndef VV_ARGS_H
#define VV_ARGS_H

#include <stddef.h>

#include "provision/vv_request.h"

enum vv_switch { VV_AUTO, VV_ON, VV_OFF };

struct vv_args {
	char ibdev[VV_PARENT_NAME_MAX];
	struct vv_request request; /* its model is resolved */
	/* VV_AUTO: if the device can. */
	enum vv_switch packed, offloads;
	enum vv_switch cvq; /* VV_AUTO: VV_CVQ_DEFAULT (vv_offer.h) */
};

/*
 * why says which argument and what is known, in one line. -EINVAL, and what vv_request_set() and
 * vv_model_resolve() return. args NULL or "" are legal.
 */
int vv_args_parse(const char *args, struct vv_args *parsed, char *why, size_t why_len);

#endif
