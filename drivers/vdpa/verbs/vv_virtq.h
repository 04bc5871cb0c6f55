/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One data queue of a guest on the NIC: the queue object, the memory firmware wants for it, and its
 * counters. What happens around it (events, kicks, steering) is put together in vv_dev_queue.c.
 *
 * The counters are made at probe; the rest when the guest appears. Threads: control.
 */
#ifndef VV_VIRTQ_H
#define VV_VIRTQ_H

#include <stdbool.h>

#include "hca/vv_hca.h"

struct vv_virtq;

/* All a queue object is made of that may change between two starts. */
struct vv_virtq_conf {
	uint16_t size;
	bool packed, version_1;
	struct vv_virtq_tune tune;
	uint64_t desc, driver, device; /* guest-physical; split: table, available, used */
	uint32_t mkey, tisn;
	uint32_t event_qpn; /* 0: none, the guest polls */
	uint16_t base;      /* position as vhost says it (vv_index.h) */
};

static inline bool vv_virtq_tune_equal(const struct vv_virtq_tune *a, const struct vv_virtq_tune *b)
{
	return a->feature_bits == b->feature_bits && a->period_us == b->period_us &&
	       a->max_count == b->max_count;
}

/* 1 command, none without counters */
int vv_virtq_create(struct vv_hca *hca, uint16_t index, struct vv_virtq **q);
void vv_virtq_destroy(struct vv_virtq *q); /* NULL is legal */

/*
 * Make the queue object (in INIT) and report its errors with this cookie; then vv_virtq_run.
 * 4 commands, 1 if memory of the last start is big enough. A failure may leave an object: unmake.
 */
int vv_virtq_make(struct vv_virtq *q, const struct vv_virtq_conf *conf, uint64_t cookie);
int vv_virtq_run(struct vv_virtq *q); /* INIT or SUSPEND to RDY: 1 command */
/*
 * Can a suspended queue be tuned and go on, without being made again? Then tune is 1 command, and
 * none if nothing changes; on failure it is as it was.
 */
bool vv_virtq_can_tune(const struct vv_virtq *q, const struct vv_virtq_tune *tune);
int vv_virtq_tune(struct vv_virtq *q, const struct vv_virtq_tune *tune);
/* RDY to SUSPEND, and where it stopped: 2 commands. Also legal on a queue in error. */
int vv_virtq_suspend(struct vv_virtq *q, uint16_t *base);
int vv_virtq_status(struct vv_virtq *q, struct vv_virtq_status *status); /* 1 command */
/* Can a suspended queue go on as conf says, without being made again? */
bool vv_virtq_can_resume(const struct vv_virtq *q, const struct vv_virtq_conf *conf);

void vv_virtq_unmake(struct vv_virtq *q);  /* the queue object only: 1 command */
void vv_virtq_release(struct vv_virtq *q); /* and its memory: 3 more */

size_t vv_virtq_bytes(const struct vv_virtq *q); /* of host memory, firmware's among them */
bool vv_virtq_exists(const struct vv_virtq *q);
uint32_t vv_virtq_number(const struct vv_virtq *q); /* for the receive table */

/* Firmware may refuse while there is no queue in RDY, or have no counters: 1 command. */
int vv_virtq_counters(struct vv_virtq *q, struct vv_virtq_counters *counters);

#endif
