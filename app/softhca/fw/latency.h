/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long commands take: nothing, unless asked for (`softhca run --latency`, hca_config.latency).
 *
 *   CLASS=TIME[,CLASS=TIME...]
 *
 * CLASS is create, modify, query, destroy, other, any, or a command as the trace names it; the most
 * particular one counts: a command's name before its class, its class before any.
 * TIME is a number with ns, us, ms or s, at most 60 s: 100us always the same; 1ms-3ms anything
 * between, evenly; 1ms~200us normally distributed, mean and standard deviation, never below 0.
 *
 * Threads: a parsed plan does not change; the random numbers are the caller's (struct latency_rng)
 * and under its lock.
 */
#ifndef SOFTHCA_FW_LATENCY_H
#define SOFTHCA_FW_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many commands are on their way at once; the next one waits for the end of one of them. */
enum { LATENCY_SLOTS = 32 };

enum latency_class {
	LATENCY_CREATE,	/* create_, alloc_, reg_, open_ */
	LATENCY_MODIFY,	/* modify_, and the changes of a QP's state */
	LATENCY_QUERY,	/* query_ */
	LATENCY_DESTROY, /* destroy, dealloc_, dereg_, close_ */
	LATENCY_OTHER,
	LATENCY_ANY,
};

struct latency; /* a plan */

struct latency_rng {
	uint64_t state;
};

/*
 * text NULL or "": no plan, *plan is NULL. -EINVAL: why (may be NULL) says in one line, without a
 * line end, which item is wrong and what would be right.
 */
int latency_parse(const char *text, struct latency **plan, char *why, size_t why_len);
void latency_free(struct latency *plan); /* NULL is fine */

/* The class of a command, from its name. */
enum latency_class latency_class(const char *command);

/* How long this execution takes, in ns; 0 without a plan. */
uint64_t latency_draw(const struct latency *plan, const char *command, struct latency_rng *rng);

#endif
