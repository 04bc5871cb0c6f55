/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log: the pages that were written to, all of them and no other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "random.h"
#include "rig.h"

enum { SENDER, RECEIVER, REGIONS = 3, LOG_PAGE = 12 };

static const struct rig_queue_options kinds[] = {
    {.size = 128, .flags = VQ_F_VERSION_1},
    {.size = 100, .flags = VQ_F_VERSION_1, .packed = true, .base = 0x8000},
    {.size = 128, .flags = VQ_F_VERSION_1 | VQ_F_MRG_RXBUF},
    {.size = 100, .flags = VQ_F_MRG_RXBUF, .packed = true, .base = 0x8000},
};

static int choose_seed(void **state)
{
	random_begin(0xd127);
	return 0;
}

static struct scene {
	struct rig rig;
	struct rig_queue *tx, *rx;
	struct dp_mem *log_mem;
	uint8_t *bitmap;
	size_t bytes;
} s;

/* Another key for the same memory, of so small parts that most buffers lie in several. */
static void rekey(struct rig_guest *g)
{
	enum { PART = 0x1800, PARTS_MAX = 16384 };
	static struct dp_seg seg[PARTS_MAX];
	unsigned int n = 0;

	for (unsigned int r = 0; r < REGIONS; r++) {
		const struct fe_mem_region *m = &g->mem.region[r];

		for (size_t at = 0; at < m->size; at += PART, n++) {
			assert_true(n < PARTS_MAX);
			seg[n] = (struct dp_seg){
			    .iova = m->gpa + at,
			    .len = m->size - at < PART ? m->size - at : PART,
			    .hva = g->device_map[r] + at,
			    .mr = n, /* else they would be one */
			    .local_write = true,
			};
		}
	}
	dp_mem_put(g->key);
	assert_int_equal(dp_mem_create(seg, n, &g->key), 0);
}

static void scene_create(const struct rig_queue_options *kind)
{
	struct rig_options o = {.ports = 2, .delay_drop_ms = 60000};
	struct dp_seg seg;

	memset(&s, 0, sizeof(s));
	rig_create(&s.rig, &o);
	rekey(&s.rig.guest[RECEIVER]);
	s.tx = rig_queue(&s.rig.guest[SENDER], 1, kind);
	s.rx = rig_queue(&s.rig.guest[RECEIVER], 0, kind);
	assert_int_equal(rig_start(s.tx), 0);
	assert_int_equal(rig_start(s.rx), 0);
	rig_set_rx(&s.rig.guest[RECEIVER], s.rx);
	/* Up to the end of the guest's memory, and a byte behind it that stays 0. */
	for (unsigned int r = 0; r < REGIONS; r++) {
		const struct fe_mem_region *m = &s.rig.guest[RECEIVER].mem.region[r];
		size_t need = (size_t)((m->gpa + m->size) >> LOG_PAGE) / 8 + 1;

		s.bytes = need > s.bytes ? need : s.bytes;
	}
	s.bitmap = mmap(NULL, s.bytes + 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(s.bitmap, MAP_FAILED);
	/* Odd address, another key than the guest's. */
	seg = (struct dp_seg){.iova = 0x5000,
			      .len = s.bytes + 4096,
			      .hva = s.bitmap,
			      .mr = 9,
			      .local_write = true};
	assert_int_equal(dp_mem_create(&seg, 1, &s.log_mem), 0);
}

static void scene_destroy(void)
{
	dp_mem_put(s.log_mem);
	rig_destroy(&s.rig);
	munmap(s.bitmap, s.bytes + 4096);
}

static int log_set(bool on, uint64_t size, uint8_t log_page)
{
	struct vq_dirty_log log = {
	    .on = on, .mem = s.log_mem, .addr = 0x5003, .size = size, .log_page = log_page};
	int err;

	dp_lock(s.rig.dp);
	err = vq_set_dirty_log(s.rx->vq, on ? &log : &(struct vq_dirty_log){0});
	dp_unlock(s.rig.dp);
	return err;
}

static bool logged(uint64_t page)
{
	return __atomic_load_n(&s.bitmap[3 + page / 8], __ATOMIC_RELAXED) >> page % 8 & 1;
}

/* ---- the shadow: what the guest's buffers are, byte by byte, before and after ---- */

static uint8_t *before[REGIONS];

static void shadow_take(void)
{
	for (unsigned int r = 0; r < REGIONS; r++) {
		const struct fe_mem_region *m = &s.rig.guest[RECEIVER].mem.region[r];

		before[r] = malloc(m->size);
		assert_non_null(before[r]);
		memcpy(before[r], m->base, m->size);
	}
}

/*
 * Every byte that differs is in a logged page, and each logged page has such a byte; rings, which
 * are not logged, are told by their slots. That holds as buffers are filled with what no frame has.
 */
static void shadow_compare(void)
{
	const struct rig_queue *q = s.rx;
	const struct fe_span *ring[] = {&q->area.desc, &q->area.driver, &q->area.device};
	uint64_t pages = 0;

	for (unsigned int r = 0; r < REGIONS; r++) {
		const struct fe_mem_region *m = &s.rig.guest[RECEIVER].mem.region[r];
		const uint8_t *now = m->base;

		for (size_t page = 0; page < m->size; page += 1 << LOG_PAGE) {
			bool differs = false;

			for (size_t i = page; i < page + (1 << LOG_PAGE); i++) {
				bool in_ring = false;

				if (now[i] == before[r][i])
					continue;
				for (unsigned int a = 0; a < 3; a++)
					in_ring |= m->gpa + i - ring[a]->gpa < ring[a]->len;
				differs |= !in_ring;
			}
			if (differs != logged((m->gpa + page) >> LOG_PAGE))
				fail_msg("page %#llx: %s", (unsigned long long)(m->gpa + page),
					 differs ? "not logged" : "logged but not written to");
			pages += differs;
		}
		free(before[r]);
	}
	for (uint64_t i = 0; i < s.bytes * 8; i++)
		pages -= logged(i);
	/* None outside the guest's memory either. */
	assert_int_equal(pages, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(s.bitmap[i], 0);
}

static void pages_written_are_logged_and_no_other(void **state)
{
	static uint8_t frame[RIG_FRAME_MAX], got[RIG_FRAME_MAX];
	const struct rig_queue_options *kind = *state;
	unsigned int frames = 0, reaped = 0;

	scene_create(kind);
	assert_int_equal(log_set(true, s.bytes, LOG_PAGE), 0);
	/* Some slots are used, others not, in any order and of any length. */
	for (unsigned int i = 0; i < s.rx->n_free; i++) {
		unsigned int j = random_below(s.rx->n_free);
		uint16_t slot = s.rx->free[i];

		s.rx->free[i] = s.rx->free[j];
		s.rx->free[j] = slot;
	}
	for (unsigned int i = 0; i < 40; i++) {
		bool small = kind->flags & VQ_F_MRG_RXBUF;
		uint32_t lens[] = {1 + random_below(200), 1 + random_below(3000),
				   small ? 300 : 6200, 0};

		if (i % 2)
			lens[0] = small ? 1000 + random_below(8000) : 9300, lens[1] = 0;
		if (!rig_post(s.rx, lens))
			break;
	}
	shadow_take();
	while (frames < 20) {
		size_t len = 14 + random_below(frames % 3 ? 200 : 9200);

		memset(frame, 0x77, len);
		memcpy(frame, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5", 14);
		assert_true(rig_send(s.tx, frame, len, NULL));
		frames++;
	}
	rig_ring(&s.rig.guest[SENDER]);
	/* With merged buffers they may not do for all. */
	for (unsigned int i = 0; i < 8; i++) {
		size_t len = 0;

		rig_wait((len = rig_recv(s.rx, got)) > 0);
		rig_stats(&s.rig);
	}
	dp_lock(s.rig.dp);
	reaped = rig_reap(s.tx);
	assert_true(reaped >= 8);
	shadow_compare();
	dp_unlock(s.rig.dp);
	scene_destroy();
}

/* Up to the last byte of a page, and one more. */
static void last_byte_decides_about_its_page(void **state)
{
	static uint8_t frame[RIG_FRAME_MAX], got[RIG_FRAME_MAX];
	const struct rig_queue_options *kind = *state;
	size_t hdr = kind->flags & (VQ_F_VERSION_1 | VQ_F_MRG_RXBUF) ? 12 : 10;

	scene_create(kind);
	assert_int_equal(log_set(true, s.bytes, LOG_PAGE), 0);
	for (unsigned int more = 0; more < 2; more++) {
		const struct fe_span *slot = &s.rx->slot[s.rx->free[s.rx->n_free - 1]];
		size_t len = 0x2000 - (slot->gpa & 0xfff) - hdr + more;
		size_t arrived = 0;

		memset(s.bitmap, 0, s.bytes);
		assert_true(rig_post(s.rx, (const uint32_t[]){9312, 0}));
		rig_frame(frame, len, 2, 1, more);
		assert_true(rig_send(s.tx, frame, len, NULL));
		rig_ring(&s.rig.guest[SENDER]);
		rig_wait((arrived = rig_recv(s.rx, got)) > 0);
		rig_stats(&s.rig);
		assert_int_equal(arrived, len);
		for (uint64_t i = 0; i < s.bytes * 8; i++)
			assert_int_equal(logged(i), i - (slot->gpa >> LOG_PAGE) < 2 + more);
	}
	scene_destroy();
}

static void nothing_is_logged_when_it_is_off(void **state)
{
	uint8_t frame[200], got[RIG_FRAME_MAX];

	scene_create(*state);
	for (unsigned int round = 0; round < 3; round++) {
		unsigned int bits = 0;
		size_t len = 0;

		assert_int_equal(log_set(round == 1, s.bytes, LOG_PAGE), 0);
		assert_true(rig_post(s.rx, (const uint32_t[]){2000, 0}));
		rig_frame(frame, sizeof(frame), 2, 1, round);
		assert_true(rig_send(s.tx, frame, sizeof(frame), NULL));
		rig_ring(&s.rig.guest[SENDER]);
		rig_wait((len = rig_recv(s.rx, got)) > 0);
		rig_stats(&s.rig);
		assert_true(rig_frame_ok(got, len, round));
		for (uint64_t i = 0; i < s.bytes * 8; i++)
			bits += logged(i);
		assert_in_range(bits, round == 1 ? 1 : 0, round == 1 ? 2 : 0);
		memset(s.bitmap, 0, s.bytes);
	}
	scene_destroy();
}

/* Others set bits of the same bytes; the device's OR loses none. */
static void bits_of_others_stay(void **state)
{
	uint8_t frame[200], got[RIG_FRAME_MAX];
	size_t len = 0;

	scene_create(*state);
	memset(s.bitmap, 0x11, s.bytes);
	assert_int_equal(log_set(true, s.bytes, LOG_PAGE), 0);
	assert_true(rig_post(s.rx, (const uint32_t[]){2000, 0}));
	rig_frame(frame, sizeof(frame), 2, 1, 1);
	assert_true(rig_send(s.tx, frame, sizeof(frame), NULL));
	rig_ring(&s.rig.guest[SENDER]);
	rig_wait((len = rig_recv(s.rx, got)) > 0);
	rig_stats(&s.rig);
	for (size_t i = 0; i < s.bytes; i++)
		assert_int_equal(s.bitmap[i] & 0x11, 0x11);
	scene_destroy();
}

static unsigned int errors(struct rig_queue *q)
{
	return __atomic_load_n(&q->errors, __ATOMIC_ACQUIRE);
}

enum break_log { TOO_SHORT, REVOKED, UNMAPPED, BREAKS };

static void bitmap_that_does_not_hold_is_an_error(void **state)
{
	uint8_t frame[200];
	unsigned int reaped = 0;

	for (unsigned int how = 0; how < BREAKS; how++) {
		uint64_t page;

		scene_create(*state);
		page = s.rx->slot[s.rx->free[s.rx->n_free - 1]].gpa >> LOG_PAGE;
		assert_int_equal(
		    log_set(true, how == TOO_SHORT ? page / 8 : s.bytes, LOG_PAGE), 0);
		dp_lock(s.rig.dp);
		if (how == REVOKED)
			dp_mem_revoke(s.log_mem, 9);
		if (how == UNMAPPED)
			assert_int_equal(mprotect(s.bitmap, s.bytes + 4096, PROT_NONE), 0);
		dp_unlock(s.rig.dp);
		assert_true(rig_post(s.rx, (const uint32_t[]){2000, 0}));
		rig_frame(frame, sizeof(frame), 2, 1, 1);
		assert_true(rig_send(s.tx, frame, sizeof(frame), NULL));
		rig_ring(&s.rig.guest[SENDER]);
		rig_wait((reaped = rig_reap(s.tx)) == 1);
		assert_int_equal(errors(s.rx), 1);
		assert_int_equal(s.rx->error, VQ_ERROR_BAD_BUFFER);
		assert_int_equal(rig_status(s.rx).invalid_buffer, 1);
		assert_int_equal(rig_status(s.rx).completed_desc, 0);
		assert_int_equal(rig_status(s.tx).state, VQ_RDY);
		assert_int_equal(rig_stats(&s.rig).drops_other, 1);
		scene_destroy();
	}
}

static void attributes_of_the_log_are_checked(void **state)
{
	struct vq_dirty_log log = {.on = true, .log_page = LOG_PAGE};

	scene_create(*state);
	assert_int_equal(log_set(true, s.bytes, 11), -EINVAL);
	assert_int_equal(log_set(true, s.bytes, 32), -EINVAL);
	assert_int_equal(log_set(true, s.bytes, 31), 0);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_set_dirty_log(s.rx->vq, &log), -EINVAL);
	dp_unlock(s.rig.dp);
	scene_destroy();
}

/* In any state, and over a stop; larger pages have fewer bits. */
static void log_survives_stop_and_resume(void **state)
{
	uint8_t frame[200], got[RIG_FRAME_MAX];
	uint64_t page;
	size_t len = 0;

	scene_create(*state);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_stop(s.rx->vq), 0);
	dp_unlock(s.rig.dp);
	assert_int_equal(log_set(true, s.bytes, 21), 0);
	dp_lock(s.rig.dp);
	assert_int_equal(vq_resume(s.rx->vq), 0);
	dp_unlock(s.rig.dp);
	page = s.rx->slot[s.rx->free[s.rx->n_free - 1]].gpa >> 21;
	assert_true(rig_post(s.rx, (const uint32_t[]){2000, 0}));
	rig_frame(frame, sizeof(frame), 2, 1, 1);
	assert_true(rig_send(s.tx, frame, sizeof(frame), NULL));
	rig_ring(&s.rig.guest[SENDER]);
	rig_wait((len = rig_recv(s.rx, got)) > 0);
	rig_stats(&s.rig);
	for (uint64_t i = 0; i < s.bytes * 8; i++)
		assert_int_equal(logged(i), i == page);
	scene_destroy();
}

#define KINDS(f)                                                                                   \
	{#f "/split", f, NULL, NULL, (void *)&kinds[0]},                                           \
	{#f "/packed", f, NULL, NULL, (void *)&kinds[1]},                                          \
	{#f "/split_mrg", f, NULL, NULL, (void *)&kinds[2]},                                       \
	{                                                                                          \
#f "/packed_mrg_legacy", f, NULL, NULL, (void *)&kinds[3]                          \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    KINDS(pages_written_are_logged_and_no_other),
	    KINDS(last_byte_decides_about_its_page),
	    KINDS(nothing_is_logged_when_it_is_off),
	    KINDS(bits_of_others_stay),
	    KINDS(bitmap_that_does_not_hold_is_an_error),
	    KINDS(attributes_of_the_log_are_checked),
	    KINDS(log_survives_stop_and_resume),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, choose_seed, NULL);
}
