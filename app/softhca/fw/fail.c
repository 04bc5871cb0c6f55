/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd.h"
#include "fail.h"

struct fail_item {
	char command[32];
	uint64_t nth, seen;
};

struct fail_plan {
	unsigned int n;
	struct fail_item item[];
};

/* Commands that do not come as a mailbox. */
static const char *const kernel_commands[] = {
    "any",       "open_context",   "alloc_pd",    "reg_mr",       "reg_umem",        "alloc_uar",
    "alloc_var", "create_matcher", "create_flow", "open_channel", "subscribe_event",
    "rereg_mr",  "resize_cq",      "create_rdma_qp", "create_rdma_srq",
};

bool fail_known(const char *command)
{
	unsigned int i;

	for (i = 0; i < sizeof(kernel_commands) / sizeof(kernel_commands[0]); i++)
		if (!strcasecmp(command, kernel_commands[i]))
			return true;
	return cmd_known(command);
}

static int parse_item(const char *text, size_t len, struct fail_item *item)
{
	const char *colon = memchr(text, ':', len);
	size_t name = colon ? (size_t)(colon - text) : len;
	char *end;

	if (!name || name >= sizeof(item->command))
		return -EINVAL;
	memcpy(item->command, text, name);
	item->command[name] = '\0';
	item->nth = 1;
	item->seen = 0;
	if (colon) {
		if (!isdigit((unsigned char)colon[1]))
			return -EINVAL;
		errno = 0;
		item->nth = strtoull(colon + 1, &end, 10);
		if (errno || end != text + len || !item->nth)
			return -EINVAL;
	}
	return fail_known(item->command) ? 0 : -EINVAL;
}

int fail_parse(const char *text, struct fail_plan **plan)
{
	struct fail_plan *p;
	const char *at;
	size_t n = 1;

	*plan = NULL;
	if (!text || !*text)
		return 0;
	for (at = text; *at; at++)
		n += *at == ',';
	p = calloc(1, sizeof(*p) + n * sizeof(p->item[0]));
	if (!p)
		return -ENOMEM;
	for (at = text;; at++) {
		size_t len = strcspn(at, ",");

		if (parse_item(at, len, &p->item[p->n++])) {
			free(p);
			return -EINVAL;
		}
		at += len;
		if (!*at)
			break;
	}
	*plan = p;
	return 0;
}

int fail_add(struct fail_plan **plan, const char *text)
{
	unsigned int n = *plan ? (*plan)->n : 0;
	struct fail_item item;
	struct fail_plan *p;
	int err = parse_item(text, strlen(text), &item);

	if (err)
		return err;
	p = realloc(*plan, sizeof(*p) + (n + 1) * sizeof(p->item[0]));
	if (!p)
		return -ENOMEM;
	p->item[n] = item;
	p->n = n + 1;
	*plan = p;
	return 0;
}

void fail_free(struct fail_plan *plan)
{
	free(plan);
}

bool fail_now(struct fail_plan *plan, const char *command)
{
	bool hit = false;
	unsigned int i;

	for (i = 0; plan && i < plan->n; i++) {
		struct fail_item *item = &plan->item[i];

		if (strcasecmp(item->command, "any") && strcasecmp(item->command, command))
			continue;
		if (++item->seen == item->nth)
			hit = true;
	}
	return hit;
}
