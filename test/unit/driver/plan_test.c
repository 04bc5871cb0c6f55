/* SPDX-License-Identifier: BSD-3-Clause */
/* What a control-plane state means for receiving (virtio 1.3 5.1.6.5.1, 5.1.6.5.3, 5.1.6.5.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vv_plan.h"

static const uint8_t own[6] = {2, 0, 0, 0, 0, 1}, other[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1}, all_ones[6] = {255, 255, 255, 255, 255, 255};

struct fixture {
	const uint8_t *own; /* the function is shared */
	struct vv_ctrl_conf conf;
	struct vv_ctrl_state state;
	struct vv_plan_queues queues;
	struct vv_steer_plan plan;
};

/* Four pairs that run, objects 100 to 103, one in use; no filter but the own address. */
static void begin(struct fixture *f)
{
	unsigned int i;

	memset(f, 0, sizeof(*f));
	f->conf.pairs = 4;
	f->conf.features = VV_BIT(VIRTIO_NET_F_MQ);
	f->state.pairs = 1;
	memcpy(f->state.mac, own, 6);
	f->queues.pairs = 4;
	f->queues.table_max = 128;
	for (i = 0; i < 4; i++) {
		f->queues.running[i] = true;
		f->queues.number[i] = 100 + i;
	}
}

static void fill(struct fixture *f, bool controlled)
{
	memset(&f->plan, 0xa5, sizeof(f->plan));
	vv_plan_fill(&f->conf, &f->state, controlled, f->own, &f->queues, &f->plan);
}

static bool takes(const struct vv_steer_plan *plan, const uint8_t mac[6])
{
	unsigned int i;

	for (i = 0; i < plan->n_macs; i++)
		if (!memcmp(plan->macs[i], mac, 6))
			return true;
	return false;
}

static void pairs_in_use_are_the_first_ones(void **state)
{
	struct fixture f;
	unsigned int i;

	begin(&f);
	fill(&f, true);
	assert_int_equal(f.plan.table_len, 1);
	assert_int_equal(f.plan.table[0], 100);
	assert_int_equal(f.plan.hash_types, 0);
	f.state.pairs = 3;
	fill(&f, true);
	assert_int_equal(f.plan.table_len, 128);
	for (i = 0; i < 128; i++)
		assert_int_equal(f.plan.table[i], 100 + i % 3);
	assert_int_equal(f.plan.hash_types, VV_CTRL_HASH_TYPES);
	assert_int_equal(f.plan.unclassified, 100);
	f.queues.table_max = 16;
	fill(&f, true);
	assert_int_equal(f.plan.table_len, 16);
}

/* From several pairs to one and back is then a change of the table and nothing else. */
static void one_pair_of_a_nic_that_hashes_is_a_table_of_one(void **state)
{
	struct fixture f;
	unsigned int i;

	begin(&f);
	f.queues.hashed = true;
	fill(&f, true);
	assert_int_equal(f.plan.table_len, 128);
	assert_int_equal(f.plan.hash_types, VV_CTRL_HASH_TYPES);
	for (i = 0; i < 128; i++)
		assert_int_equal(f.plan.table[i], 100);
}

static void queues_that_do_not_run_are_left_out(void **state)
{
	struct fixture f;
	unsigned int i;

	begin(&f);
	f.state.pairs = 3;
	f.queues.running[0] = false;
	fill(&f, true);
	for (i = 0; i < 128; i++)
		assert_int_equal(f.plan.table[i], 101 + i % 2);
	f.queues.running[1] = f.queues.running[2] = false;
	fill(&f, true); /* the fourth is not in use */
	assert_int_equal(f.plan.table_len, 0);
}

static void without_control_queue_all_that_run_are_used(void **state)
{
	struct fixture f;
	unsigned int i;

	begin(&f);
	f.queues.running[2] = false;
	fill(&f, false);
	for (i = 0; i < 128; i++)
		assert_int_not_equal(f.plan.table[i], 102);
	assert_int_equal(f.plan.table[2], 103);
	f.conf.features = 0; /* without MQ the first one */
	fill(&f, false);
	assert_int_equal(f.plan.table_len, 1);
	assert_int_equal(f.plan.table[0], 100);
}

static void rss_table_key_and_types_are_the_guests(void **state)
{
	struct fixture f;

	begin(&f);
	f.state.rss_active = true;
	f.state.rss = (struct vv_ctrl_rss){
	    .hash_types = 3, .table_len = 4, .unclassified = 2, .max_tx = 1, .key_len = 3,
	    .key = {7, 8, 9}, .table = {3, 1, 3, 0},
	};
	fill(&f, true);
	assert_int_equal(f.plan.table_len, 4);
	assert_int_equal(f.plan.table[0], 103);
	assert_int_equal(f.plan.table[1], 101);
	assert_int_equal(f.plan.table[3], 100);
	assert_int_equal(f.plan.unclassified, 102);
	assert_int_equal(f.plan.hash_types, 3);
	assert_int_equal(f.plan.key[2], 9);
	assert_int_equal(f.plan.key[3], 0);
	f.queues.running[3] = f.queues.running[2] = false;
	fill(&f, true);
	assert_int_equal(f.plan.table[0], 100);
	assert_int_equal(f.plan.unclassified, 100);
}

static void promisc_overrides_everything(void **state)
{
	struct fixture f;

	begin(&f);
	f.conf.features |= VV_BIT(VIRTIO_NET_F_CTRL_VLAN);
	f.state.promisc = f.state.nouni = f.state.nomulti = f.state.nobcast = true;
	fill(&f, true);
	assert_true(f.plan.all);
}

/* It cannot say that it wants less: promiscuous mode is what it begins with. */
static void on_a_shared_function_without_control_queue_the_address_counts(void **state)
{
	struct fixture f;

	begin(&f);
	f.state.promisc = true;
	memset(f.state.mac, 0, 6); /* not negotiated */
	f.own = own;
	fill(&f, false);
	assert_false(f.plan.all);
	assert_false(f.plan.all_unicast);
	assert_false(f.plan.vlan_filter);
	assert_true(f.plan.all_groups && f.plan.broadcast);
	assert_int_equal(f.plan.n_macs, 1);
	assert_true(takes(&f.plan, own));
	/* A legacy guest has written its own. */
	memcpy(f.state.mac, other, 6);
	fill(&f, false);
	assert_int_equal(f.plan.n_macs, 1);
	assert_true(takes(&f.plan, other));
	/* Who asks for everything gets it. */
	fill(&f, true);
	assert_true(f.plan.all);
	f.own = NULL;
	fill(&f, false);
	assert_true(f.plan.all);
}

static void addresses_are_taken_once_and_broadcast_is_no_address(void **state)
{
	struct fixture f;

	begin(&f);
	f.state.uni.n = 3;
	memcpy(f.state.uni.addr[0], other, 6);
	memcpy(f.state.uni.addr[1], own, 6);
	memcpy(f.state.uni.addr[2], other, 6);
	f.state.multi.n = 2;
	memcpy(f.state.multi.addr[0], group, 6);
	memcpy(f.state.multi.addr[1], all_ones, 6);
	fill(&f, true);
	assert_false(f.plan.all);
	assert_int_equal(f.plan.n_macs, 3);
	assert_true(takes(&f.plan, own) && takes(&f.plan, other) && takes(&f.plan, group));
	assert_true(f.plan.broadcast);
	assert_false(f.plan.all_unicast || f.plan.all_groups || f.plan.vlan_filter);
}

static void no_wins_over_all(void **state)
{
	struct fixture f;

	begin(&f);
	f.state.uni.n = f.state.multi.n = 1;
	memcpy(f.state.uni.addr[0], other, 6);
	memcpy(f.state.multi.addr[0], group, 6);
	f.state.alluni = f.state.nouni = true;
	f.state.allmulti = f.state.nomulti = true;
	fill(&f, true);
	assert_int_equal(f.plan.n_macs, 0);
	assert_false(f.plan.all_unicast || f.plan.all_groups);
	assert_true(f.plan.broadcast); /* NOMULTI spares it */
	f.state.nomulti = false;
	f.state.nobcast = true;
	fill(&f, true);
	assert_true(f.plan.all_groups);
	assert_false(f.plan.broadcast);
}

static void overflow_and_no_address_take_all_of_the_kind(void **state)
{
	struct fixture f;

	begin(&f);
	f.state.uni.overflow = true;
	fill(&f, true);
	assert_true(f.plan.all_unicast && !f.plan.all_groups);
	begin(&f);
	f.state.multi.overflow = true;
	fill(&f, true);
	assert_true(!f.plan.all_unicast && f.plan.all_groups);
	begin(&f);
	memset(f.state.mac, 0, 6);
	fill(&f, true);
	assert_true(f.plan.all_unicast);
	assert_int_equal(f.plan.n_macs, 0);
}

static void vlans_count_only_when_negotiated(void **state)
{
	struct fixture f;

	begin(&f);
	f.state.vlans[1] = 4;
	fill(&f, true);
	assert_false(f.plan.vlan_filter);
	f.conf.features |= VV_BIT(VIRTIO_NET_F_CTRL_VLAN);
	fill(&f, true);
	assert_true(f.plan.vlan_filter);
	assert_int_equal(f.plan.vlans[1], 4);
	assert_int_equal(f.plan.vlans[0], 0);
	fill(&f, false); /* by a front-end that keeps the control queue to itself */
	assert_false(f.plan.vlan_filter);
}

static void more_vlans_than_rules_are_all(void **state)
{
	struct fixture f;
	unsigned int vid;

	begin(&f);
	f.conf.features |= VV_BIT(VIRTIO_NET_F_CTRL_VLAN);
	for (vid = 0; vid < VV_PLAN_VLANS_MAX; vid++)
		f.state.vlans[vid / 64] |= VV_BIT(vid % 64);
	fill(&f, true);
	assert_true(f.plan.vlan_filter);
	f.state.vlans[63] = 1;
	fill(&f, true);
	assert_false(f.plan.vlan_filter);
}

/* Fullest tables: nothing may be written outside the plan (ASan). */
static void all_addresses_of_a_state_fit(void **state)
{
	struct fixture f;
	unsigned int i;

	begin(&f);
	f.state.uni.n = f.state.multi.n = VV_CTRL_MACS_MAX;
	for (i = 0; i < VV_CTRL_MACS_MAX; i++) {
		memcpy(f.state.uni.addr[i], (uint8_t[6]){4, 0, 0, 0, 0, i}, 6);
		memcpy(f.state.multi.addr[i], (uint8_t[6]){5, 0, 0, 0, 0, i}, 6);
	}
	fill(&f, true);
	assert_int_equal(f.plan.n_macs, 1 + 2 * VV_CTRL_MACS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pairs_in_use_are_the_first_ones),
	    cmocka_unit_test(one_pair_of_a_nic_that_hashes_is_a_table_of_one),
	    cmocka_unit_test(queues_that_do_not_run_are_left_out),
	    cmocka_unit_test(without_control_queue_all_that_run_are_used),
	    cmocka_unit_test(rss_table_key_and_types_are_the_guests),
	    cmocka_unit_test(promisc_overrides_everything),
	    cmocka_unit_test(on_a_shared_function_without_control_queue_the_address_counts),
	    cmocka_unit_test(addresses_are_taken_once_and_broadcast_is_no_address),
	    cmocka_unit_test(no_wins_over_all),
	    cmocka_unit_test(overflow_and_no_address_take_all_of_the_kind),
	    cmocka_unit_test(vlans_count_only_when_negotiated),
	    cmocka_unit_test(more_vlans_than_rules_are_all),
	    cmocka_unit_test(all_addresses_of_a_state_fit),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
