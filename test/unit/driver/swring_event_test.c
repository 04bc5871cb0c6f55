/* SPDX-License-Identifier: BSD-3-Clause */
/* Who tells whom, and when not: virtio 1.2 §2.7.7, §2.7.10 and §2.8.10. */
#include "swring_rig.h"

enum { SIZE = 8 };

/* Serves so many chains of the driver's, and publishes them. */
static bool serve(struct rig *rig, unsigned int n)
{
	for (; n > 0; n--) {
		assert_int_equal(vv_swring_pop(&rig->ring, &rig->chain), 1);
		vv_swring_used(&rig->ring, &rig->chain, 0);
	}
	vv_swring_publish(&rig->ring);
	return vv_swring_call_needed(&rig->ring);
}

static void add(struct rig *rig, unsigned int n)
{
	for (; n > 0; n--)
		rig_add_one(rig, n);
	swmock_publish(rig->mock);
}

static void reap(struct rig *rig)
{
	uintptr_t token;
	uint32_t len;

	while (swmock_used(rig->mock, &token, &len) == 1)
		;
}

/* ---- calls ---- */

static void spec_2_7_7_and_2_8_10_flags_decide_on_calls(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, SIZE, 0);
	for (i = 0; i < 20; i++) {
		swmock_calls(rig.mock, i % 3 != 0);
		assert_false(vv_swring_call_needed(&rig.ring));
		add(&rig, 2);
		assert_false(vv_swring_call_needed(&rig.ring));
		assert_int_equal(serve(&rig, 2), i % 3 != 0);
		/* Only once for the same chains, whatever the driver says now. */
		swmock_calls(rig.mock, true);
		assert_false(vv_swring_call_needed(&rig.ring));
		reap(&rig);
	}
	rig_close(&rig);
}

/* Every event among outstanding chains, at every position of the ring and over its end. */
static void spec_2_7_7_and_2_8_10_event_decides_on_calls(void **state)
{
	uint16_t size = rig_is_packed(state) ? 7 : SIZE;
	unsigned int start, event, first, n = rig_is_packed(state) ? 3 : 4;
	struct rig rig;

	for (start = 0; start < 2 * size; start++) {
		for (event = 1; event <= n; event++) {
			for (first = 1; first <= n; first++) {
				uint16_t base = rig_is_packed(state)
						    ? start % size | (start < size) << 15
						    : 0xfff8 + start;

				rig_open_at(&rig, state, size, base, RIG_EVENT_IDX);
				add(&rig, n);
				swmock_calls_after(rig.mock, event);
				assert_int_equal(serve(&rig, first), event <= first);
				if (first < n)
					assert_int_equal(serve(&rig, n - first), event > first);
				rig_close(&rig);
			}
		}
	}
}

/* An event that was passed long ago stays silent, round after round. */
static void spec_2_7_7_and_2_8_10_passed_event_is_silent(void **state)
{
	unsigned int i, calls = 0;
	uint32_t len = 8;
	struct rig rig;

	rig_open(&rig, state, rig_is_packed(state) ? 7 : SIZE, RIG_EVENT_IDX);
	swmock_calls_after(rig.mock, 1);
	for (i = 0; i < 30000; i++) {
		swmock_free_all(rig.mock);
		rig_add(&rig, &len, 1, 0, 0, i);
		swmock_publish(rig.mock);
		calls += serve(&rig, 1);
		reap(&rig);
	}
	/* A packed position comes again every second round; drivers move their event before. */
	if (rig_is_packed(state))
		assert_int_equal(calls, 30000 / 14 + 1);
	else
		assert_int_equal(calls, 1);

	swmock_calls(rig.mock, false);
	add(&rig, 1);
	assert_false(serve(&rig, 1));
	rig_close(&rig);
}

/* What the specification has no meaning for: a call too many does no harm, one too few does. */
static void spec_2_8_14_event_flags_of_no_meaning_call(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, SIZE, 0);
	for (i = 0; i < 3; i++) {
		/* DESC without event_idx; reserved; reserved bits beside ENABLE. */
		rig.mock->driver_event->flags = (const uint16_t[]){2, 3, 0xfffc}[i];
		add(&rig, 1);
		assert_true(serve(&rig, 1));
		reap(&rig);
	}
	/* Reserved bits beside DISABLE. */
	rig.mock->driver_event->flags = 0xfffd;
	add(&rig, 1);
	assert_false(serve(&rig, 1));
	reap(&rig);
	rig_close(&rig);

	/* An event at a place no ring of this size has: no matter what, it ends. */
	rig_open(&rig, state, 5, RIG_EVENT_IDX);
	rig.mock->driver_event->flags = 2;
	for (i = 0; i <= 0xffff; i += 5) {
		rig.mock->driver_event->off_wrap = i;
		add(&rig, 1);
		serve(&rig, 1);
		reap(&rig);
	}
	rig_close(&rig);
}

/* ---- kicks ---- */

static void spec_2_7_10_and_2_8_10_flags_decide_on_kicks(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, SIZE, 0);
	/* As the driver left it: it has to kick. */
	add(&rig, 1);
	assert_true(swmock_kick_needed(rig.mock));
	serve(&rig, 1);
	reap(&rig);
	for (i = 0; i < 20; i++) {
		bool on = i % 3 != 0;

		vv_swring_kicks(&rig.ring, on);
		assert_false(vv_swring_pending(&rig.ring));
		add(&rig, 1);
		assert_int_equal(swmock_kick_needed(rig.mock), on);
		add(&rig, 1);
		assert_int_equal(swmock_kick_needed(rig.mock), on);
		serve(&rig, 2);
		reap(&rig);
	}
	rig_close(&rig);
}

/* One kick wakes who sleeps; from then on none, until the ring was found empty again. */
static void spec_2_7_10_and_2_8_10_event_decides_on_kicks(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_open_at(&rig, state, rig_is_packed(state) ? 7 : SIZE,
		    rig_is_packed(state) ? 0x8003 : 0xfff0, RIG_EVENT_IDX);
	vv_swring_kicks(&rig.ring, true);
	for (i = 0; i < 100; i++) {
		add(&rig, 1 + i % 2);
		assert_true(swmock_kick_needed(rig.mock));
		add(&rig, 1);
		assert_false(swmock_kick_needed(rig.mock));
		serve(&rig, 2 + i % 2);
		reap(&rig);
		if (i % 3) {
			/* Not looked at since: still no kick. */
			add(&rig, 1);
			assert_false(swmock_kick_needed(rig.mock));
			serve(&rig, 1);
			reap(&rig);
		}
		assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 0);
	}
	rig_close(&rig);
}

static void kicks_off_is_silent(void **state)
{
	struct rig rig;
	unsigned int i;

	rig_open(&rig, state, rig_is_packed(state) ? 7 : SIZE, RIG_EVENT_IDX);
	vv_swring_kicks(&rig.ring, true);
	add(&rig, 1);
	assert_true(swmock_kick_needed(rig.mock));
	vv_swring_kicks(&rig.ring, false);
	serve(&rig, 1);
	reap(&rig);
	for (i = 0; i < 60000; i++) {
		add(&rig, 1);
		assert_false(swmock_kick_needed(rig.mock));
		serve(&rig, 1);
		reap(&rig);
		assert_int_equal(vv_swring_pop(&rig.ring, &rig.chain), 0);
	}
	vv_swring_kicks(&rig.ring, true);
	add(&rig, 1);
	assert_true(swmock_kick_needed(rig.mock));
	rig_close(&rig);
}

/* What came while nobody asked for kicks is found by the look that follows. */
static void kicks_on_look_finds_what_came_before(void **state)
{
	struct rig rig;
	int features;

	for (features = 0; features <= RIG_EVENT_IDX; features++) {
		rig_open(&rig, state, SIZE, features);
		vv_swring_kicks(&rig.ring, false);
		add(&rig, 1);
		assert_false(swmock_kick_needed(rig.mock));
		vv_swring_kicks(&rig.ring, true);
		assert_true(vv_swring_pending(&rig.ring));
		serve(&rig, 1);
		assert_false(vv_swring_pending(&rig.ring));
		rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH(spec_2_7_7_and_2_8_10_flags_decide_on_calls),
	    BOTH(spec_2_7_7_and_2_8_10_event_decides_on_calls),
	    BOTH(spec_2_7_7_and_2_8_10_passed_event_is_silent),
	    PACKED(spec_2_8_14_event_flags_of_no_meaning_call),
	    BOTH(spec_2_7_10_and_2_8_10_flags_decide_on_kicks),
	    BOTH(spec_2_7_10_and_2_8_10_event_decides_on_kicks),
	    BOTH(kicks_off_is_silent),
	    BOTH(kicks_on_look_finds_what_came_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
