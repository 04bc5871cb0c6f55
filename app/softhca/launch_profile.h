/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Profile files: what kind of NIC it is, as INI text (config/softhca/, where each key is
 * explained). What a file does not say is as in hca_profile_default.
 *
 * Errors: -EINVAL or -errno, said on stderr in one line that names file, line and key.
 */
#ifndef SOFTHCA_LAUNCH_PROFILE_H
#define SOFTHCA_LAUNCH_PROFILE_H

#include <stddef.h>

#include "fw/hca_profile.h"

/* A path if it has a slash or ends in .ini, else one of the shipped ones by its name. */
int launch_profile_load(const char *name, struct hca_profile *profile);

/* One file, and what it says of itself (description may be NULL). */
int launch_profile_read(const char *path, struct hca_profile *profile, char *description,
			size_t description_len);

/* The offloads by their names in a file, separated by spaces. */
void launch_profile_offloads(uint16_t bits, char *list, size_t len);

#endif
