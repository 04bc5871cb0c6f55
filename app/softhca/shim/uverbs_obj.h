/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handles of one open uverbs file: small numbers for objects, lowest free first, as the kernel's
 * idr gives them (0 is a valid handle).
 *
 * An object is in one of two states: reserved (its number is taken, nobody finds it) and
 * committed. Objects that the program knows by a file descriptor have a number too, but are
 * found by the identity of the file, so that dup() and fd passing work.
 *
 * Owner: the uverbs file, which calls with its lock held. Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_UVERBS_OBJ_H
#define SOFTHCA_SHIM_UVERBS_OBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fw/hca.h"

/* Identity of an open file, whatever its descriptor. */
struct file_id {
	dev_t dev;
	ino_t ino;
};

struct uobj {
	uint32_t id;
	uint16_t type; /* uverbs object id, UVERBS_OBJECT_* or MLX5_IB_OBJECT_* */
	bool committed;
	void *extra; /* owned; what a type has beyond the union, or NULL */
	union {
		uint32_t pdn;
		struct {
			uint32_t lkey, rkey, access;
			uint64_t start, length, iova;
			uint32_t pdn;
		} mr;
		struct {
			struct hca_obj *obj;
			uint32_t buf_umem, dbr_umem;
			uint64_t user_handle;
			struct uobj *comp, *async; /* borrowed channels; NULL: none, or closed */
		} cq;
		struct {
			struct hca_obj *obj;
			uint32_t rq_umem, dbr_umem;
			uint32_t max_wr, max_sge; /* shared receive queues */
			struct uobj *async;	  /* borrowed channel; NULL: none, or closed */
			uint64_t user_handle;
		} qp; /* and shared receive queues; extra of queue pairs: uverbs_qp.c */
		uint32_t umem_id;
		struct hca_obj *devx;
		struct hca_matcher *matcher;
		struct hca_flow *flow;
		struct {
			uint32_t page; /* index in pages.h */
			uint32_t id;   /* number of the UAR or VAR */
		} page;
		struct {
			struct file_id file;
			struct hca_chan *chan; /* event channels; NULL: none */
			int peer;              /* owned; async command files */
			int reader;            /* owned copy of the program's end, or -1 */
		} fd;
	};
};

struct uobj_table {
	struct uobj **slots; /* owned */
	uint32_t n;
	uint32_t lowest; /* no free slot below it */
};

int uobj_reserve(struct uobj_table *table, uint16_t type, struct uobj **obj);
/* -ENOENT: no such handle; -EINVAL: of another type. type UOBJ_ANY: all but descriptors. */
int uobj_find(const struct uobj_table *table, uint16_t type, uint32_t id, struct uobj **obj);
int uobj_find_file(const struct uobj_table *table, uint16_t type, const struct file_id *file,
		   struct uobj **obj);
/* Forget the object and its number, in either state. */
void uobj_remove(struct uobj_table *table, struct uobj *obj);
void uobj_table_clear(struct uobj_table *table);

#define UOBJ_ANY 0xffff

#endif
