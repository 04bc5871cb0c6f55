/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices of any driver that the command line names, behind the sockets it names, until a signal:
 * nothing is remembered, nobody is asked. Thread: main.
 */
#ifndef VDPAD_SERVE_H
#define VDPAD_SERVE_H

#include <signal.h>

struct vdpad_options;

/* After rte_eal_init(). ends: the signals, blocked, that end it. -errno: said why. */
int vdpad_serve(const struct vdpad_options *options, const sigset_t *ends);

#endif
