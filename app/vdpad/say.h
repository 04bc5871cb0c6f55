/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon says: one line on stderr per event, whole also when several threads speak. */
#ifndef VDPAD_SAY_H
#define VDPAD_SAY_H

void vdpad_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
