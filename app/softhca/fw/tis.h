/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport domains and transmit interface objects: no behaviour beyond being there and being used.
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_TIS_H
#define SOFTHCA_FW_TIS_H

#include "cmd.h"

int td_create(struct cmd *cmd, struct hca_obj **obj);
int tis_create(struct cmd *cmd, struct hca_obj **obj);

#endif
