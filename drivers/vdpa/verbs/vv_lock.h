/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mutex that clang's -Wthread-safety can follow; gcc sees plain functions.
 *
 * Who waits for it goes before those who only try: pollers, who try again and again, would hardly
 * ever leave a gap long enough for somebody to wake up in.
 *
 * Lock order: vv_ops list, then a device's control lock, then one queue's notify lock.
 */
#ifndef VV_LOCK_H
#define VV_LOCK_H

#include <errno.h>
#include <pthread.h>

#ifdef __clang__
#define VV_ATTR(x) __attribute__((x))
#else
#define VV_ATTR(x)
#endif

/* Documents only: in C, clang knows no other members yet where it reads a member's attributes. */
#define VV_GUARDED_BY(lock)

#define VV_CAPABILITY       VV_ATTR(capability("mutex"))
#define VV_REQUIRES(...)    VV_ATTR(requires_capability(__VA_ARGS__))
#define VV_EXCLUDES(...)    VV_ATTR(locks_excluded(__VA_ARGS__))
#define VV_ACQUIRE(...)     VV_ATTR(acquire_capability(__VA_ARGS__))
#define VV_TRY_ACQUIRE(...) VV_ATTR(try_acquire_capability(__VA_ARGS__))
#define VV_RELEASE(...)     VV_ATTR(release_capability(__VA_ARGS__))
#define VV_ASSERTS(...)     VV_ATTR(assert_capability(__VA_ARGS__))
#define VV_NO_ANALYSIS      VV_ATTR(no_thread_safety_analysis)

struct VV_CAPABILITY vv_lock {
	pthread_mutex_t mutex;
	unsigned int waiting; /* atomic */
};

#define VV_LOCK_INITIALIZER                                                                        \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER                                                          \
	}

static inline void vv_lock_init(struct vv_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	lock->waiting = 0;
}

static inline void vv_lock_destroy(struct vv_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

static inline void vv_lock(struct vv_lock *lock) VV_ACQUIRE(lock) VV_NO_ANALYSIS
{
	if (!pthread_mutex_trylock(&lock->mutex))
		return;
	__atomic_fetch_add(&lock->waiting, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&lock->mutex);
	__atomic_fetch_sub(&lock->waiting, 1, __ATOMIC_RELAXED);
}

/* 0: it is taken. */
static inline int vv_trylock(struct vv_lock *lock) VV_TRY_ACQUIRE(0, lock) VV_NO_ANALYSIS
{
	if (__atomic_load_n(&lock->waiting, __ATOMIC_RELAXED))
		return EBUSY;
	return pthread_mutex_trylock(&lock->mutex);
}

/* For clang: this is another name of a lock that is held, q->dev->control where dev->control is. */
static inline void vv_lock_alias(struct vv_lock *lock) VV_ASSERTS(lock) VV_NO_ANALYSIS
{
	(void)lock;
}

static inline void vv_unlock(struct vv_lock *lock) VV_RELEASE(lock) VV_NO_ANALYSIS
{
	pthread_mutex_unlock(&lock->mutex);
}

#endif
