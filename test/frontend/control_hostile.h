/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control rings no driver may make, by name: one is put into the ring in place of a command. The
 * device completes it with length 0 where there is something to complete, and answers nothing from
 * then on until it is reset.
 */
#ifndef FRONTEND_CONTROL_HOSTILE_H
#define FRONTEND_CONTROL_HOSTILE_H

#include "control_queue.h"

/*
 * Posts and publishes it. *completed: it leaves a chain to be completed, take it as an answer.
 * -ENOENT: no such name for this layout.
 */
int fe_ctrl_hostile(struct fe_ctrl_queue *c, const struct fe_mem *mem, const char *name,
		    bool *completed);
/* The names of a layout; NULL behind the last one. */
const char *fe_ctrl_hostile_name(enum fe_layout layout, unsigned int i);

#endif
