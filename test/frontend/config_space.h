/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration space of a virtio-net device (virtio 1.3 section 5.1.4): its fields by name,
 * read from the bytes a back-end sends. Little endian.
 *
 * Pure functions. A field that the bytes do not (wholly) reach does not exist.
 */
#ifndef FRONTEND_CONFIG_SPACE_H
#define FRONTEND_CONFIG_SPACE_H

#include <stddef.h>
#include <stdint.h>

#define FE_CONFIG_MAX 256 /* what a vhost-user message holds */
#define FE_CONFIG_LEN 24  /* up to and with supported_hash_types */

/* By name; mac as a number, its first byte on top. -ENOENT: no such field, or not that far. */
int fe_config_field(const uint8_t *bytes, size_t len, const char *name, uint64_t *value);
/* Its text as `config` prints it: "02:00:00:00:00:01", "3", "0x3f". -ENOENT likewise. */
int fe_config_text(const uint8_t *bytes, size_t len, const char *name, char *text, size_t room);
/* The fields in their order; NULL behind the last one. */
const char *fe_config_name(unsigned int i);

#endif
