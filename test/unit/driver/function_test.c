/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that share functions of NICs: room, and addresses that are unique. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "vv_function.h"

#define MAC(last)                                                                                  \
	{                                                                                          \
		0x02, 0, 0, 0, 0, last                                                             \
	}

static const uint8_t mac_1[6] = MAC(1), mac_2[6] = MAC(2), mac_3[6] = MAC(3), none[6];

/* The registry is of the process: every test has functions of its own. */
static const char *function(unsigned int max_queues, unsigned int devices_max, uint64_t nic)
{
	struct vv_function_facts facts = {
	    .caps = {.max_queues = max_queues}, .devices_max = devices_max, .nic = nic};
	static unsigned int n;
	static char name[16];

	snprintf(name, sizeof(name), "mlx5_%u", n++);
	assert_int_equal(vv_function_remember(name, &facts), 0);
	return name;
}

static int take(const char *ibdev, const char *device, unsigned int rings, const uint8_t mac[6],
		bool given, struct vv_seat **seat, char why[256])
{
	struct vv_seat_wish wish = {.device = device, .rings = rings, .mac_given = given};

	memcpy(wish.mac, mac, 6);
	strcpy(why, "?");
	return vv_seat_take(ibdev, &wish, seat, why, 256);
}

static void take_more_rings_than_left_enospc(void **state)
{
	const char *f = function(10, 8, 0);
	struct vv_function_room room;
	struct vv_seat *a, *b;
	char why[256];

	assert_int_equal(take(f, "a", 8, mac_1, true, &a, why), 0);
	vv_function_room(f, &room);
	assert_int_equal(room.rings, 2);
	assert_int_equal(room.devices, 1); /* for want of rings */
	assert_true(vv_seat_is_alone(a));
	assert_int_equal(take(f, "b", 4, mac_2, true, &b, why), -ENOSPC);
	assert_non_null(strstr(why, "4 data rings asked, 2 of 10 left"));
	assert_int_equal(take(f, "b", 2, mac_2, true, &b, why), 0);
	assert_false(vv_seat_is_alone(a) || vv_seat_is_alone(b));
	vv_function_room(f, &room);
	assert_int_equal(room.rings, 0);
	assert_int_equal(room.devices, 0);
	vv_seat_leave(a);
	assert_true(vv_seat_is_alone(b));
	vv_function_room(f, &room);
	assert_int_equal(room.rings, 8);
	vv_seat_leave(b);
	vv_function_room(f, &room);
	assert_int_equal(room.rings, 10);
	assert_int_equal(room.devices, 5);
}

static void take_where_frames_cannot_be_told_apart_enospc(void **state)
{
	const char *f = function(10, 1, 0);
	struct vv_seat *a, *b;
	char why[256];

	assert_int_equal(take(f, "a", 2, mac_1, true, &a, why), 0);
	assert_int_equal(take(f, "b", 2, mac_2, true, &b, why), -ENOSPC);
	assert_non_null(strstr(why, "carries a"));
	assert_non_null(strstr(why, "cannot tell"));
	vv_seat_leave(a);
	assert_int_equal(take(f, "b", 2, mac_2, true, &b, why), 0);
	vv_seat_leave(b);
}

static void take_too_many_devices_enospc(void **state)
{
	const char *f = function(1000, 1000, 0);
	struct vv_seat *seats[VV_FUNCTION_DEVICES_MAX], *more;
	char why[256], name[16];
	unsigned int i;

	for (i = 0; i < VV_FUNCTION_DEVICES_MAX; i++) {
		const uint8_t mac[6] = MAC((uint8_t)(i + 1));

		snprintf(name, sizeof(name), "d%u", i);
		assert_int_equal(take(f, name, 2, mac, true, &seats[i], why), 0);
	}
	{
		const uint8_t mac[6] = MAC(200);

		assert_int_equal(take(f, "more", 2, mac, true, &more, why), -ENOSPC);
	}
	assert_non_null(strstr(why, "carries 64 devices"));
	for (i = 0; i < VV_FUNCTION_DEVICES_MAX; i++)
		vv_seat_leave(seats[i]);
}

static void take_an_address_that_is_taken_eexist(void **state)
{
	const char *f = function(10, 8, 0);
	struct vv_seat *a, *b;
	char why[256];

	assert_int_equal(take(f, "a", 2, mac_1, true, &a, why), 0);
	assert_int_equal(take(f, "b", 2, mac_1, true, &b, why), -EEXIST);
	assert_non_null(strstr(why, "02:00:00:00:00:01 is that of a"));
	vv_seat_leave(a);
	assert_int_equal(take(f, "b", 2, mac_1, true, &b, why), 0);
	vv_seat_leave(b);
}

static void take_the_ports_address_twice_says_to_give_one(void **state)
{
	const char *f = function(10, 8, 0);
	struct vv_seat *a, *b;
	char why[256];

	assert_int_equal(take(f, "a", 2, mac_1, false, &a, why), 0);
	assert_int_equal(take(f, "b", 2, mac_1, false, &b, why), -EEXIST);
	assert_non_null(strstr(why, "give this device one of its own"));
	assert_int_equal(take(f, "b", 2, none, false, &b, why), -EINVAL);
	assert_non_null(strstr(why, "give one"));
	vv_seat_leave(a);
}

static void take_beside_one_without_address_enospc(void **state)
{
	const char *f = function(10, 8, 0);
	struct vv_seat *a, *b;
	char why[256];

	assert_int_equal(take(f, "a", 2, none, false, &a, why), 0);
	assert_int_equal(take(f, "b", 2, mac_1, true, &b, why), -ENOSPC);
	assert_non_null(strstr(why, "carries a, which has no address"));
	vv_seat_leave(a);
}

static void addresses_are_unique_on_a_nic_not_beyond(void **state)
{
	const char *name = function(10, 8, 7);
	char why[256], f[16], g[16], other[16];
	struct vv_seat *a, *b, *c;

	strcpy(f, name);
	strcpy(g, function(10, 8, 7));
	strcpy(other, function(10, 8, 8));
	assert_int_equal(take(f, "a", 2, mac_1, true, &a, why), 0);
	assert_int_equal(take(g, "b", 2, mac_1, true, &b, why), -EEXIST);
	assert_int_equal(take(g, "b", 2, mac_2, true, &b, why), 0);
	assert_int_equal(take(other, "c", 2, mac_1, true, &c, why), 0);
	vv_seat_leave(a);
	vv_seat_leave(b);
	vv_seat_leave(c);
}

static void change_an_address_to_a_taken_one_eexist(void **state)
{
	const char *f = function(10, 8, 0);
	struct vv_seat *a, *b;
	char why[256];

	assert_int_equal(take(f, "a", 2, mac_1, true, &a, why), 0);
	assert_int_equal(take(f, "b", 2, mac_2, true, &b, why), 0);
	assert_int_equal(vv_seat_address(b, mac_1, why, sizeof(why)), -EEXIST);
	assert_int_equal(vv_seat_guest_address(b, mac_1, why, sizeof(why)), -EEXIST);
	assert_non_null(strstr(why, "that of a"));
	/* A guest's own counts as well, while it has it. */
	assert_int_equal(vv_seat_guest_address(a, mac_3, why, sizeof(why)), 0);
	assert_int_equal(vv_seat_address(b, mac_3, why, sizeof(why)), -EEXIST);
	assert_int_equal(vv_seat_guest_address(a, mac_1, why, sizeof(why)), 0);
	assert_int_equal(vv_seat_address(b, mac_3, why, sizeof(why)), 0);
	assert_int_equal(vv_seat_guest_address(a, mac_2, why, sizeof(why)), 0);
	assert_int_equal(vv_seat_guest_address(a, none, why, sizeof(why)), 0);
	assert_int_equal(vv_seat_guest_address(b, none, why, sizeof(why)), 0);
	vv_seat_leave(a);
	vv_seat_leave(b);
}

static void p4_facts_are_there_without_a_device(void **state)
{
	const char *f = function(12, 8, 5);
	struct vv_function_facts facts;
	struct vv_function_room room;
	struct vv_seat *seat;
	char why[256];

	assert_int_equal(vv_function_facts(f, &facts), 0);
	assert_int_equal(facts.caps.max_queues, 12);
	vv_function_room(f, &room);
	assert_int_equal(room.rings, 12);
	assert_int_equal(room.devices, 6);
	assert_int_equal(vv_function_facts("never seen", &facts), -ENOENT);
	vv_function_room("never seen", &room);
	assert_int_equal(room.rings + room.devices, 0);
	assert_int_equal(take("never seen", "a", 2, mac_1, true, &seat, why), -ENOENT);
	vv_seat_leave(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(take_more_rings_than_left_enospc),
	    cmocka_unit_test(take_where_frames_cannot_be_told_apart_enospc),
	    cmocka_unit_test(take_too_many_devices_enospc),
	    cmocka_unit_test(take_an_address_that_is_taken_eexist),
	    cmocka_unit_test(take_the_ports_address_twice_says_to_give_one),
	    cmocka_unit_test(take_beside_one_without_address_enospc),
	    cmocka_unit_test(addresses_are_unique_on_a_nic_not_beyond),
	    cmocka_unit_test(change_an_address_to_a_taken_one_eexist),
	    cmocka_unit_test(p4_facts_are_there_without_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
