/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NIC for tests of receive steering: it keeps the objects it is asked for, and what refers to
 * what, and is as strict as firmware. What it finds wrong fails the test. It knows the contract of
 * hca/vv_hca.h and nothing of the code under test.
 */
#ifndef STEER_FAKE_H
#define STEER_FAKE_H

#include "hca/vv_hca.h"

enum fake_kind {
	FAKE_TD,
	FAKE_TIS,
	FAKE_RQT,
	FAKE_TIR,
	FAKE_TABLE,
	FAKE_GROUP,
	FAKE_ENTRY,
	FAKE_MATCHER,
	FAKE_RULE,
	FAKE_KINDS,
};

enum { FAKE_QUEUES_MAX = 128 };

struct fake_object {
	struct fake_object *next;
	enum fake_kind kind;
	uint32_t id;
	unsigned int users;          /* objects that refer to it */
	struct fake_object *uses[3]; /* that it refers to */
	unsigned int n, max;         /* RQT */
	uint32_t queues[FAKE_QUEUES_MAX];
	struct vv_hash hash;          /* TIR: over uses[0] */
	unsigned int level, log_size; /* table */
	uint32_t first, last;         /* group of uses[0] */
	struct vv_match mask;         /* group, matcher */
	uint8_t priority;             /* matcher */
	uint32_t index;               /* entry of the group uses[0] */
	struct vv_match value;        /* entry; rule of the matcher uses[0] */
	enum vv_dest_kind dest;       /* entry, rule: to uses[1] */
};

struct vv_hca {
	struct vv_hca_caps caps;
	struct fake_object *objects;
	uint32_t next_id;
	/* All that was asked for since fake_mark, as "+rqt ~tir -entry": made, modified, gone. */
	char log[65536];
	size_t logged;
	unsigned int asked;       /* of what can fail, since fake_mark */
	unsigned int fail_at[2];  /* which of them fail, from 1; 0: none */
	unsigned int fail_from;   /* as do all from here on; 0: none */
	void (*after)(void *arg); /* after each thing that was done */
	void *arg;
};

/* With flow tables, that devices can share, and receive tables of up to 128. */
void fake_init(struct vv_hca *hca);
void fake_mark(struct vv_hca *hca);
unsigned int fake_live(const struct vv_hca *hca, enum fake_kind kind);
unsigned int fake_live_all(const struct vv_hca *hca);

/* ---- what becomes of a frame ---- */

struct fake_frame {
	uint8_t dmac[6];
	bool tagged;
	uint16_t vid;
	uint8_t ip_version, ip_protocol;
};

/* Zeroed where it says nothing, so that two can be compared as memory. */
struct fake_verdict {
	bool taken;
	struct vv_hash hash; /* zero: none */
	unsigned int n;      /* 1 without a hash */
	uint32_t queues[FAKE_QUEUES_MAX];
};

/*
 * By queues of one transmit domain, that is of one device; 0: there is one device, or the test
 * fails if a frame comes to two.
 */
void fake_receive_in(const struct vv_hca *hca, uint32_t td, const struct fake_frame *frame,
		     struct fake_verdict *verdict);
void fake_receive(const struct vv_hca *hca, const struct fake_frame *frame,
		  struct fake_verdict *verdict);

#endif
