/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the header of a frame: what steering rules match on (struct flow_key, vq/dp.h).
 * Pure functions. The bytes may be a guest's live memory only if the caller copied them first.
 */
#ifndef SOFTHCA_PORT_FRAME_H
#define SOFTHCA_PORT_FRAME_H

#include "../vq/dp.h"

/* Enough for two tags, IPv6 with some extension headers, and ports. */
enum { FRAME_HEADER_MAX = 128 };

/* len: bytes there are, at least 14; fields beyond them, or that do not exist, are 0. */
void frame_parse(const uint8_t *bytes, size_t len, struct flow_key *key);

#endif
