/* SPDX-License-Identifier: BSD-3-Clause */
/* The file between launcher and library, and the shape in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/nic_config.h"

static char tree[] = "/tmp/nic_config_test-XXXXXX";
static char path[64];

static int make_tree(void **state)
{
	if (!mkdtemp(tree))
		return -1;
	snprintf(path, sizeof(path), "%s/nic.cfg", tree);
	return 0;
}

static int remove_tree(void **state)
{
	unlink(path);
	return rmdir(tree);
}

static struct nic_config written(void)
{
	struct nic_config cfg = {
	    .shape = {.pfs = 1,    .vfs = 2, .sfs = 3},
	    .threads = 4,
	    .delay_drop_ms = 5,
	    .numa_node = -1,
	    .leaks = true,
	    .seed = UINT64_MAX,
	    .trace = "-",
	    .profile = {.name = "x",   .pci_device = 0x101d},
	    .n_links = 1,
	    .links = {{.spec = "null", .representor = 3}},
	};

	cfg.func[5].mtu = 9000;
	assert_int_equal(nic_config_write(&cfg, tree), 0);
	return cfg;
}

static void config_is_read_as_it_was_written(void **state)
{
	struct nic_config cfg = written(), back;
	struct hca_config hca;

	assert_int_equal(nic_config_read(&back, tree), 0);
	assert_memory_equal(&cfg, &back, sizeof(cfg));
	nic_config_hca(&back, &hca);
	assert_int_equal(hca.functions, 6);
	assert_int_equal(hca.threads, 4);
	assert_int_equal(hca.delay_drop_ms, 5);
	assert_true(hca.leaks);
	assert_true(hca.seed == UINT64_MAX);
	assert_string_equal(hca.trace_path, "-");
	assert_null(hca.stat_path);
	assert_null(hca.fail);
	assert_null(hca.latency);
	assert_ptr_equal(hca.profile, &back.profile);
	assert_int_equal(hca.func[5].mtu, 9000);
	assert_int_equal(hca.n_links, 1);
	assert_ptr_equal(hca.links, back.links);
}

static void put(off_t at, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), (ssize_t)len);
	close(fd);
}

static void expect_refused(size_t at, uint32_t value)
{
	struct nic_config back;

	written();
	put((off_t)at, &value, sizeof(value));
	assert_int_equal(nic_config_read(&back, tree), -EINVAL);
}

static void config_that_is_not_ours_is_refused(void **state)
{
	struct nic_config back;

	expect_refused(offsetof(struct nic_config, magic), 0);
	expect_refused(offsetof(struct nic_config, version), NIC_CONFIG_VERSION + 1);
	expect_refused(offsetof(struct nic_config, size), sizeof(back) - 1);
	expect_refused(offsetof(struct nic_config, shape.pfs), 0);
	expect_refused(offsetof(struct nic_config, shape.sfs), 62);
	expect_refused(offsetof(struct nic_config, shape.vfs), UINT32_MAX);
	expect_refused(offsetof(struct nic_config, n_links), DP_LINKS_MAX + 1);
	written();
	put(sizeof(back), "x", 1);
	assert_int_equal(nic_config_read(&back, tree), -EINVAL);
	assert_int_equal(truncate(path, sizeof(back) - 1), 0);
	assert_int_equal(nic_config_read(&back, tree), -EINVAL);
	unlink(path);
	assert_int_equal(nic_config_read(&back, tree), -ENOENT);
}

static void config_with_endless_text_is_refused(void **state)
{
	struct nic_config cfg = written(), back;

	memset(cfg.latency, 'x', sizeof(cfg.latency));
	assert_int_equal(nic_config_write(&cfg, tree), 0);
	assert_int_equal(nic_config_read(&back, tree), -EINVAL);
	cfg = written();
	memset(cfg.links[0].spec, 'x', sizeof(cfg.links[0].spec));
	assert_int_equal(nic_config_write(&cfg, tree), 0);
	assert_int_equal(nic_config_read(&back, tree), -EINVAL);
}

static void shape_counts_every_child_once(void **state)
{
	for (uint32_t pfs = 1; pfs <= 8; pfs++) {
		for (uint32_t vfs = 0; vfs <= 20; vfs++) {
			const struct shape shape = {.pfs = pfs, .vfs = vfs, .sfs = 2};
			unsigned int n = 0, first;
			struct shape_function f;

			for (unsigned int pf = 0; pf < pfs; pf++) {
				unsigned int of = shape_vfs_of(&shape, pf, &first);

				for (unsigned int i = 0; i < of; i++) {
					shape_function(&shape, first + i, &f);
					assert_int_equal(f.kind, SHAPE_VF);
					assert_int_equal(f.parent, pf);
					assert_int_equal(f.number, i);
				}
				assert_true(of == vfs / pfs || of == vfs / pfs + 1);
				n += of;
			}
			assert_int_equal(n, vfs);
			shape_function(&shape, pfs + vfs + 1, &f);
			assert_int_equal(f.kind, SHAPE_SF);
			assert_string_equal(f.aux, "mlx5_core.sf.2");
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(config_is_read_as_it_was_written),
	    cmocka_unit_test(config_that_is_not_ours_is_refused),
	    cmocka_unit_test(config_with_endless_text_is_refused),
	    cmocka_unit_test(shape_counts_every_child_once),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
