/* SPDX-License-Identifier: BSD-3-Clause */
#include "notify.h"

#include <stdio.h>

#ifdef VDPAD_SYSTEMD

#include <systemd/sd-daemon.h>

static void notify(const char *text)
{
	sd_notify(0, text);
}

uint64_t vdpad_notify_watchdog_us(void)
{
	uint64_t us;

	return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

#else

static void notify(const char *text)
{
	(void)text;
}

uint64_t vdpad_notify_watchdog_us(void)
{
	return 0;
}

#endif

void vdpad_notify_ready(void)
{
	notify("READY=1");
}

void vdpad_notify_stopping(void)
{
	notify("STOPPING=1");
}

void vdpad_notify_status(unsigned int devices, unsigned int failed)
{
	char text[96];

	snprintf(text, sizeof(text), "STATUS=%u devices, %u of them failed", devices, failed);
	notify(text);
}

void vdpad_notify_alive(void)
{
	notify("WATCHDOG=1");
}
