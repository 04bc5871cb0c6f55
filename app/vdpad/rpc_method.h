/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The methods of the daemon's JSON-RPC interface, as a table. A method gets parameters of the types
 * it names, and none that it does not; it returns 0 and a result, or -errno and why.
 *
 * Threads: main's alone.
 */
#ifndef VDPAD_RPC_METHOD_H
#define VDPAD_RPC_METHOD_H

#include <stdbool.h>

#include <jansson.h>

#include "error.h"

struct vdpad_manager;

/* What a parameter may be, as a set. */
enum {
	VDPAD_RPC_TEXT = 1 << 0,
	VDPAD_RPC_NUMBER = 1 << 1, /* an integer */
	VDPAD_RPC_OBJECT = 1 << 2,
	VDPAD_RPC_ARRAY = 1 << 3,
	VDPAD_RPC_REQUIRED = 1 << 4,
};

enum { VDPAD_RPC_PARAMS_MAX = 4 };

struct vdpad_rpc_method {
	const char *name;
	bool changes; /* something: for root and the group */
	bool open;    /* takes other parameters too, and looks at them itself */
	struct {
		const char *name;
		unsigned int types;
	} params[VDPAD_RPC_PARAMS_MAX];
	/* params: an object, without members if there are none. result: owned by the caller. */
	int (*run)(struct vdpad_manager *manager, const json_t *params, json_t **result,
		   struct vdpad_error *error);
};

/* NULL: there is none of that name. */
const struct vdpad_rpc_method *vdpad_rpc_method_find(const char *name);
/* The nth, NULL behind the last. */
const struct vdpad_rpc_method *vdpad_rpc_method_at(unsigned int n);
/* -EINVAL: a parameter is missing, unknown, or of another type. */
int vdpad_rpc_method_check(const struct vdpad_rpc_method *method, const json_t *params,
			   struct vdpad_error *error);

/* The text of a parameter, or of a number written out into room for VDPAD_RPC_VALUE_MAX. */
enum { VDPAD_RPC_VALUE_MAX = 32 };
const char *vdpad_rpc_value(const json_t *value, char *room);

/* rpc_method_dev.c */
int vdpad_rpc_dev_add(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_dev_del(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_dev_retry(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_dev_set(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_state_save(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_state_load(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
/* rpc_method_parent.c */
int vdpad_rpc_mgmtdev_show(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_baseline(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_dev_compat(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
/* show_dev.c */
int vdpad_rpc_dev_show(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_config_show(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_dump(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
/* show_stats.c */
int vdpad_rpc_vstats_show(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_monitor(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
/* show_daemon.c */
int vdpad_rpc_model_show(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_daemon_show(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);
int vdpad_rpc_discover(struct vdpad_manager *, const json_t *, json_t **, struct vdpad_error *);

#endif
