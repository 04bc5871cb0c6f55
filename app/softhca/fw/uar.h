/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbell pages. A UAR takes the arming of completion queues; a VAR the doorbells of virtqueues,
 * which the datapath watches.
 *
 * Threads: made and freed under the firmware lock; uar_rings() from NIC threads and under dp_lock.
 */
#ifndef SOFTHCA_FW_UAR_H
#define SOFTHCA_FW_UAR_H

#include <stdatomic.h>

#include "obj.h"

struct uar {
	struct hca_obj obj;
	void *page; /* borrowed from the front door */
	atomic_uint rings;
};

struct var {
	struct hca_obj obj;
	void *page; /* borrowed from the front door */
};

/* How often CQ doorbells of the page were seen to ring; several between two looks count once. */
unsigned int uar_rings(struct uar *uar);

void var_fini(struct hca_obj *obj);

#endif
