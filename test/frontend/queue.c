/* SPDX-License-Identifier: BSD-3-Clause */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

#define LEGACY_ALIGN       4096
#define POISON_HEADER      0xff
#define POISON_SENT        0xdd
#define SCRIBBLE           128
#define MERGED_WAIT_MS     1000
#define HEADER_NUM_BUFFERS 10 /* offset in struct virtio_net_hdr_v1 */

static size_t up(size_t value, size_t align)
{
	return (value + align - 1) / align * align;
}

static unsigned int buffers_of(const struct fe_queue_config *cfg)
{
	return cfg->ring_size / cfg->chain_max;
}

size_t fe_queue_footprint(const struct fe_queue_config *cfg)
{
	struct fe_ring_layout need;

	if (fe_ring_layout(cfg->layout, cfg->ring_size, &need))
		return 0;
	return need.desc_len + need.driver_len + need.device_len + 3 * LEGACY_ALIGN +
	       (size_t)buffers_of(cfg) * (cfg->header_len + cfg->buffer_len + 64 * cfg->chain_max);
}

static int alloc_area(struct fe_queue *q, struct fe_mem *mem)
{
	const struct fe_queue_config *cfg = &q->cfg;
	struct fe_ring_layout need;
	struct fe_span all;
	size_t used_at;
	int err;

	err = fe_ring_layout(cfg->layout, cfg->ring_size, &need);
	if (err)
		return err;
	if (!cfg->legacy_layout) {
		unsigned int region = cfg->index;

		err = fe_mem_alloc(mem, region, need.desc_len, need.desc_align, &q->area.desc);
		if (!err)
			err = fe_mem_alloc(mem, region + 1, need.driver_len, need.driver_align,
					   &q->area.driver);
		if (!err)
			err = fe_mem_alloc(mem, region + 2, need.device_len, need.device_align,
					   &q->area.device);
		return err;
	}
	/* virtio 1.2 section 2.7.2: three parts in one piece, the used ring on its own page. */
	used_at = up(need.desc_len + need.driver_len, LEGACY_ALIGN);
	err = fe_mem_alloc(mem, cfg->index, used_at + need.device_len, LEGACY_ALIGN, &all);
	if (err)
		return err;
	q->area.desc = q->area.driver = q->area.device = all;
	q->area.driver.ptr += need.desc_len;
	q->area.driver.gpa += need.desc_len;
	q->area.driver.uva += need.desc_len;
	q->area.driver.len = need.driver_len;
	q->area.device.ptr += used_at;
	q->area.device.gpa += used_at;
	q->area.device.uva += used_at;
	q->area.device.len = need.device_len;
	return 0;
}

/* Piece `p` of `n` of a buffer: all in one, or the header first and even shares of the frame. */
static uint32_t piece_len(const struct fe_queue_config *cfg, unsigned int p, unsigned int n)
{
	if (n == 1)
		return cfg->header_len + cfg->buffer_len;
	if (p == 0)
		return cfg->header_len;
	return (cfg->buffer_len + n - 2) / (n - 1);
}

static int alloc_buffers(struct fe_queue *q, struct fe_mem *mem)
{
	const struct fe_queue_config *cfg = &q->cfg;
	unsigned int i, p;

	q->buffers = buffers_of(cfg);
	q->buffer = calloc(q->buffers, sizeof(*q->buffer));
	q->idle = calloc(q->buffers, sizeof(*q->idle));
	q->frame = malloc(FE_FRAME_MAX);
	if (!q->buffer || !q->idle || !q->frame)
		return -ENOMEM;
	for (i = 0; i < q->buffers; i++) {
		struct fe_buffer *b = &q->buffer[i];

		b->pieces = cfg->chain_min + i % (cfg->chain_max - cfg->chain_min + 1);
		for (p = 0; p < b->pieces; p++) {
			struct fe_span span;
			int err;

			err = fe_mem_alloc(mem, cfg->index + i + p, piece_len(cfg, p, b->pieces),
					   p ? 2 : 64, &span);
			if (err)
				return err;
			b->piece[p].ptr = span.ptr;
			b->piece[p].gpa = span.gpa;
			b->piece[p].len = (uint32_t)span.len;
		}
	}
	return 0;
}

int fe_queue_reset(struct fe_queue *q)
{
	struct fe_ring_config rc = {.layout = q->cfg.layout,
				    .size = (uint16_t)q->cfg.ring_size,
				    .event_idx = q->cfg.event_idx,
				    .base = fe_ring_first_base(q->cfg.layout),
				    .area = q->area};
	unsigned int i;

	fe_ring_destroy(q->ring);
	q->ring = NULL;
	memset(q->area.desc.ptr, 0, q->area.desc.len);
	memset(q->area.driver.ptr, 0, q->area.driver.len);
	memset(q->area.device.ptr, 0, q->area.device.len);
	q->idle_count = q->buffers;
	for (i = 0; i < q->buffers; i++)
		q->idle[i] = (uint16_t)(q->buffers - 1 - i);
	return fe_ring_create(&rc, &q->ring);
}

int fe_queue_create(const struct fe_queue_config *cfg, struct fe_mem *mem, struct fe_queue *q)
{
	int err;

	memset(q, 0, sizeof(*q));
	q->kick = q->call = q->err = -1;
	q->cfg = *cfg;
	if (cfg->chain_min == 0 || cfg->chain_max > FE_CHAIN_MAX ||
	    cfg->chain_min > cfg->chain_max || cfg->chain_max > cfg->ring_size)
		return -EINVAL;
	err = alloc_area(q, mem);
	if (!err)
		err = alloc_buffers(q, mem);
	if (!err)
		err = fe_queue_reset(q);
	if (err)
		return err;
	q->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->err = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return q->kick < 0 || q->call < 0 || q->err < 0 ? -errno : 0;
}

void fe_queue_destroy(struct fe_queue *q)
{
	int *const fds[] = {&q->kick, &q->call, &q->err};
	unsigned int i;

	fe_queue_unmap_doorbell(q);
	for (i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	fe_ring_destroy(q->ring);
	free(q->buffer);
	free(q->idle);
	free(q->frame);
	q->ring = NULL;
	q->buffer = NULL;
	q->idle = NULL;
	q->frame = NULL;
}

/* Header, and `len` bytes of the frame in the pieces behind it; returns descriptors used. */
static unsigned int scatter(const struct fe_queue *q, const struct fe_buffer *b,
			    const struct virtio_net_hdr *hdr, const uint8_t *frame, uint32_t len,
			    struct fe_sg *sg)
{
	uint32_t header = q->cfg.header_len, share, part;
	unsigned int p, n = b->pieces;

	memset(b->piece[0].ptr, 0, header);
	if (hdr)
		memcpy(b->piece[0].ptr, hdr, sizeof(*hdr));
	sg[0].gpa = b->piece[0].gpa;
	if (n == 1) {
		memcpy(b->piece[0].ptr + header, frame, len);
		sg[0].len = header + len;
		return 1;
	}
	sg[0].len = header;
	share = (len + n - 2) / (n - 1);
	for (p = 1; p < n && len > 0; p++) {
		part = len < share ? len : share;
		memcpy(b->piece[p].ptr, frame, part);
		sg[p].gpa = b->piece[p].gpa;
		sg[p].len = part;
		frame += part;
		len -= part;
	}
	return p;
}

int fe_queue_send_offload(struct fe_queue *q, const struct virtio_net_hdr *hdr,
			  const uint8_t *frame, uint32_t len)
{
	struct fe_sg sg[FE_CHAIN_MAX];
	unsigned int count;
	uint16_t index;
	int err;

	if (len == 0 || len > q->cfg.buffer_len)
		return -EMSGSIZE;
	if (q->idle_count == 0)
		return -ENOSPC;
	index = q->idle[q->idle_count - 1];
	count = scatter(q, &q->buffer[index], hdr, frame, len, sg);
	err = fe_ring_add(q->ring, sg, count, 0, index);
	if (err)
		return err;
	q->idle_count--;
	q->frames++;
	q->bytes += len;
	return 0;
}

static void scribble(const struct fe_buffer *b)
{
	unsigned int p;

	for (p = 0; p < b->pieces; p++)
		memset(b->piece[p].ptr, POISON_SENT,
		       b->piece[p].len < SCRIBBLE ? b->piece[p].len : SCRIBBLE);
}

int fe_queue_reap(struct fe_queue *q)
{
	struct fe_used used;
	int got, count = 0;

	while ((got = fe_ring_get_used(q->ring, &used)) > 0) {
		q->taken++;
		/* A transmit chain has nothing to write; some back-ends say otherwise. */
		if (used.len != 0)
			q->used_len_nonzero++;
		scribble(&q->buffer[used.token]);
		q->idle[q->idle_count++] = used.token;
		count++;
	}
	return got < 0 ? got : count;
}

static void add_receive_buffer(struct fe_queue *q, uint16_t index)
{
	struct fe_buffer *b = &q->buffer[index];
	struct fe_sg sg[FE_CHAIN_MAX];
	unsigned int p;

	b->posted = q->posted++;
	memset(b->piece[0].ptr, POISON_HEADER, q->cfg.header_len);
	for (p = 0; p < b->pieces; p++) {
		sg[p].gpa = b->piece[p].gpa;
		sg[p].len = b->piece[p].len;
	}
	/* There are exactly as many descriptors as the buffers need. */
	if (fe_ring_add(q->ring, sg, 0, b->pieces, index))
		abort();
}

void fe_queue_fill(struct fe_queue *q)
{
	while (q->idle_count > 0)
		add_receive_buffer(q, q->idle[--q->idle_count]);
}

/* Appends `len` bytes of a used buffer, `skip` of them left out, at `at` of the frame. */
static void gather(struct fe_queue *q, const struct fe_buffer *b, uint32_t skip, uint32_t len,
		   uint32_t at)
{
	unsigned int p;

	for (p = 0; p < b->pieces && len > 0; p++) {
		uint32_t have = b->piece[p].len < len ? b->piece[p].len : len;
		uint32_t drop = skip < have ? skip : have;

		memcpy(q->frame + at, b->piece[p].ptr + drop, have - drop);
		at += have - drop;
		skip -= drop;
		len -= have;
	}
}

/* The device has written `len` bytes from the start of a buffer. */
static void note_written(struct fe_queue *q, const struct fe_buffer *b, uint32_t len)
{
	unsigned int p;

	q->taken++;
	for (p = 0; q->dirty && p < b->pieces && len > 0; p++) {
		uint32_t part = b->piece[p].len < len ? b->piece[p].len : len;

		fe_dirty_note(q->dirty, b->piece[p].gpa, part, b->posted >= q->log_posted);
		len -= part;
	}
}

static int next_merged(struct fe_queue *q, struct fe_used *used)
{
	uint64_t deadline = 0;
	int got;

	/* The rest of a frame comes with its first buffer; give a slow device a moment all the
	 * same. */
	while ((got = fe_ring_get_used(q->ring, used)) == 0) {
		if (deadline == 0)
			deadline = fe_now_ms() + MERGED_WAIT_MS;
		else if (fe_now_ms() > deadline)
			return -EPROTO;
		fe_cpu_relax();
	}
	return got < 0 ? got : 0;
}

static void parse_header(const struct fe_queue *q, const struct fe_buffer *b, struct fe_rx_frame *f)
{
	const uint8_t *header = b->piece[0].ptr;

	memcpy(&f->hdr, header, sizeof(f->hdr));
	f->has_num_buffers = q->cfg.header_len == sizeof(struct virtio_net_hdr_v1);
	if (f->has_num_buffers)
		memcpy(&f->num_buffers, header + HEADER_NUM_BUFFERS, sizeof(f->num_buffers));
	f->buffers = q->cfg.mergeable ? f->num_buffers : 1;
}

int fe_queue_receive(struct fe_queue *q, struct fe_rx_frame *f)
{
	uint32_t header = q->cfg.header_len;
	struct fe_used used;
	unsigned int i;
	int got;

	got = fe_ring_get_used(q->ring, &used);
	if (got <= 0)
		return got;
	if (used.len < header)
		return -EPROTO;
	parse_header(q, &q->buffer[used.token], f);
	if (f->buffers == 0 || f->buffers > q->buffers || used.len - header > FE_FRAME_MAX)
		return -EPROTO;
	note_written(q, &q->buffer[used.token], used.len);
	gather(q, &q->buffer[used.token], header, used.len, 0);
	f->len = used.len - header;
	add_receive_buffer(q, used.token);
	for (i = 1; i < f->buffers; i++) {
		if (next_merged(q, &used) || used.len > FE_FRAME_MAX - f->len)
			return -EPROTO;
		note_written(q, &q->buffer[used.token], used.len);
		gather(q, &q->buffer[used.token], 0, used.len, f->len);
		f->len += used.len;
		add_receive_buffer(q, used.token);
	}
	f->data = q->frame;
	q->frames++;
	q->bytes += f->len;
	return 1;
}

void fe_queue_kick(struct fe_queue *q)
{
	uint64_t one = 1;

	if (q->doorbell_map) {
		/* As a virtio-pci driver without NOTIFICATION_DATA: 16 bits, the queue's index. */
		__atomic_store_n((uint16_t *)q->doorbell_map, (uint16_t)q->cfg.index,
				 __ATOMIC_RELEASE);
		q->doorbells++;
		return;
	}
	q->kicks++;
	/* Full means the other side has not read it for 2^64 kicks. */
	if (write(q->kick, &one, sizeof(one)) < 0)
		return;
}

void fe_queue_flush(struct fe_queue *q)
{
	fe_ring_publish(q->ring);
	if (fe_ring_need_kick(q->ring))
		fe_queue_kick(q);
}

bool fe_queue_take_call(struct fe_queue *q)
{
	uint64_t count;

	if (read(q->call, &count, sizeof(count)) != sizeof(count))
		return false;
	q->calls++;
	return true;
}

uint64_t fe_queue_log_gpa(const struct fe_queue *q)
{
	return q->cfg.layout == FE_PACKED ? q->area.desc.gpa : q->area.device.gpa;
}

void fe_queue_log_from_here(struct fe_queue *q)
{
	q->log_posted = q->posted;
	q->log_taken = q->taken;
}

void fe_queue_note_ring(const struct fe_queue *q, struct fe_dirty *d, bool must)
{
	const struct fe_span *used = q->cfg.layout == FE_PACKED ? &q->area.desc : &q->area.device;
	/* A lap writes every element; chains of a packed ring leave some out. */
	bool lap = q->taken - q->log_taken >= q->cfg.ring_size &&
		   (q->cfg.layout == FE_SPLIT || q->cfg.chain_max == 1);

	fe_dirty_note(d, q->area.device.gpa, q->area.device.len, false);
	fe_dirty_note(d, used->gpa, used->len, false);
	if (must && lap) /* the word behind a split ring's elements is written only at times */
		fe_dirty_note(d, used->gpa, used->len - sizeof(uint16_t), true);
}

int fe_queue_map_doorbell(struct fe_queue *q, int fd, uint64_t offset, uint64_t size)
{
	void *map;

	if (size < sizeof(uint16_t))
		return -EINVAL;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (map == MAP_FAILED)
		return -errno;
	fe_queue_unmap_doorbell(q);
	q->doorbell_map = map;
	q->doorbell_len = size;
	return 0;
}

void fe_queue_unmap_doorbell(struct fe_queue *q)
{
	if (q->doorbell_map)
		munmap(q->doorbell_map, q->doorbell_len);
	q->doorbell_map = NULL;
}
