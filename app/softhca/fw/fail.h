/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Failures on request: "COMMAND[:Nth][,...]" makes the Nth execution (from 1, default 1) of a
 * command fail, once. COMMAND is a name as the trace prints it (create_cq, reg_mr, ...), in upper
 * or lower case, or "any". Destroying never fails on request.
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_FAIL_H
#define SOFTHCA_FW_FAIL_H

#include <stdbool.h>

struct fail_plan;

/* -EINVAL: not of that form, or no such command. text NULL or empty: *plan is NULL. */
int fail_parse(const char *text, struct fail_plan **plan);
/* Add one COMMAND[:N], counted from now, to a plan or to none. The plan may move. */
int fail_add(struct fail_plan **plan, const char *text);
void fail_free(struct fail_plan *plan);

/* Is it "any" or a command that can be told to fail? */
bool fail_known(const char *command);

/* Count one execution; true: it is one that has to fail. plan may be NULL. */
bool fail_now(struct fail_plan *plan, const char *command);

#endif
