/* SPDX-License-Identifier: BSD-3-Clause */
/* The accessors of mailbox fields. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "prm/prm_cap.h"
#include "prm/prm_virtq.h"

struct prm_sample {
	uint8_t first[1];
	uint8_t second[3];
	uint8_t third[28];
	uint8_t word[32];
	uint8_t wide[64];
	struct prm_general_obj_in_cmd_hdr nested;
};

static void set_field_lands_in_its_bits_big_endian(void **state)
{
	uint8_t mbox[PRM_SZ(sample)] = {0};

	PRM_SET(sample, mbox, first, 1);
	PRM_SET(sample, mbox, second, 5);
	PRM_SET(sample, mbox, third, 0x1234567);
	PRM_SET(sample, mbox, word, 0x89abcdef);
	PRM_SET(sample, mbox, wide, 0x0102030405060708);

	const uint8_t expected[16] = {0xd1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
				      0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

	assert_memory_equal(mbox, expected, sizeof(expected));
	assert_int_equal(PRM_GET(sample, mbox, first), 1);
	assert_int_equal(PRM_GET(sample, mbox, second), 5);
	assert_int_equal(PRM_GET(sample, mbox, third), 0x1234567);
	assert_int_equal(PRM_GET(sample, mbox, word), 0x89abcdef);
	assert_int_equal(PRM_GET(sample, mbox, wide), 0x0102030405060708);
}

static void set_field_leaves_neighbours_alone(void **state)
{
	uint8_t mbox[PRM_SZ(sample)];

	memset(mbox, 0xff, sizeof(mbox));
	PRM_SET(sample, mbox, second, 0);
	assert_int_equal(PRM_GET(sample, mbox, first), 1);
	assert_int_equal(PRM_GET(sample, mbox, second), 0);
	assert_int_equal(PRM_GET(sample, mbox, third), 0xfffffff);
	PRM_SET(sample, mbox, wide, 0);
	assert_int_equal(PRM_GET(sample, mbox, word), 0xffffffff);
	assert_int_equal(PRM_GET(sample, mbox, nested.opcode), 0xffff);
}

static void at_nested_layout_points_to_its_first_byte(void **state)
{
	uint8_t mbox[PRM_SZ(sample)] = {0};

	PRM_SET(general_obj_in_cmd_hdr, PRM_AT(sample, mbox, nested), obj_id, 7);
	assert_int_equal(PRM_GET(sample, mbox, nested.obj_id), 7);
	assert_ptr_equal(PRM_AT(sample, mbox, nested), mbox + 16);
}

static void size_of_layouts_is_whole_words(void **state)
{
	assert_int_equal(PRM_SZ(create_virtq_in), 0x680 / 8);
	assert_int_equal(PRM_SZ(query_hca_cap_out), 0x8080 / 8);
	assert_int_equal(PRM_OFF(create_virtq_in, virtq.virtio_q_context), 0x80 + 0x200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(set_field_lands_in_its_bits_big_endian),
	    cmocka_unit_test(set_field_leaves_neighbours_alone),
	    cmocka_unit_test(at_nested_layout_points_to_its_first_byte),
	    cmocka_unit_test(size_of_layouts_is_whole_words),
	};

	return cmocka_run_group_tests_name("prm", tests, NULL, NULL);
}
