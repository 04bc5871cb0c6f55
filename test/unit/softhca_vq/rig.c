/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "rig.h"

enum { RIG_REGIONS = 3, RIG_REGION_BYTES = 24 << 20, RIG_HDR_MAX = 12 };

uint64_t rig_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t rig_now_ms(void)
{
	return rig_now_ns() / 1000000;
}

void rig_nap(void)
{
	struct timespec ts = {.tv_nsec = 50000};

	nanosleep(&ts, NULL);
}

static void rig_tick(void *arg)
{
	struct rig *rig = arg;

	__atomic_fetch_add(&rig->ticks, 1, __ATOMIC_RELAXED);
}

static void rig_guest_create(struct rig *rig, unsigned int i)
{
	struct rig_guest *g = &rig->guest[i];
	struct dp_seg seg[RIG_REGIONS];

	g->rig = rig;
	assert_int_equal(fe_mem_create(&g->mem, RIG_REGIONS, RIG_REGION_BYTES), 0);
	for (unsigned int r = 0; r < RIG_REGIONS; r++) {
		const struct fe_mem_region *m = &g->mem.region[r];

		g->device_map[r] = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd,
					(off_t)m->fd_offset);
		assert_ptr_not_equal(g->device_map[r], MAP_FAILED);
		seg[r] = (struct dp_seg){.iova = m->gpa,
					 .len = m->size,
					 .hva = g->device_map[r],
					 .mr = r + 1,
					 .local_write = true};
	}
	assert_int_equal(dp_mem_create(seg, RIG_REGIONS, &g->key), 0);
	dp_lock(rig->dp);
	g->port = dp_port(rig->dp, i);
	assert_non_null(g->port);
	assert_int_equal(dp_port_add_doorbell(g->port, &g->word), 0);
	dp_unlock(rig->dp);
}

/* The datapath of a test that failed, or of the one that runs. */
static struct dp *rig_live;

void rig_create(struct rig *rig, const struct rig_options *o)
{
	struct dp_config cfg = {
	    .threads = o->threads ? o->threads : 1,
	    .ports = o->ports,
	    .delay_drop_ms = o->delay_drop_ms,
	    .wire_loopback = o->wire_loopback,
	    .links = o->links,
	    .n_links = o->n_links,
	    .tick = rig_tick,
	    .tick_arg = rig,
	};

	dp_destroy(rig_live);
	memset(rig, 0, sizeof(*rig));
	rig->ports = o->ports;
	assert_int_equal(dp_create(&cfg, &rig->dp), 0);
	rig_live = rig->dp;
	for (unsigned int i = 0; i < o->ports; i++)
		rig_guest_create(rig, i);
}

void rig_destroy(struct rig *rig)
{
	for (unsigned int i = 0; i < rig->ports; i++) {
		struct rig_guest *g = &rig->guest[i];

		dp_lock(rig->dp);
		assert_int_equal(dp_port_set_rx(g->port, NULL, 0), 0);
		dp_port_remove_doorbell(g->port, &g->word);
		dp_unlock(rig->dp);
		for (unsigned int q = 0; q < RIG_QUEUES; q++)
			rig_queue_destroy(g->queue[q]);
	}
	dp_destroy(rig->dp);
	rig_live = NULL;
	for (unsigned int i = 0; i < rig->ports; i++) {
		struct rig_guest *g = &rig->guest[i];

		dp_mem_put(g->key);
		for (unsigned int r = 0; r < RIG_REGIONS; r++)
			munmap(g->device_map[r], g->mem.region[r].size);
		fe_mem_destroy(&g->mem);
	}
}

static int rig_notify(void *arg)
{
	struct rig_queue *q = arg;

	__atomic_fetch_add(&q->notified, 1, __ATOMIC_RELAXED);
	if (q->on_notify != NULL)
		q->on_notify();
	return __atomic_load_n(&q->notify_result, __ATOMIC_RELAXED);
}

static void rig_error(void *arg, enum vq_error error)
{
	struct rig_queue *q = arg;

	__atomic_store_n(&q->error, (int)error, __ATOMIC_RELAXED);
	__atomic_fetch_add(&q->errors, 1, __ATOMIC_RELEASE);
}

static bool rig_owns(void *arg, const void *addr)
{
	const struct rig_queue *q = arg;

	return q->owns != NULL && q->owns(addr);
}

static const struct vq_ops rig_ops = {.notify = rig_notify, .error = rig_error, .owns = rig_owns};

struct rig_queue *rig_queue(struct rig_guest *g, uint16_t index, const struct rig_queue_options *o)
{
	struct rig_queue *q = calloc(1, sizeof(*q));
	struct fe_ring_layout need;
	struct fe_ring_config cfg = {
	    .layout = o->packed ? FE_PACKED : FE_SPLIT, .size = o->size, .base = o->base};
	struct fe_mem *mem = &g->mem;

	assert_non_null(q);
	q->guest = g;
	assert_int_equal(fe_ring_layout(cfg.layout, o->size, &need), 0);
	assert_int_equal(fe_mem_alloc(mem, 0, need.desc_len, need.desc_align, &q->area.desc), 0);
	assert_int_equal(fe_mem_alloc(mem, 1, need.driver_len, need.driver_align, &q->area.driver),
			 0);
	assert_int_equal(fe_mem_alloc(mem, 0, need.device_len, need.device_align, &q->area.device),
			 0);
	cfg.area = q->area;
	assert_int_equal(fe_ring_create(&cfg, &q->ring), 0);
	q->slot_len = o->big ? RIG_BIG_MAX : RIG_FRAME_MAX;
	for (unsigned int i = 0; i < (o->big ? RIG_BIG_SLOTS : RIG_SLOTS); i++) {
		assert_int_equal(
		    fe_mem_alloc(mem, 1 + i % 2, q->slot_len + RIG_HDR_MAX, 1, &q->slot[i]), 0);
		q->free[q->n_free++] = (uint16_t)i;
	}
	q->attr = (struct vq_attr){
	    .index = index,
	    .packed = o->packed,
	    .size = o->size,
	    .flags = o->flags,
	    .max_chain = o->max_chain ? o->max_chain : 256,
	    .domain = o->domain,
	    .desc_addr = q->area.desc.gpa,
	    .driver_addr = q->area.driver.gpa,
	    .device_addr = q->area.device.gpa,
	    .avail_index = o->base,
	    .used_index = o->base,
	    .mem = g->key,
	    .ops = &rig_ops,
	    .ops_arg = q,
	};
	dp_lock(g->rig->dp);
	assert_int_equal(vq_create(g->port, &q->attr, &q->vq), 0);
	dp_unlock(g->rig->dp);
	g->queue[index] = q;
	return q;
}

void rig_queue_destroy(struct rig_queue *q)
{
	if (q == NULL)
		return;
	dp_lock(q->guest->rig->dp);
	vq_destroy(q->vq);
	dp_unlock(q->guest->rig->dp);
	q->guest->queue[q->attr.index] = NULL;
	fe_ring_destroy(q->ring);
	free(q);
}

int rig_start(struct rig_queue *q)
{
	int err;

	dp_lock(q->guest->rig->dp);
	err = vq_start(q->vq);
	dp_unlock(q->guest->rig->dp);
	return err;
}

void rig_set_rx(struct rig_guest *g, struct rig_queue *rx)
{
	struct vq *queue = rx->vq;
	struct dp_tir tir = {.n = 1, .queues = &queue};
	struct dp_rx_rule rule = {.tir = &tir};

	dp_lock(g->rig->dp);
	assert_int_equal(dp_port_set_rx(g->port, &rule, 1), 0);
	dp_unlock(g->rig->dp);
}

void rig_pair(struct rig_guest *g, const struct rig_queue_options *o, struct rig_queue **rx,
	      struct rig_queue **tx)
{
	*rx = rig_queue(g, 0, o);
	*tx = rig_queue(g, 1, o);
	assert_int_equal(rig_start(*rx), 0);
	assert_int_equal(rig_start(*tx), 0);
	rig_set_rx(g, *rx);
}

struct vq_status rig_status(struct rig_queue *q)
{
	struct vq_status s;

	dp_lock(q->guest->rig->dp);
	vq_status(q->vq, &s);
	dp_unlock(q->guest->rig->dp);
	return s;
}

struct dp_stats rig_stats(struct rig *rig)
{
	struct dp_stats s;

	/* Behind the lock the figures of whole passes are in. */
	dp_lock(rig->dp);
	dp_stats(rig->dp, &s);
	dp_unlock(rig->dp);
	return s;
}

void rig_ring(struct rig_guest *g)
{
	__atomic_store_n(&g->word, 1, __ATOMIC_RELEASE);
}

static size_t rig_hdr_len(const struct rig_queue *q)
{
	return q->attr.flags & (VQ_F_VERSION_1 | VQ_F_MRG_RXBUF) ? 12 : 10;
}

/* A slot's bytes as descriptors of the given lengths; returns how many. */
static unsigned int rig_cut(struct rig_queue *q, uint16_t slot, size_t len, const uint32_t *lens,
			    struct fe_sg *sg)
{
	size_t at = 0;
	unsigned int n = 0;

	while (at < len && n < RIG_PARTS) {
		size_t part = len - at;

		if (lens != NULL && lens[n] != 0 && lens[n] < part && n < RIG_PARTS - 1)
			part = lens[n];
		sg[n].gpa = q->slot[slot].gpa + at;
		sg[n].len = (uint32_t)part;
		n++;
		at += part;
	}
	return n;
}

bool rig_send(struct rig_queue *q, const void *frame, size_t len, const uint32_t *lens)
{
	uint8_t nonsense[RIG_HDR_MAX];

	memset(nonsense, 0xa5, sizeof(nonsense));
	return rig_send_as(q, nonsense, frame, len, lens);
}

bool rig_send_as(struct rig_queue *q, const uint8_t *vnet, const void *frame, size_t len,
		 const uint32_t *lens)
{
	size_t hdr = rig_hdr_len(q);
	struct fe_sg sg[RIG_PARTS];
	unsigned int n;
	uint16_t slot;

	assert_true(len + hdr <= q->slot[0].len);
	if (q->n_free == 0)
		return false;
	slot = q->free[q->n_free - 1];
	memcpy(q->slot[slot].ptr, vnet, hdr);
	memcpy(q->slot[slot].ptr + hdr, frame, len);
	n = rig_cut(q, slot, hdr + len, lens, sg);
	if (fe_ring_add(q->ring, sg, n, 0, slot) != 0)
		return false;
	q->n_free--;
	fe_ring_publish(q->ring);
	return true;
}

unsigned int rig_reap(struct rig_queue *q)
{
	struct fe_used used;
	unsigned int n = 0;
	int got;

	while ((got = fe_ring_get_used(q->ring, &used)) > 0) {
		assert_int_equal(used.len, 0);
		q->free[q->n_free++] = used.token;
		n++;
	}
	assert_int_equal(got, 0);
	return n;
}

bool rig_post(struct rig_queue *q, const uint32_t *lens)
{
	struct fe_sg sg[RIG_PARTS];
	size_t len = 0;
	unsigned int n;
	uint16_t slot;

	if (q->n_free == 0)
		return false;
	for (unsigned int i = 0; lens[i] != 0; i++)
		len += lens[i];
	slot = q->free[q->n_free - 1];
	assert_true(len <= q->slot[slot].len);
	memset(q->slot[slot].ptr, 0x5a, len);
	n = rig_cut(q, slot, len, lens, sg);
	if (fe_ring_add(q->ring, sg, 0, n, slot) != 0)
		return false;
	q->n_free--;
	fe_ring_publish(q->ring);
	return true;
}

void rig_post_all(struct rig_queue *q, uint32_t len)
{
	uint32_t lens[] = {len, 0};

	while (rig_post(q, lens))
		;
}

size_t rig_recv_as(struct rig_queue *q, uint8_t *vnet, uint8_t *frame, size_t max)
{
	size_t hdr = rig_hdr_len(q), len = 0;
	struct fe_used used;
	unsigned int more = 1;

	for (unsigned int i = 0; i < more; i++) {
		size_t skip = i == 0 ? hdr : 0;
		const uint8_t *p;
		int got = fe_ring_get_used(q->ring, &used);

		if (i == 0 && got == 0)
			return 0;
		assert_int_equal(got, 1);
		p = q->slot[used.token].ptr;
		assert_true(used.len >= skip);
		if (i == 0) {
			memcpy(vnet, p, hdr);
			if (hdr == 12)
				more = p[10] | (unsigned int)p[11] << 8;
			assert_true(more == 1 || (q->attr.flags & VQ_F_MRG_RXBUF && more > 1));
		}
		assert_true(len + used.len - skip <= max);
		memcpy(frame + len, p + skip, used.len - skip);
		len += used.len - skip;
		q->free[q->n_free++] = used.token;
	}
	return len;
}

size_t rig_recv(struct rig_queue *q, uint8_t *frame)
{
	static const uint8_t zero[10];
	uint8_t vnet[RIG_HDR_MAX];
	size_t len = rig_recv_as(q, vnet, frame, RIG_FRAME_MAX);

	if (len > 0)
		assert_memory_equal(vnet, zero, sizeof(zero));
	return len;
}

static uint8_t rig_byte(uint32_t seed, size_t at)
{
	uint32_t x = seed * 2654435761u + (uint32_t)at * 40503u;

	return (uint8_t)(x >> 13 ^ x >> 5);
}

static void rig_mac(uint8_t *p, uint8_t n)
{
	memset(p, n == 0xff ? 0xff : 0, 6);
	if (n != 0xff)
		p[0] = 2;
	p[5] = n;
}

void rig_frame(uint8_t *frame, size_t len, uint8_t dst, uint8_t src, uint32_t seed)
{
	uint8_t head[14];

	rig_mac(head, dst);
	rig_mac(head + 6, src);
	head[12] = 0x88; /* local experimental */
	head[13] = 0xb5;
	for (size_t i = 0; i < len; i++)
		frame[i] = i < sizeof(head) ? head[i] : rig_byte(seed, i);
}

bool rig_frame_ok(const uint8_t *frame, size_t len, uint32_t seed)
{
	for (size_t i = 14; i < len; i++) {
		if (frame[i] != rig_byte(seed, i))
			return false;
	}
	return true;
}
