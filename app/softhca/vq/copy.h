/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copying frames: inlined, for the sizes that frames have, in whole vectors with an overlapping
 * tail. Reads and writes nothing outside [src, src+len) and [dst, dst+len): the fault handler
 * relies on it. The ranges may be the same guest's and overlap; then any mixture may result.
 */
#ifndef SOFTHCA_VQ_COPY_H
#define SOFTHCA_VQ_COPY_H

#include "ring.h"

typedef uint8_t copy_v32 __attribute__((vector_size(32), aligned(1), may_alias));
typedef uint8_t copy_v16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t copy_u64 __attribute__((aligned(1), may_alias));
typedef uint16_t copy_u16 __attribute__((aligned(1), may_alias));
typedef uint32_t copy_u32 __attribute__((aligned(1), may_alias));

dp_inline void copy_small(uint8_t *dst, const uint8_t *src, size_t len)
{
	if (len >= 16) {
		copy_v16 a = *(const copy_v16 *)src, b = *(const copy_v16 *)(src + len - 16);

		*(copy_v16 *)dst = a;
		*(copy_v16 *)(dst + len - 16) = b;
	} else if (len >= 8) {
		copy_u64 a = *(const copy_u64 *)src, b = *(const copy_u64 *)(src + len - 8);

		*(copy_u64 *)dst = a;
		*(copy_u64 *)(dst + len - 8) = b;
	} else if (len >= 4) {
		copy_u32 a = *(const copy_u32 *)src, b = *(const copy_u32 *)(src + len - 4);

		*(copy_u32 *)dst = a;
		*(copy_u32 *)(dst + len - 4) = b;
	} else {
		for (size_t i = 0; i < len; i++)
			dst[i] = src[i];
	}
}

dp_inline void copy_bytes(uint8_t *dst, const uint8_t *src, size_t len)
{
	size_t at = 0;

	if (len < 32) {
		copy_small(dst, src, len);
		return;
	}
	if (len <= 64) {
		copy_v32 a = *(const copy_v32 *)src, b = *(const copy_v32 *)(src + len - 32);

		*(copy_v32 *)dst = a;
		*(copy_v32 *)(dst + len - 32) = b;
		return;
	}
	for (; len - at >= 128; at += 128) {
		copy_v32 a = *(const copy_v32 *)(src + at);
		copy_v32 b = *(const copy_v32 *)(src + at + 32);
		copy_v32 c = *(const copy_v32 *)(src + at + 64);
		copy_v32 d = *(const copy_v32 *)(src + at + 96);

		*(copy_v32 *)(dst + at) = a;
		*(copy_v32 *)(dst + at + 32) = b;
		*(copy_v32 *)(dst + at + 64) = c;
		*(copy_v32 *)(dst + at + 96) = d;
	}
	for (; len - at >= 32; at += 32)
		*(copy_v32 *)(dst + at) = *(const copy_v32 *)(src + at);
	if (at < len)
		*(copy_v32 *)(dst + len - 32) = *(const copy_v32 *)(src + len - 32);
}

#endif
