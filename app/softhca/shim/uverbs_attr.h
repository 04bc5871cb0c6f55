/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The attribute language of uverbs ioctls (include/uapi/rdma/rdma_user_ioctl_cmds.h): a call names
 * an object, a method and a list of attributes; tables say which attributes a method takes.
 *
 * A method is a struct umethod with a table of struct uattr_spec. ubundle_run() checks a call
 * against it as the kernel does - the same errno for the same mistake, in the same order - copies
 * all input, looks up objects, reserves a number for a new one, runs the handler, and commits or
 * takes back the new object.
 *
 * User memory is only touched through copy_from_user()/copy_to_user(), which answer -EFAULT for an
 * address that is not mapped instead of faulting.
 *
 * Threads: the caller holds the lock of the file. Errors: 0 or -errno; -EPROTONOSUPPORT means
 * "this kernel does not know that", never anything else.
 */
#ifndef SOFTHCA_SHIM_UVERBS_ATTR_H
#define SOFTHCA_SHIM_UVERBS_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "uverbs_obj.h"

struct uverbs_file;

#define ARRAY_SIZE(a)        (sizeof(a) / sizeof((a)[0]))
#define END_OF(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

enum uattr_type {
	UATTR_IN,   /* data, copied in */
	UATTR_OUT,  /* room for data */
	UATTR_ENUM, /* one of several kinds of data; all data is of the size in the spec */
	UATTR_IDR,  /* an object by its number */
	UATTR_IDRS, /* an array of numbers of objects */
	UATTR_FD,   /* an object by its file descriptor */
};

enum uattr_access { UATTR_READ, UATTR_NEW, UATTR_DESTROY };

struct uattr_spec {
	uint16_t id;
	enum uattr_type type;
	bool mandatory;
	/* UATTR_IN, UATTR_OUT: longer is fine if what is beyond max_len is zero (in) or ignored */
	bool zero_trailing;
	uint16_t min_len, max_len; /* UATTR_IDRS: number of handles */
	uint16_t obj_type;         /* UATTR_IDR, UATTR_IDRS, UATTR_FD */
	enum uattr_access access;
	uint8_t enums; /* UATTR_ENUM: first value that does not exist */
};

/* Ways to write a spec, named after what the attribute carries. */
#define UATTR_IN_SIZE(_id, _min, _max, _mand)                                                      \
	{                                                                                          \
		.id = (_id), .type = UATTR_IN, .mandatory = (_mand), .min_len = (_min),            \
		.max_len = (_max)                                                                  \
	}
#define UATTR_IN_TYPE(_id, _t, _mand)  UATTR_IN_SIZE(_id, sizeof(_t), sizeof(_t), _mand)
#define UATTR_IN_MIN(_id, _min, _mand) UATTR_IN_SIZE(_id, _min, UINT16_MAX, _mand)
#define UATTR_IN_CONST(_id, _mand)     UATTR_IN_SIZE(_id, 8, 8, _mand)
#define UATTR_IN_FLAGS(_id, _mand)     UATTR_IN_SIZE(_id, 4, 8, _mand)
#define UATTR_OUT_SIZE(_id, _min, _max, _mand)                                                     \
	{                                                                                          \
		.id = (_id), .type = UATTR_OUT, .mandatory = (_mand), .min_len = (_min),           \
		.max_len = (_max)                                                                  \
	}
#define UATTR_OUT_TYPE(_id, _t, _mand)  UATTR_OUT_SIZE(_id, sizeof(_t), sizeof(_t), _mand)
#define UATTR_OUT_MIN(_id, _min, _mand) UATTR_OUT_SIZE(_id, _min, UINT16_MAX, _mand)
/* A struct that may grow: at least _min bytes, whatever comes later is cleared. */
#define UATTR_OUT_STRUCT(_id, _min, _t, _mand)                                                     \
	{                                                                                          \
		.id = (_id), .type = UATTR_OUT, .mandatory = (_mand), .zero_trailing = true,       \
		.min_len = (_min), .max_len = sizeof(_t)                                           \
	}
#define UATTR_OBJ(_id, _obj, _access, _mand)                                                       \
	{                                                                                          \
		.id = (_id), .type = UATTR_IDR, .mandatory = (_mand), .obj_type = (_obj),          \
		.access = (_access)                                                                \
	}
#define UATTR_FILE(_id, _obj, _access, _mand)                                                      \
	{                                                                                          \
		.id = (_id), .type = UATTR_FD, .mandatory = (_mand), .obj_type = (_obj),           \
		.access = (_access)                                                                \
	}

enum { UBUNDLE_ATTRS_MAX = 20 };

struct ubundle;

struct umethod {
	const char *name;
	uint16_t object, method;
	const struct uattr_spec *specs;
	uint8_t n_specs; /* at most UBUNDLE_ATTRS_MAX */
	int (*handler)(struct ubundle *b);
};

#define UMETHOD(_obj, _method, _specs, _handler)                                                   \
	{                                                                                          \
		.name = #_method, .object = (_obj), .method = (_method), .specs = (_specs),        \
		.n_specs = ARRAY_SIZE(_specs), .handler = (_handler)                               \
	}

struct uattr {
	bool present;
	uint16_t index; /* in the user's list */
	uint16_t len;   /* bytes; UATTR_IDRS: handles */
	uint8_t enum_value;
	void *in;     /* owned: UATTR_IN, UATTR_ENUM; aligned for any type */
	uint64_t out; /* user address: UATTR_OUT */
	struct uobj *obj;
};

struct ubundle {
	struct uverbs_file *file; /* borrowed */
	struct uobj_table *objs;  /* borrowed */
	const struct umethod *method;
	struct ib_uverbs_attr *user;   /* user address of the list */
	struct ib_uverbs_attr *uattrs; /* owned copy of it */
	struct uattr attrs[UBUNDLE_ATTRS_MAX];
};

/* Run one call: user_attrs is the user's list of n attributes. */
int ubundle_run(struct uverbs_file *file, struct uobj_table *objs, const struct umethod *method,
		struct ib_uverbs_attr *user_attrs, unsigned int n);

/* ---- for handlers ---- */

/* The attribute, or NULL if the call does not have it. id must be one of the method's. */
struct uattr *ubundle_attr(struct ubundle *b, uint16_t id);
/* Input data as an integer; the attribute is present and of that size (or of 4 or 8: flags). */
uint64_t ubundle_const(struct ubundle *b, uint16_t id);
/* Flags of 4 or 8 bytes, 0 if absent; -EINVAL for bits that are not allowed. */
int ubundle_flags(struct ubundle *b, uint16_t id, uint64_t allowed, uint64_t *flags);
/* Copy out as much as the program has room for; clears the rest if the spec says so. */
int ubundle_out(struct ubundle *b, uint16_t id, const void *data, size_t len);
/* A file descriptor for a UATTR_FD/UATTR_NEW attribute. */
int ubundle_out_fd(struct ubundle *b, uint16_t id, int fd);

int copy_from_user(void *to, uint64_t from, size_t len);
int copy_to_user(uint64_t to, const void *from, size_t len);

/* Identity of an open descriptor; -EBADF. */
int file_id_get(int fd, struct file_id *id);

#endif
