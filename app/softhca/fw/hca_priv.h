/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The NIC and its contexts, as the parts of the firmware see them.
 *
 * Lock order: hca->lock (firmware), then dp_lock, then a CQ's own lock (event.c). NIC threads take
 * only the last.
 */
#ifndef SOFTHCA_FW_HCA_PRIV_H
#define SOFTHCA_FW_HCA_PRIV_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "../vq/dp.h"
#include "call.h"
#include "fail.h"
#include "hca.h"
#include "hca_profile.h"
#include "hca_stat.h"
#include "latency.h"
#include "obj.h"

/* What this model is made of; the capability answers are built from the same numbers. */
enum {
	LIM_LOG_CQ_SZ = 22,
	LIM_LOG_QP_SZ = 15,
	LIM_LOG_RQT_SZ = 11,
	LIM_LOG_FT_SIZE = 20,
	LIM_LAG_PORTS = 1,
	LIM_VIRTQUEUES = 256, /* per function */
	LIM_VQ_SIZE = 32768,
	LIM_MTU_MIN = 68,
	LIM_MTU = 9216,
	LIM_MTU_DEFAULT = 1500,
	LIM_EQN = 1,           /* the number of the only event queue */
	NIC_NULL_MKEY = 0x200, /* not 0x100: rdma-core takes that for none */
};

/* umem n of a virtqueue holds a * size + b bytes; kinds as the PRM numbers them, 1..3. */
#define VQ_UMEM_A(n) ((n) == 1 ? 64u : (n) == 2 ? 32u : 16u)
#define VQ_UMEM_B(n) ((n) == 1 ? 4096u : (n) == 2 ? 8192u : 4096u)

struct cq;
struct event_sub;
struct flow;
struct mkey;
struct rdma_qp;
struct rqt;
struct trace_notes;

struct hca_function {
	struct hca *hca;
	unsigned int index;
	struct dp_port *port; /* borrowed from dp */
	uint8_t mac[6];
	uint16_t mtu;
	bool link_down;
	unsigned int virtqueues;
	unsigned int contexts;
	LIST_HEAD(, rqt) rqts;   /* all that there are */
	LIST_HEAD(, flow) flows; /* rules of the root table */
};

/* Events on their way from NIC threads to channels; see event.c. */
struct event_state {
	TAILQ_HEAD(, cq) cqs;         /* changed under dp_lock */
	SLIST_HEAD(, event_sub) subs; /* all; changed under dp_lock */
	atomic_uint waiting;          /* CQs with unseen CQEs that are not armed */
	atomic_uint pending;          /* subscriptions whose channel was full */
	uint64_t scanned_at;          /* ns; tick only */
	unsigned int ticks;           /* tick only */
};

/* The control thread; see ctl.c. */
struct ctl_state {
	pthread_t thread;
	bool running;
	atomic_bool stop;
	char *path;	      /* owned: what to remove from the tree, or NULL */
	unsigned int n_ports; /* in the file of figures */
};

struct hca {
	pthread_mutex_t lock;
	struct dp *dp; /* owned */
	struct hca_function func[HCA_FUNCS_MAX];
	struct hca_profile profile; /* what it has; offloads: that the datapath has, too */
	unsigned int functions, contexts_made;
	struct obj_table tables[OBJ_N];
	struct event_state ev;
	struct fail_plan *fail; /* owned; may be NULL */
	FILE *trace;            /* owned unless stderr; may be NULL */
	struct trace_notes *notes; /* owned; NULL without a trace */
	struct hca_stat *stat;	   /* mapped, a file or not; never NULL */
	struct ctl_state ctl;
	struct call *call;	   /* the one that has the firmware lock; may be NULL */
	struct latency *latency;   /* owned; may be NULL */
	struct latency_rng rng;
	sem_t slots;		   /* of commands that take their time */
	uint64_t began_ns;	   /* CLOCK_MONOTONIC */
	uint64_t max_ns[HCA_STAT_COMMANDS]; /* of each command, longest so far */
	bool leaks;		   /* report on stderr */
	bool process_ends;
	bool track;		   /* objects remember who made them */
	uint64_t commands; /* number of the newest */
	uint64_t flow_seq;
	uint64_t pinned_pages;  /* locked memory of this process, by MRs and umems */
	struct mkey *null_mkey; /* owned */
	TAILQ_HEAD(, rdma_qp) rdma_qps;
	atomic_uint n_rdma_qps; /* read without the lock */
};

struct hca_ctx {
	struct hca *hca;
	struct hca_function *func;
	uint32_t uid;         /* DevX user id: 1, 2, ... */
	struct obj_list objs; /* newest first */
};

/* Counters of the stat file: one writer at a time, readers in other processes. */
#define STAT_ADD(hca, field, n)                                                                    \
	__atomic_fetch_add(&(hca)->stat->field, (uint64_t)(n), __ATOMIC_RELAXED)
#define STAT_SET(hca, field, v)                                                                    \
	__atomic_store_n(&(hca)->stat->field, (uint64_t)(v), __ATOMIC_RELAXED)
#define FIGURE_ADD(p, n) __atomic_fetch_add(p, n, __ATOMIC_RELAXED)
#define FIGURE_SET(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

/* Count one execution of a command; true: it has to fail, on request. */
static inline bool hca_inject(struct hca *hca, const char *command)
{
	if (!fail_now(hca->fail, command))
		return false;
	STAT_ADD(hca, commands_failed, 1);
	if (hca->call)
		hca->call->injected = true;
	return true;
}

#endif
