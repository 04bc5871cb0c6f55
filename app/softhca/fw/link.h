/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link of a function: while it is down, nothing is sent or received (dp_port_set_link), and
 * verbs reports the port so. The host's side changes it, the program is told.
 *
 * Threads: under the firmware lock and dp_lock.
 */
#ifndef SOFTHCA_FW_LINK_H
#define SOFTHCA_FW_LINK_H

#include <stdbool.h>

struct hca_function;

/* False: it was so before, and nobody is told. */
bool link_set(struct hca_function *func, bool up);

#endif
