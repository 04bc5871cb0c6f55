/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the bytes of a command are cut into descriptors. A device must not care (virtio 1.3 section
 * 2.7.4.1), so tests cut them in every way. Pure functions.
 */
#ifndef FRONTEND_CONTROL_FRAMING_H
#define FRONTEND_CONTROL_FRAMING_H

#include <stdint.h>

enum fe_framing {
	FE_FRAMING_JOINED, /* one readable, one writable descriptor */
	FE_FRAMING_LINUX,  /* class and command | data | ack | result */
	FE_FRAMING_BYTES,  /* a byte each; longer ones only if there are not enough descriptors */
	FE_FRAMING_RANDOM,
};

/* "joined", "linux", "bytes", "random"; -EINVAL: none of these. */
int fe_framing_parse(const char *text, enum fe_framing *framing);

/*
 * Cuts len bytes, of which the first `head` belong together for FE_FRAMING_LINUX, into at most
 * `most` pieces (at least 2); fills in their lengths and returns how many: none for no bytes.
 */
unsigned int fe_framing_cut(enum fe_framing framing, uint64_t *random, uint32_t head, uint32_t len,
			    unsigned int most, uint32_t *piece);

/* The next of a sequence of small reproducible random numbers. */
static inline uint32_t fe_next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

#endif
