/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The NIC as this driver sees it: one open verbs context and what it can issue through it. All
 * that knows libibverbs and libmlx5 is in this folder; the rest of the driver knows objects by
 * small structs that are all zero while there is no object.
 *
 * Every call that fails returns -errno and leaves one line about the cause in vv_hca_error(), for
 * the caller who handles the error to log. -EREMOTEIO: the firmware refused; the line then has the
 * status and syndrome it answered. Every destroy is legal on a zero or partial object, and zeroes
 * it. Results are written last, and only on success.
 *
 * Threads: control only, one call at a time on one vv_hca (the device's control lock), but for
 * vv_hca_doorbell, vv_hca_cq_arm, vv_hca_next_event and vv_hca_async_drain, which any thread may
 * call (one at a time), and which leave no line.
 *
 * Each function that takes firmware commands says how many.
 */
#ifndef VV_HCA_H
#define VV_HCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vv_hca;
struct mlx5dv_devx_obj;
struct mlx5dv_devx_umem;
struct mlx5dv_flow_matcher;
struct ibv_flow;
struct ibv_mr;

/* What the parent supports (PRM, vDPA emulation capabilities). */
struct vv_hca_caps {
	bool split, packed;
	bool version_1;
	bool event_none;               /* a queue may have no event object (the guest polls) */
	bool freeze_to_rdy;            /* a suspended queue can go on */
	bool queue_counters;           /* there are VIRTIO_Q_COUNTERS */
	uint16_t feature_bits;         /* PRM_VIRTQ_F_* */
	uint32_t max_queues;           /* rings, not pairs */
	uint32_t umem_a[3], umem_b[3]; /* umem n of a queue of s entries needs a*s+b bytes */
	uint64_t
	    doorbell_offset; /* of the doorbell in the bar; only its place in the page counts */
	uint8_t log_max_rqt_size;
	uint8_t qp_ts_format;    /* value for new QPs */
	uint16_t mtu;            /* of the function's port, as IP has it; 0: it does not say */
	uint8_t mac[6];          /* of the function's port; zero: it does not say */
	int numa_node;           /* -1: it does not say */
	uint8_t max_ft_level;    /* of receive tables */
	uint8_t log_max_ft_size; /* 0: no tables but the root one */
	uint8_t log_max_ft_dests; /* ways one entry may send a frame; 0: one */
	bool modify_ext;         /* features of a suspended queue can change */
};

/*
 * Open the verbs device of that name. -ENODEV: no such device (the line lists those there are);
 * -ENOTSUP: no DevX, or no virtio emulation. why: the cause of a failure, one line. 3 to 5 commands
 * (capabilities; the port's address and MTU).
 */
int vv_hca_open(const char *ibdev, struct vv_hca **hca, char *why, size_t why_len);
void vv_hca_close(struct vv_hca *hca); /* all objects destroyed before; NULL is legal */

/* The cause of the last failure, one line. */
const char *vv_hca_error(const struct vv_hca *hca);

const struct vv_hca_caps *vv_hca_caps(const struct vv_hca *hca);
uint32_t vv_hca_null_key(const struct vv_hca *hca);

/* The doorbell page as a front-end may map it: offset and size in vv_hca_fd(). */
void vv_hca_doorbell_area(const struct vv_hca *hca, uint64_t *offset, uint64_t *size);
int vv_hca_fd(const struct vv_hca *hca);
/* Tell the NIC to look at a ring. */
void vv_hca_doorbell(struct vv_hca *hca, uint16_t queue);

/* ---- memory ---- */

/* Zeroed pages of the driver's own, pinned and known to the NIC. */
struct vv_umem {
	void *addr;
	size_t len;
	uint32_t id;
	struct mlx5dv_devx_umem *umem;
};

/* 1 command. -ENOMEM: pinning refused, most often RLIMIT_MEMLOCK. */
int vv_umem_create(struct vv_hca *hca, size_t len, struct vv_umem *umem);
void vv_umem_destroy(struct vv_umem *umem);

/* Guest memory, at its guest-physical address. 1 command. */
struct vv_mr {
	struct ibv_mr *mr;
	uint32_t key;
};

int vv_mr_create(struct vv_hca *hca, void *hva, size_t len, uint64_t gpa, struct vv_mr *mr);
void vv_mr_destroy(struct vv_mr *mr);

/* ---- firmware objects ---- */

struct vv_obj {
	struct mlx5dv_devx_obj *obj;
	uint32_t id;
};

void vv_obj_destroy(struct vv_obj *obj); /* 1 command */

struct vv_klm {
	uint32_t bytes; /* 2 GiB at most */
	uint32_t key;
	uint64_t addr;
};

enum { VV_KLM_MAX = 4000 }; /* entries of one key; what one command can carry */

/*
 * A key over [start, start+len) made of n entries in order. log_entry: entries are of this size
 * (KLM_FBS), 0: each says its own (KLM). id is the key as it stands in a queue. 1 command.
 */
int vv_mkey_create(struct vv_hca *hca, uint64_t start, uint64_t len, const struct vv_klm *klm,
		   unsigned int n, unsigned int log_entry, struct vv_obj *mkey);

/* A completion queue of 1 << log_entries, collapsed. buffer and record: offsets in umem. */
int vv_cq_create(struct vv_hca *hca, unsigned int log_entries, const struct vv_umem *umem,
		 size_t buffer, size_t record, struct vv_obj *cq); /* 1 command */
/* Ask for one event when the queue has more than ci. record: the doorbell record, two words. */
void vv_hca_cq_arm(struct vv_hca *hca, uint32_t cqn, volatile uint32_t *record, uint32_t sn,
		   uint32_t ci);

/* One end of a loop of two QPs. cqn 0: the firmware's end, without queues of its own. */
struct vv_qp_conf {
	uint32_t cqn;
	unsigned int log_rq_entries;
	const struct vv_umem *umem;
	size_t buffer, record; /* offsets in umem */
};

int vv_qp_create(struct vv_hca *hca, const struct vv_qp_conf *conf, struct vv_obj *qp); /* 1 */
/* From reset to ready, towards each other: 6 commands. */
int vv_qp_connect(struct vv_hca *hca, struct vv_obj *a, struct vv_obj *b);
int vv_qp_reset(struct vv_hca *hca, struct vv_obj *qp); /* any state to reset: 1 command */

/* Transmit side: id of the TIS is what queues take. 2 commands. */
int vv_td_create(struct vv_hca *hca, struct vv_obj *td);
int vv_tis_create(struct vv_hca *hca, uint32_t td, struct vv_obj *tis);

/* ---- queues ---- */

struct vv_virtq_attr {
	uint16_t index; /* even: receive, odd: transmit */
	uint16_t size;
	bool packed, version_1;
	uint16_t feature_bits;                        /* PRM_VIRTQ_F_* */
	uint64_t desc_addr, driver_addr, device_addr; /* guest-physical */
	uint16_t hw_avail, hw_used;                   /* vv_index.h */
	uint32_t mkey, tisn, counters;
	uint32_t event_qpn;            /* 0: no events */
	uint16_t period_us, max_count; /* when to tell of used buffers; 0: at once */
	const struct vv_umem *umem;    /* three */
};

struct vv_virtq_status {
	unsigned int state; /* enum prm_virtq_state */
	unsigned int error_type;
	uint16_t hw_avail, hw_used;
};

struct vv_virtq_counters {
	uint64_t received_desc, completed_desc;
	uint64_t error_cqes, bad_desc, exceed_max_chain, invalid_buffer;
};

/* Each: 1 command. */
int vv_virtq_obj_create(struct vv_hca *hca, const struct vv_virtq_attr *attr, struct vv_obj *q);
int vv_virtq_obj_modify_state(struct vv_hca *hca, struct vv_obj *q, unsigned int state);
/*
 * What of a suspended queue can change while it stays the same object (feature_bits: only with
 * caps.modify_ext).
 */
struct vv_virtq_tune {
	uint16_t feature_bits;
	uint16_t period_us, max_count; /* 12 and 16 bits; both 0: tell at once */
};

int vv_virtq_obj_modify_tune(struct vv_hca *hca, struct vv_obj *q, const struct vv_virtq_tune *now,
			     const struct vv_virtq_tune *tune);
int vv_virtq_obj_query(struct vv_hca *hca, struct vv_obj *q, struct vv_virtq_status *status);
int vv_counters_obj_create(struct vv_hca *hca, struct vv_obj *counters);
int vv_counters_obj_query(struct vv_hca *hca, struct vv_obj *counters,
			  struct vv_virtq_counters *values);

/* ---- receive steering ---- */

/* A table of n queues (a power of two), and never more than max. 1 command each. */
int vv_rqt_create(struct vv_hca *hca, const uint32_t *queues, unsigned int n, unsigned int max,
		  struct vv_obj *rqt);
int vv_rqt_modify(struct vv_hca *hca, struct vv_obj *rqt, const uint32_t *queues, unsigned int n);

/* What of a frame is hashed. ip 0: nothing, l4 0: addresses only. */
struct vv_hash {
	uint8_t ip; /* 0, 4 or 6 */
	uint8_t l4; /* 0, IPPROTO_TCP or IPPROTO_UDP */
	uint8_t key[40];
};

/* Frames that queues of the same transmit domain sent do not come back by it. */
int vv_tir_create(struct vv_hca *hca, const struct vv_hash *hash, uint32_t td, uint32_t rqt,
		  struct vv_obj *tir); /* 1 command */
/* Another hash, or another table; NULL, 0: leave it. 1 command, all or nothing. */
int vv_tir_modify(struct vv_hca *hca, struct vv_obj *tir, const struct vv_hash *hash, uint32_t rqt);

/*
 * What a rule looks at, and the value it must have: as a mask, bits that count. ip_version in four
 * bits, vid in twelve.
 */
struct vv_match {
	uint8_t dmac[6];
	bool tagged; /* cvlan_tag */
	uint16_t vid;
	uint8_t ip_version, ip_protocol;
};

/*
 * Flow tables of the receive side (PRM, flow tables; NIC_RX). A frame enters at a root rule; a
 * table is searched from its lowest index up, and drops what it has no entry for. All entries of a
 * group (a range of indices) look at the same bits. level: of tables a rule may lead to, higher
 * than its own. 1 command each.
 */
int vv_ft_create(struct vv_hca *hca, unsigned int level, unsigned int log_size, struct vv_obj *ft);
int vv_fg_create(struct vv_hca *hca, const struct vv_obj *ft, const struct vv_match *mask,
		 uint32_t first, uint32_t last, struct vv_obj *fg);

enum vv_dest_kind { VV_DEST_DROP, VV_DEST_TIR, VV_DEST_TABLE };

struct vv_dest {
	enum vv_dest_kind kind;
	struct vv_obj *obj; /* borrowed; the entry or rule goes before it does */
};

int vv_fte_create(struct vv_hca *hca, const struct vv_obj *ft, const struct vv_obj *fg,
		  uint32_t index, const struct vv_match *value, const struct vv_dest *dest,
		  struct vv_obj *fte);

/*
 * What root rules have in common; lower priority first. Rules of all contexts of a function are in
 * one root table. Rules of equal mask, priority and value are one entry there: a frame goes to all
 * their destinations (Linux, mlx5 fs_core.c).
 */
struct vv_matcher {
	struct mlx5dv_flow_matcher *matcher;
	struct vv_match mask;
};

int vv_matcher_create(struct vv_hca *hca, const struct vv_match *mask, uint8_t priority,
		      struct vv_matcher *matcher);
void vv_matcher_destroy(struct vv_matcher *matcher); /* after its rules */

struct vv_rule {
	struct ibv_flow *flow;
};

int vv_rule_create(struct vv_hca *hca, const struct vv_matcher *matcher,
		   const struct vv_match *value, const struct vv_dest *dest, struct vv_rule *rule);
void vv_rule_destroy(struct vv_rule *rule);

/* ---- the port ---- */

struct vv_port {
	bool up;
	uint32_t speed_mbps; /* 0xffffffff: unknown */
};

int vv_hca_port(struct vv_hca *hca, struct vv_port *port); /* no command: verbs */
int vv_hca_async_fd(const struct vv_hca *hca);             /* never blocks */
/* Take what has come. 0: *port_changed says whether the port may have; other: the NIC is dead. */
int vv_hca_async_drain(struct vv_hca *hca, bool *port_changed);

/* ---- events ---- */

enum { VV_EVENT_COMPLETION = 0x00, VV_EVENT_OBJECT_CHANGE = 0x27 };

/* Report events of an object with this cookie, until the object is destroyed. No command. */
int vv_hca_subscribe(struct vv_hca *hca, struct vv_obj *obj, uint16_t event, uint64_t cookie);
int vv_hca_event_fd(const struct vv_hca *hca); /* readable: there are events; never blocks */
/* 0, -EAGAIN: none, other: the channel is dead. */
int vv_hca_next_event(struct vv_hca *hca, uint64_t *cookie);

#endif
