/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trace: one line per command, with the time since the NIC was made, every field that is not
 * zero by name, the result, for a refusal the field and the reason, and how long it took. Between
 * them a line for what the NIC does by itself: states of queues, events, injected failures.
 * hca->trace NULL: nothing happens.
 *
 * Threads: under the firmware lock, but for trace_state() and trace_event(): they come from NIC
 * threads, too, and leave a note that trace_drain() writes, at the next command at the latest or by
 * the control thread.
 */
#ifndef SOFTHCA_FW_TRACE_H
#define SOFTHCA_FW_TRACE_H

#include <stdint.h>

struct cmd;
struct hca;
struct hca_config;
struct hca_ctx;
struct hca_obj;

/* cfg->trace_path NULL: no trace; "-": stderr. The first line says what NIC it is. */
int trace_open(struct hca *hca, const struct hca_config *cfg);
void trace_close(struct hca *hca);

/* A mailbox command, its result, and the object it created or NULL. */
void trace_cmd(const struct cmd *cmd, int err, const struct hca_obj *made);
/* A command without a mailbox; err: its result. */
void trace_call(const struct hca_ctx *ctx, const char *name, int err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* An object that its program left behind. */
void trace_leak(const struct hca_obj *obj);
/* Something that belongs to no context. */
void trace_note(struct hca *hca, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A queue's state has changed; from, to: enum vq_state, error: enum vq_error. */
void trace_state(const struct hca_obj *queue, unsigned int index, unsigned int from,
		 unsigned int to, unsigned int error);
/* A subscriber of the object was told of the event (event.h). */
void trace_event(const struct hca_obj *obj, uint16_t event);
/* Write the notes of NIC threads. */
void trace_drain(struct hca *hca);

#endif
