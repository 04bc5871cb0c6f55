/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "config.h"

static char file[] = "/tmp/vdpad-config.XXXXXX";
static const char *sample;

static int read_bytes(const char *text, size_t len, struct vdpad_config *c, struct vdpad_error *e)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	return vdpad_config_read(file, c, e);
}

static int read_text(const char *text, struct vdpad_config *c, struct vdpad_error *e)
{
	return read_bytes(text, strlen(text), c, e);
}

static void read_daemon_sets_all_words(void **state)
{
	struct vdpad_config c;
	struct vdpad_error e;

	(void)state;
	assert_int_equal(read_text("[daemon] # comment\n"
				   "state_dir = /s\nsocket_dir=/d\n socket_mode = 0600\n"
				   "socket_group = root\nrpc = /r\nrpc_mode=660\nrpc_group = 7\n"
				   "models = /m\neal = -l 0 --no-huge\nlog = debug\nstatus = on\n"
				   "narrow = off",
				   &c, &e),
			 0);
	assert_string_equal(c.state_dir, "/s");
	assert_string_equal(c.socket_dir, "/d");
	assert_int_equal(c.socket_mode, 0600);
	assert_int_equal(c.socket_group, 0);
	assert_string_equal(c.rpc, "/r");
	assert_int_equal(c.rpc_mode, 0660);
	assert_int_equal(c.rpc_group, 7);
	assert_string_equal(c.models, "/m");
	assert_string_equal(c.eal, "-l 0 --no-huge");
	assert_string_equal(c.log, "debug");
	assert_true(c.status && !c.narrow);
	vdpad_config_destroy(&c);
}

static void read_nothing_is_what_holds_without_a_file(void **state)
{
	struct vdpad_config c, without;
	struct vdpad_error e;

	(void)state;
	vdpad_config_init(&without);
	assert_int_equal(read_text("# nothing\n\n", &c, &e), 0);
	assert_memory_equal(&c, &without, sizeof(c));
	assert_int_equal(read_text("", &c, &e), 0);
}

static void read_devices_keeps_their_order_and_words(void **state)
{
	struct vdpad_config c;
	struct vdpad_error e;

	(void)state;
	assert_int_equal(
	    read_text("[dev b]\nmgmtdev = mlx5_0\nmtu = 1500\ncsum = off\n"
		      "[daemon]\nlog = info\n[dev  a]\nmgmtdev = mlx5_1\nclient = on\n",
		      &c, &e),
	    0);
	assert_int_equal(c.n_devices, 2);
	assert_string_equal(c.devices[0].name, "b");
	assert_int_equal(c.devices[0].request.mtu, 1500);
	assert_true(vv_features_has(&c.devices[0].request.off, 0));
	assert_string_equal(c.devices[1].name, "a");
	assert_string_equal(c.devices[1].mgmtdev, "mlx5_1");
	assert_true(c.devices[1].client);
	vdpad_config_destroy(&c);
	vdpad_config_destroy(&c);
}

static void bad(const char *text, const char *why)
{
	struct vdpad_config c;
	struct vdpad_error e = {0};

	assert_int_equal(read_text(text, &c, &e), -EINVAL);
	if (!strstr(e.text, why) || strncmp(e.text, file, strlen(file)) || strchr(e.text, '\n'))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, e.text, why);
	assert_null(c.devices);
}

static void read_bad_file_names_the_place(void **state)
{
	char long_line[400];

	(void)state;
	bad("state_dir = /s\n", "line 1: it comes before the first");
	bad("[daemon]\n\nlog\n", "line 3: not WORD = VALUE");
	bad("[daemon]\nlog =\n", "line 2: a value is missing");
	bad("[daemon]\n= x\n", "line 2: not WORD = VALUE");
	bad("[daemon\n", "line 1: not a [section]");
	bad("[daemon] x\n", "line 1: not a [section]");
	bad("[daemon]\nbogus = 1\n", "[daemon]: bogus: no such word");
	bad("[daemon]\nlog = loud\n", "[daemon]: log loud: warning, notice");
	bad("[daemon]\nlog = info\nlog = info\n", "[daemon]: log: given twice");
	bad("[daemon]\n[daemon]\nlog = info\n", "one [daemon]");
	bad("[other]\n", "[other]: there are one [daemon]");
	bad("[daemon]\nstate_dir = s\n", "state_dir s: a path from / on");
	bad("[daemon]\nrpc_mode = 9\n", "rpc_mode 9: permissions in octal");
	bad("[daemon]\nrpc_mode = 7777\n", "rpc_mode 7777: permissions");
	bad("[daemon]\nrpc_group = no-such-group\n", "there is no such group");
	bad("[daemon]\nstatus = yes\n", "status yes: on or off");
	bad("[dev a]\nmgmtdev = m\n[dev a]\nmgmtdev = m\n", "[dev a]: there are two");
	bad("[dev a]\nmtu = 1500\n", "[dev a]: mgmtdev is missing");
	bad("[dev a]\nmgmtdev = m\nmgmtdev = m\n", "[dev a]: mgmtdev: given twice");
	bad("[dev a]\nmgmtdev = m\nmac = x\n", "[dev a]: ");
	bad("[dev a/b]\nmgmtdev = m\n", "[dev a/b]: name a/b");
	bad("[dev ]\nmgmtdev = m\n", "there are one [daemon]");
	bad("[dev a]\nmgmtdev = \xff\xfe\n", "UTF-8");
	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line, "[daemon]\neal = ", 15);
	long_line[sizeof(long_line) - 1] = 0;
	bad(long_line, "line 2: too long");
}

static void read_out_of_range_is_told_as_such(void **state)
{
	struct vdpad_config c;
	struct vdpad_error e;

	(void)state;
	assert_int_equal(read_text("[dev a]\nmgmtdev = m\nmtu = 1\n", &c, &e), -ERANGE);
	assert_string_equal(e.word, "mtu");
}

static void read_byte_zero_is_refused(void **state)
{
	struct vdpad_config c;
	struct vdpad_error e;

	(void)state;
	assert_int_equal(read_bytes("[daemon]\nlog\0 = info\n", 21, &c, &e), -EINVAL);
	assert_non_null(strstr(e.text, "line 2: a byte 0"));
}

static void read_no_file_is_enoent(void **state)
{
	struct vdpad_config c;
	struct vdpad_error e;

	(void)state;
	assert_int_equal(vdpad_config_read("/none/such", &c, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/none/such: No such file"));
	assert_int_equal(vdpad_config_read("/", &c, &e), -EINVAL);
	assert_non_null(strstr(e.text, "/: not a regular file"));
}

static void read_sample_is_right(void **state)
{
	struct vdpad_config c;
	struct vdpad_error e;

	(void)state;
	if (vdpad_config_read(sample, &c, &e))
		fail_msg("%s", e.text);
	assert_int_equal(c.n_devices, 2);
	vdpad_config_destroy(&c);
}

/* What is commented out in the sample can be written, and says what holds without it. */
static void read_sample_with_its_comments_is_right(void **state)
{
	char line[300], text[8192] = "";
	struct vdpad_config c, without;
	struct vdpad_error e;
	FILE *f = fopen(sample, "r");
	bool daemon = true;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && daemon) {
		daemon = strncmp(line, "[dev", 4);
		if (daemon && !strstr(line, "_group") && !strstr(line, "#eal"))
			strcat(text, line[0] == '#' && line[1] != ' ' ? line + 1 : line);
	}
	fclose(f);
	if (read_text(text, &c, &e))
		fail_msg("%s", e.text);
	vdpad_config_init(&without);
	assert_string_equal(c.state_dir, without.state_dir);
	assert_string_equal(c.socket_dir, without.socket_dir);
	assert_string_equal(c.rpc, without.rpc);
	assert_string_equal(c.log, without.log);
	assert_int_equal(c.rpc_mode, without.rpc_mode);
	assert_int_equal(c.socket_mode, without.socket_mode);
	assert_false(c.status || c.narrow);
	vdpad_config_destroy(&c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_daemon_sets_all_words),
	    cmocka_unit_test(read_nothing_is_what_holds_without_a_file),
	    cmocka_unit_test(read_devices_keeps_their_order_and_words),
	    cmocka_unit_test(read_bad_file_names_the_place),
	    cmocka_unit_test(read_out_of_range_is_told_as_such),
	    cmocka_unit_test(read_byte_zero_is_refused),
	    cmocka_unit_test(read_no_file_is_enoent),
	    cmocka_unit_test(read_sample_is_right),
	    cmocka_unit_test(read_sample_with_its_comments_is_right),
	};
	int fd = mkstemp(file), status;

	if (argc < 2 || fd < 0)
		return 2;
	close(fd);
	sample = argv[1];
	status = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	return status;
}
