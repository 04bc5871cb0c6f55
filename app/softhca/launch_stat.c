/* SPDX-License-Identifier: BSD-3-Clause */
/* softhca stat: show what a running (or finished) NIC has counted. */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fw/hca_stat.h"

static const char usage[] =
    "Usage: softhca stat [-j] FILE\n"
    "\n"
    "Show the figures that 'softhca run --stat FILE' keeps: firmware commands, objects alive and\n"
    "ever made, frames and drops. Kinds of objects that were never made are left out.\n"
    "\n"
    "  -j, --json   as one JSON object\n"
    "  -h, --help   this text\n"
    "\n"
    "Example:\n"
    "  softhca run --stat /tmp/nic.stat -- my_program &\n"
    "  watch softhca stat /tmp/nic.stat\n";

static const char *const object_names[HCA_STAT_OBJ_N] = {
    [HCA_STAT_CTX] = "context",
    [HCA_STAT_PD] = "pd",
    [HCA_STAT_MR] = "mr",
    [HCA_STAT_UMEM] = "umem",
    [HCA_STAT_UAR] = "uar",
    [HCA_STAT_VAR] = "var",
    [HCA_STAT_MKEY] = "mkey",
    [HCA_STAT_CQ] = "cq",
    [HCA_STAT_QP] = "qp",
    [HCA_STAT_TD] = "td",
    [HCA_STAT_TIS] = "tis",
    [HCA_STAT_TIR] = "tir",
    [HCA_STAT_RQT] = "rqt",
    [HCA_STAT_VIRTIO_NET_Q] = "virtio_net_q",
    [HCA_STAT_VIRTIO_Q_COUNTERS] = "virtio_q_counters",
    [HCA_STAT_MATCHER] = "flow_matcher",
    [HCA_STAT_FLOW] = "flow",
    [HCA_STAT_CHAN] = "event_channel",
    [HCA_STAT_OTHER] = "other",
};

#define FIGURE(name)                                                                               \
	{                                                                                          \
#name, offsetof(struct hca_stat, name)                                             \
	}

static const struct figure {
	const char *name;
	size_t offset;
} figures[] = {
    FIGURE(commands),      FIGURE(commands_refused), FIGURE(commands_failed),
    FIGURE(queue_errors),  FIGURE(frames_tx),        FIGURE(bytes_tx),
    FIGURE(frames_rx),     FIGURE(bytes_rx),         FIGURE(drops_no_buffer),
    FIGURE(drops_no_dest), FIGURE(drops_other),      FIGURE(busy_cycles),
};

enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };

/* The model writes while we read; each figure is whole, together they may be a moment apart. */
static uint64_t load(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static uint64_t figure(const struct hca_stat *stat, const struct figure *f)
{
	return load((const uint64_t *)(const void *)((const char *)stat + f->offset));
}

static void show_table(const struct hca_stat *stat)
{
	for (unsigned int i = 0; i < FIGURES; i++)
		printf("%-20s %20" PRIu64 "\n", figures[i].name, figure(stat, &figures[i]));
	printf("\n%-20s %20s %20s\n", "object", "alive", "made");
	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++)
		if (load(&stat->objects_made[i]))
			printf("%-20s %20" PRIu64 " %20" PRIu64 "\n", object_names[i],
			       load(&stat->objects[i]), load(&stat->objects_made[i]));
}

static int show_json(const struct hca_stat *stat)
{
	json_t *root = json_object(), *objects = json_object();
	int rc;

	for (unsigned int i = 0; i < FIGURES; i++)
		json_object_set_new(root, figures[i].name,
				    json_integer((json_int_t)figure(stat, &figures[i])));
	for (unsigned int i = 0; i < HCA_STAT_OBJ_N; i++)
		json_object_set_new(objects, object_names[i],
				    json_pack("{s:I, s:I}", "alive",
					      (json_int_t)load(&stat->objects[i]), "made",
					      (json_int_t)load(&stat->objects_made[i])));
	json_object_set_new(root, "objects", objects);
	rc = json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return rc;
}

static const struct hca_stat *map_file(const char *path)
{
	const struct hca_stat *stat;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "softhca: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (st.st_size == 0) {
		fprintf(stderr, "softhca: %s: empty, no program has opened a device yet\n", path);
		close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size < sizeof(*stat)) {
		fprintf(stderr, "softhca: %s: not a file of softhca's figures\n", path);
		close(fd);
		return NULL;
	}
	stat = mmap(NULL, sizeof(*stat), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (stat == MAP_FAILED) {
		fprintf(stderr, "softhca: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (stat->magic != HCA_STAT_MAGIC || stat->version != HCA_STAT_VERSION) {
		fprintf(stderr, "softhca: %s: not a file of softhca's figures (version %u)\n", path,
			HCA_STAT_VERSION);
		munmap((void *)(uintptr_t)stat, sizeof(*stat));
		return NULL;
	}
	return stat;
}

int launch_stat(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json",       no_argument, NULL, 'j'},
	    {"help",        no_argument, NULL, 'h'},
	    {},
	};
	const struct hca_stat *stat;
	bool json = false;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (option != 'j')
			return EXIT_USAGE;
		json = true;
	}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	stat = map_file(argv[optind]);
	if (!stat)
		return 1;
	if (json)
		return show_json(stat) ? 1 : 0;
	show_table(stat);
	return 0;
}
