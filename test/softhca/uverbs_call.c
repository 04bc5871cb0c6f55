/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "uverbs_call.h"

enum { OBJECT = 0x1001, METHOD = 7 };

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

struct call_seen call_seen;

static int handler(struct ubundle *b)
{
	static const struct grown grown = {1, 2};
	const struct uattr *a = ubundle_attr(b, IN);
	uint32_t out = 0x12345678;

	call_seen.calls++;
	call_seen.in_len = a->len;
	memcpy(call_seen.in, a->in, a->len);
	call_seen.constant = ubundle_const(b, CONST);
	call_seen.flags_rc = ubundle_flags(b, FLAGS, 0x3, &call_seen.flags);
	a = ubundle_attr(b, ENUM);
	call_seen.enum_value = a ? a->enum_value : 0xff;
	a = ubundle_attr(b, READ);
	call_seen.read = a ? a->obj : NULL;
	a = ubundle_attr(b, NEW);
	call_seen.created = a ? a->obj : NULL;
	a = ubundle_attr(b, LIST);
	call_seen.listed = a ? a->len : 0;
	if (!call_seen.answer && ubundle_out(b, OUT, &out, sizeof(out)))
		return -EFAULT;
	if (!call_seen.answer && ubundle_out(b, STRUCT, &grown, sizeof(grown)))
		return -EFAULT;
	return call_seen.answer;
}

const struct umethod call_method = {
    .name = "test",
    .object = OBJECT,
    .method = METHOD,
    .specs = specs,
    .n_specs = ARRAY_SIZE(specs),
    .handler = handler,
};

struct uobj_table call_objs;
struct ib_uverbs_attr call_attrs[16];
unsigned int call_n_attrs;

int call_setup(void **state)
{
	memset(&call_seen, 0, sizeof(call_seen));
	call_n_attrs = 0;
	/* What every call needs. */
	call_add(IN, 4, 0x04030201);
	return 0;
}

int call_teardown(void **state)
{
	uobj_table_clear(&call_objs);
	return 0;
}

struct ib_uverbs_attr *call_add(uint16_t id, uint16_t len, uint64_t data)
{
	struct ib_uverbs_attr *a = &call_attrs[call_n_attrs++];

	*a = (struct ib_uverbs_attr){.attr_id = id, .len = len, .data = data};
	a->flags = UVERBS_ATTR_F_MANDATORY;
	return a;
}

struct ib_uverbs_attr *call_add_ptr(uint16_t id, uint16_t len, const void *data)
{
	return call_add(id, len, (uint64_t)(uintptr_t)data);
}

struct uobj *call_make(uint16_t type)
{
	struct uobj *obj;

	assert_int_equal(uobj_reserve(&call_objs, type, &obj), 0);
	obj->committed = true;
	return obj;
}

int call_run(void)
{
	return ubundle_run(NULL, &call_objs, &call_method, call_attrs, call_n_attrs);
}
