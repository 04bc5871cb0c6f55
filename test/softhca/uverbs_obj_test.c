/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects in uverbs ioctls: made, found and destroyed by number, in lists, by file descriptor. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uverbs_call.h"

static void new_object_gets_lowest_free_number(void **state)
{
	struct ib_uverbs_attr *a;
	struct uobj *first, *second, *found;

	first = call_make(UVERBS_OBJECT_PD);
	second = call_make(UVERBS_OBJECT_PD);
	assert_int_equal(first->id, 0);
	assert_int_equal(second->id, 1);
	uobj_remove(&call_objs, first);
	a = call_add(NEW, 0, 0xffff);
	assert_int_equal(call_run(), 0);
	assert_int_equal(a->data, 0);
	assert_int_equal(uobj_find(&call_objs, UVERBS_OBJECT_PD, 0, &found), 0);
	assert_ptr_equal(found, call_seen.created);
}

static void new_object_is_taken_back_when_call_fails(void **state)
{
	struct uobj *found;

	call_add(NEW, 0, 0);
	call_seen.answer = -ENOMEM;
	assert_int_equal(call_run(), -ENOMEM);
	assert_int_equal(uobj_find(&call_objs, UVERBS_OBJECT_PD, 0, &found), -ENOENT);
}

static void new_object_is_taken_back_when_decoding_fails(void **state)
{
	struct uobj *found;

	call_add(NEW, 0, 0);
	call_add(99, 0, 0);
	assert_int_equal(call_run(), -EPROTONOSUPPORT);
	assert_int_equal(uobj_find(&call_objs, UVERBS_OBJECT_PD, 0, &found), -ENOENT);
	assert_int_equal(call_make(UVERBS_OBJECT_PD)->id, 0);
}

static void object_is_found_by_number(void **state)
{
	struct uobj *pd = call_make(UVERBS_OBJECT_PD);

	call_add(READ, 0, pd->id);
	assert_int_equal(call_run(), 0);
	assert_ptr_equal(call_seen.read, pd);
}

static void object_of_other_type_is_einval(void **state)
{
	call_add(READ, 0, call_make(UVERBS_OBJECT_MR)->id);
	assert_int_equal(call_run(), -EINVAL);
}

static void object_unknown_is_enoent(void **state)
{
	struct ib_uverbs_attr *a = call_add(READ, 0, 5);

	assert_int_equal(call_run(), -ENOENT);
	a->data = 1000000;
	assert_int_equal(call_run(), -ENOENT);
	a->data = (uint64_t)-1;
	assert_int_equal(call_run(), -EINVAL);
	a->data = 0;
	a->len = 4;
	assert_int_equal(call_run(), -EINVAL);
}

static void object_reserved_is_not_found(void **state)
{
	struct uobj *obj;

	assert_int_equal(uobj_reserve(&call_objs, UVERBS_OBJECT_PD, &obj), 0);
	call_add(READ, 0, obj->id);
	assert_int_equal(call_run(), -ENOENT);
}

static void destroyed_object_is_gone_only_on_success(void **state)
{
	struct uobj *mr = call_make(UVERBS_OBJECT_MR), *found;
	uint32_t id = mr->id;

	call_add(DESTROY, 0, id);
	call_seen.answer = -EBUSY;
	assert_int_equal(call_run(), -EBUSY);
	assert_int_equal(uobj_find(&call_objs, UVERBS_OBJECT_MR, id, &found), 0);
	call_seen.answer = 0;
	assert_int_equal(call_run(), 0);
	assert_int_equal(uobj_find(&call_objs, UVERBS_OBJECT_MR, id, &found), -ENOENT);
}

static void list_of_objects_is_checked(void **state)
{
	uint32_t ids[3] = {call_make(UVERBS_OBJECT_PD)->id, call_make(UVERBS_OBJECT_PD)->id, 0};
	struct ib_uverbs_attr *a = call_add(LIST, 8, 0);

	memcpy(&a->data, ids, 8);
	assert_int_equal(call_run(), 0);
	assert_int_equal(call_seen.listed, 2);
	a->len = 6;
	assert_int_equal(call_run(), -EINVAL);
	a->len = 0;
	assert_int_equal(call_run(), -EINVAL);
	a->len = 12;
	a->data = (uint64_t)(uintptr_t)ids;
	assert_int_equal(call_run(), -EINVAL);
	a->len = 4;
	a->data = 77;
	assert_int_equal(call_run(), -ENOENT);
}

static void file_is_found_by_any_descriptor(void **state)
{
	struct uobj *chan = call_make(MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD);
	struct ib_uverbs_attr *a;
	int pair[2], other;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(file_id_get(pair[0], &chan->fd.file), 0);
	other = dup(pair[0]);
	a = call_add(FILE_READ, 0, (uint64_t)other);
	assert_int_equal(call_run(), 0);
	a->data = (uint64_t)pair[1];
	assert_int_equal(call_run(), -EBADF);
	a->data = 100000;
	assert_int_equal(call_run(), -EBADF);
	/* Its number is no handle. */
	call_add(READ, 0, chan->id);
	a->data = (uint64_t)other;
	assert_int_equal(call_run(), -ENOENT);
	close(pair[0]);
	close(pair[1]);
	close(other);
}

static void handles_grow_and_are_reused(void **state)
{
	enum { N = 1000 };
	struct uobj *all[N];

	for (unsigned int i = 0; i < N; i++) {
		all[i] = call_make(UVERBS_OBJECT_PD);
		assert_int_equal(all[i]->id, i);
	}
	uobj_remove(&call_objs, all[700]);
	uobj_remove(&call_objs, all[3]);
	assert_int_equal(call_make(UVERBS_OBJECT_PD)->id, 3);
	assert_int_equal(call_make(UVERBS_OBJECT_PD)->id, 700);
	assert_int_equal(call_make(UVERBS_OBJECT_PD)->id, N);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, call_setup, call_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(new_object_gets_lowest_free_number),
	    TEST(new_object_is_taken_back_when_call_fails),
	    TEST(new_object_is_taken_back_when_decoding_fails),
	    TEST(object_is_found_by_number),
	    TEST(object_of_other_type_is_einval),
	    TEST(object_unknown_is_enoent),
	    TEST(object_reserved_is_not_found),
	    TEST(destroyed_object_is_gone_only_on_success),
	    TEST(list_of_objects_is_checked),
	    TEST(file_is_found_by_any_descriptor),
	    TEST(handles_grow_and_are_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
