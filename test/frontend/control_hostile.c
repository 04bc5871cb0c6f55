/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_hostile.h"

#include <errno.h>
#include <string.h>

enum { SPLIT = 1, PACKED = 2, BOTH = 3 };

struct hostile {
	struct fe_ctrl_queue *c;
	const struct fe_mem *mem;
	struct fe_raw_desc desc[2];
	unsigned int n;
};

#define WRITE VRING_DESC_F_WRITE
#define NEXT  VRING_DESC_F_NEXT

/* A command in order, in two descriptors: what the others spoil. */
static void good(struct hostile *h)
{
	const struct fe_span *a = &h->c->arena[0];

	memcpy(a->ptr, "\0\0\1", 3);
	h->n = 2;
	h->desc[0] = (struct fe_raw_desc){a->gpa, 3, NEXT, FE_NEXT_AUTO};
	h->desc[1] = (struct fe_raw_desc){a->gpa + 64, 1, WRITE, FE_NEXT_AUTO};
}

static void no_ack(struct hostile *h)
{
	h->n = 1;
	h->desc[0].flags = 0;
}

static void only_ack(struct hostile *h)
{
	h->desc[0] = h->desc[1];
	h->n = 1;
}

static void one_byte(struct hostile *h)
{
	h->desc[0].len = 1;
}

static void loop(struct hostile *h)
{
	h->desc[1].flags |= NEXT;
	h->desc[1].next = h->c->q.ring->free_head;
}

static void next_outside(struct hostile *h)
{
	h->desc[0].next = (int32_t)h->c->q.ring->size + 3;
}

static void bad_address(struct hostile *h)
{
	h->desc[0].addr = fe_mem_outside_gpa(h->mem);
}

static void bad_ack_address(struct hostile *h)
{
	h->desc[1].addr = fe_mem_hole_gpa(h->mem);
}

static void over_the_end(struct hostile *h)
{
	const struct fe_mem_region *r = &h->mem->region[h->mem->count - 1];

	h->desc[0].addr = r->gpa + r->size - 2;
}

static void address_wraps(struct hostile *h)
{
	h->desc[0].addr = UINT64_MAX - 1;
}

static void zero_length(struct hostile *h)
{
	h->desc[0].len = 0;
}

static void huge_length(struct hostile *h)
{
	h->desc[0].len = UINT32_MAX;
}

static void read_behind_write(struct hostile *h)
{
	struct fe_raw_desc first = h->desc[0];

	h->desc[0] = h->desc[1];
	h->desc[0].flags = WRITE | NEXT;
	h->desc[1] = first;
	h->desc[1].flags = 0;
}

static void indirect(struct hostile *h)
{
	h->n = 1;
	h->desc[0].flags = VRING_DESC_F_INDIRECT;
	h->desc[0].len = 32;
}

static struct vring_avail *avail(struct hostile *h)
{
	return (struct vring_avail *)h->c->q.area.driver.ptr;
}

static void index_jump(struct hostile *h)
{
	struct fe_ring *r = h->c->q.ring;

	h->n = 0;
	__atomic_store_n(&avail(h)->idx, (uint16_t)(r->avail + r->size + 1), __ATOMIC_RELEASE);
}

static void index_back(struct hostile *h)
{
	h->n = 0;
	__atomic_store_n(&avail(h)->idx, (uint16_t)(h->c->q.ring->avail - 1), __ATOMIC_RELEASE);
}

static void head_outside(struct hostile *h)
{
	struct fe_ring *r = h->c->q.ring;

	h->n = 0;
	avail(h)->ring[r->avail & (r->size - 1)] = (uint16_t)(r->size + 7);
	__atomic_store_n(&avail(h)->idx, (uint16_t)(r->avail + 1), __ATOMIC_RELEASE);
}

static void id_outside(struct hostile *h)
{
	h->desc[0].next = h->desc[1].next = (int32_t)h->c->q.ring->size + 3;
}

/* All slots say that another one follows. */
static void endless(struct hostile *h)
{
	struct vring_packed_desc *ring = (struct vring_packed_desc *)h->c->q.area.desc.ptr;
	struct fe_ring *r = h->c->q.ring;
	bool wrap = r->avail_wrap;

	h->n = 0;
	for (uint16_t i = 0, at = r->avail; i < r->size; i++) {
		uint16_t flags = (uint16_t)(NEXT | (wrap ? 1u << VRING_PACKED_DESC_F_AVAIL
							 : 1u << VRING_PACKED_DESC_F_USED));

		ring[at].addr = h->desc[0].addr;
		ring[at].len = 1;
		ring[at].id = at;
		__atomic_store_n(&ring[at].flags, flags, __ATOMIC_RELEASE);
		if (++at == r->size) {
			at = 0;
			wrap = !wrap;
		}
	}
}

static const struct {
	const char *name;
	unsigned int layouts;
	bool completed;
	void (*spoil)(struct hostile *h);
} table[] = {
    /* clang-format off */
    {"no-ack",            BOTH,   true,  no_ack},
    {"only-ack",          BOTH,   true,  only_ack},
    {"one-byte",          BOTH,   true,  one_byte},
    {"bad-address",       BOTH,   true,  bad_address},
    {"bad-ack-address",   BOTH,   true,  bad_ack_address},
    {"over-the-end",      BOTH,   true,  over_the_end},
    {"address-wraps",     BOTH,   true,  address_wraps},
    {"zero-length",       BOTH,   true,  zero_length},
    {"huge-length",       BOTH,   true,  huge_length},
    {"read-behind-write", BOTH,   true,  read_behind_write},
    {"indirect",          BOTH,   true,  indirect},
    {"loop",              SPLIT,  true,  loop},
    {"next-outside",      SPLIT,  true,  next_outside},
    {"index-jump",        SPLIT,  false, index_jump},
    {"index-back",        SPLIT,  false, index_back},
    {"head-outside",      SPLIT,  false, head_outside},
    {"id-outside",        PACKED, false, id_outside},
    {"endless",           PACKED, false, endless},
    /* clang-format on */
};

#define COUNT (sizeof(table) / sizeof(table[0]))

static bool fits(size_t i, enum fe_layout layout)
{
	return table[i].layouts & (layout == FE_SPLIT ? SPLIT : PACKED);
}

int fe_ctrl_hostile(struct fe_ctrl_queue *c, const struct fe_mem *mem, const char *name,
		    bool *completed)
{
	struct hostile h = {.c = c, .mem = mem};
	int err = 0;

	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(table[i].name, name) != 0 || !fits(i, c->cfg.layout))
			continue;
		good(&h);
		table[i].spoil(&h);
		*completed = table[i].completed;
		if (h.n > 0) {
			unsigned int slot = FE_CTRL_SLOTS - 1;

			err = fe_ring_add_raw(c->q.ring, h.desc, h.n, (uint16_t)slot);
			if (err)
				return err;
			c->slot[slot].busy = true;
			c->slot[slot].pieces = 0;
			c->slot[slot].since = 0;
			c->busy++;
			fe_ctrl_publish(c);
		}
		/* Suppressed or not: it is to be looked at. */
		fe_queue_kick(&c->q);
		return 0;
	}
	return -ENOENT;
}

const char *fe_ctrl_hostile_name(enum fe_layout layout, unsigned int i)
{
	for (size_t at = 0; at < COUNT; at++)
		if (fits(at, layout) && i-- == 0)
			return table[at].name;
	return NULL;
}
