/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One made-up call with an attribute of each kind, for the tests of the ioctl decoder: what it is
 * given, and what its handler sees. One call at a time. Failures end the test (cmocka).
 */
#ifndef TEST_SOFTHCA_UVERBS_CALL_H
#define TEST_SOFTHCA_UVERBS_CALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "shim/uverbs_attr.h"

/* The attributes. */
enum { IN = 10, CONST, FLAGS, OUT, STRUCT, NEW, READ, DESTROY, ENUM, LIST, FILE_READ };

/* What the handler of the call saw and what it is to answer. */
extern struct call_seen {
	unsigned int calls;
	int answer;
	uint8_t in[32];
	uint16_t in_len;
	uint64_t constant, flags;
	int flags_rc;
	uint8_t enum_value;
	struct uobj *read, *created;
	uint16_t listed;
} call_seen;

extern const struct umethod call_method;
extern struct uobj_table call_objs;
extern struct ib_uverbs_attr call_attrs[16];
extern unsigned int call_n_attrs;

/* For cmocka: no objects, and nothing but the attribute that every call needs, IN. */
int call_setup(void **state);
int call_teardown(void **state);

/* One more attribute, mandatory. */
struct ib_uverbs_attr *call_add(uint16_t id, uint16_t len, uint64_t data);
struct ib_uverbs_attr *call_add_ptr(uint16_t id, uint16_t len, const void *data);
/* An object that is there. */
struct uobj *call_make(uint16_t type);
int call_run(void);

#endif
