/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of virtio feature bits, wider than the 64 that vhost-user carries, and their names: those of
 * the specification without VIRTIO_ and VIRTIO_NET_F_ (the words of iproute2's vdpa), "bit_N" where
 * there is none. Bit 30, which vhost-user uses for itself, is in none of these sets.
 *
 * Threads: pure functions.
 */
#ifndef VV_FEATURES_H
#define VV_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VV_FEATURES_WORDS = 2,
	VV_FEATURES_MAX = 64 * VV_FEATURES_WORDS, /* bits */
	VV_FEATURE_NAME_MAX = 32,
	VV_FEATURES_MASK_MAX = 2 + VV_FEATURES_MAX / 4 + 1, /* "0x", digits, 0 */
	VV_FEATURES_NAMES_MAX = VV_FEATURES_MAX * 12,
};

struct vv_features {
	uint64_t word[VV_FEATURES_WORDS];
};

#define VV_FEATURES_OF(mask64) ((struct vv_features){.word = {(mask64)}})

static inline bool vv_features_has(const struct vv_features *f, unsigned int bit)
{
	return bit < VV_FEATURES_MAX && f->word[bit / 64] >> bit % 64 & 1;
}

static inline void vv_features_set(struct vv_features *f, unsigned int bit, bool on)
{
	uint64_t mask = 1ull << bit % 64;

	f->word[bit / 64] = on ? f->word[bit / 64] | mask : f->word[bit / 64] & ~mask;
}

static inline struct vv_features vv_features_and(struct vv_features a, struct vv_features b)
{
	for (unsigned int i = 0; i < VV_FEATURES_WORDS; i++)
		a.word[i] &= b.word[i];
	return a;
}

static inline struct vv_features vv_features_or(struct vv_features a, struct vv_features b)
{
	for (unsigned int i = 0; i < VV_FEATURES_WORDS; i++)
		a.word[i] |= b.word[i];
	return a;
}

/* Those of a that are not in b. */
static inline struct vv_features vv_features_without(struct vv_features a, struct vv_features b)
{
	for (unsigned int i = 0; i < VV_FEATURES_WORDS; i++)
		a.word[i] &= ~b.word[i];
	return a;
}

static inline bool vv_features_is_empty(struct vv_features f)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < VV_FEATURES_WORDS; i++)
		any |= f.word[i];
	return !any;
}

static inline bool vv_features_equal(struct vv_features a, struct vv_features b)
{
	return vv_features_is_empty(
	    vv_features_or(vv_features_without(a, b), vv_features_without(b, a)));
}

/* "CSUM", "bit_77". Static storage for known ones; name has room for VV_FEATURE_NAME_MAX. */
const char *vv_feature_name(unsigned int bit, char *name);
/* Upper or lower case, "bit_N" too. -ENOENT: no such name. */
int vv_feature_find(const char *name, unsigned int *bit);
/* The names there are, by bit: NULL where there is none. bit < VV_FEATURES_MAX. */
const char *vv_feature_known(unsigned int bit);

/* Hexadecimal with 0x, or decimal up to 64 bits. -EINVAL, -ERANGE (more bits than there are). */
int vv_features_parse(const char *text, struct vv_features *f);
/* "0x300020000"; text has room for VV_FEATURES_MASK_MAX. Returns text. */
char *vv_features_mask(const struct vv_features *f, char *text);
/* "CTRL_VQ VERSION_1", lowest bit first, "" if empty; what does not fit is left out as " ...". */
char *vv_features_names(const struct vv_features *f, char *text, size_t size);

#endif
