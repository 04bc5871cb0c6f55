/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vdpad as it manages devices: from the INI file to the signal that ends it. One loop waits for
 * signals, for requests and for the time to tell systemd's watchdog. Thread: main.
 */
#ifndef VDPAD_DAEMON_H
#define VDPAD_DAEMON_H

struct vdpad_options;

/* The status to exit with. What fails is said. */
int vdpad_daemon(const struct vdpad_options *options);

#endif
