/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "options.h"
#include "say.h"

static char said[1024];

/* In place of the program's. */
void vdpad_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
}

#define PARSE(options, ...) parse(options, (char *[]){"vdpad", ##__VA_ARGS__, NULL})

static int parse(struct vdpad_options *options, char **argv)
{
	int argc = 0;

	said[0] = 0;
	while (argv[argc])
		argc++;
	return vdpad_options_parse(argc, argv, options);
}

static void parse_eal_and_ours_splits_at_dashes(void **state)
{
	struct vdpad_options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-l", "0", "-s", "2", "--", "-s", "/a=x", "--socket=/b=y"), 0);
	assert_int_equal(o.eal_argc, 5);
	assert_string_equal(o.eal_argv[4], "2");
	assert_int_equal(o.n_sockets, 2);
	assert_string_equal(o.sockets[0].path, "/a");
	assert_string_equal(o.sockets[0].device, "x");
	assert_string_equal(o.sockets[1].path, "/b");
	assert_string_equal(o.sockets[1].device, "y");
	assert_false(o.client || o.status || o.narrow);
	vdpad_options_destroy(&o);
	vdpad_options_destroy(&o);
}

static void parse_switches_sets_them(void **state)
{
	struct vdpad_options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--", "-c", "--status", "--narrow", "-s", "a=b"), 0);
	assert_true(o.client && o.status && o.narrow);
	assert_int_equal(o.eal_argc, 1);
	vdpad_options_destroy(&o);
}

static void parse_path_with_equals_takes_last(void **state)
{
	struct vdpad_options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--", "-s", "/run/a=b/s=0000:3b:00.1"), 0);
	assert_string_equal(o.sockets[0].path, "/run/a=b/s");
	assert_string_equal(o.sockets[0].device, "0000:3b:00.1");
	vdpad_options_destroy(&o);
}

#define REFUSED(word, ...)                                                                         \
	do {                                                                                       \
		struct vdpad_options refused;                                                      \
		assert_int_equal(PARSE(&refused, ##__VA_ARGS__), -EINVAL);                         \
		if (!strstr(said, word))                                                           \
			fail_msg("\"%s\" does not say \"%s\"", said, word);                        \
		assert_null(strchr(said, '\n'));                                                   \
		assert_null(refused.sockets);                                                      \
	} while (0)

static void parse_bad_line_says_what(void **state)
{
	char longest[108 + 3], too_long[109 + 3];
	struct vdpad_options o;

	(void)state;
	REFUSED("which sockets?", "--");
	REFUSED("which sockets?", "-l", "0", "--");
	REFUSED("comes after the --", "--socket", "/a=b");
	REFUSED("comes after the --", "--narrow", "--", "-s", "/a=b");
	REFUSED("--bogus: no such option", "--", "--bogus");
	REFUSED("-x: no such option", "--", "-x");
	REFUSED("-s: what?", "--", "-s");
	REFUSED("more: not an option", "--", "-s", "/a=b", "more");
	REFUSED("/a: not PATH=DEVICE", "--", "-s", "/a");
	REFUSED("/a=: not PATH=DEVICE", "--", "-s", "/a=");
	REFUSED("=x: not PATH=DEVICE", "--", "-s", "=x");
	REFUSED("/a: given twice", "--", "-s", "/a=x", "-s", "/a=y");
	REFUSED("/b=x: the device serves /a already", "--", "-s", "/a=x", "-s", "/b=x");

	memset(longest, 'p', sizeof(longest));
	strcpy(longest + 107, "=x");
	assert_int_equal(PARSE(&o, "--", "-s", longest), 0);
	vdpad_options_destroy(&o);
	memset(too_long, 'p', sizeof(too_long));
	strcpy(too_long + 108, "=x");
	REFUSED("107 bytes", "--", "-s", too_long);
}

static void parse_managing_takes_its_options(void **state)
{
	struct vdpad_options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-c", "/f", "--state-dir", "/s", "--rpc=/r", "--log", "debug",
			       "--check", "--foreground"),
			 0);
	assert_true(o.manage && o.check);
	assert_string_equal(o.config, "/f");
	assert_string_equal(o.state_dir, "/s");
	assert_string_equal(o.rpc, "/r");
	assert_string_equal(o.log, "debug");
	vdpad_options_destroy(&o);
	assert_int_equal(PARSE(&o, "--state-dir", "/s"), 0);
	assert_true(o.manage && !o.check && !o.config && !o.rpc && !o.log);
	assert_int_equal(PARSE(&o, "--", "-s", "a=b"), 0);
	assert_false(o.manage);
	vdpad_options_destroy(&o);
}

static void parse_bad_managing_line_says_what(void **state)
{
	(void)state;
	REFUSED("what is to be served?");
	REFUSED("-l: no such option", "-l", "0");
	REFUSED("--bogus: no such option", "-c", "/f", "--bogus");
	REFUSED("-c: what?", "-c");
	REFUSED("--rpc: what?", "--rpc");
	REFUSED("more: not an option", "-c", "/f", "more");
	REFUSED("--config: given twice", "-c", "/f", "--config", "/g");
	REFUSED("--rpc: given twice", "--rpc", "/f", "--rpc", "/f");
}

static void parse_more_sockets_than_librte_vhost_has_is_refused(void **state)
{
	static char *argv[2 + 2 * 1025 + 1], text[1025][32];
	struct vdpad_options o;
	int n = 0, i;

	(void)state;
	argv[n++] = "vdpad";
	argv[n++] = "--";
	for (i = 0; i < 1024; i++) {
		snprintf(text[i], sizeof(text[i]), "/s%d=d%d", i, i);
		argv[n++] = "-s";
		argv[n++] = text[i];
	}
	assert_int_equal(parse(&o, argv), 0);
	assert_int_equal(o.n_sockets, 1024);
	vdpad_options_destroy(&o);
	argv[n++] = "-s";
	argv[n++] = "/one=more";
	assert_int_equal(parse(&o, argv), -EINVAL);
	assert_non_null(strstr(said, "no more than 1024"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse_eal_and_ours_splits_at_dashes),
	    cmocka_unit_test(parse_switches_sets_them),
	    cmocka_unit_test(parse_path_with_equals_takes_last),
	    cmocka_unit_test(parse_bad_line_says_what),
	    cmocka_unit_test(parse_managing_takes_its_options),
	    cmocka_unit_test(parse_bad_managing_line_says_what),
	    cmocka_unit_test(parse_more_sockets_than_librte_vhost_has_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
