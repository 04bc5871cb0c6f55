/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be asked of a running NIC (hca_stat.h): an up-to-date table of ports and queues, a
 * broken queue, a command that fails, a link that goes down.
 *
 * Threads: the control thread; takes the firmware lock and dp_lock.
 */
#ifndef SOFTHCA_FW_CTL_ASK_H
#define SOFTHCA_FW_CTL_ASK_H

struct hca;
struct hca_config;
struct hca_stat_ask;

/* The names and policies into hca->stat->port, before the NIC runs. */
void ask_name_ports(struct hca *hca, const struct hca_config *cfg);

void ask_snapshot(struct hca *hca);

/* ask: a copy whose text ends; result and text become the answer. Believes nothing. */
void ask_handle(struct hca *hca, struct hca_stat_ask *ask);

#endif
