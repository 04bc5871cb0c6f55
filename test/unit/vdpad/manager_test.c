/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The manager between a state directory that is there and a driver that is not: any call of either
 * fails, or the process dies before it, and what there is and what is remembered stay the same.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "config.h"
#include "driver_fake.h"
#include "fails.h"
#include "manager.h"
#include "say.h"

/* ---- a world ---- */

static char dir[32];
static struct vdpad_config config;
static struct vdpad_manager *manager;

static void begin(void)
{
	struct vdpad_error e;

	if (vdpad_manager_create(&config, &manager, &e))
		fail_msg("%s", e.text);
	vdpad_manager_restore(manager);
}

static int set_up(void **state)
{
	(void)state;
	fails_reset();
	fail_with = ENOSPC;
	driver_fake_reset();
	vdpad_config_init(&config);
	strcpy(dir, "/tmp/vdpad-manager.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	strcpy(config.state_dir, dir);
	strcpy(config.socket_dir, "/run");
	vdpad_say_up_to(0);
	begin();
	return 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	vdpad_manager_destroy(manager);
	vdpad_config_destroy(&config);
	for (unsigned int i = 0; i < LIVE_MAX; i++) {
		if (live[i].name[0] || sockets[i][0])
			return -1;
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int add(const char *name, const char *words, struct vdpad_error *e)
{
	json_t *json = json_loads(words, 0, NULL);
	struct vdpad_spec spec;
	int err;

	assert_non_null(json);
	err = vdpad_spec_parse_named(name, json, &spec, e);
	json_decref(json);
	return err ? err : vdpad_manager_add(manager, &spec, e);
}

static void added(const char *name, const char *words)
{
	struct vdpad_error e;

	if (add(name, words, &e))
		fail_msg("%s: %s", name, e.text);
}

struct picture {
	char text[16384];
	size_t len;
	unsigned int devices;
};

static void put(struct picture *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct picture *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	p->len += vsnprintf(p->text + p->len, sizeof(p->text) - p->len, fmt, args);
	va_end(args);
	assert_true(p->len < sizeof(p->text));
}

/* What the manager says of a device, and that the driver has it so. */
static int draw(void *arg, struct vdpad_device *d)
{
	const struct vdpad_spec *spec = vdpad_device_spec(d);
	struct live *l = live_find(vdpad_device_dpdk_name(d));
	json_t *json = vdpad_spec_json(spec);
	char *text = json_dumps(json, 0);
	struct picture *p = arg;
	unsigned int i;

	put(p, "%s %s: %s\n", spec->name, vdpad_device_failure(d) ? "failed" : "there", text);
	free(text);
	json_decref(json);
	if (vdpad_device_failure(d)) {
		assert_null(l);
		return 0;
	}
	p->devices++;
	assert_non_null(l);
	assert_memory_equal(l->mac, spec->device.mac, 6);
	assert_int_equal(l->mtu, spec->device.mtu);
	assert_int_equal(l->link_down, spec->link_down);
	for (i = 0; i < LIVE_MAX && strcmp(sockets[i], spec->socket); i++)
		;
	assert_true(i < LIVE_MAX);
	return 0;
}

/* The driver and librte_vhost have what the manager has, and nothing else. */
static void world(struct picture *p)
{
	unsigned int i, n = 0, s = 0;

	*p = (struct picture){.len = 0};
	vdpad_manager_each(manager, draw, p);
	for (i = 0; i < LIVE_MAX; i++) {
		n += live[i].name[0] ? 1 : 0;
		s += sockets[i][0] ? 1 : 0;
	}
	assert_int_equal(n, p->devices);
	assert_int_equal(s, p->devices);
}

static int hidden_files(void)
{
	char command[96];
	int n = -1;
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s | grep -c '^[.]'", dir);
	f = popen(command, "r");
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

/* The daemon goes and comes again. One that has died does nothing more while it is taken apart. */
static void again(void)
{
	vdpad_manager_destroy(manager);
	fails_reset();
	begin();
}

/* ---- changes ---- */

static const char plain[] = "{\"mgmtdev\":\"mlx5_1\"}";

static int change_add(struct vdpad_error *e)
{
	return add("new", "{\"mgmtdev\":\"mlx5_2\",\"mtu\":1400,\"link\":\"down\"}", e);
}
static int change_del(struct vdpad_error *e)
{
	return vdpad_manager_del(manager, "old", e);
}
static int change_mac(struct vdpad_error *e)
{
	return vdpad_manager_set(manager, "old", "mac", "02:00:00:00:00:77", e);
}
static int change_mtu(struct vdpad_error *e)
{
	return vdpad_manager_set(manager, "old", "mtu", "1300", e);
}
static int change_link(struct vdpad_error *e)
{
	return vdpad_manager_set(manager, "old", "link", "down", e);
}

static int (*const changes[])(struct vdpad_error *e) = {change_add, change_del, change_mac,
							change_mtu, change_link};
enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

static void change_back(void)
{
	struct vdpad_error e;

	vdpad_manager_del(manager, "new", &e);
	vdpad_manager_del(manager, "old", &e);
	added("old", plain);
}

/* Any call fails: the change is refused, and all is as it was, also after a restart. */
static void change_failing_anywhere_changes_nothing(void **state)
{
	struct picture before, after;
	struct vdpad_error e;
	int change, call, nth, failed = 0;

	(void)state;
	added("other", "{\"mgmtdev\":\"mlx5_0\"}");
	added("old", plain);
	for (change = 0; change < CHANGES; change++) {
		for (call = 0; call < CALLS; call++) {
			for (nth = 1; nth < 4; nth++) {
				world(&before);
				fail_nth[call] = nth;
				if (!changes[change](&e)) {
					fail_nth[call] = 0;
					change_back();
					continue;
				}
				failed++;
				fail_nth[call] = 0;
				world(&after);
				assert_string_equal(before.text, after.text);
				assert_int_equal(hidden_files(), 0);
				again();
				world(&after);
				assert_string_equal(before.text, after.text);
			}
		}
	}
	assert_true(failed > 20);
}

/* The process dies before any call: after a restart the change is there wholly, or not at all. */
static void change_dying_anywhere_is_whole_or_not_there(void **state)
{
	struct picture before, done, after;
	struct vdpad_error e;
	int change, step, olds, news;

	(void)state;
	for (change = 0; change < CHANGES; change++) {
		change_back();
		world(&before);
		assert_int_equal(changes[change](&e), 0);
		world(&done);
		olds = news = 0;
		for (step = 0; step < 24; step++) {
			change_back();
			die_after = step;
			changes[change](&e);
			again();
			world(&after);
			assert_int_equal(hidden_files(), 0);
			olds += !strcmp(after.text, before.text);
			news += !strcmp(after.text, done.text);
			assert_int_equal(olds + news, step + 1);
		}
		assert_true(olds && news);
	}
}

static void what_was_under_way_leaves_no_socket(void **state)
{
	struct vdpad_error e;

	(void)state;
	added("old", plain);
	die_after = 4; /* written, synced, plugged, served */
	change_add(&e);
	again();
	assert_string_equal(stale, "/run/new");
	stale[0] = 0;
	die_after = 2; /* renamed, synced */
	change_del(&e);
	again();
	assert_string_equal(stale, "/run/old");
}

static void refused(const char *name, const char *words, int code, const char *word,
		    const char *why)
{
	struct vdpad_error e = {0};

	assert_int_equal(add(name, words, &e), -code);
	if (strcmp(e.word, word) || !strstr(e.text, why))
		fail_msg("%s: \"%s\" (%s) does not say \"%s\"", words, e.text, e.word, why);
}

static void add_what_is_taken_or_wrong_says_what(void **state)
{
	struct picture before, after;

	(void)state;
	added("old", "{\"mgmtdev\":\"mlx5_1\",\"mac\":\"02:00:00:00:00:11\"}");
	world(&before);
	refused("old", plain, EEXIST, "name", "of this name");
	refused("a", "{}", EINVAL, "mgmtdev", "on which mgmtdev");
	refused("a", "{\"mgmtdev\":\"none\"}", ENODEV, "mgmtdev", "none");
	refused("a", "{\"mgmtdev\":\"mlx5_2\",\"socket\":\"/run/old\"}", EEXIST, "socket",
		"old has");
	refused("a", "{\"mgmtdev\":\"mlx5_2\",\"socket\":\"x\"}", EINVAL, "socket", "from / on");
	refused("a", "{\"mgmtdev\":\"mlx5_2\",\"socket\":\"/run/vdpad/rpc.sock\"}", EEXIST,
		"socket", "the daemon's own");
	refused("a", "{\"mgmtdev\":\"mlx5_1\",\"mac\":\"02:00:00:00:00:11\"}", EEXIST, "mac",
		"old on mlx5_1 has it");
	refused("a", "{\"mgmtdev\":\"mlx5_2\",\"mac\":\"02:00:00:00:00:11\"}", EEXIST, "mac",
		"old on mlx5_1 has it");
	refused("a", "{\"mgmtdev\":\"mlx5_1\",\"guest_ufo\":\"on\"}", EINVAL, "", "");
	refused("a", "{\"mgmtdev\":\"mlx5_1\",\"model\":\"none\"}", ENOENT, "model", "none");
	world(&after);
	assert_string_equal(before.text, after.text);
}

static void devices_are_made_word_by_word_as_provisioned(void **state)
{
	const char *args;

	(void)state;
	added("a", "{\"mgmtdev\":\"mlx5_1\",\"device_features\":\"0x100000028\",\"mtu\":1400,"
		   "\"mac\":\"02:00:00:00:00:11\",\"trust\":\"off\"}");
	args = live_find("vdpa_verbs_a")->args;
	assert_non_null(strstr(args, "ibdev=mlx5_1,device_features=0x100000028,"));
	assert_non_null(strstr(args, ",address=02:00:00:00:00:11"));
	assert_non_null(strstr(args, ",mtu=1400"));
	assert_non_null(strstr(args, ",trust=off"));
	assert_null(strstr(args, "mac="));
}

/* The NIC is gone at a restart, and comes back. */
static void failed_devices_are_kept_and_tried_again(void **state)
{
	struct picture before, after;
	struct vdpad_error e;

	(void)state;
	added("a", plain);
	added("b", "{\"mgmtdev\":\"mlx5_2\",\"csum\":\"off\"}");
	world(&before);
	vdpad_manager_destroy(manager);
	no_nics = true;
	begin();
	assert_non_null(strstr(vdpad_device_failure(vdpad_manager_find(manager, "a", &e)),
			       "no such verbs device"));
	assert_int_equal(vdpad_manager_retry(manager, "a", &e), -ENODEV);
	assert_int_equal(vdpad_manager_set(manager, "a", "mtu", "1400", &e), -ENODEV);
	refused("a", plain, EEXIST, "name", "dev retry");
	refused("c", "{\"mgmtdev\":\"mlx5_3\",\"socket\":\"/run/b\"}", EEXIST, "socket",
		"b has it");
	no_nics = false;
	assert_int_equal(vdpad_manager_retry(manager, "a", &e), 0);
	assert_int_equal(vdpad_manager_retry(manager, "a", &e), -EEXIST);
	assert_int_equal(vdpad_manager_retry(manager, "b", &e), 0);
	assert_int_equal(vdpad_manager_retry(manager, "c", &e), -ENODEV);
	world(&after);
	assert_string_equal(before.text, after.text);
	no_nics = true;
	again();
	assert_int_equal(vdpad_manager_del(manager, "a", &e), 0);
	no_nics = false;
	again();
	assert_null(vdpad_manager_find(manager, "a", &e));
	assert_non_null(vdpad_manager_find(manager, "b", &e));
}

/* It does not count any more, and is shown until it is gone. */
static void del_that_the_driver_refuses_can_be_repeated(void **state)
{
	struct vdpad_device *d;
	struct picture p;
	struct vdpad_error e;

	(void)state;
	added("old", plain);
	fail_nth[UNPLUG] = 1;
	assert_int_equal(change_del(&e), -ENOSPC);
	assert_non_null(strstr(e.text, "cannot be removed"));
	d = vdpad_manager_find(manager, "old", &e);
	assert_non_null(d);
	assert_non_null(strstr(vdpad_device_failure(d), "cannot be removed"));
	assert_int_equal(vdpad_manager_retry(manager, "old", &e), -EBUSY);
	assert_int_equal(hidden_files(), 0);
	assert_int_equal(change_del(&e), 0);
	world(&p);
	assert_int_equal(p.devices, 0);
	again();
	assert_null(vdpad_manager_find(manager, "old", &e));
}

/* The driver or librte_vhost refuse at a restart, once. */
static void restore_failing_half_way_leaves_nothing_of_the_device(void **state)
{
	struct picture before, after;
	struct vdpad_error e;
	int call;

	(void)state;
	added("a", "{\"mgmtdev\":\"mlx5_1\",\"link\":\"down\"}");
	added("b", "{\"mgmtdev\":\"mlx5_2\"}");
	world(&before);
	for (call = HOTPLUG; call <= SET_LIVE; call++) {
		vdpad_manager_destroy(manager);
		fail_nth[call] = 1;
		begin();
		world(&after);
		assert_int_equal(after.devices, 1);
		fail_nth[call] = 1;
		assert_int_equal(vdpad_manager_retry(manager, "a", &e), -ENOSPC);
		world(&after);
		assert_int_equal(after.devices, 1);
		assert_int_equal(vdpad_manager_retry(manager, "a", &e), 0);
		world(&after);
		assert_string_equal(before.text, after.text);
	}
}

static void devices_of_the_file_are_made_unless_there(void **state)
{
	struct vdpad_spec of_file[2] = {0};
	struct vdpad_error e;

	(void)state;
	added("a", "{\"mgmtdev\":\"mlx5_1\",\"mtu\":1400}");
	for (unsigned int i = 0; i < 2; i++) {
		vv_request_init(&of_file[i].request);
		strcpy(of_file[i].name, i ? "b" : "a");
		strcpy(of_file[i].mgmtdev, i ? "none" : "mlx5_1");
	}
	config.devices = of_file;
	config.n_devices = 2;
	again();
	assert_int_equal(vdpad_device_spec(vdpad_manager_find(manager, "a", &e))->device.mtu, 1400);
	assert_non_null(vdpad_device_failure(vdpad_manager_find(manager, "b", &e)));
	assert_int_equal(vdpad_manager_retry(manager, "b", &e), -ENODEV);
	strcpy(of_file[1].mgmtdev, "mlx5_2");
	/* What failed is kept as it was asked for. */
	assert_int_equal(vdpad_manager_retry(manager, "b", &e), -ENODEV);
	vdpad_manager_add_new(manager, &config);
	assert_null(vdpad_device_failure(vdpad_manager_find(manager, "b", &e)));
	/* It is there now, whatever the file says. */
	strcpy(of_file[1].mgmtdev, "none");
	vdpad_manager_add_new(manager, &config);
	assert_null(vdpad_device_failure(vdpad_manager_find(manager, "b", &e)));
	assert_int_equal(vdpad_manager_del(manager, "b", &e), 0);
	vdpad_manager_add_new(manager, &config);
	assert_non_null(vdpad_device_failure(vdpad_manager_find(manager, "b", &e)));
	assert_int_equal(vdpad_manager_del(manager, "b", &e), 0);
	strcpy(of_file[1].mgmtdev, "mlx5_2");
	vdpad_manager_add_new(manager, &config);
	config.devices = NULL;
	config.n_devices = 0;
	again();
	assert_null(vdpad_device_failure(vdpad_manager_find(manager, "b", &e)));
}

static void bad_change_says_what_is_allowed(void **state)
{
	struct vdpad_error e;

	(void)state;
	added("old", plain);
	added("b", "{\"mgmtdev\":\"mlx5_1\",\"mac\":\"02:00:00:00:00:11\"}");
	assert_int_equal(vdpad_manager_set(manager, "none", "mtu", "1400", &e), -ENODEV);
	assert_int_equal(vdpad_manager_set(manager, "old", "max_vqp", "2", &e), -EOPNOTSUPP);
	assert_int_equal(vdpad_manager_set(manager, "old", "mtu", "1", &e), -ERANGE);
	assert_int_equal(vdpad_manager_set(manager, "old", "mtu", "on", &e), -EINVAL);
	assert_int_equal(vdpad_manager_set(manager, "old", "mac", "x", &e), -EINVAL);
	assert_int_equal(vdpad_manager_set(manager, "old", "link", "sideways", &e), -EINVAL);
	assert_int_equal(vdpad_manager_set(manager, "old", "mac", "02:00:00:00:00:11", &e),
			 -EEXIST);
	assert_int_equal(vdpad_manager_del(manager, "none", &e), -ENODEV);
}

/* Changes in any order, any call of which may fail, against what should be there. */
static void random_changes_and_failures_keep_all_the_same(void **state)
{
	unsigned int seed =
	    getenv("SEED") ? (unsigned int)atoi(getenv("SEED")) : (unsigned int)time(NULL);
	struct picture before, after;
	struct vdpad_error e;
	char name[8], words[64], value[24];
	int i, err;

	(void)state;
	printf("# SEED=%u\n", seed);
	srand(seed);
	for (i = 0; i < 1500; i++) {
		int r = rand(), kind = r % 6;

		world(&before);
		fails_reset();
		if (rand() % 2)
			fail_nth[rand() % CALLS] = 1 + rand() % 3;
		snprintf(name, sizeof(name), "d%d", rand() % 5);
		snprintf(words, sizeof(words), "{\"mgmtdev\":\"mlx5_%d\",\"mtu\":%d}", rand() % 3,
			 1000 + rand() % 500);
		snprintf(value, sizeof(value), "02:00:00:00:01:%02x", rand() % 8);
		if (kind < 2)
			err = add(name, words, &e);
		else if (kind == 2)
			err = vdpad_manager_del(manager, name, &e);
		else if (kind == 3)
			err = vdpad_manager_set(manager, name, "mac", value, &e);
		else if (kind == 4)
			err = vdpad_manager_set(manager, name, "link", r & 64 ? "up" : "down", &e);
		else
			err = vdpad_manager_set(manager, name, "mtu", "1234", &e);
		fails_reset();
		world(&after);
		if (err)
			assert_string_equal(before.text, after.text);
		if (rand() % 16)
			continue;
		again();
		world(&before);
		assert_string_equal(before.text, after.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(change_failing_anywhere_changes_nothing, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(change_dying_anywhere_is_whole_or_not_there, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(what_was_under_way_leaves_no_socket, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(add_what_is_taken_or_wrong_says_what, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(devices_are_made_word_by_word_as_provisioned, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(failed_devices_are_kept_and_tried_again, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(del_that_the_driver_refuses_can_be_repeated, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(restore_failing_half_way_leaves_nothing_of_the_device,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(devices_of_the_file_are_made_unless_there, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(bad_change_says_what_is_allowed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(random_changes_and_failures_keep_all_the_same, set_up,
					    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
