/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completion queues: a ring of CQEs and a doorbell record in the program's memory. A CQE has 64
 * bytes, the last ones of an entry; entries have 64 or 128.
 *
 * Collapsed (cc): every CQE goes to entry 0; its wqe_counter says how far things are.
 * Arming: word 1 of the doorbell record (sn | cmd | ci) asks for an event once there are CQEs
 * beyond ci, or solicited ones, as cmd says. A word that has fired does not fire again. Before the first event a word equal to the
 * one at creation (DPDK's first arming writes 0 over 0) counts as armed once the UAR page has rung.
 *
 * Threads: see event.h.
 */
#ifndef SOFTHCA_FW_CQ_H
#define SOFTHCA_FW_CQ_H

#include <pthread.h>

#include "cmd.h"
#include "obj.h"
#include "uar.h"

struct cq {
	struct hca_obj obj;
	struct umem *umem, *dbr_umem;
	uint8_t *cqes; /* in umem */
	uint32_t *dbr; /* in dbr_umem: [0] consumer index, [1] arm word, big-endian */
	unsigned int log_size, entry_len;
	bool collapsed, overrun_ignore;
	struct uar *uar;

	pthread_spinlock_t lock; /* guards what follows between NIC threads */
	uint32_t pi;             /* CQEs ever written */
	uint32_t solicited;      /* up to the newest that was solicited, or an error */
	bool broken;             /* overran, or lost: no more CQEs */
	bool lost;               /* the program has unmapped its memory: not touched any more */
	bool told;               /* of being lost */
	bool waiting;            /* may have unseen CQEs and is not armed */
	bool fired;
	uint32_t fired_word;     /* arm word of the last event, or at creation */
	unsigned int rings_seen; /* of the UAR at creation */
	TAILQ_ENTRY(cq) in_hca;
};

int cq_create(struct cmd *cmd, struct hca_obj **obj);
void cq_fini(struct hca_obj *obj);

/* Is addr in memory that cq_produce() and cq_check_arm() touch? Async-signal-safe. */
bool cq_has(const struct cq *cq, const void *addr);
/* It faulted there. With cq->lock held or in a signal handler above who holds it. */
void cq_set_lost(struct cq *cq);

/*
 * A receive completion. Called with cq->lock by a NIC thread that guards against memory that is
 * gone. -EIO: overrun, the CQ is broken.
 */
int cq_produce(struct cq *cq, uint32_t qpn, uint16_t wqe_counter);

/*
 * A completion of a data queue pair, complete but for the owner bit. As cq_produce(), but from any
 * thread that has no guard (vq/guard.h): memory that is gone is an -EIO and told.
 */
int cq_put(struct cq *cq, const uint8_t cqe[64]);

/* Fire if armed and there is something to see. Called with cq->lock by a NIC thread. */
void cq_check_arm(struct cq *cq);
/* The same by the tick: takes the lock, looks at waiting ones only, survives memory that is gone.
 */
void cq_scan(struct cq *cq);

#endif
