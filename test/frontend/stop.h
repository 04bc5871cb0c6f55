/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and SIGTERM end a run early and in order: what was in flight is awaited and reported. */
#ifndef FRONTEND_STOP_H
#define FRONTEND_STOP_H

#include <signal.h>

extern volatile sig_atomic_t fe_stop_requested;

/* Installs the handlers; a second signal kills as usual. */
void fe_stop_on_signals(void);

#endif
