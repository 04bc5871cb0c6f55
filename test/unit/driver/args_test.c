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

	assert_int_equal(vv_args_parse("ibdev=mlx5_3,queues=4,packed=off,offloads=on,"
				       "mac=02:aB:Cd:00:fF:09,mtu=1500,trust=off,cvq=on,cvq_core=3",
				       &a, why, sizeof(why)),
			 0);
	assert_string_equal(a.ibdev, "mlx5_3");
	assert_int_equal(a.queues, 4);
	assert_int_equal(a.packed, VV_OFF);
	assert_int_equal(a.offloads, VV_ON);
	assert_memory_equal(a.mac, "\x02\xab\xcd\x00\xff\x09", 6);
	assert_int_equal(a.mtu, 1500);
	assert_int_equal(a.trust, VV_OFF);
	assert_int_equal(a.cvq, VV_ON);
	assert_int_equal(a.cvq_core, 3);
}

static void parse_short_list_leaves_the_rest_open(void **state)
{
	static const uint8_t none[6];
	struct vv_args a;
	char why[512] = "";

	assert_int_equal(vv_args_parse("ibdev=mlx5_3", &a, why, sizeof(why)), 0);
	assert_int_equal(a.queues, 0);
	assert_int_equal(a.packed, VV_AUTO);
	assert_int_equal(a.offloads, VV_AUTO);
	assert_memory_equal(a.mac, none, 6);
	assert_int_equal(a.mtu, 0);
	assert_int_equal(a.trust, VV_AUTO);
	assert_int_equal(a.cvq, VV_AUTO);
	assert_int_equal(a.cvq_core, -1);
}

static void assert_refused(const char *args, const char *in_line)
{
	struct vv_args a = {.queues = 77};
	char why[512] = "";

	assert_int_equal(vv_args_parse(args, &a, why, sizeof(why)), -EINVAL);
	if (!strstr(why, in_line))
		fail_msg("\"%s\" is not in \"%s\"", in_line, why);
	assert_null(strchr(why, '\n'));
	assert_int_equal(a.queues, 77); /* results only on success */
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
	assert_refused("ibdev=mlx5_0,ibdev=mlx5_1", "given twice (ibdev)");
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
		snprintf(args, sizeof(args), "ibdev=mlx5_0,mac=%s", bad[i]);
		assert_refused(args, "mac=");
	}
}

static void parse_numbers_have_bounds(void **state)
{
	struct vv_args a;
	char why[512];

	assert_refused("ibdev=mlx5_0,mtu=67", "mtu=67");
	assert_refused("ibdev=mlx5_0,mtu=9217", "mtu=9217");
	assert_refused("ibdev=mlx5_0,mtu=0x600", "mtu=0x600");
	assert_refused("ibdev=mlx5_0,mtu=", "mtu=");
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,mtu=68", &a, why, sizeof(why)), 0);
	assert_int_equal(a.mtu, 68);
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,mtu=9216", &a, why, sizeof(why)), 0);
	assert_int_equal(a.mtu, 9216);
	assert_refused("ibdev=mlx5_0,cvq_core=-1", "cvq_core=-1");
	assert_refused("ibdev=mlx5_0,cvq_core=1024", "cvq_core=1024");
	assert_refused("ibdev=mlx5_0,cvq_core=1.5", "cvq_core=1.5");
	assert_int_equal(vv_args_parse("ibdev=mlx5_0,cvq_core=0", &a, why, sizeof(why)), 0);
	assert_int_equal(a.cvq_core, 0);
	assert_refused("ibdev=mlx5_0,trust=yes", "trust=yes");
	assert_refused("ibdev=mlx5_0,cvq=1", "cvq=1");
}

/* Whoever mistypes an argument is told all that there are. */
static void parse_unknown_argument_lists_all(void **state)
{
	assert_refused("ibdev=mlx5_0,x=1", "queues=N, packed=on|off, offloads=on|off, "
					   "mac=XX:XX:XX:XX:XX:XX, mtu=N, trust=on|off, "
					   "cvq=on|off, cvq_core=N");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse_full_list_is_understood),
	    cmocka_unit_test(parse_short_list_leaves_the_rest_open),
	    cmocka_unit_test(parse_bad_lists_say_which_argument),
	    cmocka_unit_test(parse_bad_addresses_are_refused),
	    cmocka_unit_test(parse_numbers_have_bounds),
	    cmocka_unit_test(parse_unknown_argument_lists_all),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
