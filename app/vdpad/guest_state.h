/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's own settings, as "dev state save" prints them and "dev state load" takes them:
 *complete, so that saved, loaded and saved again is the same text. Strict: every key is there and
 *none else. Whether a guest of a certain device can have set it is the driver's question.
 *
 *	{"negotiated_features": ["CSUM", ...], "negotiated_features_mask": "0x...",
 *	 "max_vqp": 4, "vqp": 2, "mac": "02:...", "announce": false,
 *	 "rx_modes": {"promisc": false, "allmulti": ..., "alluni", "nomulti", "nouni", "nobcast"},
 *	 "unicast": {"overflow": false, "addresses": ["02:...", ...]}, "multicast": {...},
 *	 "vlans": [[0, 4095]],                                      ranges, in their order
 *	 "rss": {"active": false, "hash_types": 0, "table": [0, 1], "unclassified": 0, "max_tx": 0,
 *	         "key": "6d5a..."},
 *	 "offloads": ["GUEST_CSUM", ...],
 *	 "coalesce": {"rx": {"packets": 0, "usecs": 0}, "tx": {...},
 *	              "queues": [{"queue": 1, "packets": 4, "usecs": 8}, ...]}}  those that have any
 *
 * Threads: pure functions.
 */
#ifndef VDPAD_GUEST_STATE_H
#define VDPAD_GUEST_STATE_H

#include <jansson.h>
#include <rte_pmd_vdpa_verbs.h>

#include "error.h"

/* NULL: no memory. */
json_t *vdpad_guest_state_json(const struct rte_pmd_vdpa_verbs_state *state);
/* -EINVAL: word is the key. */
int vdpad_guest_state_parse(const json_t *object, struct rte_pmd_vdpa_verbs_state *state,
			    struct vdpad_error *error);

#endif
