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

static const struct shape two = {.pfs = 2};

static void expect(const char *path, const char *where)
{
	char out[PATH_MAX] = "";
	bool ours = sysfs_redirect("/T", &two, path, out, sizeof(out));

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

	assert_true(sysfs_redirect("/T", &two, "/sys/class/infiniband/x", out, sizeof(out)));
	assert_false(sysfs_redirect("/T", &two, "/sys/class/infiniband/xxxx", out, sizeof(out)));
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

/* ---- the tree ---- */

static void expect_file(const char *tree, const char *name, const char *content)
{
	char path[PATH_MAX], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	assert_non_null(fgets(line, sizeof(line), f));
	line[strcspn(line, "\n")] = '\0';
	assert_string_equal(line, content);
	fclose(f);
}

/* Where a path in the tree really is, below the tree. */
static void expect_real(const char *tree, const char *name, const char *where)
{
	char path[PATH_MAX], real[PATH_MAX], root[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	if (!realpath(path, real))
		fail_msg("%s: %s", path, strerror(errno));
	assert_non_null(realpath(tree, root));
	assert_string_equal(real + strlen(root) + 1, where);
}

static void expect_none(const char *tree, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	assert_int_equal(lstat(path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static struct nic_config config(unsigned int pfs, unsigned int vfs, unsigned int sfs)
{
	return (struct nic_config){
	    .shape = {.pfs = pfs, .vfs = vfs, .sfs = sfs},
	    .numa_node = -1,
	    .profile = {.pci_device = 0x101d,          .fw_version = "1.2.3"},
	};
}

static void make(char tree[32], const struct nic_config *cfg)
{
	char what[PATH_MAX];

	strcpy(tree, "/tmp/sysfs_test-XXXXXX");
	assert_non_null(mkdtemp(tree));
	assert_int_equal(sysfs_tree_make(tree, cfg, what, sizeof(what)), 0);
}

static void tree_is_made_and_removed(void **state)
{
	struct nic_config cfg = config(9, 0, 0);
	struct stat st;
	char tree[32];

	make(tree, &cfg);
	expect_file(tree, "class/infiniband_verbs/abi_version", "6");
	expect_file(tree, "class/infiniband_verbs/uverbs1/ibdev", "mlx5_1");
	expect_file(tree, "class/infiniband_verbs/uverbs1/dev", "231:193");
	expect_file(tree, "class/infiniband/mlx5_1/node_guid", "005f:7cff:fea0:0001");
	expect_file(tree, "class/infiniband/mlx5_1/sys_image_guid", "005f:7cff:fea0:0000");
	expect_file(tree, "class/infiniband/mlx5_1/fw_ver", "1.2.3");
	expect_file(tree, "class/infiniband/mlx5_0/device/vendor", "0x15b3");
	expect_file(tree, "class/infiniband/mlx5_8/device/device", "0x101d");
	expect_file(tree, "bus/pci/devices/0000:3b:01.0/driver/../mlx5_core/0000:3b:01.0/class",
		    "0x020000");
	sysfs_tree_remove(tree);
	assert_int_equal(stat(tree, &st), -1);
	assert_int_equal(errno, ENOENT);
}

static void tree_that_cannot_be_made_names_the_file(void **state)
{
	struct nic_config cfg = config(1, 0, 0);
	char what[PATH_MAX] = "";

	assert_int_equal(sysfs_tree_make("/proc/self", &cfg, what, sizeof(what)), -ENOENT);
	assert_string_equal(what, "/proc/self/bus/pci/devices");
}

#define PORT "devices/pci0000:3a/0000:3a:00.0"

static void vfs_hang_on_their_pfs(void **state)
{
	struct nic_config cfg = config(2, 3, 0);
	char tree[32];

	make(tree, &cfg);
	expect_file(tree, "bus/pci/devices/0000:3b:00.0/sriov_numvfs", "2");
	expect_file(tree, "bus/pci/devices/0000:3b:00.0/sriov_offset", "2");
	expect_file(tree, "bus/pci/devices/0000:3b:00.1/sriov_numvfs", "1");
	expect_file(tree, "bus/pci/devices/0000:3b:00.1/sriov_offset", "3");
	expect_file(tree, "bus/pci/devices/0000:3b:00.1/sriov_totalvfs", "8");
	expect_file(tree, "bus/pci/devices/0000:3b:00.1/sriov_vf_device", "101e");
	expect_file(tree, "bus/pci/devices/0000:3b:00.1/device", "0x101d");
	expect_file(tree, "bus/pci/devices/0000:3b:00.2/device", "0x101e");
	expect_file(tree, "class/infiniband/mlx5_2/hca_type", "MT4126");
	expect_none(tree, "bus/pci/devices/0000:3b:00.2/sriov_numvfs");
	expect_none(tree, "bus/pci/devices/0000:3b:00.0/physfn");
	expect_none(tree, "bus/pci/devices/0000:3b:00.0/virtfn2");
	expect_real(tree, "bus/pci/devices/0000:3b:00.2/physfn", PORT "/0000:3b:00.0");
	expect_real(tree, "bus/pci/devices/0000:3b:00.0/virtfn0", PORT "/0000:3b:00.2");
	expect_real(tree, "bus/pci/devices/0000:3b:00.0/virtfn1", PORT "/0000:3b:00.3");
	expect_real(tree, "bus/pci/devices/0000:3b:00.1/virtfn0", PORT "/0000:3b:00.4");
	expect_real(tree, "class/infiniband/mlx5_4/device/physfn", PORT "/0000:3b:00.1");
	expect_file(tree, "class/infiniband/mlx5_2/device/modalias",
		    "pci:v000015B3d0000101Esv000015B3sd0000101Ebc02sc00i00");
	sysfs_tree_remove(tree);
}

static void sfs_are_on_the_auxiliary_bus(void **state)
{
	struct nic_config cfg = config(1, 1, 2);
	char tree[32];

	make(tree, &cfg);
	expect_real(tree, "bus/auxiliary/devices/mlx5_core.sf.1",
		    PORT "/0000:3b:00.0/mlx5_core.sf.1");
	expect_real(tree, "class/infiniband/mlx5_3/device", PORT "/0000:3b:00.0/mlx5_core.sf.2");
	expect_real(tree, "bus/auxiliary/devices/mlx5_core.sf.2/infiniband/mlx5_3",
		    PORT "/0000:3b:00.0/mlx5_core.sf.2/infiniband/mlx5_3");
	expect_real(tree, "bus/auxiliary/devices/mlx5_core.sf.2/infiniband/mlx5_3/subsystem",
		    "class/infiniband");
	expect_file(tree, "bus/auxiliary/devices/mlx5_core.sf.1/sfnum", "1");
	expect_file(tree, "class/infiniband_verbs/uverbs3/ibdev", "mlx5_3");
	/* An SF has no address of its own, and its parent's verbs device is not among its. */
	expect_none(tree, "bus/pci/devices/0000:3b:00.2");
	expect_none(tree, "bus/auxiliary/devices/mlx5_core.sf.1/infiniband/mlx5_0");
	sysfs_tree_remove(tree);
}

static void numa_node_is_told(void **state)
{
	struct nic_config cfg = config(1, 0, 0);
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char tree[32], list[32];

	/* No host has that many; the processors are all near then. */
	cfg.numa_node = 1000;
	make(tree, &cfg);
	expect_file(tree, "bus/pci/devices/0000:3b:00.0/numa_node", "1000");
	snprintf(list, sizeof(list), cpus == 1 ? "0" : "0-%ld", cpus - 1);
	expect_file(tree, "bus/pci/devices/0000:3b:00.0/local_cpulist", list);
	sysfs_tree_remove(tree);
}

static void redirect_knows_the_shape(void **state)
{
	const struct shape shape = {.pfs = 1, .vfs = 1, .sfs = 1};
	char out[PATH_MAX];

	assert_true(sysfs_redirect("/T", &shape, "/sys/bus/pci/devices/0000:3b:00.1/net", out,
				   sizeof(out)));
	assert_false(sysfs_redirect("/T", &shape, "/sys/bus/pci/devices/0000:3b:00.2/net", out,
				    sizeof(out)));
	assert_true(sysfs_redirect("/T", &shape, "/sys/bus/auxiliary/devices/mlx5_core.sf.1", out,
				   sizeof(out)));
	assert_string_equal(out, "/T/bus/auxiliary/devices/mlx5_core.sf.1");
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
	    cmocka_unit_test(vfs_hang_on_their_pfs),
	    cmocka_unit_test(sfs_are_on_the_auxiliary_bus),
	    cmocka_unit_test(numa_node_is_told),
	    cmocka_unit_test(redirect_knows_the_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
