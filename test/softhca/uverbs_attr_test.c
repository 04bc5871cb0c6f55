/* SPDX-License-Identifier: BSD-3-Clause */
/* The decoder of uverbs ioctls: each rule with a call that keeps it and one that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "shim/uverbs_attr.h"

enum { OBJECT = 0x1001, METHOD = 7 };
enum { IN = 10, CONST, FLAGS, OUT, STRUCT, NEW, READ, DESTROY, ENUM, LIST, FILE_READ };

struct grown {
	uint32_t a, b;
};

static const struct uattr_spec specs[] = {
    UATTR_IN_SIZE(IN, 2, 16, true),
    UATTR_IN_CONST(CONST, false),
    UATTR_IN_FLAGS(FLAGS, false),
    UATTR_OUT_TYPE(OUT, uint32_t, false),
    UATTR_OUT_STRUCT(STRUCT, 4, struct grown, false),
    UATTR_OBJ(NEW, UVERBS_OBJECT_PD, UATTR_NEW, false),
    UATTR_OBJ(READ, UVERBS_OBJECT_PD, UATTR_READ, false),
    UATTR_OBJ(DESTROY, UVERBS_OBJECT_MR, UATTR_DESTROY, false),
    {.id = ENUM,          .type = UATTR_ENUM, .max_len = 2, .enums = 3                  },
    { .id = LIST, .type = UATTR_IDRS,       .min_len = 1, .max_len = 2, .obj_type = UVERBS_OBJECT_PD},
    UATTR_FILE(FILE_READ, MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD, UATTR_READ, false),
};

/* What the handler of the call saw and what it is to answer. */
static struct {
	unsigned int calls;
	int answer;
	uint8_t in[32];
	uint16_t in_len;
	uint64_t constant, flags;
	int flags_rc;
	uint8_t enum_value;
	struct uobj *read, *created;
	uint16_t listed;
} seen;

static int handler(struct ubundle *b)
{
	static const struct grown grown = {1, 2};
	const struct uattr *a = ubundle_attr(b, IN);
	uint32_t out = 0x12345678;

	seen.calls++;
	seen.in_len = a->len;
	memcpy(seen.in, a->in, a->len);
	seen.constant = ubundle_const(b, CONST);
	seen.flags_rc = ubundle_flags(b, FLAGS, 0x3, &seen.flags);
	a = ubundle_attr(b, ENUM);
	seen.enum_value = a ? a->enum_value : 0xff;
	a = ubundle_attr(b, READ);
	seen.read = a ? a->obj : NULL;
	a = ubundle_attr(b, NEW);
	seen.created = a ? a->obj : NULL;
	a = ubundle_attr(b, LIST);
	seen.listed = a ? a->len : 0;
	if (!seen.answer && ubundle_out(b, OUT, &out, sizeof(out)))
		return -EFAULT;
	if (!seen.answer && ubundle_out(b, STRUCT, &grown, sizeof(grown)))
		return -EFAULT;
	return seen.answer;
}

static const struct umethod method = {
    .name = "test",
    .object = OBJECT,
    .method = METHOD,
    .specs = specs,
    .n_specs = ARRAY_SIZE(specs),
    .handler = handler,
};

static struct uobj_table objs;
static struct ib_uverbs_attr attrs[16];
static unsigned int n_attrs;

static struct ib_uverbs_attr *add(uint16_t id, uint16_t len, uint64_t data)
{
	struct ib_uverbs_attr *a = &attrs[n_attrs++];

	*a = (struct ib_uverbs_attr){.attr_id = id, .len = len, .data = data};
	a->flags = UVERBS_ATTR_F_MANDATORY;
	return a;
}

static struct ib_uverbs_attr *add_ptr(uint16_t id, uint16_t len, const void *data)
{
	return add(id, len, (uint64_t)(uintptr_t)data);
}

static int run(void)
{
	return ubundle_run(NULL, &objs, &method, attrs, n_attrs);
}

static struct uobj *make(uint16_t type)
{
	struct uobj *obj;

	assert_int_equal(uobj_reserve(&objs, type, &obj), 0);
	obj->committed = true;
	return obj;
}

static int setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	n_attrs = 0;
	/* What every call needs. */
	add(IN, 4, 0x04030201);
	return 0;
}

static int teardown(void **state)
{
	uobj_table_clear(&objs);
	return 0;
}

static void decode_inline_data_arrives(void **state)
{
	assert_int_equal(run(), 0);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.in_len, 4);
	assert_memory_equal(seen.in, "\1\2\3\4", 4);
}

static void decode_pointed_data_is_copied(void **state)
{
	n_attrs = 0;
	add_ptr(IN, 10, "0123456789");
	assert_int_equal(run(), 0);
	assert_int_equal(seen.in_len, 10);
	assert_memory_equal(seen.in, "0123456789", 10);
}

static void decode_unmapped_pointer_is_efault(void **state)
{
	void *gone = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(gone, 4096);
	n_attrs = 0;
	add_ptr(IN, 16, gone);
	assert_int_equal(run(), -EFAULT);
	assert_int_equal(seen.calls, 0);
}

static void decode_length_outside_range_is_einval(void **state)
{
	attrs[0].len = 1;
	assert_int_equal(run(), -EINVAL);
	n_attrs = 0;
	add_ptr(IN, 17, "01234567890123456");
	assert_int_equal(run(), -EINVAL);
}

static void decode_missing_mandatory_is_einval(void **state)
{
	n_attrs = 0;
	assert_int_equal(run(), -EINVAL);
	assert_int_equal(seen.calls, 0);
}

static void decode_unknown_mandatory_is_eprotonosupport(void **state)
{
	add(99, 0, 0);
	assert_int_equal(run(), -EPROTONOSUPPORT);
	assert_int_equal(seen.calls, 0);
}

static void decode_unknown_optional_is_ignored(void **state)
{
	add(99, 0, 0)->flags = 0;
	assert_int_equal(run(), 0);
}

static void decode_duplicate_is_einval(void **state)
{
	add(IN, 4, 0);
	assert_int_equal(run(), -EINVAL);
}

static void decode_reserved_is_einval(void **state)
{
	attrs[0].attr_data.reserved = 1;
	assert_int_equal(run(), -EINVAL);
}

static void decode_too_many_attributes_is_einval(void **state)
{
	assert_int_equal(ubundle_run(NULL, &objs, &method, attrs, 5000), -EINVAL);
}

static void flags_of_both_sizes_are_read(void **state)
{
	struct ib_uverbs_attr *a = add(FLAGS, 4, 0xdeadbeef00000002ull);

	assert_int_equal(run(), 0);
	assert_int_equal(seen.flags_rc, 0);
	assert_int_equal(seen.flags, 2);
	a->len = 8;
	a->data = 3;
	assert_int_equal(run(), 0);
	assert_int_equal(seen.flags, 3);
}

static void flags_not_allowed_are_einval(void **state)
{
	add(FLAGS, 8, 0x100000000ull);
	assert_int_equal(run(), 0);
	assert_int_equal(seen.flags_rc, -EINVAL);
}

static void flags_absent_are_zero(void **state)
{
	seen.flags = 77;
	assert_int_equal(run(), 0);
	assert_int_equal(seen.flags, 0);
}

static void const_needs_eight_bytes(void **state)
{
	struct ib_uverbs_attr *a = add(CONST, 8, 0x1122334455667788ull);

	assert_int_equal(run(), 0);
	assert_true(seen.constant == 0x1122334455667788ull);
	a->len = 4;
	assert_int_equal(run(), -EINVAL);
}

static void out_is_written_and_marked(void **state)
{
	uint32_t value = 0;
	struct ib_uverbs_attr *a = add_ptr(OUT, 4, &value);

	assert_int_equal(run(), 0);
	assert_int_equal(value, 0x12345678);
	assert_int_equal(a->flags, UVERBS_ATTR_F_MANDATORY | UVERBS_ATTR_F_VALID_OUTPUT);
}

static void out_is_not_marked_when_call_fails(void **state)
{
	uint32_t value = 0;
	struct ib_uverbs_attr *a = add_ptr(OUT, 4, &value);

	seen.answer = -EBUSY;
	assert_int_equal(run(), -EBUSY);
	assert_int_equal(value, 0);
	assert_int_equal(a->flags, UVERBS_ATTR_F_MANDATORY);
}

static void out_to_unmapped_memory_is_efault(void **state)
{
	add(OUT, 4, 16);
	assert_int_equal(run(), -EFAULT);
}

static void out_struct_longer_than_known_is_cleared(void **state)
{
	uint8_t room[400];

	memset(room, 0xff, sizeof(room));
	add_ptr(STRUCT, sizeof(room), room);
	assert_int_equal(run(), 0);
	assert_memory_equal(room, "\1\0\0\0\2\0\0\0", 8);
	for (unsigned int i = 8; i < sizeof(room); i++)
		assert_int_equal(room[i], 0);
}

static void out_struct_shorter_than_known_is_cut(void **state)
{
	uint8_t room[8];

	memset(room, 0xff, sizeof(room));
	add_ptr(STRUCT, 4, room);
	assert_int_equal(run(), 0);
	assert_memory_equal(room, "\1\0\0\0\xff\xff\xff\xff", 8);
	attrs[1].len = 3;
	assert_int_equal(run(), -EINVAL);
}

static void handler_never_says_eprotonosupport(void **state)
{
	seen.answer = -EPROTONOSUPPORT;
	assert_int_equal(run(), -EINVAL);
}

static void new_object_gets_lowest_free_number(void **state)
{
	struct ib_uverbs_attr *a;
	struct uobj *first, *second, *found;

	first = make(UVERBS_OBJECT_PD);
	second = make(UVERBS_OBJECT_PD);
	assert_int_equal(first->id, 0);
	assert_int_equal(second->id, 1);
	uobj_remove(&objs, first);
	a = add(NEW, 0, 0xffff);
	assert_int_equal(run(), 0);
	assert_int_equal(a->data, 0);
	assert_int_equal(uobj_find(&objs, UVERBS_OBJECT_PD, 0, &found), 0);
	assert_ptr_equal(found, seen.created);
}

static void new_object_is_taken_back_when_call_fails(void **state)
{
	struct uobj *found;

	add(NEW, 0, 0);
	seen.answer = -ENOMEM;
	assert_int_equal(run(), -ENOMEM);
	assert_int_equal(uobj_find(&objs, UVERBS_OBJECT_PD, 0, &found), -ENOENT);
}

static void new_object_is_taken_back_when_decoding_fails(void **state)
{
	struct uobj *found;

	add(NEW, 0, 0);
	add(99, 0, 0);
	assert_int_equal(run(), -EPROTONOSUPPORT);
	assert_int_equal(uobj_find(&objs, UVERBS_OBJECT_PD, 0, &found), -ENOENT);
	assert_int_equal(make(UVERBS_OBJECT_PD)->id, 0);
}

static void object_is_found_by_number(void **state)
{
	struct uobj *pd = make(UVERBS_OBJECT_PD);

	add(READ, 0, pd->id);
	assert_int_equal(run(), 0);
	assert_ptr_equal(seen.read, pd);
}

static void object_of_other_type_is_einval(void **state)
{
	add(READ, 0, make(UVERBS_OBJECT_MR)->id);
	assert_int_equal(run(), -EINVAL);
}

static void object_unknown_is_enoent(void **state)
{
	struct ib_uverbs_attr *a = add(READ, 0, 5);

	assert_int_equal(run(), -ENOENT);
	a->data = 1000000;
	assert_int_equal(run(), -ENOENT);
	a->data = (uint64_t)-1;
	assert_int_equal(run(), -EINVAL);
	a->data = 0;
	a->len = 4;
	assert_int_equal(run(), -EINVAL);
}

static void object_reserved_is_not_found(void **state)
{
	struct uobj *obj;

	assert_int_equal(uobj_reserve(&objs, UVERBS_OBJECT_PD, &obj), 0);
	add(READ, 0, obj->id);
	assert_int_equal(run(), -ENOENT);
}

static void destroyed_object_is_gone_only_on_success(void **state)
{
	struct uobj *mr = make(UVERBS_OBJECT_MR), *found;
	uint32_t id = mr->id;

	add(DESTROY, 0, id);
	seen.answer = -EBUSY;
	assert_int_equal(run(), -EBUSY);
	assert_int_equal(uobj_find(&objs, UVERBS_OBJECT_MR, id, &found), 0);
	seen.answer = 0;
	assert_int_equal(run(), 0);
	assert_int_equal(uobj_find(&objs, UVERBS_OBJECT_MR, id, &found), -ENOENT);
}

static void enum_value_and_its_data_arrive(void **state)
{
	struct ib_uverbs_attr *a = add(ENUM, 2, 0xabcd);

	a->attr_data.enum_data.elem_id = 2;
	assert_int_equal(run(), 0);
	assert_int_equal(seen.enum_value, 2);
	a->attr_data.enum_data.elem_id = 3;
	assert_int_equal(run(), -EOPNOTSUPP);
	a->attr_data.enum_data.elem_id = 0;
	a->attr_data.enum_data.reserved = 1;
	assert_int_equal(run(), -EINVAL);
}

static void list_of_objects_is_checked(void **state)
{
	uint32_t ids[3] = {make(UVERBS_OBJECT_PD)->id, make(UVERBS_OBJECT_PD)->id, 0};
	struct ib_uverbs_attr *a = add(LIST, 8, 0);

	memcpy(&a->data, ids, 8);
	assert_int_equal(run(), 0);
	assert_int_equal(seen.listed, 2);
	a->len = 6;
	assert_int_equal(run(), -EINVAL);
	a->len = 0;
	assert_int_equal(run(), -EINVAL);
	a->len = 12;
	a->data = (uint64_t)(uintptr_t)ids;
	assert_int_equal(run(), -EINVAL);
	a->len = 4;
	a->data = 77;
	assert_int_equal(run(), -ENOENT);
}

static void file_is_found_by_any_descriptor(void **state)
{
	struct uobj *chan = make(MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD);
	struct ib_uverbs_attr *a;
	int pair[2], other;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(file_id_get(pair[0], &chan->fd.file), 0);
	other = dup(pair[0]);
	a = add(FILE_READ, 0, (uint64_t)other);
	assert_int_equal(run(), 0);
	a->data = (uint64_t)pair[1];
	assert_int_equal(run(), -EBADF);
	a->data = 100000;
	assert_int_equal(run(), -EBADF);
	/* Its number is no handle. */
	add(READ, 0, chan->id);
	a->data = (uint64_t)other;
	assert_int_equal(run(), -ENOENT);
	close(pair[0]);
	close(pair[1]);
	close(other);
}

static void handles_grow_and_are_reused(void **state)
{
	enum { N = 1000 };
	struct uobj *all[N];

	for (unsigned int i = 0; i < N; i++) {
		all[i] = make(UVERBS_OBJECT_PD);
		assert_int_equal(all[i]->id, i);
	}
	uobj_remove(&objs, all[700]);
	uobj_remove(&objs, all[3]);
	assert_int_equal(make(UVERBS_OBJECT_PD)->id, 3);
	assert_int_equal(make(UVERBS_OBJECT_PD)->id, 700);
	assert_int_equal(make(UVERBS_OBJECT_PD)->id, N);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
	    TEST(new_object_gets_lowest_free_number),
	    TEST(new_object_is_taken_back_when_call_fails),
	    TEST(new_object_is_taken_back_when_decoding_fails),
	    TEST(object_is_found_by_number),
	    TEST(object_of_other_type_is_einval),
	    TEST(object_unknown_is_enoent),
	    TEST(object_reserved_is_not_found),
	    TEST(destroyed_object_is_gone_only_on_success),
	    TEST(enum_value_and_its_data_arrive),
	    TEST(list_of_objects_is_checked),
	    TEST(file_is_found_by_any_descriptor),
	    TEST(handles_grow_and_are_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
