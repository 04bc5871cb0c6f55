/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of mailboxes: a name, a place, a meaning, from the tables in prm_fields.def. Mailboxes are
 * big-endian; bit 0 is the most significant bit of byte 0, as the PRM counts.
 *
 * Threads: pure functions on memory of the caller.
 */
#ifndef SOFTHCA_FW_FIELD_H
#define SOFTHCA_FW_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FK_NUM,
	FK_BYTES,
	FK_ZERO,
	FK_UID,
	FK_HDR,
	FK_OUT,
	/* Numbers of objects. */
	FK_PD,
	FK_MKEY,
	FK_UMEM,
	FK_UAR,
	FK_CQ,
	FK_QP,
	FK_TD,
	FK_TIS,
	FK_TIR,
	FK_RQT,
	FK_VIRTIO_NET_Q,
	FK_VIRTIO_Q_COUNTERS,
	FK_FLOW_COUNTER,
	FK_FLOW_TABLE,
	FK_FLOW_GROUP,
};

/* FLD(cqc, cc) names a field; LAY(cqc) a layout. */
#define FLD(layout, field) F_##layout##__##field
#define LAY(layout)        L_##layout

enum field_layout {
#define LAYOUT(l, bits) L_##l,
#define F(l, n, off, w, k)
#define X(l, n, off, w, k)
#define END(l)
#include "prm_fields.def"
#undef LAYOUT
#undef F
#undef X
#undef END
	L_N,
};

enum field_id {
/* Fields of a layout are neighbours: F_BEGIN_l .. F_END_l - 1. */
#define LAYOUT(l, bits)    F_BEGIN_##l, F_PREV_##l = F_BEGIN_##l - 1,
#define F(l, n, off, w, k) FLD(l, n),
#define X(l, n, off, w, k) FLD(l, n),
#define END(l)             F_END_##l, F_LAST_##l = F_END_##l - 1,
#include "prm_fields.def"
#undef LAYOUT
#undef F
#undef X
#undef END
	F_N,
	F_NONE = F_N, /* a refusal that concerns no single field */
};

struct field {
	const char *name;
	uint16_t offset; /* bits from the start of the layout */
	uint16_t width;  /* bits */
	uint8_t layout;  /* enum field_layout */
	uint8_t kind;    /* enum field_kind */
};

struct layout {
	const char *name;
	uint32_t bits;
	uint16_t first, end; /* fields[first .. end - 1] */
};

extern const struct field fields[F_N];
extern const struct layout layouts[L_N];

/* Fields of at most 64 bits, in a layout that starts base_bit bits into buf. */
uint64_t field_get(const void *buf, uint32_t base_bit, enum field_id id);
void field_set(void *buf, uint32_t base_bit, enum field_id id, uint64_t value);

/* A BYTES field starts and ends at a byte. */
const uint8_t *field_bytes(const void *buf, uint32_t base_bit, enum field_id id);

bool field_is_zero(const void *buf, uint32_t base_bit, enum field_id id);
/* Clear a field of any width. */
void field_clear(void *buf, uint32_t base_bit, enum field_id id);

#endif
