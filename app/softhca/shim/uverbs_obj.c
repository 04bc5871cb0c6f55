/* SPDX-License-Identifier: BSD-3-Clause */
#include "uverbs_obj.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/mlx5_user_ioctl_cmds.h>

enum { SLOTS_STEP = 64, SLOTS_MAX = 1 << 20 };

static bool is_fd_type(uint16_t type)
{
	return type == UVERBS_OBJECT_ASYNC_EVENT || type == UVERBS_OBJECT_COMP_CHANNEL ||
	       type == MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD ||
	       type == MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD;
}

static int table_grow(struct uobj_table *table)
{
	struct uobj **slots;

	if (table->n >= SLOTS_MAX)
		return -ENOSPC;
	slots = realloc(table->slots, (table->n + SLOTS_STEP) * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + table->n, 0, SLOTS_STEP * sizeof(*slots));
	table->slots = slots;
	table->n += SLOTS_STEP;
	return 0;
}

int uobj_reserve(struct uobj_table *table, uint16_t type, struct uobj **obj)
{
	struct uobj *o;
	uint32_t id = table->lowest;
	int rc;

	while (id < table->n && table->slots[id])
		id++;
	if (id == table->n) {
		rc = table_grow(table);
		if (rc)
			return rc;
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->id = id;
	o->type = type;
	if (is_fd_type(type)) {
		o->fd.peer = -1;
		o->fd.reader = -1;
	}
	table->slots[id] = o;
	table->lowest = id + 1;
	*obj = o;
	return 0;
}

int uobj_find(const struct uobj_table *table, uint16_t type, uint32_t id, struct uobj **obj)
{
	struct uobj *o;

	if (id >= table->n)
		return -ENOENT;
	o = table->slots[id];
	if (!o || !o->committed || is_fd_type(o->type))
		return -ENOENT;
	if (type != UOBJ_ANY && o->type != type)
		return -EINVAL;
	*obj = o;
	return 0;
}

int uobj_find_file(const struct uobj_table *table, uint16_t type, const struct file_id *file,
		   struct uobj **obj)
{
	for (uint32_t i = 0; i < table->n; i++) {
		struct uobj *o = table->slots[i];

		if (!o || !o->committed || !is_fd_type(o->type))
			continue;
		if (type != UOBJ_ANY && o->type != type)
			continue;
		if (o->fd.file.dev != file->dev || o->fd.file.ino != file->ino)
			continue;
		*obj = o;
		return 0;
	}
	return -EBADF;
}

void uobj_remove(struct uobj_table *table, struct uobj *obj)
{
	table->slots[obj->id] = NULL;
	if (obj->id < table->lowest)
		table->lowest = obj->id;
	free(obj->extra);
	free(obj);
}

void uobj_table_clear(struct uobj_table *table)
{
	for (uint32_t i = 0; i < table->n; i++) {
		if (table->slots[i])
			free(table->slots[i]->extra);
		free(table->slots[i]);
	}
	free(table->slots);
	table->slots = NULL;
	table->n = 0;
	table->lowest = 0;
}
