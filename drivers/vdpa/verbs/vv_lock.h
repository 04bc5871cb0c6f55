/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mutex that clang's -Wthread-safety can follow; gcc sees plain functions.
 *
 * Lock order: vv_ops list, then a device's control lock, then one queue's notify lock.
 */
#ifndef VV_LOCK_H
#define VV_LOCK_H

#include <pthread.h>

#ifdef __clang__
#define VV_ATTR(x) __attribute__((x))
#else
#define VV_ATTR(x)
#endif

/* Documents only: in C, clang knows no other members yet where it reads a member's attributes. */
#define VV_GUARDED_BY(lock)

#define VV_CAPABILITY    VV_ATTR(capability("mutex"))
#define VV_REQUIRES(...) VV_ATTR(requires_capability(__VA_ARGS__))
#define VV_EXCLUDES(...) VV_ATTR(locks_excluded(__VA_ARGS__))
#define VV_ACQUIRE(...)  VV_ATTR(acquire_capability(__VA_ARGS__))
#define VV_TRY_ACQUIRE(...) VV_ATTR(try_acquire_capability(__VA_ARGS__))
#define VV_RELEASE(...)  VV_ATTR(release_capability(__VA_ARGS__))
#define VV_ASSERTS(...)  VV_ATTR(assert_capability(__VA_ARGS__))
#define VV_NO_ANALYSIS   VV_ATTR(no_thread_safety_analysis)

struct VV_CAPABILITY vv_lock {
	pthread_mutex_t mutex;
};

#define VV_LOCK_INITIALIZER                                                                        \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER                                                          \
	}

static inline void vv_lock_init(struct vv_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
}

static inline void vv_lock_destroy(struct vv_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

static inline void vv_lock(struct vv_lock *lock) VV_ACQUIRE(lock) VV_NO_ANALYSIS
{
	pthread_mutex_lock(&lock->mutex);
}

static inline int vv_trylock(struct vv_lock *lock) VV_TRY_ACQUIRE(0, lock) VV_NO_ANALYSIS
{
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
