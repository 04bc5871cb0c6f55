/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any parent and any request. Either there is a device, and then it is all that devices must be; or
 * there is none, and a line that names something.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision_rig.h"

enum { ROUNDS = 15000, VERSION_1 = 32, CTRL_VQ = 17, MQ = 22, RSS = 60, MTU = 3, MAC = 5 };

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* Of those that mean something mostly; density of 8. */
static struct vv_features some(unsigned int density)
{
	struct vv_features f = {0};
	unsigned int bit;

	for (bit = 0; bit < VV_FEATURES_MAX; bit++)
		if (below(8) < density && (vv_feature_known(bit) || !below(20)))
			vv_features_set(&f, bit, true);
	return f;
}

/* A set without those that lack what they need, as parents have them. */
static struct vv_features sound(struct vv_features f)
{
	char why[256], name[VV_FEATURE_NAME_MAX];
	unsigned int bit;

	while (vv_features_check(f, why, sizeof(why))) {
		assert_int_equal(sscanf(why, "%31s", name), 1);
		assert_int_equal(vv_feature_find(name, &bit), 0);
		vv_features_set(&f, bit, false);
	}
	return f;
}

static void any_mac(uint8_t mac[6])
{
	unsigned int i;

	for (i = 0; i < 6; i++)
		mac[i] = below(256);
	mac[0] = (mac[0] & ~1) | 2;
}

static struct vv_parent any_parent(void)
{
	struct vv_parent p = rig_parent();

	p.supported = sound(some(3 + below(6)));
	p.inherited = below(2) ? p.supported : vv_features_and(p.supported, some(5));
	if (!below(3))
		p.mandatory = sound(vv_features_and(p.supported, some(1)));
	p.attrs = below(3) ? (1u << VV_ATTR_N) - 1 : below(1u << VV_ATTR_N);
	p.modes = below(2) ? (1u << VV_MODE_N) - 1 : 1 + below((1u << VV_MODE_N) - 1);
	p.max_vqp = 1 + below(40);
	p.default_vqp = 1 + below(16);
	p.max_vq_size = 1u << below(16);
	p.mac_table_size = below(3) ? below(65) : 0;
	p.vqs_free = below(20) ? below(81) : below(3);
	p.devices_free = below(10);
	p.mtu = below(4) ? 68 + below(9000) : 0;
	if (!below(4))
		memset(p.mac, 0, sizeof(p.mac));
	return p;
}

static struct vv_request any_request(const struct vv_parent *p)
{
	struct vv_request r;

	vv_request_init(&r);
	if (!below(3)) {
		r.has_mask = true;
		r.mask = below(3) ? vv_features_and(sound(some(6)), p->supported) : some(2);
		if (below(3))
			r.mask = vv_features_or(r.mask, p->mandatory);
	} else if (!below(4)) {
		strcpy(r.model, "any");
		r.model_features = vv_features_and(sound(some(6)), p->supported);
	} else if (below(2)) {
		r.has_default = true;
		r.features_default = below(VV_FEATURES_DEFAULT_N);
	}
	if (!below(2))
		r.on = vv_features_and(some(1), p->supported);
	if (!below(2))
		r.off = vv_features_without(some(1), r.on);
	r.attrs = below(2) ? 0 : below(1u << VV_ATTR_N) & below(1u << VV_ATTR_N);
	any_mac(r.mac);
	r.mtu = 60 + below(1500);
	r.max_vqp = below(12);
	r.max_vq_size = below(10) ? 1u << below(14) : below(300);
	r.mac_table_size = below(70);
	r.mode = below(VV_MODE_N);
	r.trust = below(2);
	r.cvq_core = (int)below(5) - 1;
	return r;
}

static void check_device(const struct vv_parent *p, const struct vv_request *r,
			 const struct vv_provisioned *d)
{
	struct vv_features asked = vv_features_or(r->on, r->has_mask ? r->mask : r->model_features);
	char why[256];

	/* Supported, with the mandatory ones, and sound. */
	assert_true(vv_features_is_empty(vv_features_without(d->features, p->supported)));
	assert_true(vv_features_is_empty(vv_features_without(p->mandatory, d->features)));
	assert_int_equal(vv_features_check(d->features, why, sizeof(why)), 0);
	/* All that was asked for, and nothing that was not to be. */
	asked = vv_features_without(asked, r->off);
	assert_true(vv_features_is_empty(vv_features_without(asked, d->features)));
	assert_true(vv_features_is_empty(vv_features_and(r->off, d->features)));
	/* A mask is exact. */
	if (r->has_mask)
		assert_true(vv_features_equal(d->features, asked));
	/* What can be told by a feature only has it. */
	assert_int_equal(d->mtu != 0, vv_features_has(&d->features, MTU));
	assert_int_equal((d->mac[0] | d->mac[1] | d->mac[2] | d->mac[5]) != 0,
			 vv_features_has(&d->features, MAC));
	assert_true(d->max_vqp == 1 || vv_features_has(&d->features, MQ) ||
		    vv_features_has(&d->features, RSS));
	assert_int_equal(d->mode == VV_MODE_LEGACY, !vv_features_has(&d->features, VERSION_1));
	assert_true(p->modes & 1u << d->mode);
	assert_true(p->devices_free > 0);
	assert_true(d->max_vqp >= 1 && d->max_vqp <= p->max_vqp && 2 * d->max_vqp <= p->vqs_free);
	assert_true(d->max_vq_size && d->max_vq_size <= p->max_vq_size);
	assert_true(d->mac_table_size <= p->mac_table_size);
	assert_true(!p->mtu || d->mtu <= p->mtu || d->mtu == 1500);
	assert_true(d->trust || p->mac_table_size);
	assert_int_equal(vv_provisioned_vqs(d),
			 2 * d->max_vqp + vv_features_has(&d->features, CTRL_VQ));
}

static void check_again(const struct vv_parent *p, const struct vv_provisioned *d)
{
	struct vv_provisioned again;
	struct vv_request r;
	char why[512];

	vv_provisioned_request(d, &r);
	if (vv_provision(p, &r, &again, why, sizeof(why)))
		fail_msg("not again: %s", why);
	assert_true(rig_same(d, &again));
	if (vv_compat_parent(d, p, 0, why, sizeof(why)))
		fail_msg("not where it is: %s", why);
	assert_int_equal(vv_compat_device(d, &again, 0, why, sizeof(why)), 0);
}

/* It names a feature, an attribute or a limit. */
static bool names_something(const char *why)
{
	char name[VV_FEATURE_NAME_MAX];
	unsigned int i;

	if (strstr(why, "vqs_free") || strstr(why, "devices_free"))
		return true;
	for (i = 0; i < VV_ATTR_N; i++)
		if (strstr(why, vv_attr_name(i)))
			return true;
	for (i = 0; i < VV_FEATURES_MAX; i++)
		if (strstr(why, vv_feature_name(i, name)))
			return true;
	return false;
}

static void any_request_makes_a_sound_device_or_a_line(void **state)
{
	unsigned int round, made = 0;
	char why[512];

	for (round = 0; round < ROUNDS; round++) {
		struct vv_parent p = any_parent();
		struct vv_request r = any_request(&p);
		struct vv_provisioned d;
		int err;

		why[0] = 0;
		err = vv_provision(&p, &r, &d, why, sizeof(why));
		if (!err) {
			made++;
			check_device(&p, &r, &d);
			check_again(&p, &d);
			continue;
		}
		assert_true(err == -EINVAL || err == -ENOSPC || err == -ERANGE ||
			    err == -EOPNOTSUPP);
		if (!names_something(why) || strchr(why, '\n'))
			fail_msg("names nothing: %s", why);
	}
	/* Both have been seen. */
	assert_true(made > ROUNDS / 20 && made < ROUNDS - ROUNDS / 20);
}

/* What is said to be compatible can be made there, and is the same. */
static void any_compatible_device_can_be_made_there(void **state)
{
	unsigned int round, n = 0;
	char why[512];

	for (round = 0; round < ROUNDS; round++) {
		struct vv_parent p = any_parent(), q = any_parent();
		struct vv_request r = any_request(&p);
		struct vv_provisioned d, there;

		if (below(2)) /* else nothing ever is */
			q.supported = vv_features_or(q.supported, p.supported);
		if (vv_provision(&p, &r, &d, why, sizeof(why)) ||
		    vv_compat_parent(&d, &q, 0, why, sizeof(why)))
			continue;
		n++;
		vv_provisioned_request(&d, &r);
		if (vv_provision(&q, &r, &there, why, sizeof(why)))
			fail_msg("compatible, and yet: %s", why);
		assert_true(rig_same(&d, &there));
	}
	assert_true(n > 20);
}

/* A device of the baseline is compatible with each. */
static void any_baseline_is_for_all_of_them(void **state)
{
	unsigned int round, i, n = 0;
	char why[1024];

	for (round = 0; round < ROUNDS / 4; round++) {
		struct vv_parent p[3] = {any_parent(), any_parent(), any_parent()}, common;
		struct vv_provisioned d;
		struct vv_request r;

		for (i = 0; i < 3; i++) {
			p[i].attrs = (1u << VV_ATTR_N) - 1;
			p[i].mandatory = (struct vv_features){0};
		}
		if (vv_baseline(p, 3, &common, why, sizeof(why)))
			continue;
		r = any_request(&common);
		if (vv_provision(&common, &r, &d, why, sizeof(why)))
			continue;
		n++;
		for (i = 0; i < 3; i++)
			if (vv_compat_parent(&d, &p[i], 0, why, sizeof(why)))
				fail_msg("of the baseline, and yet: %s", why);
	}
	assert_true(n > 20);
}

static int seed_set(void **state)
{
	const char *given = getenv("SEED");

	seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 0x9e3779b97f4a7c15ull;
	print_message("SEED=0x%llx\n", (unsigned long long)seed);
	return seed ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_request_makes_a_sound_device_or_a_line),
	    cmocka_unit_test(any_compatible_device_can_be_made_there),
	    cmocka_unit_test(any_baseline_is_for_all_of_them),
	};

	return cmocka_run_group_tests_name("provision_random", tests, seed_set, NULL);
}
