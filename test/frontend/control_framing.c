/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_framing.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {
    [FE_FRAMING_JOINED] = "joined",
    [FE_FRAMING_LINUX] = "linux",
    [FE_FRAMING_BYTES] = "bytes",
    [FE_FRAMING_RANDOM] = "random",
};

int fe_framing_parse(const char *text, enum fe_framing *framing)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], text) == 0) {
			*framing = (enum fe_framing)i;
			return 0;
		}
	}
	return -EINVAL;
}

static unsigned int cut_bytes(uint32_t len, unsigned int most, uint32_t *piece)
{
	uint32_t each = (len + most - 1) / most;
	unsigned int n;

	for (n = 0; len > 0; n++) {
		piece[n] = len < each ? len : each;
		len -= piece[n];
	}
	return n;
}

/* Short pieces more often than long ones: that is where a parser has to put things together. */
static unsigned int cut_random(uint64_t *random, uint32_t len, unsigned int most, uint32_t *piece)
{
	unsigned int n;

	for (n = 0; len > 0; n++) {
		uint32_t part = 1 + fe_next_random(random) % (fe_next_random(random) & 1 ? 4 : len);

		piece[n] = part < len && n + 1 < most ? part : len;
		len -= piece[n];
	}
	return n;
}

unsigned int fe_framing_cut(enum fe_framing framing, uint64_t *random, uint32_t head, uint32_t len,
			    unsigned int most, uint32_t *piece)
{
	if (len == 0)
		return 0;
	switch (framing) {
	case FE_FRAMING_LINUX:
		if (len <= head)
			break;
		piece[0] = head;
		piece[1] = len - head;
		return 2;
	case FE_FRAMING_BYTES:
		return cut_bytes(len, most, piece);
	case FE_FRAMING_RANDOM:
		return cut_random(random, len, most, piece);
	default:
		break;
	}
	piece[0] = len;
	return 1;
}
