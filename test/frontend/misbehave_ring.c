/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings that are written where, or with what, a driver must not write. */
#include "misbehave.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FLIP_MS 300

static struct vring_desc *split_desc(const struct fe_hostile *h)
{
	return (struct vring_desc *)fe_hostile_queue(h)->area.desc.ptr;
}

static struct vring_avail *avail(const struct fe_hostile *h)
{
	return (struct vring_avail *)fe_hostile_queue(h)->area.driver.ptr;
}

static struct vring_packed_desc *packed_desc(const struct fe_hostile *h)
{
	return (struct vring_packed_desc *)fe_hostile_queue(h)->area.desc.ptr;
}

static void set_avail_idx(const struct fe_hostile *h, uint16_t idx)
{
	__atomic_store_n(&avail(h)->idx, idx, __ATOMIC_RELEASE);
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 16;
}

static void fill_random(struct fe_span *span, uint64_t seed)
{
	for (size_t i = 0; i < span->len; i++)
		span->ptr[i] = (uint8_t)next_random(&seed);
}

static void avail_jump(struct fe_hostile *h)
{
	struct fe_ring *r = fe_hostile_queue(h)->ring;

	set_avail_idx(h, (uint16_t)(r->avail + 3 * r->size));
}

static void avail_back(struct fe_hostile *h)
{
	set_avail_idx(h, (uint16_t)(fe_hostile_queue(h)->ring->avail - 1));
}

static void head_at(struct fe_hostile *h, uint16_t head, uint16_t count)
{
	struct fe_ring *r = fe_hostile_queue(h)->ring;

	for (uint16_t i = 0; i < count; i++)
		avail(h)->ring[(uint16_t)(r->avail + i) & (r->size - 1)] = head;
	set_avail_idx(h, (uint16_t)(r->avail + count));
}

static void head_out_of_range(struct fe_hostile *h)
{
	head_at(h, (uint16_t)(fe_hostile_queue(h)->ring->size + 7), 1);
}

static void head_twice(struct fe_hostile *h)
{
	const struct fe_piece *piece = &fe_hostile_queue(h)->buffer[0].piece[0];

	split_desc(h)[0] = (struct vring_desc){
	    .addr = piece->gpa, .len = piece->len, .flags = h->receive ? VRING_DESC_F_WRITE : 0};
	head_at(h, 0, 4);
}

/* All of descriptors and driver area; then whatever says "go". */
static void ring_garbage(struct fe_hostile *h)
{
	struct fe_queue *q = fe_hostile_queue(h);
	uint64_t random = 99;

	fill_random(&q->area.desc, next_random(&random));
	if (q->cfg.layout == FE_SPLIT) {
		fill_random(&q->area.driver, next_random(&random));
		set_avail_idx(h, (uint16_t)(q->ring->avail + q->ring->size / 2));
	}
}

static void event_garbage(struct fe_hostile *h)
{
	struct fe_queue *q = fe_hostile_queue(h);

	if (q->cfg.layout == FE_SPLIT) {
		avail(h)->flags = 0xffff;
		avail(h)->ring[q->ring->size] = 0xffff;
	} else {
		memset(q->area.driver.ptr, 0xff, q->area.driver.len);
	}
	fe_hostile_traffic(h, FLIP_MS);
}

/* The device's own area: it has no reason to believe what it finds there. */
static void used_garbage(struct fe_hostile *h)
{
	struct fe_queue *q = fe_hostile_queue(h);

	fill_random(&q->area.device, 7);
}

/* All slots say "available", in the lap that is not the current one and in both at once. */
static void wrap_garbage(struct fe_hostile *h)
{
	struct fe_queue *q = fe_hostile_queue(h);
	const struct fe_piece *piece = &q->buffer[0].piece[0];
	uint16_t direction = h->receive ? VRING_DESC_F_WRITE : 0;

	for (uint16_t i = 0; i < q->ring->size; i++) {
		struct vring_packed_desc *d = &packed_desc(h)[i];
		uint16_t bits = (uint16_t)(i % 3 == 0   ? 1u << VRING_PACKED_DESC_F_AVAIL
					   : i % 3 == 1 ? 1u << VRING_PACKED_DESC_F_USED
							: 0);

		d->addr = piece->gpa;
		d->len = piece->len;
		d->id = i;
		__atomic_store_n(&d->flags, bits | direction, __ATOMIC_RELEASE);
	}
}

struct flipper {
	struct fe_hostile *h;
	bool stop;
};

/* Flips address, length and (split) flags of random descriptors between good and bad. */
static void *flip(void *arg)
{
	struct flipper *f = arg;
	struct fe_queue *q = fe_hostile_queue(f->h);
	uint64_t random = 4711, bad = fe_mem_outside_gpa(&f->h->dev->mem);

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		uint64_t dice = next_random(&random);
		uint16_t slot = (uint16_t)(dice % q->ring->size);
		uint64_t *addr;
		uint32_t *len;
		uint64_t good_addr;

		if (q->cfg.layout == FE_SPLIT) {
			addr = (uint64_t *)&split_desc(f->h)[slot].addr;
			len = (uint32_t *)&split_desc(f->h)[slot].len;
		} else {
			addr = (uint64_t *)&packed_desc(f->h)[slot].addr;
			len = (uint32_t *)&packed_desc(f->h)[slot].len;
		}
		good_addr = __atomic_load_n(addr, __ATOMIC_RELAXED);
		__atomic_store_n(addr, bad, __ATOMIC_RELAXED);
		__atomic_store_n(len, dice & 1 ? UINT32_MAX : 3, __ATOMIC_RELAXED);
		if (q->cfg.layout == FE_SPLIT && dice & 2) {
			uint16_t *flags = (uint16_t *)&split_desc(f->h)[slot].flags;

			__atomic_fetch_xor(flags, VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT,
					   __ATOMIC_RELAXED);
			__atomic_fetch_xor(flags, VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT,
					   __ATOMIC_RELAXED);
		}
		__atomic_store_n(addr, good_addr, __ATOMIC_RELAXED);
		__atomic_store_n(len, q->cfg.header_len + 100, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void changed_while_read(struct fe_hostile *h)
{
	struct flipper f = {.h = h};
	pthread_t thread;

	if (pthread_create(&thread, NULL, flip, &f))
		return;
	fe_hostile_traffic(h, FLIP_MS);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

const struct fe_misbehaviour fe_misbehave_ring[] = {
    {"avail-jump",		      "three ring sizes more available than there are", FE_FOR_SPLIT,
     .scribble = avail_jump},
    {"avail-back",		     "the available index steps back", FE_FOR_SPLIT, .scribble = avail_back},
    {"head-out-of-range",				 "an available head behind the table", FE_FOR_SPLIT,
     .scribble = head_out_of_range},
    {"head-twice","one chain available four times", FE_FOR_SPLIT, .scribble = head_twice},
    {"ring-garbage",           "random bytes for descriptors and driver area", FE_FOR_BOTH,
     .scribble = ring_garbage},
    {"wrap-garbage",               "availability bits of the wrong lap everywhere", FE_FOR_PACKED,
     .scribble = wrap_garbage},
    {"event-garbage",                     "nonsense in the driver's event suppression", FE_FOR_BOTH,
     .scribble = event_garbage},
    {"used-garbage",				 "random bytes in the device's own area", FE_FOR_BOTH,
     .scribble = used_garbage},
    {"desc-changed-while-read",                     "a thread flips addresses, lengths and flags", FE_FOR_BOTH,
     .scribble = changed_while_read},
    {0	  },
};
