/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace: one line per command, with every field that is not zero by name, the result, and for a
 * refusal the field and the reason. hca->trace NULL: nothing happens.
 *
 * Threads: under the firmware lock.
 */
#ifndef SOFTHCA_FW_TRACE_H
#define SOFTHCA_FW_TRACE_H

struct cmd;
struct hca;
struct hca_ctx;
struct hca_obj;

int trace_open(struct hca *hca, const char *path); /* path NULL: no trace; "-": stderr */
void trace_close(struct hca *hca);

/* A mailbox command, its result, and the object it created or NULL. */
void trace_cmd(const struct cmd *cmd, int err, const struct hca_obj *made);
/* A command without a mailbox; err: its result. */
void trace_call(const struct hca_ctx *ctx, const char *name, int err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* An object that its program left behind. */
void trace_leak(const struct hca_obj *obj);

#endif
