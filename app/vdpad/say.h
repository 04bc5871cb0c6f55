/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the daemon says: one line on stderr per event, whole also when several threads speak. A line
 * for journald begins with its priority, if stderr is journald's.
 */
#ifndef VDPAD_SAY_H
#define VDPAD_SAY_H

/* As syslog(3) has them. */
enum vdpad_priority { VDPAD_WARNING = 4, VDPAD_NOTICE = 5, VDPAD_INFO = 6, VDPAD_DEBUG = 7 };

/* At the beginning, while there is one thread: what is said from now on. Default: notice. */
void vdpad_say_up_to(enum vdpad_priority priority);

/* Something came to be, or ended. */
void vdpad_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Somebody should do something about it. */
void vdpad_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
