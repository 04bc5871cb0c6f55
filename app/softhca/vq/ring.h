/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two ring layouts have in common: the device's side of a virtqueue, as a few verbs.
 *
 * A ring hands out chains of descriptors in order and takes them back in the same order; it knows
 * nothing of frames, nor of what the addresses mean. Reading ahead is free: ring_*_next looks at
 * the chain at a cursor of the caller, nothing changes until ring_*_push, which takes one chain
 * and writes its used entry; ring_*_publish makes all pushed entries visible at once. So between
 * two publishes everything that was taken is completed, and a chain that was only looked at was
 * never taken.
 *
 * A cursor is 16 bits, encoded as in struct vq_attr: split: the free running ring index; packed:
 * the slot in bits 0-14 and the wrap counter in bit 15.
 *
 * The memory is shared with a guest that may write anything at any time. Descriptors are copied
 * once, then checked, then used. Values that are only written here need no checks.
 *
 * Threads: one at a time per ring. Errors: enum ring_error, negative.
 */
#ifndef SOFTHCA_VQ_RING_H
#define SOFTHCA_VQ_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "rings are read in place: little endian only"
#endif

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* Words of guest memory, whatever type the other side wrote them with. */
typedef uint16_t ring_u16 __attribute__((may_alias));
typedef uint64_t ring_u64 __attribute__((may_alias));
typedef uint64_t ring_used64 __attribute__((may_alias, aligned(4))); /* used ring entries */

#ifndef likely
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
#define dp_inline static inline __attribute__((always_inline, unused))

/* virtio 1.2 section 2.7.5 and 2.8.12; AVAIL and USED in packed rings only. */
enum {
	RING_DESC_NEXT = 1,
	RING_DESC_WRITE = 2,
	RING_DESC_INDIRECT = 4,
	RING_DESC_AVAIL = 1 << 7,
	RING_DESC_USED = 1 << 15,
};

enum ring_error {
	RING_E_JUMP =
	    -100,        /* the available index went back, or ahead by more than the ring holds */
	RING_E_HEAD,     /* a head outside the table */
	RING_E_NEXT,     /* a next field outside the table */
	RING_E_LOOP,     /* a chain longer than the ring: it must visit a descriptor twice */
	RING_E_TOO_LONG, /* a chain longer than max_chain */
	RING_E_ORDER,    /* a readable descriptor behind a writable one */
	RING_E_INDIRECT, /* the feature is not offered */
	RING_E_ZERO,     /* a descriptor without bytes */
};

/* One descriptor, as copied. */
struct ring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next; /* split: next; packed: buffer id */
};

/* A chain that was looked at. */
struct ring_chain {
	uint16_t id;    /* what the used entry will say */
	uint16_t ndesc; /* slots it takes */
};

/*
 * Orders earlier stores before later loads. ThreadSanitizer does not know fences, but only atomic
 * accesses are ordered by this one, which it does not report; the instruction is the same.
 */
dp_inline void ring_store_load_fence(void)
{
#if defined(__SANITIZE_THREAD__)
	int dummy;

	__atomic_exchange_n(&dummy, 0, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * Under ThreadSanitizer an atomic access is a call that may hold a lock of the runtime while it
 * touches the address. A fault there would leave by siglongjmp with that lock held, so fault first,
 * in an access it does not see.
 */
#if defined(__SANITIZE_THREAD__)
__attribute__((no_sanitize("thread"), noinline, unused)) static void ring_touch(const void *p)
{
	__asm__ volatile("" : : "r"(*(const volatile uint8_t *)p));
}
#else
dp_inline void ring_touch(const void *p)
{
	(void)p;
}
#endif

/*
 * ThreadSanitizer pairs a release and an acquire by their address; ours of a whole word and the
 * driver's of the flags in it are a pair too.
 */
#if defined(__SANITIZE_THREAD__)
void __tsan_release(void *p);
#define ring_tsan_release(p) __tsan_release(p)
#else
#define ring_tsan_release(p) ((void)0)
#endif

/* The two halves of a 16-byte descriptor, each copied by one load. */
dp_inline struct ring_desc ring_desc_make(uint64_t addr, uint64_t rest)
{
	return (struct ring_desc){
	    .addr = addr,
	    .len = (uint32_t)rest,
	    .flags = (uint16_t)(rest >> 32),
	    .next = (uint16_t)(rest >> 48),
	};
}

#endif
