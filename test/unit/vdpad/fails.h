/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that fail at will: those of the C library that the state directory is made of (the linker
 * wraps them, meson.build), and those of the driver and DPDK that tests stand in for. One thread.
 */
#ifndef FAILS_H
#define FAILS_H

#include <stdbool.h>

/* Up to CALLS: those whose failure is to change nothing. */
enum call { WRITE, FSYNC, RENAMEAT, LINKAT, HOTPLUG, SOCKET, SET_LIVE, CALLS, UNPLUG = CALLS, ALL_CALLS };

extern int fail_nth[ALL_CALLS]; /* 0: none; else the nth of these from now on fails, once */
extern int fail_with;       /* errno */
/* As many of all calls are done, then none is any more: the process has died. -1: it lives. */
extern int die_after;

void fails_reset(void);
/* Does this one? errno says why. */
bool fails(enum call call);

#endif
