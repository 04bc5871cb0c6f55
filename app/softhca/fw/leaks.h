/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who made an object, and the report of what a program leaves behind.
 *
 * An origin is taken when a command arrives, before the firmware lock: the thread's name and the
 * return addresses on its stack. Names are found when they are needed, without the lock, because
 * dladdr() takes one of the dynamic linker's. Taken only when a trace or a report was asked for.
 *
 * Threads: origin_here() any; the others by the thread that closes the context.
 */
#ifndef SOFTHCA_FW_LEAKS_H
#define SOFTHCA_FW_LEAKS_H

#include <stddef.h>

struct hca_ctx;
struct hca_obj;

enum { ORIGIN_FRAMES = 24, ORIGIN_TEXT = 400 };

struct origin {
	unsigned int n; /* frames; 0: nothing was taken */
	char thread[16];
	void *frame[ORIGIN_FRAMES];
};

/* Once, before there are locks to hold: backtrace() loads a library when it is first called. */
void origin_warm_up(void);
void origin_here(struct origin *origin);

/*
 * "LIBRARY FUNCTION+OFFSET < CALLER < ...": the innermost frames behind those of the model and of
 * libibverbs and libmlx5; a library is named once in a row, and without a symbol the offset in its
 * file stands for the function, for addr2line. Takes no lock of ours.
 */
void origin_text(const struct origin *origin, char *text, size_t len);

/* Give every object of a context that is about to be closed its origin's text. No lock held. */
void leaks_name(struct hca_ctx *ctx);
/* The report on stderr, grouped by creator, of the objects alive. No lock held. */
void leaks_report(struct hca_ctx *ctx);

#endif
