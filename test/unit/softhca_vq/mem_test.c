/* SPDX-License-Identifier: BSD-3-Clause */
/* Translation of guest addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "vq/mem.h"

static uint8_t memory[0x4000];

/* Three segments: 1000-1fff, 2000-2fff right behind it elsewhere, a hole, 8000-8fff read only. */
static const struct dp_seg segs[] = {
    {0x1000, 0x1000, memory,          1, true },
    {0x2000, 0x1000, memory + 0x2000, 2, true },
    {0x3000, 0x1000, NULL,            3, true },
    {0x8000, 0x1000, memory + 0x3000, 4, false},
};

static struct dp_mem *open_view(struct mem_view *view)
{
	struct dp_mem *mem;

	assert_int_equal(dp_mem_create(segs, 4, &mem), 0);
	mem_view_init(view, mem);
	return mem;
}

static void address_is_found_in_its_segment_only(void **state)
{
	struct mem_view v;
	struct dp_mem *mem = open_view(&v);

	assert_ptr_equal(mem_find(&v, 0x1000, 0x1000, true), memory);
	assert_ptr_equal(mem_find(&v, 0x1fff, 1, true), memory + 0xfff);
	assert_ptr_equal(mem_find(&v, 0x2000, 1, true), memory + 0x2000);
	assert_null(mem_find(&v, 0x0fff, 1, false));
	assert_null(mem_find(&v, 0x1fff, 2, false));
	assert_null(mem_find(&v, 0x3000, 1, false));
	assert_null(mem_find(&v, 0x8fff, 2, false));
	assert_null(mem_find(&v, 0x9000, 1, false));
	assert_null(mem_find(&v, UINT64_MAX, 1, false));
	assert_null(mem_find(&v, 0x1000, UINT32_MAX, false));
	assert_ptr_equal(mem_find(&v, 0x8000, 4, false), memory + 0x3000);
	assert_null(mem_find(&v, 0x8000, 4, true));
	dp_mem_put(mem);
}

static void buffer_over_segments_is_split(void **state)
{
	struct mem_piece p[4];
	struct mem_view v;
	struct dp_mem *mem = open_view(&v);

	assert_int_equal(mem_split(&v, 0x1ff0, 0x20, true, p, 4), 2);
	assert_ptr_equal(p[0].hva, memory + 0xff0);
	assert_int_equal(p[0].len, 0x10);
	assert_ptr_equal(p[1].hva, memory + 0x2000);
	assert_int_equal(p[1].len, 0x10);
	assert_int_equal(mem_split(&v, 0x1ff0, 0x20, true, p, 1), -ENOSPC);
	assert_int_equal(mem_split(&v, 0x2ff0, 0x20, true, p, 4), -EFAULT);
	assert_int_equal(mem_split(&v, 0x8ff0, 0x20, false, p, 4), -EFAULT);
	assert_int_equal(mem_split(&v, 0x8000, 0x20, true, p, 4), -EFAULT);
	assert_int_equal(mem_split(&v, UINT64_MAX, 0x20, true, p, 4), -EFAULT);
	dp_mem_put(mem);
}

static void ring_range_must_be_contiguous_here(void **state)
{
	struct mem_view v;
	struct dp_mem *mem = open_view(&v);
	void *hva;

	assert_int_equal(mem_range(mem, 0x1800, 0x800, true, &hva), 0);
	assert_ptr_equal(hva, memory + 0x800);
	assert_int_equal(mem_range(mem, 0x1800, 0x801, true, &hva), -EFAULT);
	assert_int_equal(mem_range(mem, 0x8000, 0x1000, false, &hva), 0);
	assert_int_equal(mem_range(mem, 0x8000, 0x1000, true, &hva), -EFAULT);
	assert_int_equal(mem_range(mem, 0x3000, 0x10, true, &hva), -EFAULT);
	assert_int_equal(mem_range(mem, 0, 0x10, true, &hva), -EFAULT);
	dp_mem_put(mem);
}

static void revoked_region_is_gone_and_only_that(void **state)
{
	struct mem_piece p[4];
	struct mem_view v;
	struct dp_mem *mem = open_view(&v);
	uint32_t gen = mem->gen;

	assert_non_null(mem_find(&v, 0x1000, 4, false));
	dp_mem_revoke(mem, 7);
	assert_int_equal(mem->gen, gen);
	dp_mem_revoke(mem, 1);
	assert_int_not_equal(mem->gen, gen);
	assert_null(mem_find(&v, 0x1000, 4, false));
	assert_int_equal(mem_split(&v, 0x1ff0, 0x20, false, p, 4), -EFAULT);
	assert_non_null(mem_find(&v, 0x2000, 4, false));
	dp_mem_put(mem);
}

static void neighbours_become_one_segment(void **state)
{
	struct dp_seg two[2] = {
	    {0,      0x1000, memory,          1, true},
            {0x1000, 0x1000, memory + 0x1000, 1, true}
        };
	struct dp_mem *mem;

	assert_int_equal(dp_mem_create(two, 2, &mem), 0);
	assert_int_equal(mem->n, 1);
	dp_mem_put(mem);
	two[1].mr = 2;
	assert_int_equal(dp_mem_create(two, 2, &mem), 0);
	assert_int_equal(mem->n, 2);
	dp_mem_put(mem);
	two[1].mr = 1;
	two[1].local_write = false;
	assert_int_equal(dp_mem_create(two, 2, &mem), 0);
	assert_int_equal(mem->n, 2);
	dp_mem_put(mem);
}

static void segments_out_of_order_are_refused(void **state)
{
	struct dp_seg two[2] = {
	    {0x1000, 0x1000, memory, 1, true},
            {0x1fff, 1,      memory, 1, true}
        };
	struct dp_mem *mem;

	assert_int_equal(dp_mem_create(two, 2, &mem), -EINVAL);
	two[1].iova = 0;
	assert_int_equal(dp_mem_create(two, 2, &mem), -EINVAL);
	two[1] = (struct dp_seg){UINT64_MAX, 2, memory, 1, true};
	assert_int_equal(dp_mem_create(two, 2, &mem), -EINVAL);
	two[1] = (struct dp_seg){0x2000, 0, memory, 1, true};
	assert_int_equal(dp_mem_create(two, 2, &mem), -EINVAL);
	two[1] = (struct dp_seg){UINT64_MAX, 1, memory, 1, true};
	assert_int_equal(dp_mem_create(two, 2, &mem), 0);
	dp_mem_put(mem);
	assert_int_equal(dp_mem_create(NULL, 0, &mem), 0);
	dp_mem_put(mem);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(address_is_found_in_its_segment_only),
	    cmocka_unit_test(buffer_over_segments_is_split),
	    cmocka_unit_test(ring_range_must_be_contiguous_here),
	    cmocka_unit_test(revoked_region_is_gone_and_only_that),
	    cmocka_unit_test(neighbours_become_one_segment),
	    cmocka_unit_test(segments_out_of_order_are_refused),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
