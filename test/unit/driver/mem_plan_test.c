/* SPDX-License-Identifier: BSD-3-Clause */
/* How guest memory is covered by one indirect key. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <time.h>
#include <cmocka.h>

#include "vv_mem_plan.h"

#define KIB(n)   ((uint64_t)(n) << 10)
#define MIB(n)   ((uint64_t)(n) << 20)
#define GIB(n)   ((uint64_t)(n) << 30)
#define NULL_KEY 0xffu

static struct vv_region region(uint64_t gpa, uint64_t size)
{
	/* Mapped somewhere else than in the guest. */
	return (struct vv_region){.gpa = gpa, .size = size, .hva = (void *)(gpa + GIB(4096))};
}

/*
 * Fill and check what every plan has to hold: entries follow each other without a gap from start
 * to start + len, none above 2 GiB, all of one size in KLM_FBS, and each byte belongs to the key of
 * its region at its own address, or to the null key.
 */
static void check_fill(const struct vv_mem_plan *plan, const struct vv_region *r, unsigned int n)
{
	struct vv_klm *klm = calloc(plan->entries, sizeof(*klm));
	uint32_t keys[VV_REGIONS_MAX];
	uint64_t at = plan->start, covered = 0, total = 0;
	unsigned int i, j;

	assert_non_null(klm);
	for (i = 0; i < n; i++) {
		keys[i] = 1000 + i;
		total += r[i].size;
	}
	vv_mem_plan_fill(plan, r, n, keys, NULL_KEY, klm);
	for (i = 0; i < plan->entries; i++) {
		assert_in_range(klm[i].bytes, 1, GIB(2));
		if (plan->log_entry)
			assert_int_equal(klm[i].bytes, 1ull << plan->log_entry);
		for (j = 0; j < n; j++)
			if (at >= r[j].gpa && at < r[j].gpa + r[j].size)
				break;
		if (j < n) {
			assert_int_equal(klm[i].key, keys[j]);
			assert_int_equal(klm[i].addr, at);
			assert_true(at + klm[i].bytes <= r[j].gpa + r[j].size);
			covered += klm[i].bytes;
		} else {
			assert_int_equal(klm[i].key, NULL_KEY);
		}
		at += klm[i].bytes;
	}
	assert_int_equal(at, plan->start + plan->len);
	assert_int_equal(covered, total);
	free(klm);
}

static void plan_one_region_is_one_entry(void **state)
{
	struct vv_region r[] = {region(0, MIB(512))};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(r, 1, &plan), 0);
	assert_int_equal(plan.entries, 1);
	assert_int_equal(plan.log_entry, 0);
	check_fill(&plan, r, 1);
}

static void plan_region_above_2g_is_split(void **state)
{
	struct vv_region r[] = {region(GIB(1), GIB(5))};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(r, 1, &plan), 0);
	assert_int_equal(plan.entries, 3);
	check_fill(&plan, r, 1);
}

/* A PC: low memory without the VGA hole's BIOS, a hole below 4 GiB, the rest above. */
static void plan_pc_memory_maps_hole_to_null_key(void **state)
{
	struct vv_region r[] = {region(GIB(4), GIB(13)), region(0, GIB(3))};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(r, 2, &plan), 0);
	assert_int_equal(r[0].gpa, 0); /* sorted */
	assert_int_equal(plan.start, 0);
	assert_int_equal(plan.len, GIB(17));
	assert_int_equal(plan.log_entry, 30); /* many entries: fixed size, 1 GiB divides all */
	assert_int_equal(plan.entries, 17);
	check_fill(&plan, r, 2);
}

static void plan_odd_sizes_use_own_lengths(void **state)
{
	struct vv_region r[] = {region(0, 0xa0000), region(0xc0000, 0x1234), region(MIB(1), GIB(6)),
				region(GIB(8), 0x777)};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(r, 4, &plan), 0);
	assert_int_equal(plan.log_entry, 0);
	check_fill(&plan, r, 4);
}

static void plan_too_small_unit_uses_own_lengths(void **state)
{
	/* 4 KiB divides all, but 16 GiB of 4 KiB are too many. */
	struct vv_region r[] = {region(0, KIB(4)), region(KIB(8), GIB(7)), region(GIB(8), GIB(8))};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(r, 3, &plan), 0);
	assert_int_equal(plan.log_entry, 0);
	check_fill(&plan, r, 3);
}

static void plan_huge_guest_is_too_fragmented(void **state)
{
	struct vv_region r[] = {region(0x1000, (GIB(2) * (VV_KLM_MAX + 1)))};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(r, 1, &plan), -E2BIG);
}

static void plan_bad_tables_are_refused(void **state)
{
	struct vv_region overlap[] = {region(0, MIB(2)), region(MIB(1), MIB(2))};
	struct vv_region empty[] = {region(0, MIB(2)), region(MIB(4), 0)};
	struct vv_region wrap[] = {region(UINT64_MAX - 0xfff, 0x2000)};
	struct vv_region same[] = {region(MIB(1), MIB(1)), region(MIB(1), MIB(1))};
	struct vv_mem_plan plan;

	assert_int_equal(vv_mem_plan(overlap, 2, &plan), -EINVAL);
	assert_int_equal(vv_mem_plan(empty, 2, &plan), -EINVAL);
	assert_int_equal(vv_mem_plan(wrap, 1, &plan), -EINVAL);
	assert_int_equal(vv_mem_plan(same, 2, &plan), -EINVAL);
	assert_int_equal(vv_mem_plan(empty, 0, &plan), -EINVAL);
	assert_int_equal(vv_mem_plan(empty, VV_REGIONS_MAX + 1, &plan), -E2BIG);
}

static void plan_random_tables_cover_every_byte(void **state)
{
	unsigned int seed = time(NULL), round, i;

	print_message("seed %u\n", seed);
	srand(seed);
	for (round = 0; round < 2000; round++) {
		unsigned int n = 1 + rand() % 8;
		unsigned int log = rand() % 24; /* alignment of everything in this table */
		struct vv_region r[8];
		struct vv_mem_plan plan;
		uint64_t at = 0;

		for (i = 0; i < n; i++) {
			at += (uint64_t)(rand() % 64) << log;
			r[i] = region(at, (uint64_t)(1 + rand() % 512) << log);
			at += r[i].size;
		}
		assert_int_equal(vv_mem_plan(r, n, &plan), 0);
		check_fill(&plan, r, n);
	}
}

static void gpa_of_ring_needs_all_of_it_in_one_region(void **state)
{
	const struct vv_region r[] = {region(0, MIB(1)), region(MIB(1), MIB(1))};
	const char *hva = r[0].hva;
	uint64_t gpa;

	assert_int_equal(vv_mem_gpa(r, 2, hva, 16, &gpa), 0);
	assert_int_equal(gpa, 0); /* address 0 is an address */
	assert_int_equal(vv_mem_gpa(r, 2, hva + MIB(1) + 5, 16, &gpa), 0);
	assert_int_equal(gpa, MIB(1) + 5);
	assert_int_equal(vv_mem_gpa(r, 2, hva + MIB(1) - 16, 16, &gpa), 0);
	assert_int_equal(vv_mem_gpa(r, 2, hva + MIB(1) - 15, 16, &gpa), -EFAULT);
	assert_int_equal(vv_mem_gpa(r, 2, hva - 1, 16, &gpa), -EFAULT);
	assert_int_equal(vv_mem_gpa(r, 2, hva, UINT64_MAX, &gpa), -EFAULT);
	assert_int_equal(vv_mem_gpa(r, 2, NULL, 16, &gpa), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plan_one_region_is_one_entry),
	    cmocka_unit_test(plan_region_above_2g_is_split),
	    cmocka_unit_test(plan_pc_memory_maps_hole_to_null_key),
	    cmocka_unit_test(plan_odd_sizes_use_own_lengths),
	    cmocka_unit_test(plan_too_small_unit_uses_own_lengths),
	    cmocka_unit_test(plan_huge_guest_is_too_fragmented),
	    cmocka_unit_test(plan_bad_tables_are_refused),
	    cmocka_unit_test(plan_random_tables_cover_every_byte),
	    cmocka_unit_test(gpa_of_ring_needs_all_of_it_in_one_region),
	};

	return cmocka_run_group_tests_name("mem_plan", tests, NULL, NULL);
}
