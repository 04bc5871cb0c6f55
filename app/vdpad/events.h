/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What librte_vhost tells of guests, as lines on stderr. Thread: librte_vhost's events (and its
 * reconnecting one); at the end main.
 */
#ifndef VDPAD_EVENTS_H
#define VDPAD_EVENTS_H

struct rte_vhost_device_ops;

extern const struct rte_vhost_device_ops vdpad_events;

#endif
