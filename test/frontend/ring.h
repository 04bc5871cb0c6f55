/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of one virtqueue (virtio 1.2 sections 2.7 split, 2.8 packed), the two layouts
 * behind the same verbs:
 *
 *	add      write a chain's descriptors; the device does not see it yet
 *	publish  make everything added available, once for a batch
 *	need_kick  after publish: does the device want to be told?
 *	get_used   take back one chain
 *	irq_disable, irq_enable  suppress used notifications; after enabling, look again (has_used)
 *
 * The ring knows nothing of frames: a chain is a list of (guest address, length), first the device-
 * readable ones, and a token of the caller's that comes back when the device has used it.
 *
 * What the driver believes is kept in private memory and never read back from the shared ring,
 * so that nothing a device writes (or a test scribbles) there can lead it astray; a device that
 * returns what it does not own is reported as -EPROTO. From that private record an interrupted
 * ring can be laid out again (rewind), which is how a driver survives a device that died.
 *
 * Threads: one at a time. Owner: the queue. Shared memory is borrowed.
 */
#ifndef FRONTEND_RING_H
#define FRONTEND_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/virtio_ring.h>

#include "guest_mem.h"

enum fe_layout { FE_SPLIT, FE_PACKED };

struct fe_sg {
	uint64_t gpa;
	uint32_t len;
};

struct fe_used {
	uint16_t token;
	uint32_t len; /* bytes the device wrote, as it says */
};

/*
 * A descriptor exactly as it is to stand in the ring, for tests that lie. Split: `next` where
 * flags has NEXT, FE_NEXT_AUTO for the next of this chain. Packed: `next` is the buffer id to
 * write, FE_NEXT_AUTO for the right one; the availability bits are added.
 */
#define FE_NEXT_AUTO (-1)
struct fe_raw_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	int32_t next;
};

/* The three areas (virtio 1.2 section 2.6): descriptor, driver, device. Borrowed, zeroed. */
struct fe_ring_area {
	struct fe_span desc;
	struct fe_span driver;
	struct fe_span device;
};

/* Private record of one descriptor; the members after `next` count in the head of a chain only. */
struct fe_ring_entry {
	uint64_t addr;
	uint32_t len;
	uint16_t flags; /* without availability bits */
	uint16_t next;  /* following entry of the chain, or of the free list */
	int32_t raw;    /* fe_raw_desc.next */
	bool busy;
	uint16_t count;
	uint16_t token;
	uint32_t capacity; /* device-writable bytes */
	uint64_t order;    /* when it was added */
};

struct fe_ring_ops;

struct fe_ring {
	const struct fe_ring_ops *ops;
	enum fe_layout layout;
	uint16_t size;
	bool event_idx;
	struct fe_ring_area area;
	struct fe_ring_entry *entry; /* owned, one per descriptor */
	uint16_t free_head;
	uint16_t free_count;
	uint32_t outstanding; /* chains added and not yet taken back */
	uint64_t order;
	/* Where the driver adds and takes back. Split: free-running; packed: slot and wrap bit. */
	uint16_t avail;
	uint16_t used;
	bool avail_wrap;
	bool used_wrap;
	uint16_t published; /* `avail` of the last publish */
	uint16_t unkicked;  /* descriptors (packed) or chains (split) since need_kick was asked */
	/* Packed: the first descriptor since the last publish gets its flags last. */
	bool head_held;
	uint16_t head_slot;
	uint16_t head_flags;
};

struct fe_ring_ops {
	/* Makes zeroed areas look as if the ring had run up to where it starts. */
	void (*init)(struct fe_ring *r);
	void (*write)(struct fe_ring *r, uint16_t head);
	void (*publish)(struct fe_ring *r);
	bool (*need_kick)(struct fe_ring *r);
	bool (*has_used)(const struct fe_ring *r);
	/* id and length as the device wrote them; moves `used` by nothing. */
	void (*peek_used)(const struct fe_ring *r, uint32_t *id, uint32_t *len);
	void (*advance_used)(struct fe_ring *r, uint16_t count);
	void (*irq)(struct fe_ring *r, bool enable);
	void (*rewind)(struct fe_ring *r);
};

extern const struct fe_ring_ops fe_ring_split_ops;
extern const struct fe_ring_ops fe_ring_packed_ops;

struct fe_ring_config {
	enum fe_layout layout;
	uint16_t size; /* split: a power of two; both: at most 32768 */
	bool event_idx;
	uint32_t base; /* where to start, as in SET_VRING_BASE; fe_ring_first_base() when new */
	struct fe_ring_area area;
};

/* Bytes and alignment an area needs. */
struct fe_ring_layout {
	size_t desc_len, driver_len, device_len;
	size_t desc_align, driver_align, device_align;
};
int fe_ring_layout(enum fe_layout layout, unsigned int size, struct fe_ring_layout *out);

uint32_t fe_ring_first_base(enum fe_layout layout);

int fe_ring_create(const struct fe_ring_config *cfg, struct fe_ring **ring);
void fe_ring_destroy(struct fe_ring *r);

/* -ENOSPC: not enough free descriptors. -EINVAL: an empty chain. */
int fe_ring_add(struct fe_ring *r, const struct fe_sg *sg, unsigned int readable,
		unsigned int writable, uint16_t token);
int fe_ring_add_raw(struct fe_ring *r, const struct fe_raw_desc *desc, unsigned int count,
		    uint16_t token);

static inline void fe_ring_publish(struct fe_ring *r)
{
	r->ops->publish(r);
}

static inline bool fe_ring_need_kick(struct fe_ring *r)
{
	return r->ops->need_kick(r);
}

static inline bool fe_ring_has_used(const struct fe_ring *r)
{
	return r->ops->has_used(r);
}

/* 1: *used is filled; 0: nothing; -EPROTO: the device returned what it does not hold. */
int fe_ring_get_used(struct fe_ring *r, struct fe_used *used);

static inline void fe_ring_irq_disable(struct fe_ring *r)
{
	r->ops->irq(r, false);
}

/* A notification is due for what is used from here on; the caller must look at has_used again. */
static inline void fe_ring_irq_enable(struct fe_ring *r)
{
	r->ops->irq(r, true);
}

/* Where a device that takes over has to start, as in SET_VRING_BASE. */
uint32_t fe_ring_base(const struct fe_ring *r);

/*
 * The device is gone, whatever it had not returned is made available again, oldest first, starting
 * at fe_ring_base(). Take back all used chains before; nothing else may touch the ring.
 */
void fe_ring_rewind(struct fe_ring *r);

/* For the layouts: heads of all outstanding chains, oldest first; returns how many. */
unsigned int fe_ring_outstanding(const struct fe_ring *r, uint16_t *heads);

/*
 * Orders our publish before our look at the device's suppression state (need_kick), and our
 * enabling before our look at used (irq_enable). ThreadSanitizer does not model fences, but
 * knows a read-modify-write, which is a full barrier where it runs.
 */
static inline void fe_full_fence(void)
{
#if defined(__SANITIZE_THREAD__)
	static uint32_t any;

	__atomic_fetch_add(&any, 0, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * Descriptor members. The order is made elsewhere; these only have to be whole, because tests have
 * another thread change descriptors behind the driver's back.
 */
#define fe_desc_set(member, value) __atomic_store_n(&(member), (value), __ATOMIC_RELAXED)
#define fe_desc_get(member)        __atomic_load_n(&(member), __ATOMIC_RELAXED)

/* virtio 1.2 section 2.7.10: has `event` been passed on the way from old to now? */
static inline bool fe_event_passed(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif
