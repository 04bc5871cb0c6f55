/* SPDX-License-Identifier: BSD-3-Clause */
#include "stop.h"

#include <stddef.h>

volatile sig_atomic_t fe_stop_requested;

static void on_signal(int number)
{
	fe_stop_requested = 1;
}

void fe_stop_on_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
