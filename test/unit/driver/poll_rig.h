/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests whose control queues are polled, and service cores for that. A guest kicks only when it
 * has to, so a command nobody was told of is lost.
 *
 * Threads: a guest is one thread's; the rest is the test's.
 */
#ifndef POLL_RIG_H
#define POLL_RIG_H

#include <time.h>

#include "cvq_rig.h"
#include "vv_poll.h"

enum { POLL_CORES = 2 };

struct poll_guest {
	struct cvq_rig rig;
	struct vv_poll_member *member;
	int kick_fd;
	unsigned int kicks;
};

/* With three lcores, which share the processors there are. */
int poll_eal_start(void);

void poll_guest_open(struct poll_guest *g, bool packed, bool event_idx);
void poll_guest_join(struct poll_guest *g);
void poll_guest_start(struct poll_guest *g);
void poll_guest_open_and_start(struct poll_guest *g, bool packed, bool event_idx);
void poll_guest_close(struct poll_guest *g);
void poll_guest_send(struct poll_guest *g, bool add, uint16_t vid);
uint8_t poll_guest_wait(struct poll_guest *g);                         /* the ack */
void poll_guest_command(struct poll_guest *g, bool add, uint16_t vid); /* sent, waited for, ok */

/* For waits that have to end some time. */
time_t poll_limit(void);
bool poll_is_over(time_t end);

uint32_t poll_service(void);
/* The first n cores; map once, start and stop in between. */
void poll_cores_map(unsigned int n);
void poll_cores_start(unsigned int n);
void poll_cores_stop(unsigned int n);
void poll_cores_unmap(unsigned int n);
void poll_cores_leave(unsigned int n); /* running ones, whose service has gone */

#endif
