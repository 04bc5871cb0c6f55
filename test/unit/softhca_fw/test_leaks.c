/* SPDX-License-Identifier: BSD-3-Clause */
/* Who made what a program left behind: in the trace, and on stderr when that was asked for. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/leaks.h"
#include "fw/symbol.h"
#include "rig.h"

struct nic {
	struct hca *hca;
	struct hca_ctx *ctx;
	char trace[64], errors[64];
};

static void make_file(char name[64])
{
	int fd;

	snprintf(name, 64, "/tmp/softhca_fw_leaks.XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	close(fd);
}

static void nic_make(struct nic *n, bool trace, bool leaks)
{
	struct hca_config cfg = {.functions = 1, .threads = 1, .leaks = leaks};

	make_file(n->trace);
	make_file(n->errors);
	cfg.trace_path = trace ? n->trace : NULL;
	assert_int_equal(hca_create(&cfg, &n->hca), 0);
	assert_int_equal(hca_ctx_open(n->hca, 0, &n->ctx), 0);
}

/* With stderr in a file meanwhile. */
static void nic_end(struct nic *n)
{
	int keep = dup(STDERR_FILENO);

	assert_non_null(freopen(n->errors, "w", stderr));
	hca_ctx_close(n->ctx);
	fflush(stderr);
	assert_true(dup2(keep, STDERR_FILENO) >= 0);
	close(keep);
	hca_destroy(n->hca);
}

static unsigned int lines_with(const char *file, const char *text)
{
	FILE *f = fopen(file, "r");
	char line[2048];
	unsigned int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	fclose(f);
	return n;
}

static void nic_forget(struct nic *n)
{
	remove(n->trace);
	remove(n->errors);
}

static void *leaky(void *arg)
{
	struct nic *n = arg;
	volatile unsigned int times = 2; /* or the compiler makes two places of it */
	uint32_t pdn;

	pthread_setname_np(pthread_self(), "leaky");
	/* One place, two objects. */
	while (times--)
		assert_int_equal(hca_pd_alloc(n->ctx, &pdn), 0);
	return NULL;
}

static void leak(struct nic *n)
{
	struct mbox mb;
	pthread_t thread;
	uint32_t pdn;

	assert_int_equal(pthread_create(&thread, NULL, leaky, n), 0);
	pthread_join(thread, NULL);
	make(&mb, n->ctx, "alloc_transport_domain");
	assert_int_equal(hca_pd_alloc(n->ctx, &pdn), 0);
	assert_int_equal(hca_pd_free(n->ctx, pdn), 0);
}

static void trace_names_creators(void **state)
{
	struct nic n;

	(void)state;
	nic_make(&n, true, false);
	leak(&n);
	nic_end(&n);
	assert_int_equal(lines_with(n.trace, " leaked "), 3);
	assert_int_equal(
	    lines_with(n.trace, "leaked pd 0x1, made by alloc_pd (0) in thread 'leaky': "), 1);
	assert_int_equal(lines_with(n.trace, "td 0x1, made by alloc_transport_domain (1)"), 1);
	assert_int_equal(lines_with(n.trace, "close_context leaked=3"), 1);
	assert_int_equal(lines_with(n.trace, ": fw_test_leaks"), 3);
	/* Nobody exports that one. */
	assert_int_equal(lines_with(n.trace, " < leaky+0x"), 2);
	assert_int_equal(lines_with(n.errors, ""), 0);
	nic_forget(&n);
}

static void report_groups_by_creator(void **state)
{
	struct nic n;

	(void)state;
	nic_make(&n, false, true);
	leak(&n);
	nic_end(&n);
	assert_int_equal(lines_with(n.errors, "context 1 of function 0 is closed with 3 obj"), 1);
	assert_int_equal(lines_with(n.errors, "2 pd by alloc_pd in thread 'leaky': fw_test_"), 1);
	assert_int_equal(lines_with(n.errors, "1 td by alloc_transport_domain in thread '"), 1);
	assert_int_equal(lines_with(n.errors, "    pd 0x"), 2);
	assert_int_equal(lines_with(n.errors, "    td 0x1, command 1"), 1);
	assert_int_equal(lines_with(n.errors, ""), 6);
	nic_forget(&n);
}

static void report_nothing_left_says_nothing(void **state)
{
	struct nic n;
	uint32_t pdn;

	(void)state;
	nic_make(&n, true, true);
	assert_int_equal(hca_pd_alloc(n.ctx, &pdn), 0);
	assert_int_equal(hca_pd_free(n.ctx, pdn), 0);
	nic_end(&n);
	assert_int_equal(lines_with(n.errors, ""), 0);
	assert_int_equal(lines_with(n.trace, "leaked=0"), 1);
	nic_forget(&n);
}

/* Who does not look does not pay. */
static void origin_not_taken_unasked(void **state)
{
	struct nic n;
	uint32_t pdn;

	(void)state;
	nic_make(&n, false, false);
	assert_int_equal(hca_pd_alloc(n.ctx, &pdn), 0);
	assert_null(obj_find(n.ctx, OBJ_PD, pdn)->origin);
	nic_end(&n);
	assert_int_equal(lines_with(n.errors, ""), 0);
	nic_forget(&n);
}

/* ---- symbols ---- */

static size_t read_self(uint8_t **data)
{
	FILE *f = fopen("/proc/self/exe", "r");
	size_t size;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = (size_t)ftell(f);
	rewind(f);
	*data = malloc(size);
	assert_non_null(*data);
	assert_int_equal(fread(*data, 1, size, f), size);
	fclose(f);
	return size;
}

static void write_file(const char *name, const uint8_t *data, size_t size)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

/* What is no ELF file, or half of one, has no symbols; it is not believed. */
static void symbol_broken_file_not_found(void **state)
{
	unsigned int seed = 20;
	char file[64], name[64];
	uint8_t *data;
	size_t size = read_self(&data), offset;

	(void)state;
	make_file(file);
	print_message("seed %u\n", seed);
	assert_false(symbol_find("/nonexistent", 1, name, sizeof(name), &offset));
	assert_false(symbol_find("/", 1, name, sizeof(name), &offset));
	assert_false(symbol_find(file, 1, name, sizeof(name), &offset));
	write_file(file, (const uint8_t *)"\177ELF\2", 5);
	assert_false(symbol_find(file, 1, name, sizeof(name), &offset));
	for (unsigned int i = 0; i < 50; i++) {
		size_t half = (size_t)rand_r(&seed) % size;

		write_file(file, data, half);
		symbol_find(file, UINTPTR_MAX, name, sizeof(name), &offset);
	}
	/* The header's numbers, and those of the sections at the end. */
	for (unsigned int i = 0; i < 50; i++) {
		size_t at = i % 2 ? 16 + (size_t)rand_r(&seed) % 48
				  : size - 1 - (size_t)rand_r(&seed) % 2048;
		uint8_t had = data[at];

		data[at] = (uint8_t)rand_r(&seed);
		write_file(file, data, size);
		symbol_find(file, UINTPTR_MAX, name, sizeof(name), &offset);
		symbol_find(file, (uintptr_t)rand_r(&seed) % size, name, sizeof(name), &offset);
		data[at] = had;
	}
	free(data);
	remove(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trace_names_creators),
	    cmocka_unit_test(report_groups_by_creator),
	    cmocka_unit_test(report_nothing_left_says_nothing),
	    cmocka_unit_test(origin_not_taken_unasked),
	    cmocka_unit_test(symbol_broken_file_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
