/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far apart two CPUs are: cycles of the time-stamp counter for a cache line to go from one to
 * the other and back; of many samples the lower quartile, because those during which another
 * program had a CPU say nothing. Virtual CPUs may be threads of one core or not, and change places
 * while a benchmark runs; its rates mean little without this number.
 *
 *   coretrip CPU CPU
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

enum { TRIPS = 256, SAMPLES = 401 };

/* Odd: the ball is at the echo's side. One line, handed to and fro. */
static struct {
	_Alignas(128) uint32_t ball;
} line;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		fprintf(stderr, "coretrip: cannot run on CPU %d\n", cpu);
		exit(1);
	}
}

static void *echo(void *arg)
{
	uint32_t i;

	pin(*(int *)arg);
	for (i = 0; i < SAMPLES * TRIPS; i++) {
		/* Pairs with the release in main. */
		while (__atomic_load_n(&line.ball, __ATOMIC_ACQUIRE) != 2 * i + 1)
			;
		__atomic_store_n(&line.ball, 2 * i + 2, __ATOMIC_RELEASE);
	}
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	uint64_t sample[SAMPLES], start;
	uint32_t i = 0, end;
	pthread_t thread;
	int there, s;

	if (argc != 3) {
		fprintf(stderr, "Usage: coretrip CPU CPU\n");
		return 2;
	}
	there = atoi(argv[2]);
	pin(atoi(argv[1]));
	if (pthread_create(&thread, NULL, echo, &there))
		return 1;
	for (s = 0; s < SAMPLES; s++) {
		start = __rdtsc();
		for (end = i + TRIPS; i < end; i++) {
			__atomic_store_n(&line.ball, 2 * i + 1, __ATOMIC_RELEASE);
			while (__atomic_load_n(&line.ball, __ATOMIC_ACQUIRE) != 2 * i + 2)
				;
		}
		sample[s] = (__rdtsc() - start) / TRIPS;
	}
	pthread_join(thread, NULL);
	qsort(sample, SAMPLES, sizeof(sample[0]), ascending);
	printf("%llu\n", (unsigned long long)sample[SAMPLES / 4]);
	return 0;
}
