/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * copy: what a bare memcpy of frames costs, the limit of any switch that copies once; and the
 * frequency of the time-stamp counter, in which all benchmarks count cycles.
 *
 *   copy SIZE...   lines "SIZE HOT-CYCLES HOT-PER-SECOND RING-CYCLES RING-PER-SECOND", medians:
 *                  hot is one buffer to another, ring is as many buffers as two rings of 256 have
 *   copy --tsc     hertz
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "clock.h"

enum {
	BUFFERS = 256,
	STRIDE_SPARE = 128,
	HEADER = 12,
	ROUNDS = 101,
	COPIES = 4096,
	LEN_MAX = 9216
};

struct cost {
	double cycles, ns;
};

static int ascending(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return x->cycles < y->cycles ? -1 : x->cycles > y->cycles;
}

static uint8_t *memory(size_t bytes)
{
	uint8_t *p;

	bytes = (bytes + (2u << 20) - 1) / (2u << 20) * (2u << 20);
	p = aligned_alloc(2u << 20, bytes);
	if (!p) {
		fprintf(stderr, "copy: no memory\n");
		exit(1);
	}
	madvise(p, bytes, MADV_HUGEPAGE);
	memset(p, 1, bytes);
	return p;
}

static struct cost measure(uint8_t *to, const uint8_t *from, size_t len, size_t stride,
			   unsigned int buffers)
{
	struct cost cost[ROUNDS];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t ns = fe_now_ns(), cycles = fe_cycles();

		for (unsigned int i = 0; i < COPIES; i++) {
			size_t at = (i & (buffers - 1)) * stride + HEADER;

			memcpy(to + at, from + at, len);
			/* Every copy is made. */
			__asm__ volatile("" : : "r"(to) : "memory");
		}
		cost[round].cycles = (double)(fe_cycles() - cycles) / COPIES;
		cost[round].ns = (double)(fe_now_ns() - ns) / COPIES;
	}
	qsort(cost, ROUNDS, sizeof(cost[0]), ascending);
	return cost[ROUNDS / 2];
}

static void print_hertz(void)
{
	uint64_t ns = fe_now_ns(), cycles = fe_cycles();

	while (fe_now_ns() - ns < 100000000)
		;
	printf("%.0f\n", (double)(fe_cycles() - cycles) * 1e9 / (double)(fe_now_ns() - ns));
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--tsc") == 0) {
		print_hertz();
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		size_t len = strtoul(argv[i], NULL, 10), stride;
		struct cost hot, ring;
		uint8_t *to, *from;

		if (len == 0 || len > LEN_MAX) {
			fprintf(stderr, "copy: sizes are from 1 to %d\n", LEN_MAX);
			return 2;
		}
		stride = (len + HEADER + STRIDE_SPARE) / 64 * 64;
		to = memory(BUFFERS * stride);
		from = memory(BUFFERS * stride);
		hot = measure(to, from, len, stride, 1);
		ring = measure(to, from, len, stride, BUFFERS);
		printf("%zu %.2f %.0f %.2f %.0f\n", len, hot.cycles, 1e9 / hot.ns, ring.cycles,
		       1e9 / ring.ns);
		free(to);
		free(from);
	}
	return 0;
}
