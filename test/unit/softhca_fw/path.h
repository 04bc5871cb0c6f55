/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way from a queue's notification to the program's channel, for the tests of both ends: a CQ, a
 * QP pair, a queue in RDY, a channel that is subscribed to the CQ. Failures end the test (cmocka).
 */
#ifndef SOFTHCA_FW_TEST_PATH_H
#define SOFTHCA_FW_TEST_PATH_H

#include "fw/chan.h"
#include "rig.h"

enum { PATH_COOKIE = 0xc00c1e }; /* of the CQ's events */

struct path {
	struct rig *rig;
	struct hca_obj *cq, *sw, *fw, *queue;
	struct vq *vq;
	struct hca_chan *chan;
	int fd;
	volatile uint32_t *cq_dbr, *rq_dbr;
	const volatile uint8_t *cqes;
};

/* The doorbell records are zero. */
void path_make(struct path *p, struct rig *rig, bool collapsed, bool overrun_ignore);
/* Another channel, which does not block. */
void path_open_channel(struct path *p, bool omit_data);
void path_subscribe(struct path *p, struct hca_obj *obj, uint16_t event, uint64_t cookie);

/* As the program does it: n receive WQEs in all; the CQ armed. */
void path_post(struct path *p, uint32_t n);
void path_arm(struct path *p, uint32_t sn, uint32_t ci);
/* The next event's cookie, or 0. */
uint64_t path_event(struct path *p);

/* A tick after the shortest time between two scans. */
void path_tick(void);

#endif
