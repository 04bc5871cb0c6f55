/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What arrives of probes sent from one device to another (or around, to itself), and where. That
 * nothing arrives is proved: markers that must arrive are sent behind the probes, and when they are
 * there twice, one after the other, the NIC has no probe left.
 *
 * Owner: a script; devices are borrowed. Threads: one. Errors: 0 or -errno; -ETIMEDOUT: no marker
 * arrived; -EPROTO as from queues.
 */
#ifndef FRONTEND_SCOUT_H
#define FRONTEND_SCOUT_H

#include "device.h"
#include "probe.h"

enum { FE_SIGHTINGS_MAX = 4096 };

/* A probe, or a part of it, as it arrived. */
struct fe_sighting {
	uint32_t number;
	uint32_t len;
	uint16_t pair;
	uint8_t gso_type;
};

struct fe_scout {
	struct fe_dev *from, *to;
	uint8_t from_mac[FE_MAC_LEN]; /* source of markers */
	uint8_t mac[FE_MAC_LEN];      /* what the receiver listens to */
	/* No frame of any kind is let through: wait until all is sent, and a while longer. */
	bool quiet;
	unsigned int limit_ms;
	uint32_t next; /* number */
	unsigned int sightings;
	struct fe_sighting sighting[FE_SIGHTINGS_MAX];
};

/* Numbers the probe and sends it. */
int fe_scout_probe(struct fe_scout *s, struct fe_probe *probe);
/* Until all that was sent before has arrived or will not; sightings are in order by queue. */
int fe_scout_settle(struct fe_scout *s);
/* Takes what is there now. */
int fe_scout_look(struct fe_scout *s);
/* Forgets sightings. */
void fe_scout_begin(struct fe_scout *s);

/* How often the probe with that number was seen, and (if it was) the first time. */
unsigned int fe_scout_seen(const struct fe_scout *s, uint32_t number,
			   const struct fe_sighting **first);

#endif
