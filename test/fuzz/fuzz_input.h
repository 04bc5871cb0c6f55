/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of a run, taken one after the other; zeros when there are no more. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fuzz_input {
	const uint8_t *at, *end;
};

/* What libFuzzer calls; each target has one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct fuzz_input fuzz_input(const uint8_t *data, size_t size)
{
	return (struct fuzz_input){data, data + size};
}

static inline bool fuzz_left(const struct fuzz_input *in)
{
	return in->at < in->end;
}

static inline void fuzz_bytes(struct fuzz_input *in, void *to, size_t len)
{
	size_t n = (size_t)(in->end - in->at);

	if (n > len)
		n = len;
	/* An empty input may have no address. */
	if (n > 0)
		memcpy(to, in->at, n);
	memset((uint8_t *)to + n, 0, len - n);
	in->at += n;
}

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	uint8_t value;

	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t value;

	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t value;

	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

#endif
