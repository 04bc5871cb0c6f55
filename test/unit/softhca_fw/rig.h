/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the firmware's tests share: a NIC of two functions over the double, three contexts, and
 * mailboxes filled by field. Offsets are the firmware's own; layout_prm.c holds them against
 * DPDK's.
 */
#ifndef SOFTHCA_FW_TEST_RIG_H
#define SOFTHCA_FW_TEST_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dp_double.h"
#include "fw/cmd.h"
#include "fw/hca.h"
#include "fw/hca_priv.h"

enum { RIG_MEM = 1 << 20, RIG_IOVA = 0x10000000 };

struct rig {
	struct hca *hca;
	struct hca_ctx *a, *b, *other; /* a and b on function 0, other on function 1 */
	uint8_t *mem;                  /* RIG_MEM bytes, 4 KiB aligned */
	uint32_t pd, key, umem, uar;   /* of a; key: mem at RIG_IOVA; umem: all of mem */
	uint64_t uar_page[512];
	uint32_t var_page[1024];
	char *trace; /* path */
};

struct mbox {
	const struct cmd_desc *desc;
	uint8_t in[8192], out[8192];
	size_t in_len, out_len;
	unsigned int n_tail;
};

/* cmocka fixtures; *state is the rig. The teardown checks that nothing is left. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* Bare contexts: with hca_config.fail; with a profile. */
void rig_make(struct rig *rig, const char *fail);
void rig_make_profile(struct rig *rig, const char *fail, const struct hca_profile *profile);
/* What rig_setup adds: protection domain, key, umem, UAR. */
void rig_fill(struct rig *rig);
void rig_end(struct rig *rig);

/* An empty mailbox for a command: opcode, object type, lengths as the command table says. */
void mb_begin(struct mbox *mb, const char *command);
void mb_set(struct mbox *mb, enum field_id field, uint64_t value);
uint64_t mb_get(const struct mbox *mb, enum field_id field); /* what mb_set has set */
void mb_key(struct mbox *mb, uint32_t byte_count, uint32_t key, uint64_t address);
void mb_queue(struct mbox *mb, uint32_t id);
uint64_t mb_answer(const struct mbox *mb, uint32_t base, enum field_id field);

struct hca_obj *mb_create(struct mbox *mb, struct hca_ctx *ctx);
void mb_modify(struct mbox *mb, struct hca_obj *obj);
void mb_query(struct mbox *mb, struct hca_obj *obj);
/* It must be refused, for that reason. */
#define mb_create_refused(mb, ctx, s)      mb_refused_(mb, ctx, NULL, s, __FILE__, __LINE__)
#define mb_modify_refused(mb, ctx, obj, s) mb_refused_(mb, ctx, obj, s, __FILE__, __LINE__)
void mb_refused_(struct mbox *mb, struct hca_ctx *ctx, struct hca_obj *obj, enum syndrome s,
		 const char *file, int line);

/* Good mailboxes; a test changes a field or two. */
void good_mkey(struct rig *rig, struct mbox *mb); /* KLM, one entry, all of mem at RIG_IOVA */
void good_cq(struct rig *rig, struct mbox *mb);   /* 16 CQEs at mem, doorbell record behind */
void good_fw_qp(struct rig *rig, struct mbox *mb);
void good_sw_qp(struct rig *rig, struct mbox *mb, const struct hca_obj *cq);
void good_tis(struct rig *rig, struct mbox *mb, const struct hca_obj *td);
void good_rqt(struct mbox *mb, const struct hca_obj *vq, unsigned int n);
void good_tir(struct mbox *mb, const struct hca_obj *td, const struct hca_obj *rqt);
/* Split, 64 entries, no events, rings at RIG_IOVA + 0x10000. */
void good_virtq(struct rig *rig, struct mbox *mb, const struct hca_obj *tis);

/* Where good_cq and good_sw_qp have put things. */
enum { CQ_LOG = 4, CQ_AT = 0, CQ_DBR_AT = 0x1000, RQ_LOG = 4, RQ_AT = 0x2000, RQ_DBR_AT = 0x3000 };
enum { RING_AT = 0x10000, VQ_UMEM_AT = 0x40000 };

struct hca_obj *make(struct mbox *mb, struct hca_ctx *ctx, const char *command);
struct hca_obj *make_tis(struct rig *rig, struct hca_obj **td);
/* Both QPs to RTS, connected. */
void connect_qps(struct hca_obj *fw, struct hca_obj *sw);
void qp_to(struct hca_obj *qp, const char *command, uint32_t remote);

/* hca_flow_create() with a TIR and nothing else. */
int flow_to(struct hca_matcher *matcher, const void *value, size_t value_len, struct hca_obj *tir,
	    struct hca_flow **flow);

void destroy(struct hca_obj *obj);
void set_state(struct hca_obj *vq, enum vq_state state);
/* modify_field_select of a VIRTIO_NET_Q. */
enum {
	SEL_STATE = 1 << 0,
	SEL_DIRTY_PARAMS = 1 << 3,
	SEL_DIRTY_ENABLE = 1 << 4,
	SEL_PERIOD = 1 << 5,
	SEL_ADDRS = 1 << 6,
	SEL_AVAIL = 1 << 7,
	SEL_USED = 1 << 8,
	SEL_TYPE = 1 << 9,
	SEL_VERSION = 1 << 10,
	SEL_MKEY = 1 << 11,
	SEL_FEATURES = 1 << 12,
	SEL_EVENT = 1 << 13,
	SEL_DESC_GROUP = 1 << 14,
	/* What a driver sets of a queue that it has made before the guest came. */
	SEL_GUEST = SEL_ADDRS | SEL_AVAIL | SEL_USED | SEL_TYPE | SEL_VERSION | SEL_MKEY |
		    SEL_FEATURES | SEL_EVENT,
};

/* A modify mailbox that selects fields. */
void select_fields(struct mbox *mb, uint64_t select);
/* mb->out: the queue as a query shows it. */
void virtq_query_into(struct hca_obj *obj, struct mbox *mb);
/* A modify mailbox that asks for a state. */
void request_state(struct mbox *mb, unsigned int to);
/* A good queue of index 0, brought to a state. */
struct hca_obj *queue_in(struct rig *rig, struct hca_obj *tis, enum vq_state s);
enum vq_state state_of(struct hca_obj *obj);
uint64_t stat_objects(struct rig *rig);

#endif
