/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vv_ctrl*.c files share: a command while it is looked at, and the handlers. */
#ifndef VV_CTRL_PRIV_H
#define VV_CTRL_PRIV_H

#include "vv_ctrl.h"

/*
 * next is a copy of the present state, for the handler to change; the reply is empty. The command
 * has been found, is negotiated, and is as long as its table entry allows.
 */
struct vv_ctrl_call {
	const struct vv_ctrl_conf *conf;
	const struct vv_ctrl_facts *facts;
	uint8_t command;
	const uint8_t *data; /* behind class and command */
	size_t len;          /* of data */
	size_t room;
	struct vv_ctrl_state *next;
	struct vv_ctrl_reply *reply;
};

typedef enum vv_ctrl_verdict vv_ctrl_handler(const struct vv_ctrl_call *call);

/* vv_ctrl_rx.c: what is received */
vv_ctrl_handler vv_ctrl_rx_mode, vv_ctrl_mac_table, vv_ctrl_mac_addr, vv_ctrl_vlan;
vv_ctrl_handler vv_ctrl_announce;
/* vv_ctrl_mq.c: by which queue */
vv_ctrl_handler vv_ctrl_mq_pairs, vv_ctrl_mq_rss, vv_ctrl_mq_hash;
/* vv_ctrl_tune.c: and how */
vv_ctrl_handler vv_ctrl_offloads, vv_ctrl_coal_all, vv_ctrl_coal_set, vv_ctrl_coal_get;
/* vv_ctrl_stats.c */
vv_ctrl_handler vv_ctrl_stats_query, vv_ctrl_stats_get;

static inline uint16_t vv_ctrl_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t vv_ctrl_get32(const uint8_t *p)
{
	return vv_ctrl_get16(p) | (uint32_t)vv_ctrl_get16(p + 2) << 16;
}

static inline uint64_t vv_ctrl_get64(const uint8_t *p)
{
	return vv_ctrl_get32(p) | (uint64_t)vv_ctrl_get32(p + 4) << 32;
}

/* Little-endian number at the end of the reply; there is room for it. */
void vv_ctrl_reply_put(struct vv_ctrl_reply *reply, uint64_t value, size_t bytes);

#endif
