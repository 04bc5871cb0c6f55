/* SPDX-License-Identifier: BSD-3-Clause */
/* Time: milliseconds for limits, cycles for benchmarks. */
#ifndef FRONTEND_CLOCK_H
#define FRONTEND_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t fe_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t fe_now_ms(void)
{
	return fe_now_ns() / 1000000u;
}

static inline void fe_sleep_ms(unsigned int ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&ts, NULL);
}

/* The processor's time-stamp counter; nanoseconds where there is none. */
static inline uint64_t fe_cycles(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#else
	return fe_now_ns();
#endif
}

static inline void fe_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

#endif
