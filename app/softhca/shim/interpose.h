/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by the files that stand in for calls of the C library: how to reach the real call, and
 * the question that each asks first.
 */
#ifndef SOFTHCA_SHIM_INTERPOSE_H
#define SOFTHCA_SHIM_INTERPOSE_H

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

/* Calls of this thread that are inside the library: theirs are not for us to answer. */
extern __thread unsigned int in_shim __attribute__((tls_model("initial-exec")));

/* The next definition of a function, looked up once; races are harmless. */
#define REAL(name)                                                                                 \
	({                                                                                         \
		static __typeof__(&name) real_;                                                    \
		__typeof__(&name) fn_ = __atomic_load_n(&real_, __ATOMIC_RELAXED);                 \
		if (!fn_) {                                                                        \
			*(void **)&fn_ = dlsym(RTLD_NEXT, #name);                                  \
			__atomic_store_n(&real_, fn_, __ATOMIC_RELAXED);                           \
		}                                                                                  \
		fn_;                                                                               \
	})

/* Where to look instead of path: path itself, or a path in buf. errno stays as it is. */
const char *interpose_redirect(const char *path, char buf[PATH_MAX]);

/* Is the path empty (and not NULL)? Apart, because the headers promise that no path is NULL. */
bool interpose_empty(const char *path);

/* The function whose device node path names, or -1. */
int interpose_node(const char *path);

#endif
