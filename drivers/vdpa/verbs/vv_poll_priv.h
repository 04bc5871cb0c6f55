/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of vv_poll share: vv_poll.c members and places, vv_poll_service.c the service,
 * vv_poll_thread.c the thread of a place.
 *
 * Locks, in the order they may be taken. vv_polls.control: of all that control does; waits for
 * threads to end. vv_polls.visits: pollers read, and give it back after each visit that found work,
 * so that control, which writes, waits for one visit at most. vv_poll_place.hand: who has a place,
 * its thread or the service, changes with it, and so do the kicks of its queues; the service only
 * tries.
 *
 * Who has a place (mine): its thread at first. A pass of the service takes it over; the thread
 * looks at the passes a few times a second from then on, and takes it back when there were none.
 * (What EAL says of the service's being active is true of cores that were unmapped, too.) Both may
 * visit a queue at the same time while it changes hands: vv_cvq.h sorts that out.
 */
#ifndef VV_POLL_PRIV_H
#define VV_POLL_PRIV_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_rwlock.h>

#include "vv_poll.h"
#include "vv_thread.h"

struct vv_poll_member {
	struct vv_cvq *cvq; /* borrowed */
	struct vv_poll_place *place;
	LIST_ENTRY(vv_poll_member) siblings; /* of the place */
	uint32_t slot, id;                   /* in vv_polls.table; id: not used again soon */

	/* Control's. */
	int kick_fd;  /* borrowed; -1: none */
	bool started; /* between kick_on and kick_off */
	bool polled;  /* started, and no kick descriptor; written with visits */
	bool look;    /* visit it soon; atomic, taken back by the thread */

	/* The thread's, under visits. */
	bool hot; /* in the place's list */
	TAILQ_ENTRY(vv_poll_member) hots;
	bool again;        /* as the last visit said */
	uint64_t until_ns; /* visited without a break so long */
};

TAILQ_HEAD(vv_poll_hots, vv_poll_member);

/* A core or a NUMA node, and the thread there. */
struct vv_poll_place {
	LIST_ENTRY(vv_poll_place) siblings;
	int core, node;     /* VV_POLL_ANYWHERE: not that */
	unsigned int users; /* control */
	LIST_HEAD(, vv_poll_member) members;
	unsigned int n_polled; /* started members without a kick descriptor */

	pthread_mutex_t hand;
	bool mine; /* the thread's; atomic, changed with hand */

	struct vv_thread thread;
	cpu_set_t cpus;           /* where it is to be; of a node: as far as EAL lets it */
	sem_t ready;              /* the thread says with it that these two are there: */
	int pinned;               /* 0 or -errno */
	cpu_set_t cpus_there;     /* of a core: what there was to choose from */
	int epoll_fd, control_fd; /* owned */
	bool stop;                /* atomic */

	/* The thread's. */
	struct vv_poll_hots hots; /* under visits */
	unsigned int n_hots;
	uint64_t beat, beat_ns; /* what the service's was, when; 0: not looked at yet */
	uint64_t polled_ns;     /* the last visit of those without a kick descriptor */
};

struct vv_poll_slot {
	struct vv_poll_member *member; /* NULL: free */
	struct vv_cvq *cvq;            /* the member's: a pass over idle ones needs no more */
};

struct vv_polls {
	pthread_mutex_t control;
	unsigned int members;
	uint32_t next_id;

	rte_rwlock_t visits; /* of what follows */
	LIST_HEAD(, vv_poll_place) places;
	struct vv_poll_slot *table;
	uint32_t table_size;

	uint64_t beat;   /* counts the service's passes, and visits with work; atomic */
	uint32_t cursor; /* where the next pass begins; atomic */
};

extern struct vv_polls vv_polls;

/* Both with control. Without service cores nothing else happens than that it is known. */
void vv_poll_service_register(void);
void vv_poll_service_unregister(void);

/* With control. -EINVAL: not on that core, cpus_there says where. */
int vv_poll_place_start(struct vv_poll_place *place);
void vv_poll_place_stop(struct vv_poll_place *place); /* it has no members */
void vv_poll_place_poke(struct vv_poll_place *place);

/* What epoll says for a member. */
static inline uint64_t vv_poll_key(const struct vv_poll_member *m)
{
	return (uint64_t)m->id << 32 | m->slot;
}

#endif
