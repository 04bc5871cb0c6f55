/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measures a back-end with the least possible driver: fixed descriptors, batches, 8 bytes written
 * and read a frame. One thread drives all queue pairs of the sender and of the receiver (the same
 * device, when frames are looped back), in one direction or in both.
 *
 * Cycles are of the time-stamp counter. "Busy" are those of passes that moved something: what this
 * front-end costs itself, to tell whether it is the bottleneck.
 */
#ifndef FRONTEND_BENCH_H
#define FRONTEND_BENCH_H

#include "device.h"
#include "frame.h"

struct fe_bench_config {
	struct fe_dev *tx, *rx;
	struct fe_frame_spec spec; /* of fixed size, the largest */
	const uint16_t *sizes; /* borrowed: frame lengths in turn, none above; NULL: all of that */
	unsigned int n_sizes;
	bool duplex;         /* frames go from rx to tx, too */
	bool plain;          /* not IP: no receive hashing */
	unsigned int active; /* queue pairs that send, the first ones; 0: all */
	bool touch_tail;     /* touch the end of frames instead of where their headers are */
	unsigned int flows;
	unsigned int batch;  /* frames published at once, at most */
	unsigned int window; /* frames in flight a queue pair, at most; 0: not limited */
	bool per_second;     /* a line a second on stderr */
};

struct fe_bench_result {
	uint64_t sent, received;
	uint64_t bytes;        /* received, by the mean length */
	uint64_t given_up;     /* in flight too long: lost */
	uint64_t out_of_place; /* batches whose last buffer came back from another slot */
	uint64_t elapsed_ns, cycles, busy_cycles;
};

/*
 * Before connecting: lays the rings out. After: runs, once or more often; each time what moved
 * meanwhile is counted. Then the devices are of no further use.
 */
struct fe_bench;
int fe_bench_create(const struct fe_bench_config *cfg, struct fe_bench **bench);
int fe_bench_run(struct fe_bench *b, uint64_t ns, struct fe_bench_result *res);
void fe_bench_destroy(struct fe_bench *b);

#endif
