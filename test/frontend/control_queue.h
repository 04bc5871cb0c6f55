/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's end of a control virtqueue (virtio 1.3 section 5.1.6.5): commands go out, each in
 * a chain of readable descriptors (class, command, data) and writable ones (ack, result) cut as the
 * framing says and spread over two regions, and come back with an answer.
 *
 * Up to FE_CTRL_SLOTS commands are under way. Writable bytes are poisoned beforehand: what the
 * device says it has written must be written, and nothing behind it. A command is published and the
 * device is kicked by eventfd, if it wants that.
 *
 * Owner: the device. Threads: one, not necessarily the one that serves the device's connection.
 * Errors: 0 or -errno; -ETIMEDOUT no answer in time; -EPROTO the device returned what it does not
 * hold, or wrote where it did not say; -ENOMSG used, yet no call came.
 */
#ifndef FRONTEND_CONTROL_QUEUE_H
#define FRONTEND_CONTROL_QUEUE_H

#include "control_framing.h"
#include "queue.h"

enum {
	FE_CTRL_SLOTS = 16,
	FE_CTRL_SLOT_LEN = 24576, /* of each direction and each of two regions */
	FE_CTRL_COMMAND_MAX = 16384,
	FE_CTRL_RESULT_MAX = 4096,
	FE_CTRL_PIECES_MAX = 1024,
};

struct fe_ctrl_config {
	unsigned int index; /* of the virtqueue */
	enum fe_layout layout;
	unsigned int ring_size;
	bool event_idx;
	bool legacy_layout;
	enum fe_framing framing; /* may be changed between commands */
	uint64_t seed;           /* of random framing; whoever uses it prints it */
};

struct fe_command {
	size_t len;
	size_t room; /* writable bytes behind the ack */
	bool no_ack; /* not a writable byte */
	uint8_t bytes[FE_CTRL_COMMAND_MAX];
};

struct fe_answer {
	uint32_t used_len; /* as the device says */
	int ack;           /* -1: used_len is 0 */
	size_t result_len;
	uint8_t result[FE_CTRL_RESULT_MAX];
	uint64_t ns; /* from before it was published until it was seen used */
};

struct fe_ctrl_slot {
	bool busy;
	unsigned int pieces; /* writable ones */
	struct fe_piece piece[FE_CTRL_PIECES_MAX];
	uint64_t since; /* when it was published */
};

struct fe_ctrl_queue {
	struct fe_ctrl_config cfg;
	struct fe_queue q; /* owned: ring and eventfds; its own buffers are not used */
	struct fe_span arena[2];
	struct fe_ctrl_slot *slot; /* owned */
	unsigned int busy;
	uint64_t random;
	uint64_t commands, kicks_spared;
	/* While waiting, now and then: 0, or what ends the wait. NULL: nothing. */
	int (*idle)(void *arg);
	void *idle_arg;
};

size_t fe_ctrl_footprint(const struct fe_ctrl_config *cfg);
int fe_ctrl_create(const struct fe_ctrl_config *cfg, struct fe_mem *mem, struct fe_ctrl_queue **c);
void fe_ctrl_destroy(struct fe_ctrl_queue *c);
/* As a guest's reset: all that was under way is forgotten. */
int fe_ctrl_reset(struct fe_ctrl_queue *c);

/* Not visible before publish. -ENOSPC: no slot or not enough descriptors are free. */
int fe_ctrl_post(struct fe_ctrl_queue *c, const struct fe_command *command, unsigned int *slot);
void fe_ctrl_publish(struct fe_ctrl_queue *c);
/* 1: *slot was answered; 0: nothing yet; -EPROTO. */
int fe_ctrl_take(struct fe_ctrl_queue *c, unsigned int *slot, struct fe_answer *answer);

enum fe_ctrl_wait { FE_CTRL_SLEEP, FE_CTRL_SPIN }; /* for the call eventfd, or on the ring */

/* Waits for something used. */
int fe_ctrl_wait(struct fe_ctrl_queue *c, enum fe_ctrl_wait how, unsigned int limit_ms);

/* Posts one command, publishes it and waits for its answer; nothing else may be under way. */
int fe_ctrl_run(struct fe_ctrl_queue *c, const struct fe_command *command, enum fe_ctrl_wait how,
		unsigned int limit_ms, struct fe_answer *answer);

#endif
