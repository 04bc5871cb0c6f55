/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two layouts share: the private record of chains. */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "descriptors are written in the host's byte order, which has to be little endian"
#endif

#define MAX_SIZE 32768u

int fe_ring_layout(enum fe_layout layout, unsigned int size, struct fe_ring_layout *out)
{
	if (size == 0 || size > MAX_SIZE)
		return -EINVAL;
	out->desc_len = size * sizeof(struct vring_desc);
	out->desc_align = VRING_DESC_ALIGN_SIZE;
	if (layout == FE_PACKED) {
		out->driver_len = out->device_len = sizeof(struct vring_packed_desc_event);
		out->driver_align = out->device_align = 4;
		return 0;
	}
	if (size & (size - 1))
		return -EINVAL;
	/* Flags, index, ring, and the other side's event index. */
	out->driver_len = (3 + size) * sizeof(uint16_t);
	out->driver_align = VRING_AVAIL_ALIGN_SIZE;
	out->device_len = 3 * sizeof(uint16_t) + size * sizeof(struct vring_used_elem);
	out->device_align = VRING_USED_ALIGN_SIZE;
	return 0;
}

uint32_t fe_ring_first_base(enum fe_layout layout)
{
	/* Packed: index 0 and wrap bit 1, for the available and (above) the used position. */
	return layout == FE_PACKED ? 0x80008000u : 0;
}

int fe_ring_create(const struct fe_ring_config *cfg, struct fe_ring **ring)
{
	struct fe_ring_layout need;
	struct fe_ring *r;
	unsigned int i;

	if (fe_ring_layout(cfg->layout, cfg->size, &need) || cfg->area.desc.len < need.desc_len ||
	    cfg->area.driver.len < need.driver_len || cfg->area.device.len < need.device_len)
		return -EINVAL;
	if (cfg->layout == FE_PACKED && (cfg->base & 0x7fff) >= cfg->size)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->entry = calloc(cfg->size, sizeof(*r->entry));
	if (!r->entry) {
		free(r);
		return -ENOMEM;
	}
	r->layout = cfg->layout;
	r->ops = cfg->layout == FE_PACKED ? &fe_ring_packed_ops : &fe_ring_split_ops;
	r->size = cfg->size;
	r->event_idx = cfg->event_idx;
	r->area = cfg->area;
	r->free_count = cfg->size;
	for (i = 0; i < cfg->size; i++)
		r->entry[i].next = (uint16_t)(i + 1);
	r->avail_wrap = r->used_wrap = true;
	r->avail = (uint16_t)cfg->base;
	if (cfg->layout == FE_PACKED) {
		r->avail = cfg->base & 0x7fff;
		r->avail_wrap = r->used_wrap = cfg->base >> 15 & 1;
	}
	r->used = r->published = r->avail;
	r->ops->init(r);
	*ring = r;
	return 0;
}

void fe_ring_destroy(struct fe_ring *r)
{
	if (!r)
		return;
	free(r->entry);
	free(r);
}

/* Takes `count` entries off the free list; their chain is in place already. */
static struct fe_ring_entry *take(struct fe_ring *r, unsigned int count, uint16_t token,
				  uint16_t *head)
{
	struct fe_ring_entry *e = &r->entry[r->free_head];

	*head = r->free_head;
	e->busy = true;
	e->count = (uint16_t)count;
	e->token = token;
	e->capacity = 0;
	e->order = r->order++;
	r->free_count = (uint16_t)(r->free_count - count);
	r->outstanding++;
	return e;
}

int fe_ring_add(struct fe_ring *r, const struct fe_sg *sg, unsigned int readable,
		unsigned int writable, uint16_t token)
{
	unsigned int i, count = readable + writable;
	struct fe_ring_entry *first, *e;
	uint16_t head;

	if (count == 0)
		return -EINVAL;
	if (count > r->free_count)
		return -ENOSPC;
	first = take(r, count, token, &head);
	for (i = 0, e = first;; e = &r->entry[e->next]) {
		e->addr = sg[i].gpa;
		e->len = sg[i].len;
		e->flags = i < readable ? 0 : VRING_DESC_F_WRITE;
		e->raw = FE_NEXT_AUTO;
		if (i >= readable)
			first->capacity += sg[i].len;
		if (++i == count)
			break;
		e->flags |= VRING_DESC_F_NEXT;
	}
	r->free_head = e->next;
	r->ops->write(r, head);
	return 0;
}

int fe_ring_add_raw(struct fe_ring *r, const struct fe_raw_desc *desc, unsigned int count,
		    uint16_t token)
{
	struct fe_ring_entry *first, *e;
	unsigned int i;
	uint16_t head;

	if (count == 0)
		return -EINVAL;
	if (count > r->free_count)
		return -ENOSPC;
	first = take(r, count, token, &head);
	for (i = 0, e = first;; e = &r->entry[e->next]) {
		e->addr = desc[i].addr;
		e->len = desc[i].len;
		e->flags = desc[i].flags;
		e->raw = desc[i].next;
		if (desc[i].flags & VRING_DESC_F_WRITE)
			first->capacity += desc[i].len;
		if (++i == count)
			break;
	}
	r->free_head = e->next;
	r->ops->write(r, head);
	return 0;
}

static void give_back(struct fe_ring *r, uint16_t head)
{
	struct fe_ring_entry *e = &r->entry[head];
	unsigned int i;

	e->busy = false;
	for (i = 1; i < r->entry[head].count; i++)
		e = &r->entry[e->next];
	e->next = r->free_head;
	r->free_head = head;
	r->free_count = (uint16_t)(r->free_count + r->entry[head].count);
	r->outstanding--;
}

int fe_ring_get_used(struct fe_ring *r, struct fe_used *used)
{
	struct fe_ring_entry *e;
	uint32_t id, len;

	if (!r->ops->has_used(r))
		return 0;
	r->ops->peek_used(r, &id, &len);
	if (id >= r->size || !r->entry[id].busy)
		return -EPROTO;
	e = &r->entry[id];
	if (len > e->capacity)
		return -EPROTO;
	used->token = e->token;
	used->len = len;
	r->ops->advance_used(r, e->count);
	give_back(r, (uint16_t)id);
	return 1;
}

uint32_t fe_ring_base(const struct fe_ring *r)
{
	uint32_t half;

	if (r->layout == FE_SPLIT)
		return r->used;
	half = r->used | (uint32_t)r->used_wrap << 15;
	return half << 16 | half;
}

unsigned int fe_ring_outstanding(const struct fe_ring *r, uint16_t *heads)
{
	unsigned int i, j, count = 0;

	/* Insertion sort: nearly sorted already, and only after an accident. */
	for (i = 0; i < r->size; i++) {
		if (!r->entry[i].busy)
			continue;
		for (j = count; j > 0 && r->entry[heads[j - 1]].order > r->entry[i].order; j--)
			heads[j] = heads[j - 1];
		heads[j] = (uint16_t)i;
		count++;
	}
	return count;
}

void fe_ring_rewind(struct fe_ring *r)
{
	r->ops->rewind(r);
}
