/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control queue with a guest on one side (swring_mock.h) and a device on the other that keeps the
 * state in force, and can be told to be busy, to refuse or to take its time.
 *
 * Threads: open, close, start, the guest's calls: the test's. The device's calls: who polls. Knobs
 * are atomic.
 */
#ifndef CVQ_RIG_H
#define CVQ_RIG_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "swring_mock.h"
#include "vv_cvq.h"

enum { CVQ_RIG_PAIRS = 4, CVQ_RIG_SENT = 256 };

struct cvq_rig {
	struct swmock *mock;
	struct vv_cvq *cvq;
	struct vv_cvq_ring ring; /* what start is told */
	struct vv_region regions[SWMOCK_REGIONS];

	/* The device. */
	struct vv_ctrl_conf conf;
	struct vv_ctrl_state state; /* in force */
	bool enabled[2 * CVQ_RIG_PAIRS];
	pthread_mutex_t lock;
	int apply_err;
	unsigned int apply_us;
	/* Called by apply, before the state changes. */
	void (*applying)(struct cvq_rig *rig);
	unsigned int entered, applied, calls;

	/* The guest. */
	uint64_t ack[CVQ_RIG_SENT]; /* address of the first writable byte, by token */
	uintptr_t next_token;
};

struct cvq_rig_conf {
	bool packed, event_idx, indirect, heap;
	uint16_t size;
};

/* Tests in both layouts take theirs from the state. */
extern bool cvq_rig_split, cvq_rig_packed;

#define SPLIT(f)                                                                                   \
	{                                                                                          \
#f "/split", f, NULL, NULL, &cvq_rig_split                                         \
	}
#define PACKED(f)                                                                                  \
	{                                                                                          \
#f "/packed", f, NULL, NULL, &cvq_rig_packed                                       \
	}
#define BOTH(f) SPLIT(f), PACKED(f)

void cvq_rig_open(struct cvq_rig *rig, const char *name, const struct cvq_rig_conf *conf);
/* Of that state's layout, with indirect tables, and started. */
void cvq_rig_open_for(struct cvq_rig *rig, void **state);
void cvq_rig_start(struct cvq_rig *rig); /* anew: the guest's ring too, where it was */
void cvq_rig_close(struct cvq_rig *rig);
/* The file behind a region of the mock is cut to nothing, as the device sees it. */
void cvq_rig_truncate(struct cvq_rig *rig, unsigned int region);

/* How a command lies in memory: bit i of a set: a descriptor ends behind byte i. */
struct cvq_rig_framing {
	uint32_t read_ends, write_ends;
	unsigned int n_table; /* the last ones, in an indirect table (packed: none or all) */
};

/* Makes it available; a token. framing NULL: one descriptor each way. room: bytes to write. */
uintptr_t cvq_rig_send(struct cvq_rig *rig, const void *command, uint32_t len, uint32_t room,
		       const struct cvq_rig_framing *framing);
uintptr_t cvq_rig_send_vlan(struct cvq_rig *rig, bool add, uint16_t vid);
bool cvq_rig_has_vlan(const struct cvq_rig *rig, uint16_t vid);

/* It came back, with that many bytes; the first of them, or 0xff: none. */
uint8_t cvq_rig_reap(struct cvq_rig *rig, uintptr_t token, uint32_t len);
/* Likewise if one is there; in order of sending. */
bool cvq_rig_reap_one(struct cvq_rig *rig, uint8_t *ack);

unsigned int cvq_rig_poll(struct cvq_rig *rig);
struct vv_cvq_stats cvq_rig_stats(const struct cvq_rig *rig);
/* It takes commands; or none any more, until it starts again. */
void cvq_rig_assert_alive(struct cvq_rig *rig);
void cvq_rig_assert_dead(struct cvq_rig *rig);
/* What they count in all, but for visits to a busy device. */
uint64_t cvq_rig_errors(const struct cvq_rig *rig);

#endif
