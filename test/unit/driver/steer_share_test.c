/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several devices on one function: each receives what its own plan says, whatever the others'
 * plans are, at each step of their changes, and when the NIC refuses one of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "steer_frames.h"

enum { DEVICES = 3 };

struct device {
	struct vv_steer *steer;
	uint32_t td;
	struct vv_steer_plan plan; /* in force; table_len 0: none */
};

struct function {
	struct vv_hca hca;
	struct device devices[DEVICES];
	const struct device *changing; /* NULL: none; others are looked at after each command */
	unsigned int class;
};

static uint32_t domain_of(const struct vv_hca *hca, uint32_t tisn)
{
	const struct fake_object *o;

	for (o = hca->objects; o; o = o->next)
		if (o->kind == FAKE_TIS && o->id == tisn)
			return o->uses[0]->id;
	fail_msg("there is no TIS %u", tisn);
	return 0;
}

static void check_class(const struct function *f, const struct device *d, unsigned int class)
{
	struct fake_verdict is, should;
	unsigned int a, t;

	for (a = 0; a < PLAN_ADDRESSES; a++)
		for (t = 0; t < PLAN_TAGS; t++) {
			struct fake_frame frame = frames_make(a, t, class);

			fake_receive_in(&f->hca, d->td, &frame, &is);
			frames_expect(&d->plan, &frame, &should);
			if (memcmp(&is, &should, sizeof(is)))
				fail_msg("device %zu: address %u, tag %d: taken %d, should be %d",
					 d - f->devices, a, plan_tags[t], is.taken, should.taken);
		}
}

static void check_all(const struct function *f)
{
	unsigned int i, class;

	for (i = 0; i < DEVICES; i++)
		for (class = 0; class < FRAMES_CLASSES; class++)
			check_class(f, &f->devices[i], class);
}

static void watch(void *arg)
{
	struct function *f = arg;
	unsigned int i;

	f->class = (f->class + 1) % FRAMES_CLASSES;
	for (i = 0; i < DEVICES; i++)
		if (f->changing && &f->devices[i] != f->changing)
			check_class(f, &f->devices[i], f->class);
}

static int setup(void **state)
{
	struct function *f = calloc(1, sizeof(*f));
	unsigned int i;

	assert_non_null(f);
	fake_init(&f->hca);
	for (i = 0; i < DEVICES; i++) {
		assert_int_equal(vv_steer_create(&f->hca, &f->devices[i].steer), 0);
		f->devices[i].td = domain_of(&f->hca, vv_steer_tisn(f->devices[i].steer));
	}
	f->hca.after = watch;
	f->hca.arg = f;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct function *f = *state;
	unsigned int i;

	f->changing = NULL;
	for (i = 0; i < DEVICES; i++)
		vv_steer_destroy(f->devices[i].steer);
	assert_int_equal(fake_live_all(&f->hca), 0);
	free(f);
	return 0;
}

static void set(struct function *f, unsigned int i, const struct vv_steer_plan *plan)
{
	struct device *d = &f->devices[i];

	f->changing = d;
	assert_int_equal(vv_steer_set(d->steer, plan), 0);
	f->changing = NULL;
	d->plan = *plan;
	check_all(f);
}

/* Queues and an address of its own. */
static struct vv_steer_plan plan_of(unsigned int i)
{
	struct vv_steer_plan plan = plan_simple();

	plan_spread(&plan, 100 * (i + 1), 1, 1, 0);
	plan.n_macs = 0;
	plan_mac_add(&plan, i);
	return plan;
}

static unsigned int seed;

static int print_seed(void **state)
{
	const char *given = getenv("VV_SEED");

	seed = given ? (unsigned int)strtoul(given, NULL, 0) : (unsigned int)time(NULL);
	print_message("seed %u (VV_SEED=%u repeats it)\n", seed, seed);
	return 0;
}

static void own_address_each_broadcast_all(void **state)
{
	struct function *f = *state;
	struct fake_frame own = frames_make(1, 0, 0), all = frames_make(PLAN_BROADCAST, 0, 0);
	struct fake_verdict v;
	struct vv_steer_plan plan;
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		plan = plan_of(i);
		set(f, i, &plan);
	}
	for (i = 0; i < DEVICES; i++) {
		fake_receive_in(&f->hca, f->devices[i].td, &own, &v);
		assert_int_equal(v.taken, i == 1);
		fake_receive_in(&f->hca, f->devices[i].td, &all, &v);
		assert_true(v.taken);
	}
}

static void one_promiscuous_the_others_as_before(void **state)
{
	struct function *f = *state;
	struct vv_steer_plan plan;
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		plan = plan_of(i);
		set(f, i, &plan);
	}
	plan = plan_of(1);
	plan.all = true;
	set(f, 1, &plan);
	plan.all = false;
	plan.vlan_filter = true;
	plan_vlan_put(&plan, 5, true);
	set(f, 1, &plan);
	plan.table_len = 0;
	set(f, 1, &plan);
}

static void random_plans_each_device_has_its_own(void **state)
{
	struct function *f = *state;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		struct vv_steer_plan plan = plan_random(&seed);

		set(f, i % DEVICES, &plan);
	}
}

static void one_refused_the_others_as_before(void **state)
{
	struct function *f = *state;
	struct vv_steer_plan plan, next;
	unsigned int i, n;

	for (i = 0; i < DEVICES; i++) {
		plan = plan_of(i);
		set(f, i, &plan);
	}
	next = plan_random(&seed);
	next.table_len = 1;
	for (n = 1;; n++) {
		int err;

		fake_mark(&f->hca);
		f->hca.fail_from = n;
		f->changing = &f->devices[0];
		err = vv_steer_set(f->devices[0].steer, &next);
		f->hca.fail_from = 0;
		if (!err)
			break;
		if (!vv_steer_is_set(f->devices[0].steer))
			f->devices[0].plan.table_len = 0;
		f->changing = NULL;
		check_all(f);
		plan = plan_of(0);
		set(f, 0, &plan);
	}
	f->devices[0].plan = next;
	check_all(f);
}

static void removed_while_another_runs_it_runs_on(void **state)
{
	struct function *f = *state;
	struct vv_steer_plan plan;
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		plan = plan_of(i);
		set(f, i, &plan);
	}
	f->changing = &f->devices[2];
	vv_steer_destroy(f->devices[2].steer);
	f->devices[2].steer = NULL;
	f->devices[2].plan.table_len = 0;
	f->changing = NULL;
	check_all(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(own_address_each_broadcast_all),
	    TEST(one_promiscuous_the_others_as_before),
	    TEST(random_plans_each_device_has_its_own),
	    TEST(one_refused_the_others_as_before),
	    TEST(removed_while_another_runs_it_runs_on),
	};

	return cmocka_run_group_tests_name("steer_share", tests, print_seed, NULL);
}
