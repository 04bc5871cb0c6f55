/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dirty log of a guest that is migrated: a bitmap in which the back-end sets the bit of every
 * page its device writes, and what we know of it.
 *
 * Of each page we know whether it must be in the log (the device wrote it while it had to log), may
 * be (written while logging was switched on or off, or where the ring's positions are) or may not.
 * compare() wants all of the first and none of the last.
 *
 * Pages are guest pages of 4 KiB (vhost-user, "Migration"). Threads: one; the back-end sets bits
 * meanwhile.
 */
#ifndef FRONTEND_DIRTY_H
#define FRONTEND_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_mem.h"

#define FE_DIRTY_PAGE 4096

enum fe_dirty_state {
	FE_DIRTY_OFF,       /* nothing is noted */
	FE_DIRTY_SWITCHING, /* writes may be logged */
	FE_DIRTY_ON,        /* writes to buffers that were posted since must be */
};

struct fe_dirty {
	enum fe_dirty_state state;
	int fd;              /* owned, the back-end maps it */
	uint8_t *map;        /* owned mapping of it */
	size_t size;         /* bytes */
	uint8_t *must, *may; /* owned, as large; may includes must */
};

struct fe_dirty_result {
	uint64_t logged; /* pages */
	uint64_t missing, extra;
	uint64_t first_missing, first_extra; /* guest addresses */
};

int fe_dirty_create(const struct fe_mem *mem, struct fe_dirty *d);
void fe_dirty_destroy(struct fe_dirty *d);

/* As QEMU does between two rounds: takes the log out of the bitmap, and forgets what was noted. */
void fe_dirty_clear(struct fe_dirty *d);

/* The device wrote there. */
void fe_dirty_note(struct fe_dirty *d, uint64_t gpa, uint64_t len, bool must);

void fe_dirty_compare(const struct fe_dirty *d, struct fe_dirty_result *res);

#endif
