/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport domains and transmit interface objects. A domain is who a TIR knows its own frames by
 * (self_lb_block): those of queues whose TIS has the same.
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_TIS_H
#define SOFTHCA_FW_TIS_H

#include "cmd.h"
#include "obj.h"

struct tis {
	struct hca_obj obj;
	uint32_t domain; /* number */
};

int td_create(struct cmd *cmd, struct hca_obj **obj);
int tis_create(struct cmd *cmd, struct hca_obj **obj);

#endif
