/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and writing firmware mailboxes.
 *
 * A layout is a struct whose array lengths are bit widths: offsetof() gives the bit offset of a
 * field, sizeof() its width. The structs are never instantiated. Mailboxes are big-endian 32-bit
 * words; no field straddles a word, except 64-bit ones, which fill two (checked at compile time).
 *
 * Names are those of the NIC's programmer's reference manual, so that a field can be looked up.
 * test/unit/driver compares every layout here with DPDK's own.
 *
 * Threads: pure functions. A value that does not fit its field is a bug of the caller (assert).
 */
#ifndef VV_PRM_H
#define VV_PRM_H

#include <assert.h>
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PRM_OFF(layout, field) offsetof(struct prm_##layout, field)
#define PRM_LEN(layout, field) sizeof(((struct prm_##layout *)0)->field)
/* Size of a layout in bytes. */
#define PRM_SZ(layout) (sizeof(struct prm_##layout) / 8)

#define PRM_FITS(off, len)                                                                         \
	(((len) == 64 && (off) % 32 == 0) || ((len) <= 32 && (off) % 32 + (len) <= 32))

#define PRM_SET(layout, mbox, field, value)                                                        \
	do {                                                                                       \
		_Static_assert(PRM_FITS(PRM_OFF(layout, field), PRM_LEN(layout, field)),           \
			       #layout "." #field " straddles a word");                            \
		prm_put((mbox), PRM_OFF(layout, field), PRM_LEN(layout, field), (value));          \
	} while (0)

#define PRM_GET(layout, mbox, field)                                                               \
	prm_get(                                                                                   \
	    (mbox),                                                                                \
	    PRM_OFF(layout, field) +                                                               \
		0 * sizeof(                                                                        \
			char[PRM_FITS(PRM_OFF(layout, field), PRM_LEN(layout, field)) ? 1 : -1]),  \
	    PRM_LEN(layout, field))

/* Where a layout inside a layout begins. */
#define PRM_AT(layout, mbox, field)                                                                \
	((void *)((uint8_t *)(mbox) + PRM_OFF(layout, field) / 8 +                                 \
		  0 * sizeof(char[PRM_OFF(layout, field) % 8 == 0 ? 1 : -1])))

static inline uint32_t prm_word(const void *mbox, size_t off)
{
	uint32_t be;

	memcpy(&be, (const uint8_t *)mbox + off / 32 * 4, sizeof(be));
	return be32toh(be);
}

static inline void prm_word_set(void *mbox, size_t off, uint32_t value)
{
	uint32_t be = htobe32(value);

	memcpy((uint8_t *)mbox + off / 32 * 4, &be, sizeof(be));
}

static inline uint64_t prm_get(const void *mbox, size_t off, size_t len)
{
	if (len == 64)
		return (uint64_t)prm_word(mbox, off) << 32 | prm_word(mbox, off + 32);
	return prm_word(mbox, off) >> (32 - off % 32 - len) & (uint32_t)((1ull << len) - 1);
}

static inline void prm_put(void *mbox, size_t off, size_t len, uint64_t value)
{
	if (len == 64) {
		prm_word_set(mbox, off, (uint32_t)(value >> 32));
		prm_word_set(mbox, off + 32, (uint32_t)value);
		return;
	}

	unsigned int shift = 32 - off % 32 - len;
	uint32_t mask = (uint32_t)((1ull << len) - 1) << shift;

	assert(value >> len == 0);
	prm_word_set(mbox, off, (prm_word(mbox, off) & ~mask) | (uint32_t)value << shift);
}

#endif
