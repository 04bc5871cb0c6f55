/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow tables of a program's own (PRM, flow tables), of the NIC's receive side: a table has groups,
 * ranges of its indices whose entries look at the same bits; an entry says what happens to frames
 * that match. The lowest index wins. What matches nothing is dropped (table_miss_action default).
 * Frames come from rules of the root table, or from entries of tables of a lower level.
 *
 * Entries use their group and where they lead, groups their table; what is used cannot be
 * destroyed. An entry has a number among the NIC's objects that the program never sees: it speaks
 * of table and index.
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_FLOW_TABLE_H
#define SOFTHCA_FW_FLOW_TABLE_H

#include <sys/queue.h>

#include "cmd.h"
#include "flow.h"
#include "obj.h"

enum { FLOW_TABLE_RX = 0 }; /* table_type */

/* Where the flow context of an entry and its match value begin, in bits. */
enum { FLOW_CONTEXT = 0x200, FLOW_VALUE = FLOW_CONTEXT + 0x200, FLOW_OUTER_LEN = 0x200 / 8 };

struct flow_group;

struct flow_table {
	struct hca_obj obj;
	unsigned int level;
	uint32_t size;
	struct rx_table *dp; /* owned: what the datapath has of it */
	LIST_HEAD(, flow_group) groups;
};

struct flow_group {
	struct hca_obj obj;
	struct flow_table *table; /* borrowed, in obj.uses */
	uint32_t first, last;     /* indices */
	struct flow_match match;
	uint8_t mask[FLOW_OUTER_LEN]; /* as it was given */
	uint8_t *taken;               /* owned: a bit for each index, from first on */
	bool linked;
	LIST_ENTRY(flow_group) in_table;
};

struct flow_entry {
	struct hca_obj obj;
	struct flow_group *group; /* borrowed, in obj.uses */
	uint32_t index;
	uint16_t action;               /* as the PRM numbers it */
	uint8_t value[FLOW_OUTER_LEN]; /* as it was given */
	struct hca_obj *dest;          /* borrowed, in obj.uses; NULL: dropped */
	struct hca_obj *counter;       /* borrowed, in obj.uses; NULL: not counted */
	struct rx_entry *entry;        /* owned: what the datapath has of it */
};

int flow_table_create(struct cmd *cmd, struct hca_obj **obj);
void flow_table_fini(struct hca_obj *obj);

int flow_group_create(struct cmd *cmd, struct hca_obj **obj);
void flow_group_fini(struct hca_obj *obj);

/* Let an entry of the datapath lead to a TIR or a flow table. */
void flow_entry_lead(struct dp_rx_entry *entry, const struct hca_obj *dest);

int flow_entry_create(struct cmd *cmd, struct hca_obj **obj);
/* All or nothing; frames that match both before and after never miss the entry. */
int flow_entry_modify(struct cmd *cmd, struct hca_obj *obj);
void flow_entry_fini(struct hca_obj *obj);

#endif
