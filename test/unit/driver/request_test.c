/* SPDX-License-Identifier: BSD-3-Clause */
/* The words in which an operator asks for a device. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

static void refused_after(const char *words, const char *key, const char *value, int code,
			  const char *text)
{
	struct vv_request r = rig_request(words), before = r;
	char why[512] = "";
	int err = vv_request_set(&r, key, value, why, sizeof(why));

	if (err != -code)
		fail_msg("%s %s: %d and not %d: %s", key, value, err, -code, why);
	if (!strstr(why, key) || !strstr(why, text))
		fail_msg("\"%s\" or \"%s\" is not in \"%s\"", key, text, why);
	assert_null(strchr(why, '\n'));
	assert_memory_equal(&r, &before, sizeof(r));
}

static void refused(const char *key, const char *value, int code, const char *text)
{
	refused_after("", key, value, code, text);
}

static void request_of_nothing_asks_for_nothing(void **state)
{
	struct vv_request r = rig_request("");

	assert_int_equal(r.attrs, 0);
	assert_false(r.has_mask || r.has_default || r.model[0]);
	assert_true(vv_features_is_empty(vv_features_or(r.on, r.off)));
}

static void every_attribute_is_a_word(void **state)
{
	struct vv_request r = rig_request(
	    "mac 02:aB:Cd:00:fF:09 mtu 68 max_vqp 3 max_vq_size 256 mac_table_size 0 mode legacy "
	    "trust off cvq_core 7");

	assert_int_equal(r.attrs, (1u << VV_ATTR_N) - 1);
	assert_memory_equal(r.mac, "\x02\xab\xcd\x00\xff\x09", 6);
	assert_int_equal(r.mtu, 68);
	assert_int_equal(r.max_vqp, 3);
	assert_int_equal(r.max_vq_size, 256);
	assert_int_equal(r.mac_table_size, 0);
	assert_int_equal(r.mode, VV_MODE_LEGACY);
	assert_false(r.trust);
	assert_int_equal(r.cvq_core, 7);
	assert_int_equal(rig_request("cvq_core -1").cvq_core, -1);
}

static void synonyms_are_the_same_word(void **state)
{
	struct vv_request r = rig_request("address 02:00:00:00:00:01 queues 2");

	assert_int_equal(r.attrs, 1u << VV_ATTR_MAC | 1u << VV_ATTR_MAX_VQP);
	refused_after("mac 02:00:00:00:00:01", "address", "02:00:00:00:00:02", EINVAL, "twice");
	refused_after("queues 2", "max_vqp", "2", EINVAL, "twice");
}

/* P22 */
static void p22_features_are_words(void **state)
{
	struct vv_request r = rig_request("csum on guest_csum off BIT_100 on RSS off");

	rig_assert_features(r.on, "CSUM bit_100");
	rig_assert_features(r.off, "GUEST_CSUM RSS");
	refused("csum", "yes", EINVAL, "on or off");
	refused("csum", "", EINVAL, "on or off");
	refused("csum", "ON", EINVAL, "on or off");
	refused_after("csum on", "csum", "on", EINVAL, "twice");
	refused_after("csum on", "bit_0", "off", EINVAL, "twice");
}

static void mtu_and_mac_are_attributes_and_features(void **state)
{
	struct vv_request r = rig_request("mtu 1500 mtu on mac off mac 02:00:00:00:00:01");

	assert_int_equal(r.attrs, 1u << VV_ATTR_MTU | 1u << VV_ATTR_MAC);
	rig_assert_features(r.on, "MTU");
	rig_assert_features(r.off, "MAC");
}

/* P23, P25 */
static void p23_p25_sets_are_words(void **state)
{
	struct vv_request r =
	    rig_request("features_default off device_features 0x1e0000000000000001");

	assert_true(r.has_mask && r.has_default);
	assert_int_equal(r.features_default, VV_DEFAULT_OFF);
	rig_assert_features(r.mask, "CSUM GUEST_UDP_TUNNEL_GSO GUEST_UDP_TUNNEL_GSO_CSUM "
				    "HOST_UDP_TUNNEL_GSO HOST_UDP_TUNNEL_GSO_CSUM");
	assert_string_equal(rig_request("model dpdk").model, "dpdk");
	refused("features_default", "all", EINVAL, "inherited");
	refused_after("features_default on", "features_default", "on", EINVAL, "twice");
	refused("device_features", "CSUM", EINVAL, "mask");
	refused("device_features", "", EINVAL, "mask");
	refused("device_features", "0x100000000000000000000000000000000", ERANGE, "128 bits");
	refused_after("device_features 1", "device_features", "1", EINVAL, "twice");
	refused_after("device_features 1", "model", "dpdk", EINVAL, "one of the two");
	refused_after("model dpdk", "device_features", "1", EINVAL, "one of the two");
	refused_after("model dpdk", "model", "dpdk", EINVAL, "twice");
	refused("model", "", EINVAL, "name");
	refused("model", "01234567890123456789012345678901", EINVAL, "name");
}

static void numbers_are_numbers_and_have_bounds(void **state)
{
	static const char *const none[] = {"", "-2", "+1", " 1", "1 ", "0x10", "1.5", "one"};
	static const char *const keys[] = {"mtu", "max_vqp", "max_vq_size", "mac_table_size",
					   "cvq_core"};
	unsigned int i, k;

	for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
			refused(keys[k], none[i], EINVAL, "must be");
	refused("mtu", "67", ERANGE, "68 to 9216");
	refused("mtu", "0", ERANGE, "68 to 9216");
	refused("mtu", "9217", ERANGE, "68 to 9216");
	refused("mtu", "99999999999999999999", ERANGE, "68 to 9216");
	refused("max_vqp", "0", EINVAL, "1 at least");
	refused("max_vqp", "4294967296", EINVAL, "queue pairs");
	refused("max_vq_size", "0", EINVAL, "power of two");
	refused("max_vq_size", "100", EINVAL, "power of two");
	refused("max_vq_size", "65536", EINVAL, "32768");
	refused("cvq_core", "1024", EINVAL, "CPU");
	assert_int_equal(rig_request("mtu 9216 max_vq_size 32768 cvq_core 1023").mtu, 9216);
}

static void words_have_the_values_that_are_told(void **state)
{
	refused("mac", "00:00:00:00:00:00", EINVAL, "unicast");
	refused("mac", "33:33:00:00:00:01", EINVAL, "unicast");
	refused("mac", "02:00:00:00:00", EINVAL, "unicast");
	refused("mode", "modem", EINVAL, "transitional, modern or legacy");
	refused("trust", "maybe", EINVAL, "on or off");
	refused_after("trust on", "trust", "off", EINVAL, "twice");
	refused("colour", "red", EINVAL, "known: device_features");
	refused("", "red", EINVAL, "known: device_features");
	refused("MTU", "1500", EINVAL, "on or off"); /* the feature: attributes are lower case */
}

/* Words may be of any bytes; what is said of them is a line. */
static void messages_are_one_line_whatever_they_quote(void **state)
{
	static const char *const keys[] = {"mtu", "mac", "model", "csum", "device_features", "a\nb\t"};
	unsigned int i;
	char why[512];

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct vv_request r = rig_request("model dpdk");
		const char *c;

		assert_int_not_equal(vv_request_set(&r, keys[i], "\033[2J\n1\r", why, sizeof(why)), 0);
		for (c = why; *c; c++)
			assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	}
}

static void knows_its_words_and_no_others(void **state)
{
	static const char *const words[] = {
	    "mac",   "address", "queues",  "mode", "device_features",
	    "model", "csum",    "bit_127", "RSS",  "features_default"};
	static const char *const others[] = {"", "name", "mgmtdev", "socket", "bit_128", "ibdev"};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_true(vv_request_knows(words[i]));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(vv_request_knows(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request_of_nothing_asks_for_nothing),
	    cmocka_unit_test(every_attribute_is_a_word),
	    cmocka_unit_test(synonyms_are_the_same_word),
	    cmocka_unit_test(p22_features_are_words),
	    cmocka_unit_test(mtu_and_mac_are_attributes_and_features),
	    cmocka_unit_test(p23_p25_sets_are_words),
	    cmocka_unit_test(numbers_are_numbers_and_have_bounds),
	    cmocka_unit_test(words_have_the_values_that_are_told),
	    cmocka_unit_test(messages_are_one_line_whatever_they_quote),
	    cmocka_unit_test(knows_its_words_and_no_others),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
