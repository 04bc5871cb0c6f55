/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive-side scaling as a driver may expect it (virtio 1.3 section 5.1.6.4.3 and .4): the
 * Toeplitz hash over what the hash types say, and the table it chooses from. Written from the
 * specification, bit by bit. Pure functions.
 */
#ifndef FRONTEND_TOEPLITZ_H
#define FRONTEND_TOEPLITZ_H

#include "control_command.h"

uint32_t fe_toeplitz(const uint8_t *key, unsigned int key_len, const uint8_t *data,
		     unsigned int len);

/* The receive queue, by pair, of an Ethernet frame (802.1Q tags are skipped). */
unsigned int fe_rss_queue(const struct fe_rss *rss, const uint8_t *frame, uint32_t len);

#endif
