/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The datapath: NIC threads that poll virtqueues and an e-switch that moves frames between
 * functions, straight from the sender's guest memory into the receiver's.
 *
 * Model of work. A transmit queue is idle until a doorbell rings (any value written to a doorbell
 * word means "scan this function's queues"), then it is polled, with guest notifications
 * suppressed, until it has been empty for a while; then notifications are enabled again and the
 * ring is checked once more. A queue that is started is scanned once without a doorbell only if
 * its creator asks (vq_start never does: the driver must ring; that is what hardware needs).
 * Receive queues are looked at when a frame arrives for them. A thread without active queues backs
 * off to sleeps of at most 500 us between two looks at its doorbell words.
 *
 * E-switch. Learns source MACs per function. A unicast frame goes where its destination was
 * learned - also back to the sender's function -, else to all other functions and the wire. Group
 * frames go to all others and the wire, and back to a function with local loop-back. A TIR that
 * blocks self loop-back does not take what comes straight back from a queue of its own domain. The wire is open-ended
 * (frames leave for good) or has a loop-back plug: then a frame that left comes in again and is
 * delivered to the functions including its sender; each gets it once. Frames shorter than 14 or
 * longer than 9238 bytes are dropped and counted. A frame that does not fit a receive buffer is
 * spread over several with VQ_F_MRG_RXBUF, else dropped.
 *
 * Offloads. On a transmit queue with VQ_F_CSUM or VQ_F_HOST_TSO* the header in front of a frame
 * counts: a frame may have a partial checksum, and TCP frames up to 64 KiB may be one. A receiver
 * with the VQ_F_GUEST_* for it gets the frame as it is, with such a header; for others the checksum
 * is completed and the frame cut; then one with VQ_F_GUEST_CSUM reads DATA_VALID. A header that
 * contradicts its queue or its frame costs the frame (drops_other), not the queue. A segment counts
 * as a frame of the receiver's, and what is lost of one frame for lack of buffers as one drop.
 * Without these features headers are not looked at.
 *
 * Faults. A guest can only break its own queue: it goes to VQ_ERR. A receive queue that breaks
 * under a frame costs that frame (drops_other), a broken one costs drops_no_dest; the sender goes
 * on. Memory that vanishes under an access counts as such a fault (guard.h: the datapath installs
 * handlers for SIGSEGV and SIGBUS and passes on what is not its own).
 *
 * Delay drop (as mlx5 delay_drop): a unicast frame whose receive queue has no buffers holds its
 * transmit queue back, at most delay_drop_ms; then it is dropped and the receive queue drops at
 * once until it has buffers again. Group frames never wait. Of a frame that is cut the segments
 * that found buffers are delivered; those behind them wait, or are dropped, and none comes twice,
 * also when the queue is stopped and resumed meanwhile.
 *
 * Threads: dp_lock() stops all NIC threads between two bursts until dp_unlock(); vq_create,
 * vq_start, vq_stop, vq_destroy, dp_port_set_rx, dp_rqt_set*, dp_tir_set, dp_entry_*,
 * dp_*_doorbell, dp_mem_revoke and vq_status must be called with it held. Callbacks (struct vq_ops, dp tick) run on a NIC thread that holds its pass:
 * they may not take locks that a holder of dp_lock might hold, and not block. Of one queue they are
 * never concurrent, of several queues they may be; notify and error may also come from vq_stop,
 * error from vq_inject, in the caller's thread.
 */
#ifndef SOFTHCA_VQ_DP_H
#define SOFTHCA_VQ_DP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp;
struct dp_port; /* one function's port of the e-switch */
struct dp_mem;  /* translation of one memory key, flattened */
struct vq;

/*
 * A port whose other end is no virtqueue but the outside: a TAP device, memif, pcap files, another
 * NIC (port/link.h has the kinds). It has a port number like a function, behind the functions. As
 * the uplink it is the wire of the e-switch. As the representor of a function it gets what that
 * function sends and the e-switch does not know a receiver for, and what comes in by it goes to
 * that function.
 */
struct dp_link_config {
	char spec[256];  /* KIND[:ARGUMENTS], see link_parse in port/link.h */
	int representor; /* of this function, or -1: the uplink */
};

enum { DP_LINKS_MAX = 80 };

struct dp_config {
	unsigned int threads;               /* 1..16 */
	unsigned int ports;                 /* functions: 1..256; the links' ports come on top */
	const struct dp_link_config *links; /* borrowed during dp_create; may be NULL */
	unsigned int n_links;               /* at most DP_LINKS_MAX, one uplink at most */
	unsigned int delay_drop_ms;         /* 0: drop at once */
	bool wire_loopback;
	/* Called by NIC thread 0 once a pass, also when idle; may be NULL. */
	void (*tick)(void *arg);
	void *tick_arg;
};

struct dp_stats {
	uint64_t frames_tx, bytes_tx, frames_rx, bytes_rx;
	uint64_t drops_no_buffer, drops_no_dest, drops_other;
	uint64_t busy_cycles;
};

int dp_create(const struct dp_config *cfg, struct dp **dp);
void dp_destroy(struct dp *dp); /* all queues destroyed before */
void dp_lock(struct dp *dp);
void dp_unlock(struct dp *dp);
struct dp_port *dp_port(struct dp *dp, unsigned int index);
/*
 * The function's own MAC: frames to it go to this port, whoever else uses it as a source. Hold
 * dp_lock. Without it the port is known by what it sends only. -EEXIST: another port's.
 */
int dp_port_set_mac(struct dp_port *port, const uint8_t mac[6]);
/* Sum over the threads; dp_lock not needed, figures may be a pass apart. */
void dp_stats(struct dp *dp, struct dp_stats *stats);

/* What a port's owner may do; the host sets it, the guest can not change it. Hold dp_lock. */
struct dp_port_policy {
	uint16_t vlan;    /* 1..4094: its frames are of this VLAN, untagged towards it; 0: trunk */
	bool spoof_check; /* drop frames whose source is not the MAC of dp_port_set_mac */
	uint16_t mtu;     /* 68..9216: longer IP packets are dropped, both ways */
};
int dp_port_set_policy(struct dp_port *port, const struct dp_port_policy *policy);
/*
 * A function whose link is down: what it sends is dropped (its drops_other), what is sent to it
 * alone, too (the sender's drops_no_dest), and groups do without it. Its queues stay as they are.
 * Hold dp_lock; links are up in the beginning.
 */
void dp_port_set_link(struct dp_port *port, bool up);
/*
 * Whether frames for groups and for unknown destinations reach the function that sends them, too:
 * others than the sender may be there. Hold dp_lock; off in the beginning.
 */
void dp_port_set_loopback(struct dp_port *port, bool on);

struct dp_port_stats {
	uint64_t frames_tx, bytes_tx, frames_rx, bytes_rx; /* as its owner sees it */
	uint64_t drops_no_buffer, drops_no_dest, drops_other, drops_spoofed;
};
/* Sum over the threads; as dp_stats. Links have ports too. */
void dp_port_stats(const struct dp_port *port, struct dp_port_stats *stats);

/* word: borrowed. The datapath owns its content: it resets it to DP_DOORBELL_NONE after a ring. */
#define DP_DOORBELL_NONE 0xffffffffu
int dp_port_add_doorbell(struct dp_port *port, uint32_t *word);
void dp_port_remove_doorbell(struct dp_port *port, uint32_t *word);

/* ---- memory ---- */

struct dp_seg {
	uint64_t iova, len;
	uint8_t *hva;     /* NULL: hole (null MR); an access is an invalid_buffer error */
	uint32_t mr;      /* key of the MR behind it, for dp_mem_revoke */
	bool local_write; /* the NIC may write */
};

/* segs: copied; sorted by iova, not overlapping. One reference for the caller. */
int dp_mem_create(const struct dp_seg *segs, unsigned int n, struct dp_mem **mem);
struct dp_mem *dp_mem_get(struct dp_mem *mem);
void dp_mem_put(struct dp_mem *mem);
/* The MR is gone: later accesses through it are errors. */
void dp_mem_revoke(struct dp_mem *mem, uint32_t mr);

/* ---- virtqueues ---- */

enum vq_state { VQ_INIT, VQ_RDY, VQ_SUSPEND, VQ_ERR };

/* error_type of the queue object (PRM virtio_q, error_type). */
enum vq_error {
	VQ_ERROR_NONE,
	VQ_ERROR_BAD_DESC, /* loops, too long chains, readable/writable mixed up, zero length, index
			    */
	VQ_ERROR_BAD_BUFFER, /* an address outside the key, or a page that is gone */
	VQ_ERROR_BAD_RING,   /* the ring itself: available index jumped, ring memory gone */
	VQ_ERROR_CQ,         /* the completion queue behind the event QP overran */
};

struct vq_ops {
	/*
	 * The guest wants to hear of used buffers. 0: told; -EAGAIN: no receive credit on the event
	 * QP, call again next pass; else it can never be told again: the queue goes to VQ_ERR with
	 * VQ_ERROR_CQ.
	 */
	int (*notify)(void *arg);
	/* The queue went to VQ_ERR (once per error). */
	void (*error)(void *arg, enum vq_error error);
	/*
	 * A fault at addr, from inside notify: is it memory that notify writes to (a CQ, a doorbell
	 * record)? Then it is a VQ_ERROR_CQ of this queue: notify is left where it is, locks that
	 * it holds are to be released here, and error is called. May be NULL. Async-signal-safe.
	 */
	bool (*owns)(void *arg, const void *addr);
};

/*
 * Offloads as virtio has them (virtio 1.2 section 5.1.3); the GUEST_ ones count on receive queues,
 * the others on transmit queues, on the other kind they mean nothing.
 */
enum {
	VQ_F_VERSION_1 = 1 << 0,
	VQ_F_MRG_RXBUF = 1 << 1,
	VQ_F_EVENTS = 1 << 2,
	VQ_F_CSUM = 1 << 3,
	VQ_F_HOST_TSO4 = 1 << 4,
	VQ_F_HOST_TSO6 = 1 << 5,
	VQ_F_HOST_ECN = 1 << 6,
	VQ_F_GUEST_CSUM = 1 << 7,
	VQ_F_GUEST_TSO4 = 1 << 8,
	VQ_F_GUEST_TSO6 = 1 << 9,
	VQ_F_GUEST_ECN = 1 << 10,
};

struct vq_attr {
	uint16_t index; /* even: receive, odd: transmit */
	bool packed;
	uint16_t size;      /* split: a power of two; packed: 1..32768 */
	uint32_t flags;     /* VQ_F_*; header is 12 bytes with VERSION_1 or MRG_RXBUF, else 10 */
	uint16_t max_chain; /* descriptors in a chain, at most */
	uint32_t domain;    /* transmit: see struct dp_tir */
	uint64_t desc_addr, driver_addr, device_addr; /* in mem; split: table, available, used */
	/* Where to go on: split: ring index; packed: index in bits 0-14, wrap counter in bit 15. */
	uint16_t avail_index, used_index;
	struct dp_mem *mem; /* the queue takes its own reference */
	const struct vq_ops *ops;
	void *ops_arg;
};

struct vq_status {
	enum vq_state state;
	enum vq_error error;
	uint16_t avail_index, used_index; /* same encoding as in vq_attr */
	uint64_t received_desc, completed_desc;
	uint32_t bad_desc_errors, exceed_max_chain, invalid_buffer;
};

/* VQ_F_* that are honoured; vq_create refuses others. */
uint32_t dp_features(void);

/* Checks the attributes; ring memory is looked up in vq_start (-EFAULT if outside mem). */
int vq_create(struct dp_port *port, const struct vq_attr *attr, struct vq **vq);
/* INIT -> RDY. */
int vq_start(struct vq *vq);
/* RDY -> SUSPEND; everything taken from the ring is completed and published before it returns. */
int vq_stop(struct vq *vq);
/* SUSPEND -> RDY (freeze_to_rdy). */
int vq_resume(struct vq *vq);
void vq_status(const struct vq *vq, struct vq_status *status);
void vq_destroy(struct vq *vq); /* any state; not in an RX table any more */

/*
 * Which pages of the guest's memory the queue's device side wrote buffers to: bit n of the bitmap
 * at addr in mem is page n of log_page bytes (1 << log_page), set with an atomic OR, no page more
 * than was written to. Rings are not logged: software does that at stop (as with real devices). A
 * bitmap that is too short is an error of the queue (VQ_ERROR_BAD_BUFFER). Any state; hold dp_lock.
 */
struct vq_dirty_log {
	bool on;
	struct dp_mem *mem;  /* the queue takes its own reference while on */
	uint64_t addr, size; /* bytes */
	uint8_t log_page;    /* 12..31 */
};
int vq_set_dirty_log(struct vq *vq, const struct vq_dirty_log *log);

/*
 * Interrupt moderation: notify when max_count used buffers are waiting or period_us after the first
 * of them (from_last: after the last). max_count 0: only the period counts; period_us 0: at once,
 * whatever max_count is, as nobody would ever hear of the last buffers. Any state; hold dp_lock.
 */
struct vq_moderation {
	uint16_t period_us; /* 12 bits */
	uint16_t max_count;
	bool from_last;
};
void vq_set_moderation(struct vq *vq, const struct vq_moderation *moderation);

/* Break a queue on purpose, as if its guest had: RDY or SUSPEND, else -EINVAL. Hold dp_lock. */
int vq_inject(struct vq *vq, enum vq_error error);

/*
 * ---- receive steering ----
 *
 * A frame that is for a port enters the port's root table. In a table the entry counts that matches
 * and has the lowest order; it says where the frame goes: into a TIR, on to a table of a higher
 * level, or nowhere. What no entry matches is dropped. Entries of one mask are found by one hash,
 * so a table may have many of them; masks are tried one after the other.
 *
 * All of it changes under dp_lock and at once: a frame that is routed later sees the change, and
 * what NIC threads remember of earlier frames is void. To make or destroy what no entry leads to
 * needs no lock.
 */

struct flow_key {
	uint8_t dmac[6], smac[6];
	uint16_t ethertype; /* behind VLAN tags, host order */
	uint16_t vid;       /* of the outer tag, 12 bits */
	uint8_t cvlan_tag;  /* 1: a tag is there */
	uint8_t svlan_tag;
	uint8_t ip_version; /* 4, 6, or 0: not IP */
	uint8_t ip_protocol;
	uint8_t frag;
	uint16_t l4_sport, l4_dport;    /* TCP or UDP, host order */
	uint8_t src_ip[16], dst_ip[16]; /* IPv4 in the last four bytes */
};

enum { DP_HASH_SRC_IP = 1, DP_HASH_DST_IP = 2, DP_HASH_SPORT = 4, DP_HASH_DPORT = 8 };

/* A TIR and its RQT. */
struct dp_tir {
	uint8_t key[40];     /* Toeplitz */
	uint8_t hash_fields; /* DP_HASH_*; 0: always queues[0] */
	bool symmetric;
	bool block_self_uc, block_self_mc; /* self_lb_block: frames of queues of the same domain */
	uint32_t domain;
	/* Not for dp_tir_create and dp_tir_set, which have a dp_rqt instead. */
	unsigned int n;     /* a power of two */
	struct vq **queues; /* entries may be NULL: dropped */
};

/* Written by NIC threads with atomic adds. */
struct dp_counter {
	uint64_t frames, bytes;
};

enum { DP_RX_LEVEL_MAX = 15 }; /* tables behind the root one on a frame's way, at most */
enum { DP_RX_WAYS_MAX = 64 };  /* entries of the root table that are one, at most */

struct rx_rqt;
struct rx_tir;
struct rx_table;
struct rx_entry;

/*
 * Receive queues of a port by hash; n: a power of two, entries may be NULL. -EINVAL: not so, or a
 * transmit queue among them. set: -ENOMEM: all is as before. set_queue: one entry, never fails.
 */
int dp_rqt_create(struct dp_port *port, struct vq *const *queues, unsigned int n,
		  struct rx_rqt **rqt);
int dp_rqt_set(struct rx_rqt *rqt, struct vq *const *queues, unsigned int n);
void dp_rqt_set_queue(struct rx_rqt *rqt, unsigned int i, struct vq *vq);
void dp_rqt_destroy(struct rx_rqt *rqt); /* no TIR uses it; NULL is legal */

/* set: -ENOMEM: all is as before. */
int dp_tir_create(struct dp_port *port, const struct dp_tir *attr, struct rx_rqt *rqt,
		  struct rx_tir **tir);
int dp_tir_set(struct rx_tir *tir, const struct dp_tir *attr, struct rx_rqt *rqt);
void dp_tir_destroy(struct rx_tir *tir); /* no entry leads to it; NULL is legal */

/* A table behind the root one, of level 1..DP_RX_LEVEL_MAX. */
int dp_table_create(struct dp_port *port, unsigned int level, struct rx_table **table);
void dp_table_destroy(struct rx_table *table); /* empty, and no entry leads to it; NULL is legal */

struct dp_rx_entry {
	struct flow_key mask, value; /* value already masked */
	/*
	 * In the root table, entries of equal mask, value and order are one: a frame goes all their
	 * ways. Other entries never have equal orders.
	 */
	uint64_t order;
	/* Where to: one of them at most; none: dropped. */
	struct rx_tir *tir;
	struct rx_table *table;
	struct dp_counter *counter; /* borrowed while the entry is there; may be NULL */
};

/*
 * table NULL: the port's root table. A port whose root table is empty receives nothing, and is no
 * receiver of groups. -EINVAL: a table of the same or a lower level; -ENOSPC: too many ways. set:
 * another destination or counter; never fails but for a table's level.
 */
int dp_entry_add(struct dp_port *port, struct rx_table *table, const struct dp_rx_entry *attr,
		 struct rx_entry **entry);
int dp_entry_set(struct rx_entry *entry, const struct dp_rx_entry *attr);
void dp_entry_remove(struct rx_entry *entry); /* NULL is legal */

/* The short way, for a port that has no entries of the kind above. */
struct dp_rx_rule {
	struct flow_key mask, value; /* value already masked */
	const struct dp_tir *tir;    /* NULL: drop */
	struct dp_counter *counter;  /* borrowed until the rules are replaced; may be NULL */
};

/*
 * Replace the rules of a port; in order of precedence; all is copied (a TIR shared by several rules
 * may be given by the same pointer). n 0: nothing is received.
 */
int dp_port_set_rx(struct dp_port *port, const struct dp_rx_rule *rules, unsigned int n);

#endif
