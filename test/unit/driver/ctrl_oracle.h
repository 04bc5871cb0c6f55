/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A second opinion on commands of the control queue, for random ones: written from the
 * specification alone, plainly, and sharing nothing with ctrl/ but the bounds that are the device's
 * choice. It says ok or not, and what is in force then.
 */
#ifndef CTRL_ORACLE_H
#define CTRL_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle_macs {
	unsigned int n;
	bool all;
	uint8_t addr[64][6];
};

struct oracle_coal {
	uint32_t packets, usecs;
};

struct oracle {
	/* given */
	uint64_t features;
	unsigned int pairs;
	uint8_t own_mac[6];
	bool trusted;
	const bool *enabled;

	/* in force */
	uint8_t mac[6];
	bool mode[6];
	struct oracle_macs macs[2]; /* unicast, groups */
	bool vlan[4096];
	bool announce, rss;
	unsigned int set_pairs; /* by the guest, or at reset */
	uint32_t types;
	unsigned int table[128], table_len, rest, max_tx;
	uint8_t key[40], key_len;
	uint64_t offloads;
	struct oracle_coal coal[254];

	/* of the last command that was taken */
	uint8_t answer[256];
	size_t answer_len;
};

void oracle_reset(struct oracle *o);
bool oracle_send(struct oracle *o, const uint8_t *command, size_t len, size_t room);

#endif
