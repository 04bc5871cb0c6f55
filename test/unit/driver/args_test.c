/* SPDX-License-Identifier: BSD-3-Clause */
/* Device arguments. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "vv_args.h"

static void parse_full_list_is_understood(void **state)
{
	struct vv_args a;
	char why[512] = "";

	assert_int_equal(
	    vv_args_parse("ibdev=mlx5_3,queues=4,packed=off,offloads=on,"
			  "address=02:aB:Cd:00:fF:09,mtu=1500,trust=off,cvq=on,"
			  "cvq_core=3,max_vq_size=256,mac_table_size=0,mode=modern,"
			  "features_default=on,csum=off,GUEST_ECN=on,mtu=on,bit_77=off",
			  &a, why, sizeof(why)),
	    0);
	assert_string_equal(a.ibdev, "mlx5_3");
	assert_int_equal(a.request.max_vqp, 4);
	assert_int_equal(a.packed, VV_OFF);
	assert_int_equal(a.offloads, VV_ON);
	assert_memory_equal(a.request.mac, "\x02\xab\xcd\x00\xff\x09", 6);
	assert_int_equal(a.request.mtu, 1500);
	assert_false(a.request.trust);
	assert_int_equal(a.cvq, VV_ON);
	assert_int_equal(a.request.cvq_core, 3);
	assert_int_equal(a.request.attrs, (1u << VV_ATTR_N) - 1);
	assert_int_equal(a.request.features_default, VV_DEFAULT_ON);
	assert_int_equal(a.request.on.word[0], 1u << 9 | 1u << 3);
	assert_int_equal(a.request.off.word[0], 1);
	assert_int_equal(a.request.off.word[1], 1u << (77 - 64));
}

static void parse_short_list_leaves_the_rest_open(void **state)
{
	struct vv_args a;
	char why[512] = "";

	assert_int_equal(vv_args_parse("ibdev=mlx5_3", &a, why, sizeof(why)), 0);
	assert_int_equal(a.request.attrs, 0);
	assert_int_equal(a.packed, VV_AUTO);
	assert_int_equal(a.offloads, VV_AUTO);
	assert_int_equal(a.cvq, VV_AUTO);
	assert_int_equal(a.request.cvq_core, -1);
	assert_true(a.request.trust);
	assert_false(a.request.has_mask || a.request.has_default || a.request.model[0]);
}

static void assert_refused_as(const char *args, int code, const char *in_line)
{
	struct vv_args a = {.request = {.max_vqp = 77}};
	char why[1024] = "";

	assert_int_equal(vv_args_parse(args, &a, why, sizeof(why)), -code);
	if (!strstr(why, in_line))
		fail_msg("\"%s\" is not in \"%s\"", in_line, why);
	assert_null(strchr(why, '\n'));
	assert_int_equal(a.request.max_vqp, 77); /* results only on success */
}

static void assert_refused(const char *args, const char *in_line)
{
	assert_refused_as(args, EINVAL, in_line);
}

static void parse_bad_lists_say_which_argument(void **state)
{
	assert_refused("", "ibdev is missing");
	assert_refused(NULL, "ibdev is missing");
	assert_refused("queues=1", "ibdev is missing");
	assert_refused("ibdev=", "ibdev=");
	assert_refused("ibdev=mlx5_0,vlan=3", "unknown argument (vlan)");
	assert_refused("ibdev=mlx5_0,queue=1", "known: ibdev=NAME");
	assert_refused("ibdev=mlx5_0,queues=0", "queues=0");
	assert_refused("ibdev=mlx5_0,queues=-1", "queues=-1");
	assert_refused("ibdev=mlx5_0,queues= 1", "queues");
	assert_refused("ibdev=mlx5_0,queues=4x", "queues=4x");
	assert_refused("ibdev=mlx5_0,queues=99999999999999999999", "queues=9999");
	assert_refused("ibdev=mlx5_0,packed=yes", "packed=yes");
	assert_refused("ibdev=mlx5_0,offloads=tso", "offloads=tso");
	assert_refused("ibdev=mlx5_0,ibdev=mlx5_1", "ibdev: given twice");
	assert_refused("ibdev=mlx5_0,queues=1,max_vqp=1", "max_vqp: given twice");
	assert_refused("ibdev=mlx5_0,cvq=on,cvq=on", "cvq: given twice");
	assert_refused("ibdev=mlx5_0,packed", "packed=");
	assert_refused("ibdev=0123456789012345678901234567890123456789012345678901234567890123",
		       "ibdev");
}

/* Addresses that no device can have, and things that are no addresses. */
static void parse_bad_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "00:00:00:00:00:00",
	    "01:00:00:00:00:01",
	    "ff:ff:ff:ff:ff:ff",
	    "33:33:00:00:00:01",
	    "02:00:00:00:00",
	    "02:00:00:00:00:1",
	    "02:00:00:00:00:01:",
	    "02:00:00:00:00:01:02",
	    "02-00-00-00-00-01",
	    "02:00:00:00:00:0g",
	    "02:00:00:00:00:-1",
	    "0x:00:00:00:00:01",
	    "020:0:00:00:00:01",
	    "020000000001",
	    " 2:00:00:00:00:01",
	};
	char args[64];
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(args, sizeof(args), "ibdev=mlx5_0,address=%s", bad[i]);
		assert_refused(args, "address=");
	}
}

static void parse_numbers_have_bounds(void **state)
{
	struct vv_args a;
	char why[512];

	assert_refused_as("ibdev=mlx5_0,mtu=67", ERANGE, "mtu=67");
	assert_refused_as("ibdev=mlx5_0,mtu=9217", ERANGE, "mtu=9217");
	assert_refused("ibdev=mlx5_0,mtu=0x600", "mtu=0x600");
	assert_refused("ibdev=mlx5_0,mtu=", "mtu=");
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,mtu=68", &a, why, sizeof(why)), 0);
	assert_int_equal(a.request.mtu, 68);
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,mtu=9216", &a, why, sizeof(why)), 0);
	assert_int_equal(a.request.mtu, 9216);
	assert_refused("ibdev=mlx5_0,cvq_core=-2", "cvq_core=-2");
	assert_refused("ibdev=mlx5_0,cvq_core=1024", "cvq_core=1024");
	assert_refused("ibdev=mlx5_0,cvq_core=1.5", "cvq_core=1.5");
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,cvq_core=0", &a, why, sizeof(why)), 0);
	assert_int_equal(a.request.cvq_core, 0);
	assert_refused("ibdev=mlx5_0,trust=yes", "trust=yes");
	assert_refused("ibdev=mlx5_0,cvq=1", "cvq=1");
}

/* DPDK's ethdev class takes mac= of device arguments for a filter: the word is address=. */
static void parse_mac_says_address(void **state)
{
	struct vv_args a;
	char why[512];

	assert_refused("ibdev=mlx5_0,mac=02:00:00:00:00:01", "say address=02:00:00:00:00:01");
	assert_refused("ibdev=mlx5_0,mac=on", "MAC=on|off");
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,MAC=off", &a, why, sizeof(why)), 0);
	assert_int_equal(a.request.off.word[0], 1u << 5);
}

/* P25: from the files of config/models, or where the environment says. */
static void p25_model_is_read(void **state)
{
	struct vv_args a;
	char why[512];

	assert_int_equal(vv_args_parse("ibdev=mlx5_0,model=minimal", &a, why, sizeof(why)), 0);
	assert_string_equal(a.request.model, "minimal");
	assert_true(vv_features_has(&a.request.model_features, 32));
	assert_refused_as("ibdev=mlx5_0,model=enormous", ENOENT, "minimal");
	assert_refused("ibdev=mlx5_0,model=minimal,device_features=0x1", "one of the two");
}

/* Whoever mistypes an argument is told all that there are. */
static void parse_unknown_argument_lists_all(void **state)
{
	assert_refused("ibdev=mlx5_0,x=1", "address=XX:XX:XX:XX:XX:XX, mtu=N, max_vqp=N (or "
					   "queues=N), max_vq_size=N, mac_table_size=N, ");
	assert_refused("ibdev=mlx5_0,x=1", "packed=on|off, offloads=on|off, cvq=on|off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse_full_list_is_understood),
	    cmocka_unit_test(parse_short_list_leaves_the_rest_open),
	    cmocka_unit_test(parse_bad_lists_say_which_argument),
	    cmocka_unit_test(parse_bad_addresses_are_refused),
	    cmocka_unit_test(parse_numbers_have_bounds),
	    cmocka_unit_test(parse_mac_says_address),
	    cmocka_unit_test(p25_model_is_read),
	    cmocka_unit_test(parse_unknown_argument_lists_all),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
