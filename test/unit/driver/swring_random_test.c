/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver and a device that do what they like, in an order they like: chains of any framing,
 * batches of any size, one or the other asleep until it is told. What each finds in buffers is
 * compared with what the other put there, and whoever sleeps has to be told of the first thing that
 * happens.
 */
#include "swring_rig.h"

enum { STEPS = 40000, BUFS_MAX = 12, BUF_BYTES_MAX = 60, BYTES_MAX = BUFS_MAX * BUF_BYTES_MAX };

/* What the driver remembers of a chain. */
struct record {
	unsigned int n, n_read;
	struct swmock_buf buf[BUFS_MAX];
};

struct scene {
	struct rig rig;
	uint64_t seed;
	/* Chains so far; each is a token. Published ones are those the device may know of. */
	unsigned int added, published, popped, used, reaped;
	struct record *record;         /* by token modulo size */
	struct vv_swring_chain *chain; /* the same, the device's */
	bool kicks_off, calls_off, device_asleep, driver_asleep;
	unsigned int woken; /* whoever it was */
};

static uint32_t any(struct scene *s, uint32_t below)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return (s->seed >> 20) % below;
}

/* What is at a place of a chain's readable part; an answer's bytes are never 0. */
static uint8_t question(uintptr_t token, unsigned int at)
{
	return (uint8_t)(token * 31 + at * 7);
}

static uint8_t answer(uintptr_t token, unsigned int at)
{
	return (uint8_t)(token * 17 + at * 5) | 1;
}

static uint32_t answer_len(uintptr_t token, uint64_t room)
{
	return room ? token * 13 % (room + 1) : 0;
}

/* ---- the driver ---- */

static void driver_adds(struct scene *s)
{
	struct record *rec = &s->record[s->added % s->rig.mock->conf.size];
	unsigned int n_table = 0, at = 0, i, j;
	struct swmock *m = s->rig.mock;

	if (s->added - s->reaped == m->conf.size)
		return;
	rec->n = 1 + any(s, BUFS_MAX);
	rec->n_read = any(s, rec->n + 1);
	if (m->conf.indirect && any(s, 2))
		n_table = m->conf.packed ? rec->n : 1 + any(s, rec->n);
	for (i = 0; i < rec->n; i++) {
		struct swmock_buf *b = &rec->buf[i];
		uint8_t *bytes;

		b->len = 1 + any(s, BUF_BYTES_MAX);
		b->write = i >= rec->n_read;
		b->gpa = swmock_alloc(m, b->len);
		if (!b->gpa)
			return;
		bytes = swmock_at(m, b->gpa, b->len);
		for (j = 0; j < b->len && !b->write; j++)
			bytes[j] = question(s->added, at++);
	}
	if (swmock_add(m, rec->buf, rec->n, n_table, s->added) == 0)
		s->added++;
}

static void driver_publishes(struct scene *s)
{
	bool kick;

	swmock_publish(s->rig.mock);
	kick = swmock_kick_needed(s->rig.mock);
	if (s->device_asleep && s->added != s->published) {
		assert_true(kick);
		s->device_asleep = false;
		s->woken++;
	}
	assert_false(kick && s->kicks_off);
	s->published = s->added;
}

static void answer_is_right(const struct scene *s, uintptr_t token, uint32_t len)
{
	const struct record *rec = &s->record[token % s->rig.mock->conf.size];
	unsigned int at = 0, i, j, room = 0;

	for (i = rec->n_read; i < rec->n; i++) {
		const struct swmock_buf *b = &rec->buf[i];
		const uint8_t *bytes = swmock_at(s->rig.mock, b->gpa, b->len);

		for (j = 0; j < b->len; j++, at++)
			assert_int_equal(bytes[j], at < len ? answer(token, at) : 0);
		room += b->len;
	}
	assert_int_equal(len, answer_len(token, room));
}

/* How many came back. */
static unsigned int driver_reaps(struct scene *s)
{
	unsigned int before = s->reaped;
	uintptr_t token;
	uint32_t len;
	int ret;

	while ((ret = swmock_used(s->rig.mock, &token, &len)) == 1) {
		assert_int_equal(token, s->reaped);
		answer_is_right(s, token, len);
		s->reaped++;
	}
	assert_int_equal(ret, 0);
	if (swmock_outstanding(s->rig.mock) == 0)
		swmock_free_all(s->rig.mock);
	return s->reaped - before;
}

static void driver_sleeps(struct scene *s)
{
	do
		swmock_calls(s->rig.mock, true);
	while (driver_reaps(s) > 0);
	s->driver_asleep = true;
	s->calls_off = false;
}

/* ---- the device ---- */

static void device_pops(struct scene *s)
{
	struct vv_swring_chain *c = &s->chain[s->popped % s->rig.mock->conf.size];
	uint8_t bytes[BYTES_MAX + 1];
	unsigned int i;
	int ret;

	ret = vv_swring_pop(&s->rig.ring, c);
	assert_int_equal(ret, s->published > s->popped);
	if (ret == 0) {
		s->device_asleep = s->rig.ring.kicks;
		return;
	}
	assert_int_equal(c->error, VV_SWRING_OK);
	assert_int_equal(vv_swring_read(c, 0, bytes, sizeof(bytes)), c->read_len);
	for (i = 0; i < c->read_len; i++)
		assert_int_equal(bytes[i], question(s->popped, i));
	s->popped++;
}

static void device_uses(struct scene *s)
{
	unsigned int n = any(s, s->popped - s->used + 1), i;
	uint8_t bytes[BYTES_MAX];
	struct vv_swring_chain *c;
	uint32_t len;
	bool call;

	for (; n > 0; n--) {
		c = &s->chain[s->used % s->rig.mock->conf.size];
		len = answer_len(s->used, c->write_len);
		for (i = 0; i < len; i++)
			bytes[i] = answer(s->used, i);
		assert_int_equal(vv_swring_write(c, 0, bytes, len), len);
		vv_swring_used(&s->rig.ring, c, len);
		s->used++;
	}
	vv_swring_publish(&s->rig.ring);
	call = vv_swring_call_needed(&s->rig.ring);
	if (s->driver_asleep && s->used != s->reaped) {
		assert_true(call);
		s->driver_asleep = false;
		s->woken++;
	}
	assert_false(call && s->calls_off);
}

static void device_sleeps(struct scene *s)
{
	vv_swring_kicks(&s->rig.ring, true);
	s->device_asleep = !vv_swring_pending(&s->rig.ring);
	assert_int_equal(s->device_asleep, s->published == s->popped);
	s->kicks_off = false;
}

static void either_wants_peace(struct scene *s)
{
	if (any(s, 2)) {
		vv_swring_kicks(&s->rig.ring, false);
		s->kicks_off = true;
		s->device_asleep = false;
	} else {
		swmock_calls(s->rig.mock, false);
		s->calls_off = true;
		s->driver_asleep = false;
	}
}

/* ---- both ---- */

static void scene_play(struct scene *s)
{
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		switch (any(s, 16)) {
		case 0 ... 3:
			driver_adds(s);
			break;
		case 4:
		case 5:
			driver_publishes(s);
			break;
		case 6 ... 9:
			device_pops(s);
			break;
		case 10:
		case 11:
			device_uses(s);
			break;
		case 12:
			driver_reaps(s);
			break;
		case 13:
			driver_sleeps(s);
			break;
		case 14:
			device_sleeps(s);
			break;
		default:
			either_wants_peace(s);
		}
	}
}

static void anything_in_any_order(void **state)
{
	static const uint16_t split[] = {16, 64, 256}, packed[] = {13, 64, 255};
	uint64_t seed = (uint64_t)time(NULL) * 2654435761u | 1;
	struct scene s;
	unsigned int i;

	for (i = 0; i < 12; i++) {
		uint16_t size = rig_is_packed(state) ? packed[i % 3] : split[i % 3];
		uint16_t base = rig_is_packed(state) ? (i & 1) << 15 | size / 2 : 0xff00 + i;

		print_message("size %u, seed %#jx\n", size, (uintmax_t)seed);
		s = (struct scene){.seed = seed++};
		s.record = calloc(size, sizeof(*s.record));
		s.chain = calloc(size, sizeof(*s.chain));
		assert_non_null(s.record);
		assert_non_null(s.chain);
		rig_open_at(&s.rig, state, size, base, i % 4);
		scene_play(&s);
		/* It was worth something. */
		assert_true(s.reaped > STEPS / 100);
		assert_true(s.woken > STEPS / 1000);
		rig_close(&s.rig);
		free(s.record);
		free(s.chain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {BOTH(anything_in_any_order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
