/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive steering from any plan to any other: where frames come to, at the end and at each step on
 * the way, and what is left when the NIC refuses a command.
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

enum { LEVELS = 64 };

/* A NIC on its way from one plan to another. */
struct journey {
	struct vv_hca hca;
	struct vv_steer *steer;
	unsigned int permanent;            /* objects that are there without a plan */
	const struct vv_steer_plan *a, *b; /* NULL: nothing is received */
	unsigned int class, steps;
	bool hopeless; /* the NIC refuses the way back, too: nothing may be received */
};

static void watch(void *arg)
{
	struct journey *j = arg;

	if (j->hopeless)
		return;
	/* Not after each of hundreds of addresses that no frame is for. */
	if (j->steps++ % 16 && fake_live(&j->hca, FAKE_ENTRY) > VV_STEER_MACS_MAX / 2)
		return;
	j->class = (j->class + 1) % FRAMES_CLASSES;
	frames_check_between(&j->hca, j->a, j->b, j->class);
}

/* levels: of flow tables; 0: there are none. */
static void begin(struct journey *j, unsigned int levels)
{
	memset(j, 0, sizeof(*j));
	fake_init(&j->hca);
	j->hca.caps.max_ft_level = levels;
	if (!levels)
		j->hca.caps.log_max_ft_size = 0;
	assert_int_equal(vv_steer_create(&j->hca, &j->steer), 0);
	j->permanent = fake_live_all(&j->hca);
	j->hca.arg = j;
}

static void end(struct journey *j)
{
	j->hca.after = NULL;
	vv_steer_destroy(j->steer);
	assert_int_equal(fake_live_all(&j->hca), 0);
}

static int go(struct journey *j, const struct vv_steer_plan *plan)
{
	int err;

	fake_mark(&j->hca);
	j->b = plan;
	j->hca.after = watch;
	err = vv_steer_set(j->steer, plan);
	j->hca.after = NULL;
	return err;
}

/* It went well. */
static void arrive(struct journey *j, const struct vv_steer_plan *plan)
{
	assert_int_equal(go(j, plan), 0);
	frames_check(&j->hca, plan);
	assert_int_equal(vv_steer_is_set(j->steer), plan->table_len > 0);
	if (!plan->table_len)
		assert_int_equal(fake_live_all(&j->hca), j->permanent);
	j->a = plan;
}

static void check_nothing(struct journey *j)
{
	assert_false(vv_steer_is_set(j->steer));
	assert_int_equal(fake_live_all(&j->hca), j->permanent);
	frames_check(&j->hca, NULL);
}

static unsigned int seed;

static int print_seed(void **state)
{
	const char *given = getenv("VV_SEED");

	seed = given ? (unsigned int)strtoul(given, NULL, 0) : (unsigned int)time(NULL);
	print_message("seed %u (VV_SEED=%u repeats it)\n", seed, seed);
	return 0;
}

/* ---- all goes well ---- */

static void random_plans_frames_come(unsigned int levels)
{
	struct vv_steer_plan plans[2];
	struct journey j;
	unsigned int i;

	begin(&j, levels);
	for (i = 0; i < 300; i++) {
		struct vv_steer_plan *plan = &plans[i & 1];

		*plan = plan_random(&seed);
		if (i & 2) { /* so that addresses alone change, too */
			plan->vlan_filter = j.a->vlan_filter;
			memcpy(plan->vlans, j.a->vlans, sizeof(plan->vlans));
		}
		arrive(&j, plan);
	}
	end(&j);
}

static void random_plans_frames_come_to_where_the_plan_says(void **state)
{
	random_plans_frames_come(LEVELS);
}

static void random_plans_without_filter_table_frames_come_to_where_the_plan_says(void **state)
{
	random_plans_frames_come(3);
}

static void random_plans_without_tables_frames_come_to_where_the_plan_says(void **state)
{
	struct vv_steer_plan plans[2];
	struct journey j;
	unsigned int i;

	begin(&j, 0);
	for (i = 0; i < 200; i++) {
		plans[i & 1] = plan_random(&seed);
		plans[i & 1].all = true;
		arrive(&j, &plans[i & 1]);
	}
	end(&j);
}

/* ---- the NIC refuses ---- */

static unsigned int levels = LEVELS; /* of the NIC that does */

/*
 * From a to b with the first-th and second-th command refused (0: none), or all from the from-th.
 * Returns whether there were as many.
 */
static bool refused(const struct vv_steer_plan *a, const struct vv_steer_plan *b,
		    unsigned int first, unsigned int second, unsigned int from)
{
	struct journey j;
	int err;

	begin(&j, levels);
	assert_int_equal(vv_steer_set(j.steer, a), 0);
	j.a = a;
	j.hca.fail_at[0] = first;
	j.hca.fail_at[1] = second;
	j.hca.fail_from = from;
	j.hopeless = second || from;
	err = go(&j, b);
	j.hca.fail_at[0] = j.hca.fail_at[1] = j.hca.fail_from = 0;
	if (!err) {
		frames_check(&j.hca, b);
		end(&j);
		return false;
	}
	assert_int_equal(err, -EREMOTEIO);
	if (a->table_len && !second && !from)
		assert_true(vv_steer_is_set(j.steer));
	if (vv_steer_is_set(j.steer))
		frames_check(&j.hca, a);
	else
		check_nothing(&j);

	/* The next plan comes into force as if nothing had happened. */
	j.a = vv_steer_is_set(j.steer) ? a : NULL;
	arrive(&j, b);
	end(&j);
	return true;
}

/* Every command on the way, alone; with another one on the way back; and with all that follow. */
static unsigned int refuse_each(const struct vv_steer_plan *a, const struct vv_steer_plan *b,
				bool twice)
{
	unsigned int n, m;

	for (n = 1; refused(a, b, n, 0, 0); n++) {
		refused(a, b, 0, 0, n);
		for (m = n + 1; twice && m < n + 5; m++)
			refused(a, b, n, m, 0);
	}
	return n - 1;
}

static void each_command_refused_the_old_plan_is_in_force(void **state)
{
	struct vv_steer_plan none = plan_simple(), one = none, all = none, hashed = none;
	struct vv_steer_plan vlans = none, groups = none, apart;
	const struct vv_steer_plan *plans[] = {&none, &one, &all, &hashed, &vlans, &groups, &apart};
	unsigned int n = sizeof(plans) / sizeof(plans[0]), i, k, commands = 0;

	none.table_len = 0;
	all.all = true;
	plan_spread(&hashed, 101, 4, 8, PLAN_ALL_TYPES);
	plan_mac_add(&hashed, 1);
	apart = hashed;
	apart.unclassified = 103;
	apart.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv4;
	memset(apart.key, 7, sizeof(apart.key));
	plan_mac_del(&apart, 0);
	vlans.vlan_filter = true;
	plan_vlan_put(&vlans, 5, true);
	plan_vlan_put(&vlans, 64, true);
	groups.vlan_filter = true;
	plan_vlan_put(&groups, 63, true);
	groups.broadcast = false;
	groups.all_groups = true;
	groups.all_unicast = true;

	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			if (i != k)
				commands += refuse_each(plans[i], plans[k], true);
	print_message("%u commands refused\n", commands);
	assert_true(commands > 100);
}

static void each_command_refused_without_filter_table_the_old_plan_is_in_force(void **state)
{
	levels = 3;
	each_command_refused_the_old_plan_is_in_force(state);
	levels = LEVELS;
}

static void random_plans_refused_the_old_plan_is_in_force(void **state)
{
	struct vv_steer_plan a, b;
	unsigned int i, commands = 0;

	for (i = 0; i < 8; i++) {
		do {
			a = plan_random(&seed);
		} while (a.n_macs > PLAN_ADDRESSES);
		do {
			b = plan_random(&seed);
		} while (b.n_macs > PLAN_ADDRESSES);
		commands += refuse_each(&a, &b, false);
	}
	print_message("%u commands refused\n", commands);
}

/* As many as fit, again and again: what was given up must not use up the places. */
static void full_tables_refused_again_and_again_there_is_room(void **state)
{
	struct vv_steer_plan a, b;
	struct journey j;
	unsigned int i, k;

	begin(&j, LEVELS);
	a = plan_simple();
	a.all = true;
	arrive(&j, &a);
	for (i = 1; i < 6; i++) {
		b = plan_simple();
		b.n_macs = VV_STEER_MACS_MAX;
		for (k = 0; k < b.n_macs; k++) {
			memset(b.macs[k], 0, 6);
			b.macs[k][1] = i;
			b.macs[k][5] = k;
		}
		j.hca.fail_at[0] = VV_STEER_MACS_MAX;
		assert_int_equal(go(&j, &b), -EREMOTEIO);
		assert_true(vv_steer_is_set(j.steer));
		frames_check(&j.hca, &a);
	}
	j.hca.fail_at[0] = 0;
	arrive(&j, &b);
	end(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_plans_frames_come_to_where_the_plan_says),
	    cmocka_unit_test(
		random_plans_without_filter_table_frames_come_to_where_the_plan_says),
	    cmocka_unit_test(random_plans_without_tables_frames_come_to_where_the_plan_says),
	    cmocka_unit_test(each_command_refused_the_old_plan_is_in_force),
	    cmocka_unit_test(
		each_command_refused_without_filter_table_the_old_plan_is_in_force),
	    cmocka_unit_test(random_plans_refused_the_old_plan_is_in_force),
	    cmocka_unit_test(full_tables_refused_again_and_again_there_is_room),
	};

	return cmocka_run_group_tests_name("steer_plans", tests, print_seed, NULL);
}
