/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "fails.h"
#include "store.h"

/* ---- a directory of each test's own ---- */

static char dir[32];

static int set_up(void **state)
{
	(void)state;
	fails_reset();
	strcpy(dir, "/tmp/vdpad-store.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct vdpad_store *opened(void)
{
	struct vdpad_store *store;
	struct vdpad_error e;

	if (vdpad_store_open(dir, &store, &e))
		fail_msg("%s", e.text);
	return store;
}

static struct vdpad_spec spec_of(const char *name, const char *socket)
{
	struct vdpad_spec s = {.mgmtdev = "mlx5_0"};

	vv_request_init(&s.request);
	snprintf(s.name, sizeof(s.name), "%s", name);
	snprintf(s.socket, sizeof(s.socket), "%s", socket);
	return s;
}

static int put(struct vdpad_store *store, const char *name, const char *socket)
{
	struct vdpad_spec s = spec_of(name, socket);
	struct vdpad_error e;
	int err = vdpad_store_prepare(store, &s, &e);

	return err ? err : vdpad_store_commit(store, name, &e);
}

static void file_put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool file_is(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

static int files(void)
{
	char command[64];
	int n = -1;
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s | grep -vc '^lock$'", dir);
	f = popen(command, "r");
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

struct seen {
	int good, bad;
	char name[64], socket[VDPAD_PATH_MAX], why[1024];
};

static void see(void *arg, const char *name, const struct vdpad_spec *spec,
		const struct vdpad_error *why)
{
	struct seen *seen = arg;

	snprintf(seen->name, sizeof(seen->name), "%s", name);
	if (spec) {
		seen->good++;
		snprintf(seen->socket, sizeof(seen->socket), "%s", spec->socket);
	} else {
		seen->bad++;
		snprintf(seen->why, sizeof(seen->why), "%s", why->text);
	}
}

static struct seen all(const struct vdpad_store *store)
{
	struct seen seen = {0};
	struct vdpad_error e;

	assert_int_equal(vdpad_store_each(store, see, &seen, &e), 0);
	return seen;
}

static void swept(void *arg, const struct vdpad_spec *was)
{
	see(arg, was->name, was, NULL);
}

/* ---- tests ---- */

static void open_missing_directory_makes_it(void **state)
{
	struct vdpad_store *store;
	struct vdpad_error e;

	(void)state;
	assert_int_equal(rmdir(dir), 0);
	store = opened();
	assert_true(file_is("lock"));
	vdpad_store_close(store);
	vdpad_store_close(NULL);
	assert_int_equal(vdpad_store_open("/none/such", &store, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/none/such"));
	assert_int_equal(vdpad_store_open("/dev/null", &store, &e), -ENOTDIR);
}

static void open_twice_names_the_process_that_has_it(void **state)
{
	struct vdpad_store *store = opened(), *second;
	struct vdpad_error e;
	char pid[32];

	(void)state;
	assert_int_equal(vdpad_store_open(dir, &second, &e), -EBUSY);
	snprintf(pid, sizeof(pid), "process %d", getpid());
	assert_non_null(strstr(e.text, pid));
	assert_non_null(strstr(e.text, dir));
	vdpad_store_close(store);
	vdpad_store_close(opened());
}

static void put_is_read_and_replaced_and_removed(void **state)
{
	struct vdpad_store *store = opened();
	struct vdpad_error e;
	struct vdpad_spec s;
	struct seen seen;

	(void)state;
	assert_int_equal(put(store, "b", "/b"), 0);
	assert_int_equal(put(store, "a", "/a"), 0);
	assert_int_equal(all(store).good, 2);
	assert_int_equal(put(store, "b", "/c"), 0);
	seen = all(store);
	assert_int_equal(seen.good, 2);
	assert_string_equal(seen.name, "b"); /* in the order of names */
	assert_string_equal(seen.socket, "/c");
	assert_int_equal(files(), 2);
	assert_int_equal(vdpad_store_remove(store, "b", &e), 0);
	assert_int_equal(vdpad_store_read(store, "b", &s, &e), -ENOENT);
	vdpad_store_forget(store, "b");
	assert_int_equal(files(), 1);
	assert_int_equal(vdpad_store_remove(store, "b", &e), 0);
	vdpad_store_close(store);
}

static void abort_leaves_nothing(void **state)
{
	struct vdpad_spec s = spec_of("a", "/a");
	struct vdpad_store *store = opened();
	struct vdpad_error e;

	(void)state;
	assert_int_equal(vdpad_store_prepare(store, &s, &e), 0);
	assert_int_equal(all(store).good, 0);
	vdpad_store_abort(store, "a");
	assert_int_equal(files(), 0);
	vdpad_store_close(store);
}

/* Any call of any kind fails: what was before counts, and nothing lies around. */
static void fail_each(bool replace)
{
	struct vdpad_store *store = opened();
	int call, nth, failed = 0;

	fail_with = ENOSPC;
	for (call = 0; call <= LINKAT; call++) {
		for (nth = 1; nth < 4; nth++) {
			int before = replace ? put(store, "a", "/old") : 0, err;
			struct seen seen;

			assert_int_equal(before, 0);
			fail_nth[call] = nth;
			err = put(store, "a", "/new");
			seen = all(store);
			if (err) {
				failed++;
				assert_int_equal(err, -ENOSPC);
				assert_int_equal(seen.good, replace);
				assert_string_equal(seen.socket, replace ? "/old" : "");
			} else {
				assert_string_equal(seen.socket, "/new");
				if (!replace) {
					struct vdpad_error e;

					fail_nth[call] = 0;
					assert_int_equal(vdpad_store_remove(store, "a", &e), 0);
					vdpad_store_forget(store, "a");
				}
			}
			assert_int_equal(seen.bad, 0);
			fail_nth[call] = 0;
			assert_int_equal(files(), err ? replace : (replace ? 1 : 0));
		}
	}
	assert_true(failed >= 4); /* write, fsync of file and directory, rename */
	vdpad_store_close(store);
}

static void put_failing_anywhere_leaves_nothing(void **state)
{
	(void)state;
	fail_each(false);
}

static void replace_failing_anywhere_keeps_the_old(void **state)
{
	(void)state;
	fail_each(true);
}

static void remove_failing_anywhere_keeps_it(void **state)
{
	struct vdpad_store *store = opened();
	struct vdpad_error e;

	(void)state;
	assert_int_equal(put(store, "a", "/a"), 0);
	fail_with = EIO;
	fail_nth[RENAMEAT] = 1;
	assert_int_equal(vdpad_store_remove(store, "a", &e), -EIO);
	assert_non_null(strstr(e.text, "a.json"));
	assert_int_equal(all(store).good, 1);
	fail_nth[FSYNC] = 1;
	assert_int_equal(vdpad_store_remove(store, "a", &e), -EIO);
	assert_int_equal(all(store).good, 1);
	assert_int_equal(files(), 1);
	vdpad_store_close(store);
}

/* The process dies before any of its steps: after it the old counts or the new, wholly. */
static void dying_anywhere_leaves_old_or_new(void **state)
{
	int step, news = 0, olds = 0;

	(void)state;
	for (step = 0; step < 16; step++) {
		struct vdpad_store *store = opened();
		struct seen seen, left = {0};
		pid_t child;
		int status;

		assert_int_equal(put(store, "a", "/old"), 0);
		child = fork();
		if (!child) {
			die_after = step;
			put(store, "a", "/new");
			_exit(0);
		}
		waitpid(child, &status, 0);
		vdpad_store_sweep(store, swept, &left);
		seen = all(store);
		assert_int_equal(seen.good, 1);
		assert_int_equal(seen.bad, 0);
		assert_int_equal(files(), 1);
		news += !strcmp(seen.socket, "/new");
		olds += !strcmp(seen.socket, "/old");
		vdpad_store_close(store);
	}
	assert_int_equal(news + olds, 16);
	assert_true(news && olds);
}

static void sweep_tells_what_was_under_way_and_removes_it(void **state)
{
	struct vdpad_spec s = spec_of("new", "/new");
	struct vdpad_store *store = opened();
	struct seen seen = {0};
	struct vdpad_error e;

	(void)state;
	assert_int_equal(put(store, "kept", "/kept"), 0);
	assert_int_equal(put(store, "gone", "/gone"), 0);
	assert_int_equal(vdpad_store_remove(store, "gone", &e), 0);
	assert_int_equal(vdpad_store_prepare(store, &s, &e), 0);
	file_put(".torn.new", "{\"version\":1,\"de");
	assert_int_equal(files(), 4);
	vdpad_store_sweep(store, swept, &seen);
	assert_int_equal(seen.good, 2);
	assert_int_equal(files(), 1);
	assert_int_equal(all(store).good, 1);
	vdpad_store_close(store);
}

static void bad_file(const char *name, const char *text, const char *why)
{
	struct vdpad_store *store = opened();
	struct seen seen;

	file_put(name, text);
	seen = all(store);
	if (seen.good || seen.bad != 1 || !strstr(seen.why, why) || !strstr(seen.why, name))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, seen.why, why);
	assert_true(file_is(name));
	file_put(name, "");
	vdpad_store_close(store);
}

static void torn_or_foreign_file_is_told_and_left(void **state)
{
	char *big = malloc(70000);

	(void)state;
	bad_file("a.json", "", "a.json");
	bad_file("a.json", "{\"version\":1,\"dev\":{\"a\":{\"mgmt", "line 1");
	bad_file("a.json", "[]", "not a state file");
	bad_file("a.json", "{\"version\":2,\"dev\":{\"a\":{}}}", "version 2");
	bad_file("a.json", "{\"version\":1,\"dev\":{\"b\":{}}}", "is not a");
	bad_file("a.json", "{\"version\":1,\"dev\":{\"a\":{},\"b\":{}}}", "is not a");
	bad_file("a.json", "{\"version\":1,\"dev\":{\"a\":{\"bogus\":1}}}", "bogus");
	bad_file("a.json", "{\"version\":1,\"dev\":{\"a\":{\"mtu\":1,\"mtu\":2}}}", "duplicate");
	memset(big, ' ', 69999);
	big[69999] = 0;
	bad_file("a.json", big, "too long");
	free(big);
	assert_int_equal(unlink(strcat(strcpy((char[64]){0}, dir), "/a.json")), 0);
	bad_file("a b.json", "{}", "not the name of a device");
}

static void other_files_are_left_alone(void **state)
{
	struct vdpad_store *store = opened();
	char path[64];
	struct seen seen;

	(void)state;
	file_put("README", "x");
	file_put(".x", "x");
	snprintf(path, sizeof(path), "%s/dir.json", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/link.json", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/pipe.json", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	seen = all(store);
	assert_int_equal(seen.bad, 3);
	vdpad_store_sweep(store, swept, &seen);
	assert_int_equal(files(), 5);
	vdpad_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(open_missing_directory_makes_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(open_twice_names_the_process_that_has_it, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(put_is_read_and_replaced_and_removed, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(abort_leaves_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(put_failing_anywhere_leaves_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(replace_failing_anywhere_keeps_the_old, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(remove_failing_anywhere_keeps_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(dying_anywhere_leaves_old_or_new, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(sweep_tells_what_was_under_way_and_removes_it, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(torn_or_foreign_file_is_told_and_left, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(other_files_are_left_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
