/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parents that no NIC has to be there for, and requests as an operator writes them: words and
 * values with blanks between, "mtu 1500 csum off". What is expected to work, or to fail, does so or
 * ends the test.
 */
#ifndef PROVISION_RIG_H
#define PROVISION_RIG_H

#include "provision/vv_provisioned.h"

/* "CSUM VERSION_1", "bit_100". */
struct vv_features rig_features(const char *names);
bool rig_has(struct vv_features features, const char *names); /* all of them */

/* A NIC that can all that is in this text; nobody else is on it. */
#define RIG_SUPPORTED                                                                              \
	"CSUM GUEST_CSUM CTRL_GUEST_OFFLOADS MTU MAC GUEST_TSO4 GUEST_TSO6 GUEST_ECN HOST_TSO4 "   \
	"HOST_TSO6 HOST_ECN MRG_RXBUF STATUS CTRL_VQ CTRL_RX CTRL_VLAN CTRL_RX_EXTRA "             \
	"GUEST_ANNOUNCE MQ CTRL_MAC_ADDR ANY_LAYOUT VERSION_1 ACCESS_PLATFORM RING_PACKED RSS "    \
	"SPEED_DUPLEX"

struct vv_parent rig_parent(void);

struct vv_request rig_request(const char *words);
int rig_make(const struct vv_parent *parent, const char *words, struct vv_provisioned *device,
	     char *why, size_t why_len);

struct vv_provisioned rig_made(const struct vv_parent *parent, const char *words);
/* code: positive; why is one line, and has the text. */
void rig_refused(const struct vv_parent *parent, const char *words, int code, const char *text);

/* Are two devices the same in all that counts? What was set by whom does not. */
bool rig_same(const struct vv_provisioned *a, const struct vv_provisioned *b);

void rig_assert_features(struct vv_features is, const char *names);

#endif
