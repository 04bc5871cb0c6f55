/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the datapath share: NIC threads, ports and virtqueues.
 *
 * Who may touch what. Structure (lists of queues, ports, words, rules) changes under dp_lock and is
 * read by NIC threads in a pass. A transmit queue belongs to one NIC thread, its owner. A receive
 * queue is fed by any NIC thread, under its spin lock when there are several. Counters of a thread
 * have that thread as their only writer and are stored relaxed.
 */
#ifndef SOFTHCA_VQ_DP_IMPL_H
#define SOFTHCA_VQ_DP_IMPL_H

#include <pthread.h>

#include "../port/flow_cache.h"
#include "dirty.h"
#include "dp.h"
#include "guard.h"
#include "mem.h"
#include "offload.h"
#include "ring_packed.h"
#include "ring_split.h"

enum {
	DP_BATCH = 64,       /* frames of one queue between two publishes */
	DP_CHAIN_MAX = 1024, /* descriptors of a chain, whatever the queue's creator allows */
	/* Room for the parts of frames whose tag changes, in nic.pieces behind the others. */
	DP_TAG_PIECES = 2048 + 7 * DP_BATCH,
	/* And of frames whose headers are copied: with offloads, or checked sources. */
	DP_OFFLOAD_PIECES = 2048 + 3 * DP_BATCH,
	DP_PIECES = 2048,    /* parts of all frames of a batch that are not in one part */
	DP_FRAME_MIN = 14,   /* an Ethernet header */
	DP_FRAME_MAX = 9238, /* 9216 bytes with two VLAN tags, without checksum */
	DP_THREADS_MAX = 16,
	DP_PORTS_MAX = 256,
	DP_MTU_MIN = 68,
	DP_MTU_MAX = 9216,
	DP_AGE_S = 150, /* a learned MAC that was not seen in two such times is forgotten */
};

enum { VQ_HDR_LEGACY = 10, VQ_HDR_LEN = 12 };

/* RING_LINK: no ring, a link's queue (port/link_impl.h). */
enum ring_layout { RING_SPLIT, RING_PACKED, RING_LINK };

struct nic;
struct fdb;
struct link;
struct rx_table;

/* A frame taken from a transmit queue: one piece nearly always. */
struct frame {
	const uint8_t *data; /* first piece */
	uint32_t len;        /* of all pieces */
	uint16_t n;          /* pieces */
	uint16_t first;      /* index in nic.pieces if n > 1 */
};

/* A frame changes its VLAN tag between functions with a VLAN of their own and others. */
enum frame_form { FORM_SAME, FORM_TAG, FORM_UNTAG };

/* What is to be done when frame i of the batch is completed. */
struct frame_extra {
	uint8_t i;
	int8_t grown;               /* bytes that a tag added */
	uint8_t n_counters;
	uint32_t len;               /* as the receiver saw it */
	struct dp_counter *counter[DP_RX_LEVEL_MAX + 1]; /* of the entries that matched */
};

/* Where the last frame of a transmit queue went: traffic comes in trains. */
struct route_cache {
	uint64_t key[2];     /* bytes 0-7 and 6-13: both MACs and the type */
	uint64_t key_mask;   /* of key[1]: the type counts where VLANs are told apart */
	uint32_t len_span;   /* longest frame, less DP_FRAME_MIN */
	enum frame_form form; /* what the receiver gets */
	uint16_t vid;
	const uint32_t *gen; /* the route holds while *gen == gen_seen */
	uint32_t gen_seen;
	bool valid;
	struct dp_port *port; /* the one receiver; NULL: several */
	bool may_wait;        /* delay drop applies */
	bool self;            /* goes back to its sender without leaving */
	struct vq *vq;        /* the receive queue when the port has one for all */
	bool hashed;          /* else: flows tells some, for this pair of MACs */
	struct flow_cache flows;
};

union ring {
	struct ring_split split;
	struct ring_packed packed;
};

struct vq {
	union ring ring;
	struct mem_view view;
	enum ring_layout layout;
	enum vq_state state;
	uint8_t hdr_len;
	bool mrg, events;
	uint16_t port_index;
	/* Transmit: move up to DP_BATCH frames. Receive: put frames nic.pos...end of the batch. */
	void (*burst)(struct nic *nic, struct vq *vq);
	void (*put)(struct nic *nic, struct vq *vq, unsigned int end);
	void (*settle)(struct nic *nic, struct vq *vq); /* see burst_rx.h */

	bool locked;         /* receive queues: spin lock */
	bool unpublished;    /* somebody will flush this queue */
	bool notify_pending; /* in some thread's list: see notify.c */
	bool notify_owed;    /* no receive credit so far: tell, whatever the ring says */
	bool moderated;
	bool offloads;       /* transmit: frames' headers mean something */
	uint16_t segments;   /* transmit: of the frame that waits, so many are delivered */
	bool drop_at_once;   /* receive: gave up waiting for buffers; atomic */
	bool active;         /* transmit: in its owner's list */
	bool patient;        /* transmit: waits for receivers as long as it takes */
	uint64_t idle_since; /* transmit: cycles; 0: not idle */
	uint64_t held_since; /* transmit: cycles; 0: not held back */
	uint32_t used_chains; /* taken and given back */
	struct route_cache cache;

	struct vq_moderation moderation;
	uint32_t used_told;  /* used_chains when the guest was told last, or did not want to be */
	uint64_t notify_at;  /* cycles */
	struct dirty dirty;  /* receive */
	struct dp_port *port;
	struct nic *owner; /* transmit */
	struct dp_mem *mem;
	uint32_t mem_gen; /* of mem when the ring was looked up */
	struct {
		void *hva;
		size_t len;
	} area[3];
	struct vq_attr attr;
	enum vq_error error;
	uint16_t stopped_avail, stopped_used; /* cursors while there is no ring */
	uint64_t received_desc, completed_desc;
	uint32_t bad_desc_errors, exceed_max_chain, invalid_buffer;
};

struct dp_port {
	struct dp *dp;
	unsigned int index;
	struct dp_port_policy policy;
	uint64_t mac; /* its own, as a little endian number; 0: not set */
	/* Of a representor its function, of a function its representor; NULL: it has none. */
	struct dp_port *peer;
	bool representor;
	bool down; /* dp_port_set_link */
	bool local_loopback; /* dp_port_set_loopback */
	struct link *link; /* owned; NULL: a function */
	struct rx_table *rx; /* owned; NULL: nothing is received */
	uint32_t rings;      /* doorbells seen; atomic */
	struct vq **txq; /* owned array, borrowed queues: the transmit queues */
	unsigned int n_txq;
};

/* What a NIC thread's burst is doing, so that it can go on after a fault. */
enum nic_step { STEP_TAKE, STEP_ROUTE, STEP_DELIVER, STEP_COMPLETE, STEP_FLUSH, STEP_DONE };

/* What one thread did for one port: a cache line, so that threads do not meet in it. */
struct nic_port_stats {
	uint64_t frames_tx, bytes_tx, frames_rx, bytes_rx;
	uint64_t drops_no_buffer, drops_no_dest, drops_other, drops_spoofed;
} __attribute__((aligned(64)));

struct nic {
	struct guard guard;
	struct dp *dp;
	unsigned int index;
	pthread_t thread;
	uint32_t in_pass; /* atomic: 1 while guest memory or queues may be touched */
	bool multi;       /* there are other NIC threads */
	uint64_t now;     /* cycles at the start of the pass */

	/* The burst. Written before the accesses it describes; see guard.h. */
	enum nic_step step;
	struct vq *tx;
	struct vq *rx;     /* receive queue that is being written to */
	struct vq *notifying; /* whose ops->notify runs */
	struct vq *blamed;
	enum vq_error blamed_error;
	unsigned int n;   /* frames in the batch */
	unsigned int pos; /* frames delivered or dropped */
	unsigned int
	    lead; /* so many frames at the start go to lead_vq; dst and wait do not count */
	struct vq *lead_vq;
	bool lead_waits;
	unsigned int settled; /* frames whose receive buffers are taken from the ring */
	bool settling;        /* and these are being taken */
	bool skip;            /* after a fault: see burst_resume */
	unsigned int flood;   /* ports already served with frame pos */
	uint64_t flood_work;  /* of this burst, see BATCH_WORK_MAX */
	unsigned int n_pieces;
	bool moved;
	struct frame frame[DP_BATCH];
	struct ring_chain chain[DP_BATCH];
	struct vq *dst[DP_BATCH];   /* NULL: left by the wire; or nic_flood, nic_drop_* */
	uint8_t wait[DP_BATCH];     /* delay drop applies */
	uint8_t *dst_hva[DP_BATCH]; /* buffers of a group, see burst_rx.h */
	struct ring_chain dst_one[DP_BATCH];
	struct mem_piece pieces[DP_PIECES + DP_OFFLOAD_PIECES + DP_TAG_PIECES];
	/* Bit i: frame i asks for something; the first of its pieces, if several, are head[i]. */
	uint64_t offloaded;
	uint64_t detached; /* bit i: the header of frame i is in vnet[i], not before its data */
	unsigned int segment; /* of frame pos: the first that is not delivered */
	struct offload offload[DP_BATCH];
	uint8_t vnet[DP_BATCH][VQ_HDR_LEN];
	uint8_t head[DP_BATCH][OFFLOAD_HEAD_MAX];
	uint8_t tag[DP_BATCH][4];       /* VLAN tags that frames get */
	struct frame_extra extra[DP_BATCH];
	unsigned int n_extra;
	struct frame flood_frame; /* frame pos as it was sent, while it is flooded */
	/* Of a flooded frame: the only port that gets it, from 1 on, and ESW_SELF; 0: all. */
	uint16_t only[DP_BATCH];
	struct vq *more[DP_RX_WAYS_MAX]; /* of the port that was served last */
	unsigned int n_more, more_at;
	/* Scratch of one chain, and of one frame's buffers. */
	struct ring_desc desc[DP_CHAIN_MAX];
	struct mem_piece dst_pieces[DP_PIECES];
	uint64_t dst_iova[DP_PIECES]; /* as the guest calls them */
	struct ring_chain dst_chain[DP_CHAIN_MAX];
	uint32_t dst_len[DP_CHAIN_MAX];

	struct nic_port_stats *port_stats; /* by port index */
	uint64_t frames_tx;                /* of all ports */
	uint64_t busy_cycles;              /* atomic */
	unsigned int n_own; /* transmit queues and links */
	struct link **links; /* owned array, borrowed links */
	unsigned int n_links;
	bool links_held; /* a frame of a link waits for its receiver */
	unsigned int woken; /* by links, since frames moved or all was quiet */
	/* Borrowed queues; room for all of them. */
	struct vq **active, **touched, **pending;
	unsigned int n_active, n_touched, n_pending;
	uint32_t *rings_seen; /* per port */
	uint32_t rings_all;   /* dp.rings as seen */
	unsigned int doorbell_at;
	bool busy; /* the last pass moved frames */
	uint64_t idle_since;
	const uint32_t *word; /* doorbell being read */
	uint32_t park_gen;
};

struct dp_doorbell {
	uint32_t *word;  /* borrowed; or one that never rings; atomic */
	uint32_t *given; /* what it was added as */
	struct dp_port *port;
};

/* Instead of a receive queue in nic.dst: several receivers; dropped, and counted when it is final.
 */
extern struct vq nic_flood, nic_drop_dest, nic_drop_other, nic_drop_spoofed;

struct dp {
	struct dp_config cfg;
	struct nic **nic;
	struct dp_port *port;
	struct fdb *fdb;
	uint64_t age_at; /* cycles; NIC thread 0 */
	unsigned int n_ports; /* functions, then links */
	bool vlan_aware;      /* some port has a VLAN of its own */
	bool open_wire;       /* what leaves is gone */
	bool loopback;        /* what leaves comes back */
	struct dp_doorbell *doorbells; /* owned array; of all ports */
	unsigned int n_doorbells;
	uint32_t rings; /* of all ports; atomic */
	unsigned int n_vqs, room_vqs;
	uint64_t cycles_per_us;
	uint64_t delay_drop_cycles;
	bool stop; /* atomic */

	/* dp_lock: see dp_lock.c. */
	pthread_mutex_t mutex;
	pthread_cond_t parked_cond, resume_cond, turn_cond;
	uint64_t ticket_next, ticket_now;
	uint32_t pause; /* atomic */
	uint32_t pause_gen;
	unsigned int parked, leaving;
};

/* dp_lock.c, for NIC threads: start and end a pass, giving way to dp_lock. */
void nic_pass_begin(struct nic *nic);
void nic_pass_end(struct nic *nic);

/* nic.c */
void *nic_main(void *nic);
/* One burst of a transmit queue, faults included. */
void nic_burst(struct nic *nic, struct vq *vq);
bool nic_blame(struct guard *guard, const void *addr);
/* A doorbell of the port rang: poll its queues that are ours. */
void nic_activate(struct nic *nic, struct dp_port *port);
/* Under dp_lock: the queue leaves all lists of all threads. */
void nic_forget(struct vq *vq);

/* doorbell.c: read words, all or some, and do what they say. */
void nic_doorbells(struct nic *nic, bool busy);

/* notify.c */
/* Make everything pushed visible and tell the guest; under the queue's lock. */
void nic_publish(struct nic *nic, struct vq *vq);
void nic_retry_pending(struct nic *nic);
/* In the signal handler: was it notify, in memory that is its queue's? */
bool notify_blame(struct nic *nic, const void *addr);

/* vq.c */
/* Room for one more queue in every thread's lists; count it in dp->n_vqs then. */
int vq_reserve(struct dp *dp);
void (*vq_link_burst(void))(struct nic *nic, struct vq *vq);
void vq_fail(struct vq *vq, enum vq_error error);
/* Count a ring_error and fail. */
void vq_fail_ring(struct vq *vq, int ring_error);
/* After a revoke: is the ring still where it was? */
bool vq_check_mem(struct vq *vq);

/* The hot code exists once per instruction set. */
struct burst_ops {
	void (*burst)(struct nic *nic, struct vq *vq);
	void (*put)(struct nic *nic, struct vq *vq, unsigned int end);
	void (*put_logged)(struct nic *nic, struct vq *vq, unsigned int end);
	void (*settle)(struct nic *nic, struct vq *vq);
};
extern const struct burst_ops burst_ops_base[3]; /* by enum ring_layout */
extern const struct burst_ops burst_ops_avx2[3];

/* ---- small inlines ---- */

dp_inline uint64_t dp_cycles(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
#error "no cycle counter for this architecture yet"
#endif
}

dp_inline void dp_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Keep what describes an access in memory before the access. */
#define nic_commit() __asm__ volatile("" : : : "memory")

dp_inline void stat_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* What this thread counts for the port of a queue. */
dp_inline struct nic_port_stats *nic_count(struct nic *nic, const struct vq *vq)
{
	return &nic->port_stats[vq->port_index];
}

/* The verbs by layout; a constant layout leaves one branch. */
dp_inline int ring_next(enum ring_layout l, union ring *r, uint16_t at, struct ring_chain *chain,
			struct ring_desc *desc)
{
	return l == RING_PACKED ? ring_packed_next(&r->packed, at, chain, desc)
				: ring_split_next(&r->split, at, chain, desc);
}

dp_inline int ring_rest(enum ring_layout l, union ring *r, uint16_t at, struct ring_chain *chain,
			struct ring_desc *desc)
{
	return l == RING_PACKED ? ring_packed_rest(&r->packed, at, chain, desc)
				: ring_split_rest(&r->split, at, chain, desc);
}

dp_inline uint16_t ring_step(enum ring_layout l, union ring *r, uint16_t at,
			     const struct ring_chain *chain)
{
	return l == RING_PACKED ? ring_packed_step(&r->packed, at, chain)
				: ring_split_step(&r->split, at, chain);
}

dp_inline uint16_t ring_at(enum ring_layout l, const union ring *r)
{
	return l == RING_PACKED ? r->packed.avail_at : r->split.avail_at;
}

dp_inline void ring_push(enum ring_layout l, union ring *r, const struct ring_chain *chain,
			 uint32_t len)
{
	if (l == RING_PACKED)
		ring_packed_push(&r->packed, chain, len);
	else
		ring_split_push(&r->split, chain, len);
}

dp_inline bool ring_publish(enum ring_layout l, union ring *r)
{
	return l == RING_PACKED ? ring_packed_publish(&r->packed) : ring_split_publish(&r->split);
}

dp_inline bool ring_call_wanted(enum ring_layout l, union ring *r)
{
	return l == RING_PACKED ? ring_packed_call_wanted(&r->packed)
				: ring_split_call_wanted(&r->split);
}

dp_inline void ring_kick_off(enum ring_layout l, union ring *r)
{
	if (l == RING_PACKED)
		ring_packed_kick_off(&r->packed);
	else
		ring_split_kick_off(&r->split);
}

dp_inline void ring_kick_on(enum ring_layout l, union ring *r)
{
	if (l == RING_PACKED)
		ring_packed_kick_on(&r->packed);
	else
		ring_split_kick_on(&r->split);
}

/* Split rings gain nothing: their lines are read in order, which the processor sees itself. */
dp_inline void ring_prefetch(enum ring_layout l, const union ring *r, uint16_t at)
{
	if (l == RING_PACKED)
		ring_packed_prefetch(&r->packed, at);
}

static inline void vq_lock_slow(struct vq *vq)
{
	unsigned int spins = 0;

	do {
		/* The holder may have been preempted: on few cores spinning alone could be long. */
		if (++spins % 256 == 0)
			sched_yield();
		dp_relax();
	} while (__atomic_load_n(&vq->locked, __ATOMIC_RELAXED) ||
		 __atomic_exchange_n(&vq->locked, true, __ATOMIC_ACQUIRE));
}

dp_inline void vq_lock(struct nic *nic, struct vq *vq)
{
	if (nic->multi && __atomic_exchange_n(&vq->locked, true, __ATOMIC_ACQUIRE))
		vq_lock_slow(vq);
}

dp_inline void vq_unlock(struct nic *nic, struct vq *vq)
{
	if (nic->multi)
		__atomic_store_n(&vq->locked, false, __ATOMIC_RELEASE);
}

/* Delay drop starts afresh. */
dp_inline void vq_has_buffers(struct vq *vq)
{
	if (unlikely(__atomic_load_n(&vq->drop_at_once, __ATOMIC_RELAXED)))
		__atomic_store_n(&vq->drop_at_once, false, __ATOMIC_RELAXED);
}

#endif
