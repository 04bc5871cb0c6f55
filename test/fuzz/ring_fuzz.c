/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "fuzz_input.h"
#include "ring/vv_swring.h"
#include "ring_fuzz.h"

/* Must not happen; NDEBUG or not. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

enum { EVENT_IDX = 1, INDIRECT = 2, STORM = 4 };
enum { DESC, DRIVER, DEVICE, BUFFERS, MORE, REGIONS };
enum { POPPED_MAX = 4, OPS_MAX = 256, IMAGE_DESCS = 16 };

struct region {
	uint64_t gpa;
	size_t size;
	uint8_t *bytes, *before;
};

struct scene {
	struct region region[REGIONS];
	struct fuzz_input in;
	bool storm;
	struct vv_swring ring;
	/* Taken and not yet given back, from first on. */
	struct vv_swring_chain *popped; /* a ring of POPPED_MAX */
	unsigned int first, n_popped;
};

/* The guest writes somewhere: at an offset in all its regions, as if they were one. */
static void guest_writes(struct scene *s)
{
	uint16_t at = fuzz_u16(&s->in);
	uint8_t byte = fuzz_u8(&s->in);
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		if (at < s->region[i].size) {
			s->region[i].bytes[at] = byte;
			s->region[i].before[at] = byte;
			return;
		}
		at -= s->region[i].size;
	}
}

static void *translate(void *arg, uint64_t gpa, uint64_t len)
{
	struct scene *s = arg;
	void *found = NULL;
	unsigned int i;

	for (i = 0; i < REGIONS && !found; i++) {
		struct region *r = &s->region[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size && len <= r->size - (gpa - r->gpa))
			found = r->bytes + (gpa - r->gpa);
	}
	if (s->storm && fuzz_left(&s->in))
		guest_writes(s);
	return found;
}

static void regions_make(struct scene *s, bool packed, uint16_t size)
{
	const size_t sizes[REGIONS] = {
	    [DESC] = (size_t)size * 16,
	    [DRIVER] = packed ? 4 : 6 + (size_t)size * 2,
	    [DEVICE] = packed ? 4 : 6 + (size_t)size * 8,
	    [BUFFERS] = 128,
	    [MORE] = 32,
	};
	/* The last two side by side for the guest, and for us somewhere each. */
	static const uint64_t gpa[REGIONS] = {0x4000, 0x10000, 0x18000, 0x1000, 0x1080};
	size_t image, i, j;

	for (i = 0; i < REGIONS; i++) {
		struct region *r = &s->region[i];

		r->gpa = gpa[i];
		r->size = sizes[i];
		r->bytes = malloc(r->size);
		r->before = malloc(r->size);
		CHECK(r->bytes && r->before);
		/* A large ring is filled with what is in its beginning. */
		image = r->size < IMAGE_DESCS * 16 ? r->size : IMAGE_DESCS * 16;
		fuzz_bytes(&s->in, r->bytes, image);
		for (j = image; j < r->size; j++)
			r->bytes[j] = r->bytes[j - image];
		memcpy(r->before, r->bytes, r->size);
	}
}

static void regions_free(struct scene *s)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		free(s->region[i].bytes);
		free(s->region[i].before);
	}
}

/* After a verb: what is the driver's alone is as it was. */
static void only_ours_is_written(struct scene *s)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		struct region *r = &s->region[i];

		if (i == DEVICE || (i == DESC && s->ring.conf.packed))
			memcpy(r->before, r->bytes, r->size);
		else
			CHECK(memcmp(r->before, r->bytes, r->size) == 0);
	}
}

static void chain_is_sound(const struct scene *s, const struct vv_swring_chain *c)
{
	unsigned int n = c->n_read + c->n_write, i, j;
	uint64_t read_len = 0, write_len = 0;

	CHECK(!vv_swring_is_broken(c->error));
	CHECK(c->id < s->ring.conf.size && c->skip >= 1 && c->skip <= s->ring.conf.size);
	CHECK(n + c->n_empty <= VV_SWRING_SEGS_MAX);
	CHECK((n + c->n_empty > 0) == (c->error == VV_SWRING_OK));
	for (i = 0; i < n; i++) {
		const struct vv_swring_seg *seg = &c->seg[i];

		CHECK(seg->len > 0);
		for (j = 0; j < REGIONS; j++) {
			const struct region *r = &s->region[j];

			if (seg->addr >= r->bytes && seg->addr < r->bytes + r->size &&
			    seg->len <= (size_t)(r->bytes + r->size - seg->addr))
				break;
		}
		CHECK(j < REGIONS);
		*(i < c->n_read ? &read_len : &write_len) += seg->len;
	}
	CHECK(read_len == c->read_len && write_len == c->write_len);
}

static void pop(struct scene *s)
{
	struct vv_swring_chain *c = &s->popped[(s->first + s->n_popped) % POPPED_MAX];
	enum vv_swring_error broken = s->ring.broken;
	int ret;

	if (s->n_popped == POPPED_MAX)
		return;
	/* What is left of the one before must not matter. */
	memset(c, 0xa5, offsetof(struct vv_swring_chain, seg));
	ret = vv_swring_pop(&s->ring, c);
	CHECK(!broken || (ret < 0 && s->ring.broken == broken));
	CHECK((ret < 0) == (s->ring.broken != VV_SWRING_OK));
	if (ret < 0)
		CHECK(vv_swring_is_broken(s->ring.broken));
	if (ret != 1)
		return;
	chain_is_sound(s, c);
	s->n_popped++;
}

static void used(struct scene *s)
{
	if (s->n_popped == 0)
		return;
	vv_swring_used(&s->ring, &s->popped[s->first], fuzz_u32(&s->in));
	s->first = (s->first + 1) % POPPED_MAX;
	s->n_popped--;
}

static void copies(struct scene *s, bool write)
{
	uint8_t offset = fuzz_u8(&s->in), len = fuzz_u8(&s->in);
	uint8_t *ours = malloc(len + 1u);
	const struct vv_swring_chain *c = &s->popped[s->first];
	size_t n, room;
	unsigned int i;

	CHECK(ours);
	memset(ours, 0x5a, len + 1u);
	if (s->n_popped > 0) {
		room = write ? c->write_len : c->read_len;
		room = room > offset ? room - offset : 0;
		if (write)
			n = vv_swring_write(c, offset, ours, len);
		else
			n = vv_swring_read(c, offset, ours, len);
		CHECK(n == (room < len ? room : len));
		/* A buffer may lie wherever the guest likes, the ring included. */
		for (i = 0; i < REGIONS; i++)
			memcpy(s->region[i].before, s->region[i].bytes, s->region[i].size);
	}
	free(ours);
}

static void operation(struct scene *s)
{
	uint8_t op = fuzz_u8(&s->in);
	struct vv_swring_conf conf;

	switch (op % 12) {
	case 0 ... 2:
		pop(s);
		break;
	case 3:
	case 4:
		used(s);
		break;
	case 5:
		vv_swring_publish(&s->ring);
		break;
	case 6:
		vv_swring_call_needed(&s->ring);
		break;
	case 7:
		vv_swring_kicks(&s->ring, op & 0x80);
		break;
	case 8:
		CHECK(!vv_swring_pending(&s->ring) || !s->ring.broken);
		break;
	case 9:
		copies(s, op & 0x80);
		break;
	case 10:
		guest_writes(s);
		break;
	case 11:
		/* A successor; what was taken has to be published first. */
		while (s->n_popped > 0)
			used(s);
		vv_swring_publish(&s->ring);
		conf = s->ring.conf;
		conf.base = vv_swring_base(&s->ring);
		CHECK(vv_swring_start(&s->ring, &conf) == 0);
		break;
	}
	only_ours_is_written(s);
}

void ring_fuzz(bool packed, const uint8_t *data, size_t len)
{
	static struct vv_swring_chain popped[POPPED_MAX];
	struct scene s = {.in = fuzz_input(data, len), .popped = popped};
	uint8_t features = fuzz_u8(&s.in), sizes = fuzz_u8(&s.in);
	uint16_t base = fuzz_u16(&s.in), size;
	struct vv_swring_conf conf;
	unsigned int i;

	/* Small ones, and one that has room for longer chains than are taken. */
	if (packed)
		size = sizes < 250 ? 1 + sizes % 19 : 300;
	else
		size = sizes < 250 ? 1 << sizes % 5 : 512;
	if (packed)
		base = (base & 0x8000) | (base & 0x7fff) % size;
	s.storm = features & STORM;
	regions_make(&s, packed, size);
	conf = (struct vv_swring_conf){
	    .packed = packed,
	    .event_idx = features & EVENT_IDX,
	    .indirect = features & INDIRECT,
	    .size = size,
	    .desc = s.region[DESC].bytes,
	    .driver = s.region[DRIVER].bytes,
	    .device = s.region[DEVICE].bytes,
	    .base = base,
	    .translate = translate,
	    .translate_arg = &s,
	};
	CHECK(vv_swring_start(&s.ring, &conf) == 0);
	for (i = 0; i < OPS_MAX && fuzz_left(&s.in); i++)
		operation(&s);
	regions_free(&s);
}
