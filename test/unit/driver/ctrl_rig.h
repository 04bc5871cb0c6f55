/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control plane to send commands to, for the tests of ctrl/. Each command is put into memory of
 * exactly its size, so that a sanitizer sees a byte too many; what a refused one left is forgotten.
 */
#ifndef CTRL_RIG_H
#define CTRL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctrl/vv_ctrl.h"

enum { RIG_PAIRS = 4, RIG_CVQ = 2 * RIG_PAIRS };

struct ctrl_rig {
	struct vv_ctrl_conf conf;
	bool enabled[2 * VV_CTRL_PAIRS_MAX];
	struct vv_ctrl_facts facts;
	struct vv_ctrl_state now;   /* in force */
	struct vv_ctrl_reply reply; /* to the last command that was taken */
	size_t room;
};

/* All that a command can need. */
#define RIG_FEATURES                                                                               \
	(VV_BIT(VIRTIO_NET_F_CTRL_VQ) | VV_BIT(VIRTIO_NET_F_CTRL_RX) |                             \
	 VV_BIT(VIRTIO_NET_F_CTRL_RX_EXTRA) | VV_BIT(VIRTIO_NET_F_CTRL_VLAN) |                     \
	 VV_BIT(VIRTIO_NET_F_CTRL_MAC_ADDR) | VV_BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |                \
	 VV_BIT(VIRTIO_NET_F_MQ) | VV_BIT(VIRTIO_NET_F_RSS) | VV_BIT(VIRTIO_NET_F_HASH_REPORT) |   \
	 VV_BIT(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) | VV_BIT(VIRTIO_NET_F_GUEST_CSUM) |              \
	 VV_BIT(VIRTIO_NET_F_GUEST_TSO4) | VV_BIT(VIRTIO_NET_F_GUEST_TSO6) |                       \
	 VV_BIT(VIRTIO_NET_F_GUEST_ECN) | VV_BIT(VIRTIO_NET_F_NOTF_COAL) |                         \
	 VV_BIT(VIRTIO_NET_F_VQ_NOTF_COAL) | VV_BIT(VIRTIO_NET_F_DEVICE_STATS))

/* A trusted guest with these features and RIG_PAIRS pairs, all enabled; after a reset. */
void rig_init(struct ctrl_rig *rig, uint64_t features);
/* The same for a guest that is not trusted. */
void rig_init_untrusted(struct ctrl_rig *rig, uint64_t features);

/*
 * Asserts what holds for every command: the state in force is not written to, and is one that can
 * be (rig_assert_sane).
 */
enum vv_ctrl_verdict rig_send(struct ctrl_rig *rig, const void *command, size_t len);

/* assert_verdict(rig, verdict, bytes of the command...) */
#define assert_verdict(rig, verdict, ...)                                                          \
	assert_string_equal(                                                                       \
	    vv_ctrl_verdict_name(rig_send((rig), (const uint8_t[]){__VA_ARGS__},                   \
					  sizeof((const uint8_t[]){__VA_ARGS__}))),                \
	    vv_ctrl_verdict_name(verdict))
#define assert_ok(rig, ...)  assert_verdict(rig, VV_CTRL_OK, __VA_ARGS__)
#define assert_bad(rig, ...) assert_verdict(rig, VV_CTRL_BAD_VALUE, __VA_ARGS__)

/* Of a state that commands have led to: everything is within its bounds. */
void rig_assert_sane(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state);

/* RSS_CONFIG and MAC tables are long: made from their parts. Each returns the command's length. */
struct rig_rss {
	uint32_t types;
	unsigned int table_len;
	uint16_t unclassified, max_tx;
	uint8_t key_len;
	uint16_t entry; /* of all of the table */
};

size_t rig_rss(const struct rig_rss *rss, uint8_t *command);
/* n addresses 02:..: and m addresses 03:..:, each with its number at the end. */
size_t rig_mac_table(uint32_t n, uint32_t m, uint8_t *command);

#endif
