/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often a queue that went to error is made again by ourselves: VV_RECOVERIES times in
 * VV_RECOVERY_WINDOW_MS. A guest that keeps posting what the NIC refuses gets its queue stopped
 * until its front-end resets it, instead of keeping the firmware busy. Pure functions.
 */
#ifndef VV_RECOVERY_H
#define VV_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

enum { VV_RECOVERIES = 3, VV_RECOVERY_WINDOW_MS = 3000 };

struct vv_recovery {
	uint64_t at_ms[VV_RECOVERIES]; /* of the last ones, oldest first */
	unsigned int n;
};

/* May it be made again now? If so, that counts. now_ms never goes back. */
static inline bool vv_recovery_allow(struct vv_recovery *r, uint64_t now_ms)
{
	unsigned int i;

	if (r->n == VV_RECOVERIES) {
		if (now_ms - r->at_ms[0] < VV_RECOVERY_WINDOW_MS)
			return false;
		for (i = 1; i < VV_RECOVERIES; i++)
			r->at_ms[i - 1] = r->at_ms[i];
		r->n--;
	}
	r->at_ms[r->n++] = now_ms;
	return true;
}

#endif
