/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "ring_packed.h"
#include "ring_split.h"
#include "vv_swring.h"

static const struct {
	const char *name, *text;
} errors[VV_SWRING_ERROR_N] = {
    [VV_SWRING_OK] = {"ok", "nothing is wrong"},
    [VV_SWRING_LOOP] = {"loop", "a chain is a loop, or has more descriptors than are taken"},
    [VV_SWRING_BAD_NEXT] = {"bad-next", "a descriptor names a next one outside its table"},
    [VV_SWRING_BAD_ADDRESS] = {"bad-address", "a buffer is not in the guest's memory"},
    [VV_SWRING_READ_AFTER_WRITE] = {"read-after-write",
				    "a readable buffer comes behind a writable one"},
    [VV_SWRING_INDIRECT_OFF] = {"indirect-off", "an indirect table, which was not negotiated"},
    [VV_SWRING_INDIRECT_NESTED] = {"indirect-nested", "an indirect table in an indirect table"},
    [VV_SWRING_INDIRECT_NEXT] = {"indirect-next", "an indirect table with more behind it"},
    [VV_SWRING_INDIRECT_LENGTH] = {"indirect-length",
				   "the length of an indirect table is no number of descriptors"},
    [VV_SWRING_BAD_INDEX] = {"bad-index", "more chains are available than the ring has entries"},
    [VV_SWRING_BAD_HEAD] = {"bad-head", "an available entry names a descriptor outside the table"},
    [VV_SWRING_BAD_ID] = {"bad-id", "a buffer id is outside the ring"},
    [VV_SWRING_ENDLESS] = {"endless", "a chain has no end within the ring"},
};

const char *vv_swring_error_name(enum vv_swring_error error)
{
	return (unsigned int)error < VV_SWRING_ERROR_N ? errors[error].name : "unknown";
}

const char *vv_swring_error_text(enum vv_swring_error error)
{
	return (unsigned int)error < VV_SWRING_ERROR_N ? errors[error].text : "unknown";
}

int vv_swring_start(struct vv_swring *ring, const struct vv_swring_conf *conf)
{
	const struct vv_swring_layout *layout = conf->packed ? &vv_ring_packed : &vv_ring_split;

	if (!layout->valid(conf))
		return -EINVAL;
	*ring = (struct vv_swring){
	    .layout = layout,
	    .conf = *conf,
	    .avail = conf->base,
	    .used = conf->base,
	    .signalled = conf->base,
	};
	return 0;
}

bool vv_swring_pending(const struct vv_swring *ring)
{
	return !ring->broken && ring->layout->pending(ring);
}

int vv_swring_pop(struct vv_swring *ring, struct vv_swring_chain *chain)
{
	return ring->broken ? -EIO : ring->layout->pop(ring, chain);
}

void vv_swring_used(struct vv_swring *ring, const struct vv_swring_chain *chain, uint32_t len)
{
	ring->layout->used(ring, chain, len);
}

void vv_swring_publish(struct vv_swring *ring)
{
	ring->layout->publish(ring);
}

bool vv_swring_call_needed(struct vv_swring *ring)
{
	bool needed;

	if (ring->used == ring->signalled)
		return false;
	/*
	 * What was published is visible before the driver's wish is read. Partner: the driver's
	 * barrier between its write of that wish and its next look at the ring.
	 */
	ring_fence();
	needed = ring->layout->call_needed(ring);
	ring->signalled = ring->used;
	return needed;
}

void vv_swring_kicks(struct vv_swring *ring, bool on)
{
	ring->kicks = on;
	ring->layout->kicks(ring, on);
}

uint16_t vv_swring_base(const struct vv_swring *ring)
{
	return ring->avail;
}

/*
 * Copies between a buffer of ours and segments; to_guest: into them. Returns how many bytes there
 * were to copy.
 */
static size_t segments_copy(const struct vv_swring_seg *seg, unsigned int n, size_t offset,
			    uint8_t *ours, size_t len, bool to_guest)
{
	size_t done = 0, part;

	for (; n > 0 && done < len; seg++, n--) {
		if (offset >= seg->len) {
			offset -= seg->len;
			continue;
		}
		part = seg->len - offset;
		if (part > len - done)
			part = len - done;
		if (to_guest)
			memcpy(seg->addr + offset, ours + done, part);
		else
			memcpy(ours + done, seg->addr + offset, part);
		done += part;
		offset = 0;
	}
	return done;
}

size_t vv_swring_read(const struct vv_swring_chain *chain, size_t offset, void *to, size_t len)
{
	return segments_copy(chain->seg, chain->n_read, offset, to, len, false);
}

size_t vv_swring_write(const struct vv_swring_chain *chain, size_t offset, const void *from,
		       size_t len)
{
	/* Only read from; the one loop serves both directions. */
	uint8_t *ours = (uint8_t *)(uintptr_t)from;

	return segments_copy(chain->seg + chain->n_read, chain->n_write, offset, ours, len, true);
}
