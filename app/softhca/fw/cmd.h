/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mailbox commands: found by opcode, checked against the field tables, executed, traced.
 *
 * Checked for every command before its handler sees it: lengths, reserved bits, fields that are not
 * modelled, and that the mailbox speaks of the object it came for. A handler gets a well-formed
 * mailbox and checks values; it refuses with cmd_refuse().
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_CMD_H
#define SOFTHCA_FW_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field.h"
#include "obj.h"
#include "syndrome.h"

struct cmd;

/* What a profile must have for a command to exist. */
enum cmd_need {
	CMD_NEED_NOTHING,
	CMD_NEED_VIRTIO,
	CMD_NEED_QUEUE_COUNTERS,
	CMD_NEED_FLOW_COUNTERS,
	CMD_NEED_FLOW_TABLES,
};

enum cmd_verb { CMD_GENERAL, CMD_CREATE, CMD_MODIFY, CMD_QUERY };

/* Mailboxes begin with status and syndrome, or opcode and op_mod: 16 bytes. */
enum { CMD_HDR_LEN = 16, CMD_PARTS = 6 };

/* A layout at its place in the input mailbox. */
struct cmd_part {
	uint16_t layout; /* enum field_layout */
	uint16_t base;   /* bits */
};

typedef int (*cmd_create_fn)(struct cmd *cmd, struct hca_obj **obj);
typedef int (*cmd_run_fn)(struct cmd *cmd, struct hca_obj *obj); /* obj NULL: CMD_GENERAL */

struct cmd_desc {
	const char *name;
	uint16_t opcode;
	uint16_t obj_type; /* of general objects, and op_mod of all unless any_op_mod */
	bool any_op_mod;
	enum cmd_need need;
	enum cmd_verb verb;
	enum obj_type type;       /* of the object; not for CMD_GENERAL */
	uint16_t in_len, out_len; /* bytes, at least */
	uint16_t tail_layout;     /* entries behind in_len have this layout; 0: no entries */
	/* modify, query: holds the object's number; create: in the answer; 0: no field does */
	uint16_t id_field;
	uint8_t n_parts;
	struct cmd_part part[CMD_PARTS];
	cmd_create_fn create; /* CMD_CREATE: an object that is not published yet */
	cmd_run_fn run;       /* the others */
};

struct cmd {
	struct hca_ctx *ctx;
	const struct cmd_desc *desc; /* NULL: unknown command */
	const uint8_t *in;
	size_t in_len;
	uint8_t *out; /* zeroed before the handler runs */
	size_t out_len;
	/* The refusal. */
	enum syndrome syndrome;
	enum field_id field;
	char why[128];
};

extern const struct cmd_desc cmd_table[];
extern const unsigned int cmd_table_n;

bool cmd_known(const char *name);
/* The command in a mailbox, by its opcode alone; "command" if there is no such. */
const char *cmd_name(const struct cmd *cmd);

/* -EREMOTEIO: refused. -EINVAL: no such verb on this path, or another object. */
int cmd_execute(struct cmd *cmd, enum cmd_verb verb, struct hca_obj *obj, struct hca_obj **made);

/* Always -EREMOTEIO. field: F_NONE or the field that is wrong; fmt adds values, " " none. */
int cmd_refuse(struct cmd *cmd, enum syndrome s, enum field_id field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Turn -ENOMEM or -ENOSPC of obj_new() and obj_use() into a refusal. */
int cmd_refuse_errno(struct cmd *cmd, int err);

/* Place of a layout in the input; it must be a part of the command. */
uint32_t cmd_base(const struct cmd *cmd, enum field_layout layout);
uint64_t cmd_get(const struct cmd *cmd, enum field_id field);
/* Set a field of the answer, in a layout base bits into it. */
void cmd_put(struct cmd *cmd, uint32_t base, enum field_id field, uint64_t value);

/* The object whose number the field holds; its type is the field's kind. */
int cmd_ref(struct cmd *cmd, enum field_id field, struct hca_obj **obj);
int cmd_ref_id(struct cmd *cmd, enum field_id field, uint32_t id, struct hca_obj **obj);

/* Entries behind the fixed part. */
unsigned int cmd_tail_n(const struct cmd *cmd);
uint32_t cmd_tail_base(const struct cmd *cmd, unsigned int i);

#endif
