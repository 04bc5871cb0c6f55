/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pump: the minimal front-end of test/frontend in measured intervals, for test/bench/run.
 *
 * It connects, lets frames flow for a while and says "ready"; for each line "go" on standard input
 * it measures one interval and prints one line of JSON; in between, frames go on flowing, so that
 * whoever asks can read the back-end's counters while the state is steady. The end of standard
 * input ends it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"
#include "log.h"
#include "stop.h"

enum { EXIT_USAGE = 2, SLICE_NS = 1000000 };

/* Seven small, four middle, one large: the mix in common use. */
static const uint16_t imix[] = {64, 576, 64, 64, 576, 64, 1500, 64, 576, 64, 576, 64};

struct options {
	struct fe_dev_config dev;
	const char *socket[3]; /* from, to, idle */
	struct fe_bench_config bench;
	unsigned int idle, warm_ms, interval_ms, size;
};

static const char usage[] =
    "pump --socket PATH [options]: the minimal front-end, in measured intervals\n"
    "  --peer PATH       frames go from --socket to there; else they come back\n"
    "  --layout L        split or packed (split)\n"
    "  --pairs N         queue pairs that send (1)\n"
    "  --idle-at PATH    one more device there, whose queues are started and idle\n"
    "  --idle N          with so many pairs (16)\n"
    "  --ring N          descriptors a ring (256)\n"
    "  --size N|imix     frame length (64)\n"
    "  --batch N         frames published at once, at most (32)\n"
    "  --window N        frames in flight a pair (as many as the ring has)\n"
    "  --flows N         (64)\n"
    "  --tail            touch the end of frames, not where their headers are\n"
    "  --duplex          with --peer: both ways\n"
    "  --huge            guest memory of huge pages\n"
    "  --avoid-zero      nothing at guest address 0, for DPDK's mlx5 driver\n"
    "  --warm MS         before it is ready (100)\n"
    "  --interval MS     (300)\n"
    "Each line \"go\" on standard input: one interval, one line of JSON.\n";

static int number(const char *text, unsigned int min, unsigned int max, unsigned int *value)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < min || n > max) {
		fprintf(stderr, "pump: '%s' is not a number from %u to %u\n", text, min, max);
		return -EINVAL;
	}
	*value = (unsigned int)n;
	return 0;
}

static int parse_size(const char *text, struct options *o)
{
	if (strcmp(text, "imix") != 0)
		return number(text, FE_FRAME_MIN, 9216, &o->size);
	o->bench.sizes = imix;
	o->bench.n_sizes = sizeof(imix) / sizeof(imix[0]);
	o->size = 1500;
	return 0;
}

static int parse_layout(const char *text, struct options *o)
{
	o->dev.layout = strcmp(text, "packed") == 0 ? FE_PACKED : FE_SPLIT;
	return o->dev.layout == FE_PACKED || strcmp(text, "split") == 0 ? 0 : -EINVAL;
}

static int parse_option(int opt, const char *arg, struct options *o)
{
	switch (opt) {
	case 's':
		o->socket[0] = arg;
		return 0;
	case 'p':
		o->socket[1] = arg;
		return 0;
	case 'l':
		return parse_layout(arg, o);
	case 'n':
		return number(arg, 1, FE_MAX_PAIRS, &o->dev.pairs);
	case 'i':
		return number(arg, 1, FE_MAX_PAIRS, &o->idle);
	case 'r':
		return number(arg, 2, 32768, &o->dev.ring_size);
	case 'z':
		return parse_size(arg, o);
	case 'b':
		return number(arg, 1, 1024, &o->bench.batch);
	case 'w':
		return number(arg, 1, 32768, &o->bench.window);
	case 'f':
		return number(arg, 1, 10000, &o->bench.flows);
	case 't':
		o->bench.touch_tail = true;
		return 0;
	case 'd':
		o->bench.duplex = true;
		return 0;
	case 'A':
		o->socket[2] = arg;
		return 0;
	case 'a':
		o->dev.avoid_zero = true;
		return 0;
	case 'H':
		o->dev.huge_pages = true;
		return 0;
	case 'W':
		return number(arg, 1, 60000, &o->warm_ms);
	case 'I':
		return number(arg, 1, 600000, &o->interval_ms);
	default:
		return -EINVAL;
	}
}

static const struct option options[] = {
    {"socket",           required_argument, NULL, 's'},
    {"peer",	      required_argument, NULL, 'p'},
    {"layout",		  required_argument, NULL, 'l'},
    {"pairs",required_argument, NULL, 'n'},
    {"idle",	       required_argument, NULL, 'i'},
    {"ring",           required_argument, NULL, 'r'},
    {"size",	      required_argument, NULL, 'z'},
    {"batch",		  required_argument, NULL, 'b'},
    {"window",              required_argument, NULL, 'w'},
    {"flows",	       required_argument, NULL, 'f'},
    {"duplex",             no_argument, NULL, 'd'},
    {"tail",	      no_argument, NULL, 't'},
    {"huge",		  no_argument, NULL, 'H'},
    {"idle-at",required_argument, NULL, 'A'},
    {"avoid-zero",               no_argument, NULL, 'a'},
    {"warm",	     required_argument, NULL, 'W'},
    {"interval",              required_argument, NULL, 'I'},
    {"help",		  no_argument, NULL, 'h'},
    {	      },
};

static int parse(int argc, char **argv, struct options *o)
{
	int opt;

	*o = (struct options){
	    .dev = {.timeout_ms = 10000,
		    .ring_size = 256,
		    .pairs = 1,
		    .regions = 1,
		    .chain_min = 1,
		    .chain_max = 1,
		    .cut_bytes = -1},
	    .bench = {.batch = 32,
                    .flows = 64,
                    .spec = {.src = {2, 0, 0, 0, 0, 1}, .dst = {2, 0, 0, 0, 0, 2}, .seed = 1}},
	    .idle = 16,
	    .warm_ms = 100,
	    .interval_ms = 300,
	    .size = 64,
	};
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (parse_option(opt, optarg, o))
			return -EINVAL;
	}
	if (!o->socket[0] || optind != argc) {
		fputs(usage, stderr);
		return -EINVAL;
	}
	o->dev.frame_max = o->size > 1514 ? o->size : 1514;
	o->bench.spec.size_min = o->bench.spec.size_max = o->size;
	if (!o->bench.window)
		o->bench.window = o->dev.ring_size;
	return 0;
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void report(const struct fe_bench_result *r, uint64_t on_cpu_ns)
{
	printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"bytes\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", \"out_of_place\": %" PRIu64 ", \"ns\": %" PRIu64
	       ", \"cpu_ns\": %" PRIu64 ", \"cycles\": %" PRIu64 ", \"busy_cycles\": %" PRIu64
	       "}\n",
	       r->sent, r->received, r->bytes, r->given_up, r->out_of_place, r->elapsed_ns,
	       on_cpu_ns, r->cycles, r->busy_cycles);
	fflush(stdout);
}

/* 1: measure; 0: nothing yet; -1: the end. */
static int asked(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[64];

	if (poll(&in, 1, 0) <= 0)
		return 0;
	return read(STDIN_FILENO, line, sizeof(line)) > 0 ? 1 : -1;
}

static int serve(struct fe_bench *bench, const struct options *o)
{
	struct fe_bench_result res;
	uint64_t start;
	int err, ask;

	err = fe_bench_run(bench, o->warm_ms * 1000000ull, &res);
	if (err)
		return err;
	if (res.received == 0) {
		fe_error("%s: nothing comes back", o->socket[0]);
		return -ETIMEDOUT;
	}
	printf("ready\n");
	fflush(stdout);
	while (!err && !fe_stop_requested) {
		ask = asked();
		if (ask < 0)
			break;
		if (ask == 0) {
			err = fe_bench_run(bench, SLICE_NS, &res);
			continue;
		}
		start = cpu_ns();
		err = fe_bench_run(bench, o->interval_ms * 1000000ull, &res);
		report(&res, cpu_ns() - start);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct fe_dev *dev[3] = {NULL, NULL, NULL};
	struct fe_bench *bench = NULL;
	struct options o;
	unsigned int pairs;
	int i, err = 0;

	if (parse(argc, argv, &o))
		return EXIT_USAGE;
	pairs = o.dev.pairs;
	fe_stop_on_signals();
	for (i = 0; i < 3 && !err; i++) {
		if (!o.socket[i])
			continue;
		o.dev.path = o.socket[i];
		o.dev.pairs = i == 2 ? o.idle : pairs;
		err = fe_dev_create(&o.dev, &dev[i]);
	}
	if (!err) {
		o.bench.tx = dev[0];
		o.bench.rx = dev[1] ? dev[1] : dev[0];
		err = fe_bench_create(&o.bench, &bench);
	}
	for (i = 2; i >= 0 && !err; i--)
		err = dev[i] ? fe_dev_connect(dev[i]) : 0;
	if (!err)
		err = serve(bench, &o);
	if (err)
		fprintf(stderr, "pump: %s\n", strerror(-err));
	fe_bench_destroy(bench);
	for (i = 0; i < 3; i++)
		fe_dev_destroy(dev[i]);
	return err ? 1 : 0;
}
