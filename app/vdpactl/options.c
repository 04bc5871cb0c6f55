/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

enum { DEFAULT_TIMEOUT_S = 60, TIMEOUT_MAX_S = 86400 };

static const struct option long_options[] = {
    {"json",     no_argument,       NULL, 'j'},
    {"pretty",   no_argument,       NULL, 'p'},
    {"socket",   required_argument, NULL, 's'},
    {"timeout",  required_argument, NULL, 't'},
    {"file",     required_argument, NULL, 'f'},
    {"count",    required_argument, NULL, 'n'},
    {"interval", required_argument, NULL, 'i'},
    {"Version",  no_argument,       NULL, 'V'},
    {"version",  no_argument,       NULL, 'V'},
    {"help",     no_argument,       NULL, 'h'},
    {NULL,       0,                 NULL, 0  },
};

static int number(const char *option, const char *text, unsigned long max, unsigned long *to)
{
	char *end;

	errno = 0;
	*to = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || *to < 1 || *to > max)
		return ctl_fail("%s %s: a number from 1 to %lu is wanted", option, text, max);
	return 0;
}

static int interval(const char *text, double *to)
{
	char *end;

	*to = strtod(text, &end);
	/* Written so that "nan" fails it too. */
	if (end == text || *end || !(*to >= 0.1 && *to <= 86400))
		return ctl_fail("--interval %s: seconds are wanted, from 0.1 to 86400", text);
	return 0;
}

static int take(int opt, struct ctl_options *o, char **argv, int at)
{
	unsigned long n;
	int err = 0;

	switch (opt) {
	case 'j':
		o->json = true;
		break;
	case 'p':
		o->pretty = true;
		break;
	case 's':
		o->socket = optarg;
		break;
	case 't':
		err = number("--timeout", optarg, TIMEOUT_MAX_S, &n);
		o->timeout_s = (unsigned int)n;
		break;
	case 'f':
		o->given |= CTL_FILE;
		o->file = optarg;
		break;
	case 'n':
		o->given |= CTL_COUNT;
		err = number("--count", optarg, 1000000000, &o->count);
		break;
	case 'i':
		o->given |= CTL_INTERVAL;
		err = interval(optarg, &o->interval_s);
		break;
	case 'V':
		o->version = true;
		break;
	case 'h':
		o->help = true;
		break;
	case ':':
		return ctl_fail("%s: a value is wanted after it (see vdpactl --help)", argv[at]);
	default:
		/* A letter among others, or a whole word. */
		if (argv[at][1] != '-' && isprint(optopt))
			return ctl_fail("-%c: no such option (see vdpactl --help)", optopt);
		return ctl_fail("%s: no such option (see vdpactl --help)", argv[at]);
	}
	return err;
}

int ctl_options_parse(int argc, char **argv, struct ctl_options *o)
{
	const char *socket = getenv("VDPACTL_SOCKET");
	int err = 0, n = 0, opt, at;
	bool ended = false;

	*o = (struct ctl_options){
	    .socket = socket && *socket ? socket : CTL_DEFAULT_SOCKET,
	    .timeout_s = DEFAULT_TIMEOUT_S,
	    .interval_s = 1,
	};
	opterr = 0;
	optind = 1;
	while (!err && optind < argc) {
		at = optind;
		if (!ended && !strcmp(argv[at], "--")) {
			ended = true;
			optind++;
			continue;
		}
		if (ended || argv[at][0] != '-' || !argv[at][1] ||
		    isdigit((unsigned char)argv[at][1])) {
			/* Words move to the front, over options that are done with. */
			argv[n++] = argv[optind++];
			continue;
		}
		opt = getopt_long(argc, argv, "+:jps:t:f:n:i:Vh", long_options, NULL);
		err = take(opt, o, argv, at);
	}
	o->n_words = n;
	o->words = argv;
	return err;
}
