/* SPDX-License-Identifier: BSD-3-Clause */
/* softhca stat: what a running (or finished) NIC is and has counted. */
#include "launch.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "launch_attach.h"
#include "launch_figures.h"
#include "launch_number.h"

static const char usage[] =
    "Usage: softhca stat                     list the NICs that are running\n"
    "       softhca stat [OPTIONS] PID|FILE  show one\n"
    "\n"
    "Show what a NIC does: what it is, frames and drops of every port, every virtqueue with state\n"
    "and indices, firmware commands by name with how often, how long and what was refused, and\n"
    "objects by type. The program need not have been prepared for it. PID is the process that has\n"
    "the NIC, or its 'softhca run'; FILE is that of 'softhca run --stat FILE', which can be read\n"
    "after the end, too. Only your own processes, unless you are root.\n"
    "\n"
    "  -w, --watch SEC    again and again, every SEC seconds (0.1 to 3600), with rates\n"
    "  -n, --count N      N times; with --watch\n"
    "  -j, --json         as one JSON object each time\n"
    "  -h, --help         this text\n"
    "\n"
    "Times of commands begin when the program calls and hold what it waited for others; '99% us <'\n"
    "is from a histogram by powers of two. The indices of packed rings have a w when their wrap\n"
    "counter is 1.\n"
    "\n"
    "Examples:\n"
    "  softhca run -- my_program &  softhca stat $!\n"
    "  softhca stat --watch 1 4711\n"
    "  softhca stat -j 4711 | jq '.queues[] | select(.state == \"ERR\")'\n";

struct options {
	bool json;
	double watch; /* seconds; 0: once */
	uint64_t count;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void clean(char *text, size_t len)
{
	attach_text(text, len, text, len);
}

/* A copy that can be shown without a second thought. */
static void take(struct attach *a, struct figures *f)
{
	struct hca_stat_ask ask = {.verb = HCA_STAT_SNAPSHOT};
	struct hca_stat *s = &f->stat;

	f->fresh = a->can_ask && attach_alive(a->stat) && !attach_ask(a, &ask);
	memcpy(s, a->stat, sizeof(*s));
	f->taken_ns = now_ns();
	f->alive = attach_alive(a->stat);
	clean(s->command, sizeof(s->command));
	clean(s->profile, sizeof(s->profile));
	clean(s->fw_version, sizeof(s->fw_version));
	if (s->n_ports > HCA_STAT_PORTS)
		s->n_ports = HCA_STAT_PORTS;
	if (s->n_queues > HCA_STAT_QUEUES)
		s->n_queues = HCA_STAT_QUEUES;
	for (uint32_t i = 0; i < s->n_ports; i++)
		clean(s->port[i].name, sizeof(s->port[i].name));
	for (unsigned int i = 0; i < HCA_STAT_COMMANDS; i++)
		clean(s->cmd[i].name, sizeof(s->cmd[i].name));
}

static int show(const struct options *o, const struct figures *now, const struct figures *before)
{
	if (o->json)
		return figures_json(now, before);
	if (o->watch > 0 && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	figures_table(now, before);
	return 0;
}

static void wait_seconds(double seconds)
{
	struct timespec ts = {.tv_sec = (time_t)seconds};

	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

/* Every interval, until the program ends. The first figures are shown after the first one. */
static int watch(const struct options *o, struct attach *a, struct figures *f)
{
	unsigned int at = 0;
	uint64_t n = 0;
	int rc = 0;

	take(a, &f[at]);
	while (!rc && f[at].alive && (!o->count || n < o->count)) {
		wait_seconds(o->watch);
		take(a, &f[1 - at]);
		if (n++ && !o->json && !isatty(STDOUT_FILENO))
			printf("\n");
		rc = show(o, &f[1 - at], &f[at]);
		at = 1 - at;
	}
	return rc;
}

static int show_one(const struct options *o, const char *who)
{
	struct figures *f;
	struct attach a;
	int rc;

	if (attach(who, &a))
		return 1;
	f = calloc(2, sizeof(*f));
	if (!f) {
		launch_complain("out of memory");
		attach_end(&a);
		return 1;
	}
	if (o->watch > 0) {
		rc = watch(o, &a, f);
	} else {
		take(&a, f);
		rc = show(o, f, NULL);
	}
	free(f);
	attach_end(&a);
	return rc ? 1 : 0;
}

static int list(void)
{
	struct attach_found *found;
	struct attach a;
	unsigned int n;

	if (attach_list(&found, &n))
		return 1;
	if (!n)
		launch_complain("no NIC of this user is running (see 'softhca run --help')");
	else
		printf("%-8s %8s %9s %8s %16s %16s  %s\n", "pid", "up s", "functions", "queues",
		       "frames tx", "frames rx", "command");
	for (unsigned int i = 0; i < n; i++) {
		char command[29];

		if (attach(found[i].path, &a))
			continue;
		attach_command(command, sizeof(command), a.stat);
		printf("%-8d %8.1f %9u %8" PRIu64 " %16" PRIu64 " %16" PRIu64 "  %s\n",
		       (int)found[i].pid, (double)(now_ns() - a.stat->began_ns) / 1e9,
		       a.stat->functions, a.stat->objects[HCA_STAT_VIRTIO_NET_Q], a.stat->frames_tx,
		       a.stat->frames_rx, command);
		attach_end(&a);
	}
	free(found);
	return n ? 0 : 1;
}

static int parse_watch(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end != text && !*end && *seconds >= 0.1 && *seconds <= 3600)
		return 0;
	launch_complain("--watch: '%s' is not a number of seconds from 0.1 to 3600", text);
	return -1;
}

static int parse_option(struct options *o, int option, const char *arg, const char *word)
{
	switch (option) {
	case 'j':
		o->json = true;
		return 0;
	case 'w':
		return parse_watch(arg, &o->watch);
	case 'n':
		if (launch_number(arg, 1, UINT32_MAX, &o->count))
			return 0;
		launch_complain("--count: '%s' is not a number from 1", arg);
		return -1;
	case ':':
		launch_complain("'%s' needs a value, try 'softhca stat --help'", word);
		return -1;
	default:
		launch_complain("'%s' is not an option, try 'softhca stat --help'", word);
		return -1;
	}
}

int launch_stat(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"watch", required_argument, NULL, 'w'},
		{"count", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	struct options o = {};
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":jw:n:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (parse_option(&o, option, optarg, argv[optind - 1]))
			return EXIT_USAGE;
	}
	if (o.count && o.watch <= 0) {
		launch_complain("--count: only with --watch");
		return EXIT_USAGE;
	}
	if (argc - optind > 1) {
		launch_complain("one PID or FILE at a time, not '%s', too", argv[optind + 1]);
		return EXIT_USAGE;
	}
	if (optind < argc)
		return show_one(&o, argv[optind]);
	if (o.json || o.watch > 0)
		return show_one(&o, NULL);
	return list();
}
