/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the device says of itself: capability groups, the vport, LAG.
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_CAPS_H
#define SOFTHCA_FW_CAPS_H

#include "cmd.h"

/* A capability group is at least this long; a larger output mailbox gets zeros behind it. */
enum { CAP_LEN_MIN = 0x800 / 8 };

int caps_query(struct cmd *cmd, struct hca_obj *obj);
int caps_query_vport(struct cmd *cmd, struct hca_obj *obj);
int caps_query_lag(struct cmd *cmd, struct hca_obj *obj);

#endif
