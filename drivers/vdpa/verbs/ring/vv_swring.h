/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtqueue run in software, from the device's side: split (virtio 1.2 2.7) or packed (2.8). It
 * knows nothing of what is in the buffers.
 *
 * The verbs: pop takes one available chain; used notes that it is done; publish lets the driver see
 * what has been noted since the last time; call_needed says whether the driver wants to hear of it.
 * kicks switches the driver's notifications on or off.
 *
 * The driver is hostile: every word of the ring is read once, into private memory, checked, and
 * used from there. What is wrong with a chain is an enum vv_swring_error with a counter of its own.
 * A chain error leaves a chain that can be completed (with length 0), so that a driver that waits
 * for it goes on; a ring error leaves the ring broken: pop says so from then on, until start.
 *
 * Ring and buffers may vanish under an access (a front-end truncates its file): callers run all
 * functions that say so under a fault guard (vv_fault.h); they hold no locks and leave nothing half
 * done that a later vv_swring_start would stumble over.
 *
 * Threads: one at a time; the caller's lock. Barriers are beside the accesses, and name partners.
 */
#ifndef VV_SWRING_H
#define VV_SWRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VV_SWRING_SEGS_MAX = 256, /* descriptors of one chain, indirect ones included */
};

enum vv_swring_error {
	VV_SWRING_OK,
	/* of a chain: it can be completed with length 0 */
	VV_SWRING_LOOP,             /* a loop, or just longer than VV_SWRING_SEGS_MAX */
	VV_SWRING_BAD_NEXT,         /* next outside the ring or the table */
	VV_SWRING_BAD_ADDRESS,      /* a buffer or table that is not (all) in one memory region */
	VV_SWRING_READ_AFTER_WRITE, /* a readable buffer behind a writable one */
	VV_SWRING_INDIRECT_OFF,     /* an indirect table, and the feature is not negotiated */
	VV_SWRING_INDIRECT_NESTED,  /* in a table */
	VV_SWRING_INDIRECT_NEXT,    /* with NEXT (2.7.5.3.1); packed: in any list (2.8.19) */
	VV_SWRING_INDIRECT_LENGTH,  /* zero, or no multiple of 16 */
	/* of the ring: it is broken */
	VV_SWRING_BAD_INDEX, /* split: more chains available than the ring has entries */
	VV_SWRING_BAD_HEAD,  /* split: an available entry outside the ring */
	VV_SWRING_BAD_ID,    /* packed: the buffer id is outside the ring */
	VV_SWRING_ENDLESS,   /* packed: a chain that never ends within the ring */
	VV_SWRING_ERROR_N,
};

static inline bool vv_swring_is_broken(enum vv_swring_error error)
{
	return error >= VV_SWRING_BAD_INDEX;
}

const char *vv_swring_error_name(enum vv_swring_error error); /* one word with dashes */
const char *vv_swring_error_text(enum vv_swring_error error); /* a sentence for a log */

/* Where len bytes at a guest-physical address are mapped; NULL: not (all) in one region. */
typedef void *(*vv_swring_translate)(void *arg, uint64_t gpa, uint64_t len);

struct vv_swring_conf {
	bool packed, event_idx, indirect; /* negotiated */
	uint16_t size;                    /* split: a power of two; both: 1 to 32768 */
	/*
	 * Our mapping of guest memory, each all in one region (checked by the caller; alignment is
	 * checked by start).
	 */
	void *desc, *driver, *device; /* split: table, available, used */
	uint16_t base;                /* where to go on, as vhost says it (vv_index.h) */
	vv_swring_translate translate;
	void *translate_arg;
};

struct vv_swring_layout; /* split or packed; chosen at start */

struct vv_swring {
	const struct vv_swring_layout *layout;
	struct vv_swring_conf conf;
	enum vv_swring_error broken; /* VV_SWRING_OK: it is not */
	/* The device's position: split, ring indices; packed, place in 0-14 and wrap in bit 15. */
	uint16_t avail, used;
	uint16_t signalled; /* used at the last call_needed: for event_idx */
	bool kicks;         /* the driver is to notify */
	uint16_t armed;     /* with event_idx and kicks: at which position it is */
	/* Packed: the flags of the first descriptor used since publish, written last. */
	bool held;
	uint16_t held_slot, held_flags;
};

struct vv_swring_seg {
	uint8_t *addr;
	uint32_t len;
};

/* A chain: first the readable segments, then the writable ones; without those of no bytes. */
struct vv_swring_chain {
	enum vv_swring_error error; /* VV_SWRING_OK, or of a chain: then there are no segments */
	uint16_t id;                /* to complete it */
	uint16_t skip;              /* packed: descriptors of the ring it took */
	uint16_t n_read, n_write;
	uint16_t n_empty; /* descriptors without a byte, that are not among the segments */
	uint64_t read_len, write_len;
	struct vv_swring_seg seg[VV_SWRING_SEGS_MAX];
};

/* -EINVAL: a size, position or alignment that no ring has. Touches no guest memory. */
int vv_swring_start(struct vv_swring *ring, const struct vv_swring_conf *conf);

/* Is there an available chain, as far as one look says? Guest memory. */
bool vv_swring_pending(const struct vv_swring *ring);
/* 1: chain is filled; 0: none; -EIO: the ring is broken (ring->broken says how). Guest memory. */
int vv_swring_pop(struct vv_swring *ring, struct vv_swring_chain *chain);
/* len: bytes written into it, from its first writable one. In the order of pop. Guest memory. */
void vv_swring_used(struct vv_swring *ring, const struct vv_swring_chain *chain, uint32_t len);
void vv_swring_publish(struct vv_swring *ring);     /* guest memory */
bool vv_swring_call_needed(struct vv_swring *ring); /* since the last time; guest memory */
/*
 * Ask for kicks, or say that none are needed; until the first time it is as the driver left it.
 * After on, chains may have come unannounced in between: look with vv_swring_pending once more.
 * While they are on, a pop that finds nothing asks for the next one (with event_idx), and looks
 * again. Guest memory.
 */
void vv_swring_kicks(struct vv_swring *ring, bool on);

/* Where a successor goes on; all that was popped must be published. */
uint16_t vv_swring_base(const struct vv_swring *ring);

/* Copy from the readable, to the writable part; at most what is there. Guest memory. */
size_t vv_swring_read(const struct vv_swring_chain *chain, size_t offset, void *to, size_t len);
size_t vv_swring_write(const struct vv_swring_chain *chain, size_t offset, const void *from,
		       size_t len);

#endif
