/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071), on words as they lie in memory. A sum is of any order and may
 * be gone on with; fold() makes 16 bits of it, complemented they are what a packet carries.
 */
#ifndef FRONTEND_CHECKSUM_H
#define FRONTEND_CHECKSUM_H

#include <stdint.h>
#include <string.h>

/* Odd lengths only at the end of the data. */
static inline uint64_t fe_sum16(const void *data, uint32_t len, uint64_t sum)
{
	const uint8_t *p = data;
	uint16_t word;

	for (; len >= 2; len -= 2, p += 2) {
		memcpy(&word, p, 2);
		sum += word;
	}
	if (len) {
		word = 0;
		memcpy(&word, p, 1);
		sum += word;
	}
	return sum;
}

static inline uint16_t fe_sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

#endif
