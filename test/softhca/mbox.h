/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Firmware mailboxes for tests: fields by their bit offset and width as the PRM counts them, from
 * the most significant bit of the first byte. Pure functions.
 */
#ifndef TEST_SOFTHCA_MBOX_H
#define TEST_SOFTHCA_MBOX_H

#include <stdint.h>

static inline void mbox_put(void *mbox, unsigned int bit, unsigned int width, uint64_t value)
{
	uint8_t *p = mbox;

	for (unsigned int i = 0; i < width; i++) {
		unsigned int at = bit + i;
		uint8_t mask = (uint8_t)(0x80 >> (at % 8));

		if (value >> (width - 1 - i) & 1)
			p[at / 8] |= mask;
		else
			p[at / 8] &= (uint8_t)~mask;
	}
}

static inline uint64_t mbox_get(const void *mbox, unsigned int bit, unsigned int width)
{
	const uint8_t *p = mbox;
	uint64_t value = 0;

	for (unsigned int i = 0; i < width; i++)
		value = value << 1 | (p[(bit + i) / 8] >> (7 - (bit + i) % 8) & 1);
	return value;
}

#endif
