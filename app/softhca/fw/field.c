/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "field.h"

const struct field fields[F_N] = {
#define LAYOUT(l, bits)
#define F(l, n, off, w, k) [FLD(l, n)] = {#n, off, w, LAY(l), FK_##k},
#define X(l, n, off, w, k) F(l, n, off, w, k)
#define END(l)
#include "prm_fields.def"
#undef LAYOUT
#undef F
#undef X
#undef END
};

const struct layout layouts[L_N] = {
#define LAYOUT(l, bits) [LAY(l)] = {#l, bits, F_BEGIN_##l, F_END_##l},
#define F(l, n, off, w, k)
#define X(l, n, off, w, k)
#define END(l)
#include "prm_fields.def"
#undef LAYOUT
#undef F
#undef X
#undef END
};

uint64_t field_get(const void *buf, uint32_t base_bit, enum field_id id)
{
	const struct field *f = &fields[id];
	const uint8_t *p = buf;
	uint32_t bit = base_bit + f->offset, left = f->width;
	uint64_t v = 0;

	assert(f->width <= 64);
	while (left) {
		uint32_t in_byte = bit & 7, n = 8 - in_byte;

		if (n > left)
			n = left;
		v = v << n | ((p[bit >> 3] >> (8 - in_byte - n)) & ((1u << n) - 1));
		bit += n;
		left -= n;
	}
	return v;
}

void field_set(void *buf, uint32_t base_bit, enum field_id id, uint64_t value)
{
	const struct field *f = &fields[id];
	uint8_t *p = buf;
	uint32_t bit = base_bit + f->offset, left = f->width;

	assert(f->width <= 64);
	assert(f->width == 64 || value >> f->width == 0);
	while (left) {
		uint32_t in_byte = bit & 7, n = 8 - in_byte, shift, mask;

		if (n > left)
			n = left;
		shift = 8 - in_byte - n;
		mask = ((1u << n) - 1) << shift;
		p[bit >> 3] = (uint8_t)((p[bit >> 3] & ~mask) |
					(((uint32_t)(value >> (left - n)) << shift) & mask));
		bit += n;
		left -= n;
	}
}

const uint8_t *field_bytes(const void *buf, uint32_t base_bit, enum field_id id)
{
	const struct field *f = &fields[id];

	assert(((base_bit + f->offset) & 7) == 0 && (f->width & 7) == 0);
	return (const uint8_t *)buf + (base_bit + f->offset) / 8;
}

bool field_is_zero(const void *buf, uint32_t base_bit, enum field_id id)
{
	const uint8_t *p;
	unsigned int i;

	if (fields[id].width <= 64)
		return field_get(buf, base_bit, id) == 0;
	p = field_bytes(buf, base_bit, id);
	for (i = 0; i < fields[id].width / 8u; i++)
		if (p[i])
			return false;
	return true;
}

void field_clear(void *buf, uint32_t base_bit, enum field_id id)
{
	const struct field *f = &fields[id];

	if (f->width <= 64)
		field_set(buf, base_bit, id, 0);
	else
		memset((uint8_t *)buf + (base_bit + f->offset) / 8, 0, f->width / 8u);
}
