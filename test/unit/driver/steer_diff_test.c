/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive steering: what each difference between two plans costs, command by command, and that
 * frames then come to where the plan says. The log of the fake NIC reads as "+rqt ~tir -entry".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "steer_frames.h"

struct rig {
	struct vv_hca hca;
	struct vv_steer *steer;
	struct vv_steer_plan plan; /* the last one set */
	const struct vv_steer_plan *next;
};

static int setup_caps(void **state, unsigned int levels)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	fake_init(&rig->hca);
	rig->hca.caps.max_ft_level = levels;
	if (!levels)
		rig->hca.caps.log_max_ft_size = 0;
	assert_int_equal(vv_steer_create(&rig->hca, &rig->steer), 0);
	*state = rig;
	return 0;
}

static int setup(void **state)
{
	return setup_caps(state, 64);
}

/* No level for a filter table: VLANs are root rules. */
static int setup_alone(void **state)
{
	return setup_caps(state, 3);
}

static int setup_without_tables(void **state)
{
	return setup_caps(state, 0);
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	vv_steer_destroy(rig->steer);
	assert_int_equal(fake_live_all(&rig->hca), 0);
	free(rig);
	return 0;
}

static void watch(void *arg)
{
	struct rig *rig = arg;
	unsigned int class;

	for (class = 0; class < FRAMES_CLASSES; class ++)
		frames_check_between(&rig->hca, &rig->plan, rig->next, class);
}

/* The plan comes into force, with just these commands; frames are looked at after each. */
static void set(struct rig *rig, const struct vv_steer_plan *plan, const char *commands)
{
	fake_mark(&rig->hca);
	rig->next = plan;
	rig->hca.after = watch;
	rig->hca.arg = rig;
	assert_int_equal(vv_steer_set(rig->steer, plan), 0);
	rig->hca.after = NULL;
	assert_string_equal(rig->hca.log, commands);
	frames_check(&rig->hca, plan);
	assert_int_equal(vv_steer_is_set(rig->steer), plan->table_len > 0);
	rig->plan = *plan;

	fake_mark(&rig->hca);
	assert_int_equal(vv_steer_set(rig->steer, plan), 0);
	assert_string_equal(rig->hca.log, "");
}

/* From nothing to a plan, whatever it costs. */
static void start(struct rig *rig, const struct vv_steer_plan *plan)
{
	assert_int_equal(vv_steer_set(rig->steer, plan), 0);
	frames_check(&rig->hca, plan);
	rig->plan = *plan;
}

/* ---- probe ---- */

static void create_with_tables_fourteen_commands(void **state)
{
	struct rig *rig = *state;

	assert_string_equal(rig->hca.log, "+td +tis +table +group +group +group "
					  "+table +group +group "
					  "+table +group +group +group +group +matcher");
	frames_check(&rig->hca, NULL);
	assert_false(vv_steer_is_set(rig->steer));
}

static void create_without_filter_table_nine_commands(void **state)
{
	struct rig *rig = *state;

	assert_string_equal(rig->hca.log, "+td +tis +table +group +group +group "
					  "+table +group +group "
					  "+matcher +matcher +matcher +matcher");
}

static void create_without_tables_two_commands(void **state)
{
	struct rig *rig = *state;

	assert_string_equal(rig->hca.log, "+td +tis +matcher +matcher +matcher");
}

static void create_failed_anywhere_nothing_is_left(void **state)
{
	struct vv_steer *steer;
	struct vv_hca hca;
	unsigned int n;

	for (n = 1;; n++) {
		fake_init(&hca);
		hca.fail_at[0] = n;
		if (!vv_steer_create(&hca, &steer))
			break;
		assert_int_equal(fake_live_all(&hca), 0);
	}
	assert_int_equal(n, 16);
	vv_steer_destroy(steer);
	assert_int_equal(fake_live_all(&hca), 0);
	vv_steer_destroy(NULL);
}

static void can_filter_needs_room_for_two_plans(void **state)
{
	struct vv_hca_caps caps = {.max_ft_level = 64};

	assert_false(vv_steer_can_filter(&caps));
	caps.log_max_ft_size = 8;
	assert_false(vv_steer_can_filter(&caps));
	caps.log_max_ft_size = 9;
	assert_true(vv_steer_can_filter(&caps));
}

static void can_share_needs_a_level_more_and_several_ways(void **state)
{
	struct vv_hca_caps caps = {
	    .max_ft_level = 4, .log_max_ft_size = 10, .log_max_ft_dests = 6};

	assert_true(vv_steer_can_share(&caps));
	assert_int_equal(vv_steer_share_max(&caps), 64);
	caps.max_ft_level = 3;
	assert_false(vv_steer_can_share(&caps));
	assert_true(vv_steer_can_filter(&caps));
	assert_int_equal(vv_steer_share_max(&caps), 1);
	caps.max_ft_level = 4;
	caps.log_max_ft_size = 9;
	assert_false(vv_steer_can_share(&caps));
	caps.log_max_ft_size = 10;
	caps.log_max_ft_dests = 0;
	assert_false(vv_steer_can_share(&caps));
	caps.log_max_ft_dests = 40;
	assert_int_equal(vv_steer_share_max(&caps), 65536);
}

/* ---- the first plan, and none ---- */

static void set_all_frames_one_rule(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan.all = true;
	set(rig, &plan, "+rqt +tir +entry +entry +rule");
}

static void set_one_address_two_entries_more(void **state)
{
	struct vv_steer_plan plan = plan_simple();

	set(*state, &plan, "+rqt +tir +entry +entry +entry +entry +rule");
}

static void set_no_queue_all_goes(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;
	unsigned int live = fake_live_all(&rig->hca);

	plan_spread(&plan, 100, 4, 4, PLAN_ALL_TYPES);
	plan.unclassified = 102;
	plan.vlan_filter = true;
	plan_vlan_put(&plan, 5, true);
	start(rig, &plan);
	plan.table_len = 0;
	assert_int_equal(vv_steer_set(rig->steer, &plan), 0);
	assert_int_equal(fake_live_all(&rig->hca), live);
	assert_false(vv_steer_is_set(rig->steer));
	frames_check(&rig->hca, NULL);
	plan.table_len = 4;
	start(rig, &plan);
	vv_steer_clear(rig->steer);
	assert_int_equal(fake_live_all(&rig->hca), live);
}

static void set_illegal_plan_refused_without_a_command(void **state)
{
	struct vv_steer_plan plan = plan_simple(), bad;
	struct rig *rig = *state;

	start(rig, &plan);
	fake_mark(&rig->hca);
	bad = plan;
	bad.table_len = 3;
	assert_int_equal(vv_steer_set(rig->steer, &bad), -EINVAL);
	bad.table_len = 2 * VV_STEER_TABLE_MAX;
	assert_int_equal(vv_steer_set(rig->steer, &bad), -EINVAL);
	bad = plan;
	bad.n_macs = VV_STEER_MACS_MAX + 1;
	assert_int_equal(vv_steer_set(rig->steer, &bad), -EINVAL);
	bad = plan;
	bad.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCP_EX;
	assert_int_equal(vv_steer_set(rig->steer, &bad), -EINVAL);
	assert_string_equal(rig->hca.log, "");
	frames_check(&rig->hca, &plan);
}

static void set_table_bigger_than_the_device_has_e2big(void **state)
{
	struct vv_steer_plan plan = plan_simple(), old = plan;
	struct rig *rig = *state;

	rig->hca.caps.log_max_rqt_size = 2;
	start(rig, &plan);
	plan_spread(&plan, 100, 4, 8, PLAN_ALL_TYPES);
	assert_int_equal(vv_steer_set(rig->steer, &plan), -E2BIG);
	frames_check(&rig->hca, &old);
	plan_spread(&plan, 100, 4, 4, PLAN_ALL_TYPES);
	start(rig, &plan);
}

/* ---- VLANs ---- */

static void vlan_added_one_entry(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan.vlan_filter = true;
	set(rig, &plan, "+rqt +tir +entry +entry +entry +entry +rule");
	plan_vlan_put(&plan, 5, true);
	set(rig, &plan, "+entry");
	plan_vlan_put(&plan, 0, true);
	set(rig, &plan, "+entry");
	plan_vlan_put(&plan, 4095, true);
	set(rig, &plan, "+entry");
	plan_vlan_put(&plan, 5, false);
	set(rig, &plan, "-entry");
}

static void vlan_exchanged_added_before_removed(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan.vlan_filter = true;
	plan_vlan_put(&plan, 5, true);
	start(rig, &plan);
	plan_vlan_put(&plan, 5, false);
	plan_vlan_put(&plan, 1, true);
	set(rig, &plan, "+entry -entry");
}

static void vlan_filter_switched_untagged_frames_stay(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	start(rig, &plan);
	plan.vlan_filter = true;
	plan_vlan_put(&plan, 5, true);
	set(rig, &plan, "+entry +entry -entry");
	plan.vlan_filter = false;
	set(rig, &plan, "+entry -entry -entry");
}

static void all_switched_on_and_off_one_entry_each(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan.vlan_filter = true;
	plan_vlan_put(&plan, 5, true);
	start(rig, &plan);
	plan.all = true;
	set(rig, &plan, "+entry");
	plan.all = false;
	set(rig, &plan, "-entry");

	/* What changes behind the entry comes into force with its end. */
	plan.all = true;
	set(rig, &plan, "+entry");
	plan_vlan_put(&plan, 5, false);
	plan_vlan_put(&plan, 1, true);
	plan_mac_del(&plan, 0);
	set(rig, &plan, "");
	plan.all = false;
	set(rig, &plan, "-entry -entry +entry -entry");
}

static void vlans_more_than_fit_refused(void **state)
{
	struct vv_steer_plan plan = plan_simple(), old = plan;
	struct rig *rig = *state;
	unsigned int i;

	start(rig, &plan);
	plan.vlan_filter = true;
	for (i = 0; i <= VV_STEER_VLANS_MAX; i++)
		plan_vlan_put(&plan, i, true);
	fake_mark(&rig->hca);
	assert_int_equal(vv_steer_set(rig->steer, &plan), -EINVAL);
	assert_string_equal(rig->hca.log, "");
	frames_check(&rig->hca, &old);
	plan.vlan_filter = false;
	start(rig, &plan);
}

/* As many as there may be, all of them others each time; some of the time behind "all". */
static void vlans_full_tables_exchanged(void **state)
{
	struct vv_steer_plan plan;
	struct rig *rig = *state;
	unsigned int i, round;

	for (round = 0; round < 6; round++) {
		plan = plan_simple();
		plan.vlan_filter = true;
		plan.all = round == 2;
		for (i = 0; i < VV_STEER_VLANS_MAX; i++)
			plan_vlan_put(&plan, round * VV_STEER_VLANS_MAX + i, true);
		start(rig, &plan);
	}
}

/* ---- without a filter table ---- */

static void alone_vlans_are_root_rules(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan.vlan_filter = true;
	set(rig, &plan, "+rqt +tir +entry +entry +entry +rule");
	plan_vlan_put(&plan, 5, true);
	set(rig, &plan, "+rule");
	plan_vlan_put(&plan, 5, false);
	plan_vlan_put(&plan, 1, true);
	set(rig, &plan, "+rule -rule");
	plan.vlan_filter = false;
	set(rig, &plan, "+rule -rule -rule");
	plan.all = true;
	set(rig, &plan, "+rule");
	plan.all = false;
	set(rig, &plan, "-rule");
}

/* ---- addresses ---- */

static void mac_added_one_entry(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	start(rig, &plan);
	plan_mac_add(&plan, 1);
	set(rig, &plan, "+entry");
	plan_mac_add(&plan, 7);
	set(rig, &plan, "+entry");
	plan_mac_del(&plan, 0); /* changes their order, too */
	set(rig, &plan, "-entry");
	plan_mac_del(&plan, 1);
	plan_mac_add(&plan, 2);
	set(rig, &plan, "+entry -entry");
}

static void modes_one_entry_each(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	start(rig, &plan);
	plan.all_unicast = true;
	set(rig, &plan, "+entry");
	plan.all_unicast = false;
	set(rig, &plan, "-entry");
	plan.broadcast = false;
	set(rig, &plan, "-entry");
	plan.broadcast = true;
	set(rig, &plan, "+entry");
	plan.all_groups = true; /* broadcast is one of them then */
	set(rig, &plan, "+entry -entry");
	plan.broadcast = false;
	set(rig, &plan, "+entry");
	plan.broadcast = true;
	plan.all_groups = false; /* an entry that drops becomes one that takes */
	set(rig, &plan, "-entry +entry -entry");
	plan.broadcast = false;
	plan.all_groups = true;
	set(rig, &plan, "-entry +entry +entry");
	plan.all_groups = false;
	set(rig, &plan, "-entry -entry");
}

static void macs_full_tables_exchanged(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;
	unsigned int i, round;

	for (round = 0; round < 4; round++) {
		plan.n_macs = VV_STEER_MACS_MAX;
		for (i = 0; i < plan.n_macs; i++) {
			memset(plan.macs[i], 0, 6);
			plan.macs[i][1] = round;
			plan.macs[i][5] = i;
		}
		plan.all = round == 2; /* those before stay behind the rule */
		start(rig, &plan);
		assert_int_equal(fake_live(&rig->hca, FAKE_ENTRY),
				 3 + plan.all + (plan.all ? VV_STEER_MACS_MAX : plan.n_macs));
	}
}

/* ---- queues and hashing ---- */

static void table_changed_one_command(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan_spread(&plan, 100, 2, 2, PLAN_ALL_TYPES);
	set(rig, &plan,
	    "+rqt +tir +entry +tir +entry +tir +entry +tir +entry +tir +entry +tir +entry "
	    "+tir +entry +entry +entry +entry +rule");
	plan_spread(&plan, 100, 3, 128, PLAN_ALL_TYPES);
	set(rig, &plan, "~rqt");
	plan_spread(&plan, 100, 1, 1, PLAN_ALL_TYPES);
	set(rig, &plan, "~rqt");
	/* All in place: another first queue, also for frames without a hash. */
	plan_spread(&plan, 101, 4, 64, PLAN_ALL_TYPES);
	set(rig, &plan, "~rqt");
}

static void key_changed_one_command_a_class(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan_spread(&plan, 100, 2, 2,
		    VIRTIO_NET_RSS_HASH_TYPE_TCPv4 | VIRTIO_NET_RSS_HASH_TYPE_IPv4);
	start(rig, &plan);
	plan.key[39]++;
	set(rig, &plan, "~tir ~tir");
}

static void class_changed_two_commands(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan_spread(&plan, 100, 2, 2, VIRTIO_NET_RSS_HASH_TYPE_TCPv4);
	start(rig, &plan);
	plan.hash_types |= VIRTIO_NET_RSS_HASH_TYPE_IPv6;
	set(rig, &plan, "+tir +entry");
	plan.hash_types = VIRTIO_NET_RSS_HASH_TYPE_IPv6;
	set(rig, &plan, "-entry -tir");
	plan.hash_types = VIRTIO_NET_RSS_HASH_TYPE_UDPv6;
	set(rig, &plan, "+tir +entry -entry -tir");
}

/* VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET from one pair to more, and back. */
static void hash_switched_classes_come_and_go(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	start(rig, &plan);
	plan_spread(&plan, 100, 4, 4, PLAN_ALL_TYPES);
	set(rig, &plan,
	    "~rqt +tir +entry +tir +entry +tir +entry +tir +entry +tir +entry +tir +entry");
	plan_spread(&plan, 100, 1, 1, 0);
	set(rig, &plan,
	    "~rqt -entry -tir -entry -tir -entry -tir -entry -tir -entry -tir -entry -tir");
}

static void unclassified_elsewhere_has_a_table_of_its_own(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan_spread(&plan, 100, 4, 4, VIRTIO_NET_RSS_HASH_TYPE_IPv4);
	start(rig, &plan);
	plan.unclassified = 102;
	set(rig, &plan, "+rqt ~tir");
	plan.unclassified = 103;
	set(rig, &plan, "~rqt");
	plan.table[2] = 100;
	set(rig, &plan, "~rqt");
	plan.unclassified = 100;
	set(rig, &plan, "~tir -rqt");
	/* Without a hash there is one queue, whatever the table says. */
	plan.unclassified = 103;
	plan.hash_types = 0;
	set(rig, &plan, "~rqt -entry -tir");
}

/* ---- without flow tables ---- */

static void without_tables_rules_tell_classes_apart(void **state)
{
	struct vv_steer_plan plan = plan_simple();
	struct rig *rig = *state;

	plan.all = true;
	set(rig, &plan, "+rqt +tir +rule");
	plan_spread(&plan, 100, 2, 128, PLAN_ALL_TYPES);
	set(rig, &plan, "~rqt +tir +rule +tir +rule +tir +rule +tir +rule +tir +rule +tir +rule");
	plan.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv6;
	set(rig, &plan, "-rule -tir -rule -tir -rule -tir -rule -tir -rule -tir");
	vv_steer_clear(rig->steer);
	rig->plan.table_len = 0;
	set(rig, &plan, "+rqt +tir +rule +tir +rule");
}

static void without_tables_filters_enotsup(void **state)
{
	struct vv_steer_plan plan = plan_simple(), old;
	struct rig *rig = *state;

	plan.all = true;
	start(rig, &plan);
	old = plan;
	plan.all = false;
	fake_mark(&rig->hca);
	assert_int_equal(vv_steer_set(rig->steer, &plan), -ENOTSUP);
	assert_string_equal(rig->hca.log, "");
	frames_check(&rig->hca, &old);
}

#define TEST(name)           cmocka_unit_test_setup_teardown(name, setup, teardown)
#define ALONE(name)          cmocka_unit_test_setup_teardown(name, setup_alone, teardown)
#define WITHOUT_TABLES(name) cmocka_unit_test_setup_teardown(name, setup_without_tables, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(create_with_tables_fourteen_commands),
	    ALONE(create_without_filter_table_nine_commands),
	    WITHOUT_TABLES(create_without_tables_two_commands),
	    cmocka_unit_test(create_failed_anywhere_nothing_is_left),
	    cmocka_unit_test(can_filter_needs_room_for_two_plans),
	    cmocka_unit_test(can_share_needs_a_level_more_and_several_ways),
	    TEST(set_all_frames_one_rule),
	    TEST(set_one_address_two_entries_more),
	    TEST(set_no_queue_all_goes),
	    TEST(set_illegal_plan_refused_without_a_command),
	    TEST(set_table_bigger_than_the_device_has_e2big),
	    TEST(vlan_added_one_entry),
	    TEST(vlan_exchanged_added_before_removed),
	    TEST(vlan_filter_switched_untagged_frames_stay),
	    TEST(all_switched_on_and_off_one_entry_each),
	    TEST(vlans_more_than_fit_refused),
	    TEST(vlans_full_tables_exchanged),
	    ALONE(alone_vlans_are_root_rules),
	    ALONE(vlans_full_tables_exchanged),
	    TEST(mac_added_one_entry),
	    TEST(modes_one_entry_each),
	    TEST(macs_full_tables_exchanged),
	    TEST(table_changed_one_command),
	    TEST(key_changed_one_command_a_class),
	    TEST(class_changed_two_commands),
	    TEST(hash_switched_classes_come_and_go),
	    TEST(unclassified_elsewhere_has_a_table_of_its_own),
	    WITHOUT_TABLES(without_tables_rules_tell_classes_apart),
	    WITHOUT_TABLES(without_tables_filters_enotsup),
	};

	return cmocka_run_group_tests_name("steer_diff", tests, NULL, NULL);
}
