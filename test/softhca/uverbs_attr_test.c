/* SPDX-License-Identifier: BSD-3-Clause */
/* The decoder of uverbs ioctls: each rule with a call that keeps it and one that breaks it. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "uverbs_call.h"
#include "vq/guard.h"

static void decode_inline_data_arrives(void **state)
{
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.calls, 1);
	assert_int_equal(call_seen.in_len, 4);
	assert_memory_equal(call_seen.in, "\1\2\3\4", 4);
}

static void decode_pointed_data_is_copied(void **state)
{
	call_n_attrs = 0;
	call_add_ptr(IN, 10, "0123456789");
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.in_len, 10);
	assert_memory_equal(call_seen.in, "0123456789", 10);
}

static void decode_unmapped_pointer_is_efault(void **state)
{
	void *gone = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(gone, 4096);
	call_n_attrs = 0;
	call_add_ptr(IN, 16, gone);
	assert_int_equal(call_run(), -EFAULT);
	assert_int_equal(call_seen.calls, 0);
}

static void decode_length_outside_range_is_einval(void **state)
{
	call_attrs[0].len = 1;
	assert_int_equal(call_run(), -EINVAL);
	call_n_attrs = 0;
	call_add_ptr(IN, 17, "01234567890123456");
	assert_int_equal(call_run(), -EINVAL);
}

static void decode_missing_mandatory_is_einval(void **state)
{
	call_n_attrs = 0;
	assert_int_equal(call_run(), -EINVAL);
	assert_int_equal(call_seen.calls, 0);
}

static void decode_unknown_mandatory_is_eprotonosupport(void **state)
{
	call_add(99, 0, 0);
	assert_int_equal(call_run(), -EPROTONOSUPPORT);
	assert_int_equal(call_seen.calls, 0);
}

static void decode_unknown_optional_is_ignored(void **state)
{
	call_add(99, 0, 0)->flags = 0;
	assert_int_equal(call_run(), 0);
}

static void decode_duplicate_is_einval(void **state)
{
	call_add(IN, 4, 0);
	assert_int_equal(call_run(), -EINVAL);
}

static void decode_reserved_is_einval(void **state)
{
	call_attrs[0].attr_data.reserved = 1;
	assert_int_equal(call_run(), -EINVAL);
}

static void decode_too_many_attributes_is_einval(void **state)
{
	assert_int_equal(ubundle_run(NULL, &call_objs, &call_method, call_attrs, 5000), -EINVAL);
}

static void flags_of_both_sizes_are_read(void **state)
{
	struct ib_uverbs_attr *a = call_add(FLAGS, 4, 0xdeadbeef00000002ull);

	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.flags_rc, 0);
	assert_int_equal(call_seen.flags, 2);
	a->len = 8;
	a->data = 3;
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.flags, 3);
}

static void flags_not_allowed_are_einval(void **state)
{
	call_add(FLAGS, 8, 0x100000000ull);
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.flags_rc, -EINVAL);
}

static void flags_absent_are_zero(void **state)
{
	call_seen.flags = 77;
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.flags, 0);
}

static void const_needs_eight_bytes(void **state)
{
	struct ib_uverbs_attr *a = call_add(CONST, 8, 0x1122334455667788ull);

	assert_int_equal(call_run(), 0);
	assert_true(call_seen.constant == 0x1122334455667788ull);
	a->len = 4;
	assert_int_equal(call_run(), -EINVAL);
}

static void out_is_written_and_marked(void **state)
{
	uint32_t value = 0;
	struct ib_uverbs_attr *a = call_add_ptr(OUT, 4, &value);

	assert_int_equal(call_run(), 0);
	assert_int_equal(value, 0x12345678);
	assert_int_equal(a->flags, UVERBS_ATTR_F_MANDATORY | UVERBS_ATTR_F_VALID_OUTPUT);
}

static void out_is_not_marked_when_call_fails(void **state)
{
	uint32_t value = 0;
	struct ib_uverbs_attr *a = call_add_ptr(OUT, 4, &value);

	call_seen.answer = -EBUSY;
	assert_int_equal(call_run(), -EBUSY);
	assert_int_equal(value, 0);
	assert_int_equal(a->flags, UVERBS_ATTR_F_MANDATORY);
}

static void out_to_unmapped_memory_is_efault(void **state)
{
	call_add(OUT, 4, 16);
	assert_int_equal(call_run(), -EFAULT);
}

static void out_struct_longer_than_known_is_cleared(void **state)
{
	uint8_t room[400];

	memset(room, 0xff, sizeof(room));
	call_add_ptr(STRUCT, sizeof(room), room);
	assert_int_equal(call_run(), 0);
	assert_memory_equal(room, "\1\0\0\0\2\0\0\0", 8);
	for (unsigned int i = 8; i < sizeof(room); i++)
		assert_int_equal(room[i], 0);
}

static void out_struct_shorter_than_known_is_cut(void **state)
{
	uint8_t room[8];

	memset(room, 0xff, sizeof(room));
	call_add_ptr(STRUCT, 4, room);
	assert_int_equal(call_run(), 0);
	assert_memory_equal(room, "\1\0\0\0\xff\xff\xff\xff", 8);
	call_attrs[1].len = 3;
	assert_int_equal(call_run(), -EINVAL);
}

static void handler_never_says_eprotonosupport(void **state)
{
	call_seen.answer = -EPROTONOSUPPORT;
	assert_int_equal(call_run(), -EINVAL);
}

static void enum_value_and_its_data_arrive(void **state)
{
	struct ib_uverbs_attr *a = call_add(ENUM, 2, 0xabcd);

	a->attr_data.enum_data.elem_id = 2;
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.enum_value, 2);
	a->attr_data.enum_data.elem_id = 3;
	assert_int_equal(call_run(), -EOPNOTSUPP);
	a->attr_data.enum_data.elem_id = 0;
	a->attr_data.enum_data.reserved = 1;
	assert_int_equal(call_run(), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, call_setup, call_teardown)

/* When there is a NIC its fault handlers are used instead of a system call. */
static void copies_are_guarded_when_there_is_a_nic(void **state)
{
	uint32_t half[1024], *page;

	assert_false(guard_installed());
	assert_int_equal(guard_install(), 0);
	decode_unmapped_pointer_is_efault(state);
	call_setup(state);
	out_to_unmapped_memory_is_efault(state);
	call_setup(state);
	out_is_written_and_marked(state);
	call_setup(state);
	/* Attributes of which the last lie where nothing is. */
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	munmap((char *)page + 4096, 4096);
	assert_int_equal(copy_from_user(half, (uintptr_t)page + 2048, 4096), -EFAULT);
	assert_int_equal(copy_to_user((uintptr_t)page + 2048, half, 4096), -EFAULT);
	assert_int_equal(copy_from_user(half, (uintptr_t)page + 2048, 2048), 0);
	munmap(page, 4096);
	call_n_attrs = 0;
	decode_pointed_data_is_copied(state);
	guard_remove();
	assert_false(guard_installed());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(decode_inline_data_arrives),
	    TEST(decode_pointed_data_is_copied),
	    TEST(decode_unmapped_pointer_is_efault),
	    TEST(decode_length_outside_range_is_einval),
	    TEST(decode_missing_mandatory_is_einval),
	    TEST(decode_unknown_mandatory_is_eprotonosupport),
	    TEST(decode_unknown_optional_is_ignored),
	    TEST(decode_duplicate_is_einval),
	    TEST(decode_reserved_is_einval),
	    TEST(decode_too_many_attributes_is_einval),
	    TEST(flags_of_both_sizes_are_read),
	    TEST(flags_not_allowed_are_einval),
	    TEST(flags_absent_are_zero),
	    TEST(const_needs_eight_bytes),
	    TEST(out_is_written_and_marked),
	    TEST(out_is_not_marked_when_call_fails),
	    TEST(out_to_unmapped_memory_is_efault),
	    TEST(out_struct_longer_than_known_is_cleared),
	    TEST(out_struct_shorter_than_known_is_cut),
	    TEST(handler_never_says_eprotonosupport),
	    TEST(enum_value_and_its_data_arrive),
	    TEST(copies_are_guarded_when_there_is_a_nic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
