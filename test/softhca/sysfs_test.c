/* SPDX-License-Identifier: BSD-3-Clause */
/* The sysfs tree: which paths lead there, and that it is made and removed as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/sysfs.h"

static void expect(const char *path, const char *where)
{
	char out[PATH_MAX] = "";
	bool ours = sysfs_redirect("/T", 2, path, out, sizeof(out));

	if (where) {
		assert_true(ours);
		assert_string_equal(out, where);
	} else {
		assert_false(ours);
	}
}

static void redirect_takes_rdma_paths(void **state)
{
	expect("/sys/class/infiniband", "/T/class/infiniband");
	expect("/sys/class/infiniband/mlx5_0/device/local_cpus",
	       "/T/class/infiniband/mlx5_0/device/local_cpus");
	expect("/sys/class/infiniband_verbs/uverbs0", "/T/class/infiniband_verbs/uverbs0");
	expect("/dev/infiniband", "/T/dev/infiniband");
	expect("/dev/infiniband/", "/T/dev/infiniband/");
	expect("/sys/bus/auxiliary/devices", "/T/bus/auxiliary/devices");
}

static void redirect_takes_own_pci_functions_only(void **state)
{
	expect("/sys/bus/pci/devices/0000:3b:00.0", "/T/bus/pci/devices/0000:3b:00.0");
	expect("/sys/bus/pci/devices/0000:3b:00.1/roce_enable",
	       "/T/bus/pci/devices/0000:3b:00.1/roce_enable");
	expect("/sys/bus/pci/devices/0000:3b:00.2/roce_enable", NULL);
	expect("/sys/bus/pci/devices/0000:3b:00.00", NULL);
	expect("/sys/bus/pci/devices", NULL);
	expect("/sys/bus/pci/devices/", NULL);
}

static void redirect_leaves_the_rest(void **state)
{
	expect(NULL, NULL);
	expect("", NULL);
	expect("/", NULL);
	expect("dev/infiniband", NULL);
	expect("/sys/class/infiniband_mad", NULL);
	expect("/sys/class/infiniban", NULL);
	expect("/dev/infinibandX", NULL);
	expect("/dev/null", NULL);
	expect("/sys", NULL);
}

static void redirect_needs_room(void **state)
{
	char out[24];

	assert_true(sysfs_redirect("/T", 1, "/sys/class/infiniband/x", out, sizeof(out)));
	assert_false(sysfs_redirect("/T", 1, "/sys/class/infiniband/xxxx", out, sizeof(out)));
}

static void node_names_its_function(void **state)
{
	assert_int_equal(sysfs_uverbs_function("/dev/infiniband/uverbs0", 2), 0);
	assert_int_equal(sysfs_uverbs_function("/dev/infiniband/uverbs1", 2), 1);
	assert_int_equal(sysfs_uverbs_function("/dev/infiniband/uverbs2", 2), -1);
	assert_int_equal(sysfs_uverbs_function("/dev/infiniband/uverbs", 2), -1);
	assert_int_equal(sysfs_uverbs_function("/dev/infiniband/uverbs1x", 2), -1);
	assert_int_equal(sysfs_uverbs_function("/dev/infiniband/uverbs99999999999999999999", 2),
			 -1);
	assert_int_equal(sysfs_uverbs_function("/dev/char/231:193", 2), 1);
	assert_int_equal(sysfs_uverbs_function("/dev/char/231:191", 2), -1);
	assert_int_equal(sysfs_uverbs_function("/dev/char/231:194", 2), -1);
	assert_int_equal(sysfs_uverbs_function(NULL, 2), -1);
}

static void expect_file(const char *tree, const char *name, const char *content)
{
	char path[PATH_MAX], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	line[strcspn(line, "\n")] = '\0';
	assert_string_equal(line, content);
	fclose(f);
}

static void tree_is_made_and_removed(void **state)
{
	char tree[] = "/tmp/sysfs_test-XXXXXX", what[PATH_MAX];
	struct stat st;

	assert_non_null(mkdtemp(tree));
	assert_int_equal(sysfs_tree_make(tree, 9, what, sizeof(what)), 0);
	expect_file(tree, "class/infiniband_verbs/abi_version", "6");
	expect_file(tree, "class/infiniband_verbs/uverbs1/ibdev", "mlx5_1");
	expect_file(tree, "class/infiniband_verbs/uverbs1/dev", "231:193");
	expect_file(tree, "class/infiniband/mlx5_1/node_guid", "005f:7cff:fea0:0001");
	expect_file(tree, "class/infiniband/mlx5_0/device/vendor", "0x15b3");
	expect_file(tree, "class/infiniband/mlx5_8/device/device", "0x101d");
	expect_file(tree, "bus/pci/devices/0000:3b:01.0/driver/../../devices/0000:3b:01.0/class",
		    "0x020000");
	sysfs_tree_remove(tree);
	assert_int_equal(stat(tree, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void tree_that_cannot_be_made_names_the_file(void **state)
{
	char what[PATH_MAX] = "";

	assert_int_equal(sysfs_tree_make("/proc/self", 1, what, sizeof(what)), -ENOENT);
	assert_string_equal(what, "/proc/self/bus/pci/devices");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(redirect_takes_rdma_paths),
	    cmocka_unit_test(redirect_takes_own_pci_functions_only),
	    cmocka_unit_test(redirect_leaves_the_rest),
	    cmocka_unit_test(redirect_needs_room),
	    cmocka_unit_test(node_names_its_function),
	    cmocka_unit_test(tree_is_made_and_removed),
	    cmocka_unit_test(tree_that_cannot_be_made_names_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
