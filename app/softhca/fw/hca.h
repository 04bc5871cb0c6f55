/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The NIC as its "kernel driver" sees it: what a uverbs front door (shim/) may ask of the device.
 *
 * A struct hca is one NIC with several functions. Everything that user space makes belongs to a
 * context (struct hca_ctx, one per open of a uverbs file): the context's DevX user id owns it, and
 * closing the context destroys what is left, newest first, as the kernel does.
 *
 * Threads: every call may come from any thread and takes the firmware lock of its hca. Calls that
 * change what the datapath sees also stop the NIC threads between two bursts (vq/dp.h, dp_lock);
 * lock order: firmware lock, then dp_lock.
 *
 * Errors: 0 or -errno. Commands that reach the firmware and are refused there return -EREMOTEIO
 * with status and syndrome in the output mailbox (PRM 12.3 "command interface"), as mlx5_ib does.
 * Result parameters are written last and only on success.
 */
#ifndef SOFTHCA_FW_HCA_H
#define SOFTHCA_FW_HCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hca;
struct hca_ctx;
struct hca_obj;     /* one firmware object made through DevX */
struct hca_profile;	/* hca_profile.h */
struct dp_link_config;	/* vq/dp.h */
struct hca_matcher; /* flow matcher (uverbs object 0x1003) */
struct hca_flow;    /* flow rule (uverbs object 9) */
struct hca_chan;    /* event channel */

enum { HCA_FUNCS_MAX = 64 };

/* One function, as the host set it up; zero is the default of everything. */
struct hca_func_config {
	uint8_t mac[6];   /* 0: hca_ident_mac */
	uint16_t vlan;    /* see struct dp_port_policy */
	bool spoof_check;
	uint16_t mtu;	  /* 0: 1500; at most the profile's max_mtu */
};

struct hca_config {
	unsigned int functions;	    /* 1..HCA_FUNCS_MAX */
	unsigned int threads;	    /* NIC threads, 1..16 */
	unsigned int delay_drop_ms; /* see vq/dp.h */
	bool wire_loopback;	    /* a loop-back plug in the wire port, see vq/dp.h */
	bool leaks;		    /* report on stderr what a context leaves behind, by creator */
	uint64_t seed;		    /* of everything random (latencies); 0: from the clock, and traced */
	const char *trace_path;	    /* borrowed during create; NULL: no trace; "-": stderr */
	const char *stat_path;	    /* borrowed; NULL: none; a file made for struct hca_stat (hca_stat.h) */
	const char *stat_dir;	    /* borrowed; NULL or where nic.stat.PID leads to the figures */
	const char *fail;	    /* borrowed; NULL or "COMMAND[:Nth][,...]"; COMMAND "any" counts all */
	const char *latency;	    /* borrowed; NULL or "CLASS=TIME[,...]", see latency.h */
	const struct hca_profile *profile;	/* copied; NULL: hca_profile_default (hca_profile.h) */
	const struct hca_func_config *func;	/* copied, functions of them; NULL: all default */
	const struct dp_link_config *links;	/* copied, see vq/dp.h; may be NULL */
	unsigned int n_links;
};

/* Make the NIC and start its threads. One per process in practice, but not by construction. */
int hca_create(const struct hca_config *cfg, struct hca **hca);
void hca_destroy(struct hca *hca);
/*
 * The process is about to end, and its other threads may still run: what they read of channels must
 * not end before they do. From now on our ends of channels are left for the kernel to close.
 */
void hca_process_ends(struct hca *hca);

/*
 * The latency of a command (latency.h) may pass before its caller takes locks that other commands
 * need, too: the next call of this thread that is that command does not wait again. in: the first
 * 16 bytes of a mailbox, or NULL and the name of a call without one. hca_departs() follows in any
 * case, when the command has returned or will not come after all.
 */
bool hca_takes_time(const struct hca *hca); /* without a latency nobody has to arrive */
void hca_arrives(struct hca *hca, const void *in, const char *name);
void hca_departs(struct hca *hca);

int hca_ctx_open(struct hca *hca, unsigned int function, struct hca_ctx **ctx);
void hca_ctx_close(struct hca_ctx *ctx);

/*
 * Is the link of the context's function up? When that changes (fw/link.h), all channels of the kind
 * HCA_CHAN_ASYNC are told, and who has subscribed to event 9 without an object.
 */
bool hca_link_up(struct hca_ctx *ctx);

/* ---- verbs objects the kernel makes on behalf of user space ---- */

int hca_pd_alloc(struct hca_ctx *ctx, uint32_t *pdn);
int hca_pd_free(struct hca_ctx *ctx, uint32_t pdn); /* -EBUSY while MRs, mkeys or queues use it */

/*
 * Register [hva, hva+len) of this process under a new direct key whose addresses start at iova.
 * access: enum ib_uverbs_access_flags. -ENOMEM beyond RLIMIT_MEMLOCK (as ib_umem_get accounts, not
 * for CAP_IPC_LOCK), -EFAULT when a page is not mapped.
 */
int hca_mr_reg(struct hca_ctx *ctx, uint32_t pdn, void *hva, size_t len, uint64_t iova,
	       uint32_t access, uint32_t *lkey, uint32_t *rkey);
int hca_mr_dereg(struct hca_ctx *ctx, uint32_t lkey);
/* The same key from now on for this: queues that use what it stood for fault. As hca_mr_reg(). */
int hca_mr_rereg(struct hca_ctx *ctx, uint32_t lkey, uint32_t pdn, void *hva, size_t len,
		 uint64_t iova, uint32_t access);

/* The key given as dump_fill_mkey; libmlx5 makes null MRs of it. */
uint32_t hca_null_mkey(const struct hca *hca);

int hca_umem_reg(struct hca_ctx *ctx, void *hva, size_t len, uint32_t access, uint32_t *umem_id);
int hca_umem_dereg(struct hca_ctx *ctx, uint32_t umem_id); /* -EBUSY while an object uses it */

/* page: borrowed, mapped shared by the front door, valid until the matching free. */
int hca_uar_alloc(struct hca_ctx *ctx, void *page, uint32_t *uar_id);
int hca_uar_free(struct hca_ctx *ctx, uint32_t uar_id);
/*
 * VAR: the virtqueue doorbell page; its first word is watched by the function's queues.
 * -EOPNOTSUPP: the profile has no virtio emulation.
 */
int hca_var_alloc(struct hca_ctx *ctx, void *page, uint32_t *page_id);
int hca_var_free(struct hca_ctx *ctx, uint32_t page_id);

/* ---- firmware commands: in and out are private copies of the mailboxes ---- */

/* Commands without an object (DEVX OTHER): capabilities, queries. */
int hca_cmd(struct hca_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len);

/* Create: the object's number is in the out mailbox; destroy builds its own command. */
int hca_obj_create(struct hca_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len,
		   struct hca_obj **obj);
int hca_obj_destroy(struct hca_obj *obj); /* -EBUSY while others refer to it; it stays then */
bool hca_obj_used(struct hca_obj *obj);	  /* do others refer to it? */
/* -EINVAL when the mailbox speaks of another object than obj. */
int hca_obj_modify(struct hca_obj *obj, const void *in, size_t in_len, void *out, size_t out_len);
int hca_obj_query(struct hca_obj *obj, const void *in, size_t in_len, void *out, size_t out_len);

uint32_t hca_eqn(struct hca_ctx *ctx, uint32_t vector);

/*
 * Another ring for a CQ: a CQE in the old one says so (PRM, RESIZE_CQ), and what comes later is in
 * the new one, at the next index. -EINVAL: more CQEs are unseen than it holds. umem_id holds it.
 */
int hca_cq_resize(struct hca_obj *cq, uint32_t umem_id, unsigned int log_entries);

/* ---- steering: root tables ---- */

struct hca_matcher_attr {
	const void *mask; /* fte_match_param, borrowed */
	size_t mask_len;
	uint8_t criteria_enable;
	uint16_t priority;
	uint8_t ft_type; /* enum mlx5_ib_uapi_flow_table_type */
};

int hca_matcher_create(struct hca_ctx *ctx, const struct hca_matcher_attr *attr,
		       struct hca_matcher **matcher);
int hca_matcher_destroy(struct hca_matcher *matcher); /* -EBUSY while rules use it */

/*
 * Exactly one of dest, drop and default_miss. default_miss: on to what the kernel has in the next
 * table; there is nothing here, so nobody receives the frame.
 */
struct hca_flow_attr {
	const void *value; /* fte_match_param, borrowed */
	size_t value_len;
	struct hca_obj *dest; /* a TIR or a flow table, made with hca_obj_create */
	bool drop, default_miss;
	bool has_tag;
	uint32_t tag;
	struct hca_obj *counter; /* flow counters made with hca_obj_create; NULL: none */
	uint32_t counter_offset; /* which of the bulk */
};

/*
 * -EINVAL: an object of another kind, or of another context; more destinations than an entry has.
 * -EEXIST: there is a rule with the same priority, mask and value that drops where this one does
 * not, or the reverse, or that has another tag. Else both apply: Linux, mlx5 fs_core.c.
 */
int hca_flow_create(struct hca_matcher *matcher, const struct hca_flow_attr *attr,
		    struct hca_flow **flow);
int hca_flow_destroy(struct hca_flow *flow);

/* ---- events ---- */

/*
 * A DevX event channel. *fd is the user's end of a SOCK_SEQPACKET pair: the caller gives it to the
 * program and never closes it itself; the channel notices when the program has.
 * The cookie comes first, what follows depends on the kind.
 */
enum hca_chan_kind {
	HCA_CHAN_DATA,	/* struct mlx5_ib_uapi_devx_async_event_hdr and the event queue entry */
	HCA_CHAN_COOKIE, /* nothing: as DevX has it without data, and verbs completion channels */
	HCA_CHAN_ASYNC,	/* the rest of struct ib_uverbs_async_event_desc: the verbs event's number */
};
int hca_chan_open(struct hca_ctx *ctx, enum hca_chan_kind kind, struct hca_chan **chan, int *fd);
void hca_chan_close(struct hca_chan *chan);
/* obj NULL: unaffiliated events. redirect_fd: eventfd to write instead, or -1. */
int hca_chan_subscribe(struct hca_chan *chan, struct hca_obj *obj, const uint16_t *event_nums,
		       unsigned int n, uint64_t cookie, int redirect_fd);
/* The end of a subscription; *sent: messages that went into the channel for it. */
void hca_chan_unsubscribe(struct hca_chan *chan, struct hca_obj *obj, uint16_t event,
			  uint32_t *sent);

/* A message that was taken out of the channel by the front door goes back in, to the end. */
void hca_chan_put_back(struct hca_chan *chan, const void *msg, size_t len);

/* Numbers of events, as the PRM has them. */
enum {
	HCA_EVENT_COMP = 0x00,
	HCA_EVENT_CQ_ERROR = 0x04,
	HCA_EVENT_WQ_INVALID = 0x10, /* of a queue pair: a request it cannot answer */
	HCA_EVENT_WQ_ACCESS = 0x11,  /* one that it must not answer */
};

/* ---- trace ---- */

/* A call of the program that the front door answered itself; ctx NULL: before there is one. */
void hca_note(struct hca *hca, struct hca_ctx *ctx, const char *call, int err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
