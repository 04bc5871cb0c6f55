/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What systemd wants to know of a service, by libsystemd; nothing, where vdpad was built without or
 * is not started by systemd. Thread: main.
 */
#ifndef VDPAD_NOTIFY_H
#define VDPAD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

void vdpad_notify_ready(void);
void vdpad_notify_stopping(void);
/* For "systemctl status": how many devices there are, and are not. */
void vdpad_notify_status(unsigned int devices, unsigned int failed);

/* How often it wants to hear that we live; 0: not at all. */
uint64_t vdpad_notify_watchdog_us(void);
void vdpad_notify_alive(void);

#endif
