/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to the interface on a fake manager, and what is looked at in every answer. */
#ifndef VDPAD_RPC_RIG_H
#define VDPAD_RPC_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "fake.h"

struct rig {
	struct vdpad_manager *manager;
	char *models; /* a directory; owned */
};

int rig_setup(void **state);
int rig_teardown(void **state);

/* The answer to a text, parsed; NULL: none. Owned by the caller. */
json_t *rig_call(struct rig *rig, bool may_change, const char *text);

/* The result of a method; params as text, NULL: none. It must succeed. Owned by the caller. */
json_t *rig_ask(struct rig *rig, const char *method, const char *params);

/*
 * The request must fail with that code, with errno's name and word in data; NULL: any. Returns the
 * message, valid until the next call.
 */
const char *rig_fails(struct rig *rig, const char *method, const char *params, int code,
		      const char *name, const char *word);

/* An answer with an error of that form; its members are looked at, then it is let go. */
void rig_is_error(json_t *answer, int code, const char *name, const char *word);

/* "vm1" and the like on mlx5_0, made by dev.add. */
struct vdpad_device *rig_device(struct rig *rig, const char *name);

#endif
