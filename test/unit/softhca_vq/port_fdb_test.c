/* SPDX-License-Identifier: BSD-3-Clause */
/* The forwarding database alone: stations that age, and that are one in each VLAN. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "port/fdb.h"

static void fdb_forgets_what_is_not_seen(void **state)
{
	uint64_t a = fdb_key(0x010000000002, 0), b = fdb_key(0x020000000002, 0);
	struct fdb *fdb;

	assert_int_equal(fdb_create(3, &fdb), 0);
	assert_int_equal(fdb_pin(fdb, fdb_key(0x030000000002, 5), 2), 0);
	fdb_learn(fdb, a, 0);
	fdb_learn(fdb, b, 1);
	fdb_age(fdb);
	assert_int_equal(fdb_find(fdb, a), 0);
	fdb_learn(fdb, a, 0);
	fdb_age(fdb);
	assert_int_equal(fdb_find(fdb, a), 0);
	assert_int_equal(fdb_find(fdb, b), FDB_MISS);
	fdb_age(fdb);
	assert_int_equal(fdb_find(fdb, a), FDB_MISS);
	assert_int_equal(fdb_find(fdb, fdb_key(0x030000000002, 5)), 2);
	assert_int_equal(fdb_find(fdb, fdb_key(0x030000000002, 6)), FDB_MISS);
	fdb_destroy(fdb);
}

/* What a model that is too simple to be wrong says, for random changes. */
static void fdb_keeps_vlans_apart(void **state)
{
	enum { MACS = 40, VIDS = 5 };
	int want[MACS][VIDS];
	unsigned int seed = 4711;
	struct fdb *fdb;

	print_message("seed %u\n", seed);
	srand(seed);
	memset(want, 0xff, sizeof(want));
	assert_int_equal(fdb_create(8, &fdb), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int mac = (unsigned int)rand() % MACS, vid = (unsigned int)rand() % VIDS;
		unsigned int port = (unsigned int)rand() % 8;

		if (rand() % 500 == 0) {
			fdb_flush(fdb, port);
			for (unsigned int m = 0; m < MACS * VIDS; m++) {
				if (want[m / VIDS][m % VIDS] == (int)port)
					want[m / VIDS][m % VIDS] = FDB_MISS;
			}
			continue;
		}
		fdb_learn(fdb, fdb_key(0x100 + mac, (uint16_t)vid), port);
		want[mac][vid] = (int)port;
		mac = (unsigned int)rand() % MACS;
		vid = (unsigned int)rand() % VIDS;
		assert_int_equal(fdb_find(fdb, fdb_key(0x100 + mac, (uint16_t)vid)),
				 want[mac][vid]);
	}
	fdb_destroy(fdb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fdb_forgets_what_is_not_seen),
	    cmocka_unit_test(fdb_keeps_vlans_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
