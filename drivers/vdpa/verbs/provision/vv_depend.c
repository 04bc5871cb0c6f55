/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vv_bits.h"
#include "vv_depend.h"
#include "vv_provisioned.h"

enum { ALTERNATIVES = 4, NONE = VV_FEATURES_MAX };

/* Several lines for one feature: all of them hold. */
static const struct {
	uint8_t feature, n, one_of[ALTERNATIVES];
} needs[] = {
    {VV_B_GUEST_TSO4,                 1, {VV_B_GUEST_CSUM}},
    {VV_B_GUEST_TSO6,                 1, {VV_B_GUEST_CSUM}},
    {VV_B_GUEST_UFO,                  1, {VV_B_GUEST_CSUM}},
    {VV_B_GUEST_USO4,                 1, {VV_B_GUEST_CSUM}},
    {VV_B_GUEST_USO6,                 1, {VV_B_GUEST_CSUM}},
    {VV_B_GUEST_ECN,                  2, {VV_B_GUEST_TSO4, VV_B_GUEST_TSO6}},
    {VV_B_HOST_TSO4,                  1, {VV_B_CSUM}},
    {VV_B_HOST_TSO6,                  1, {VV_B_CSUM}},
    {VV_B_HOST_UFO,                   1, {VV_B_CSUM}},
    {VV_B_HOST_USO,                   1, {VV_B_CSUM}},
    {VV_B_HOST_ECN,                   2, {VV_B_HOST_TSO4, VV_B_HOST_TSO6}},
    {VV_B_RSC_EXT,                    2, {VV_B_HOST_TSO4, VV_B_HOST_TSO6}},
    {VV_B_CTRL_GUEST_OFFLOADS,        1, {VV_B_CTRL_VQ}},
    {VV_B_CTRL_RX,                    1, {VV_B_CTRL_VQ}},
    {VV_B_CTRL_RX_EXTRA,              1, {VV_B_CTRL_VQ}},
    {VV_B_CTRL_VLAN,                  1, {VV_B_CTRL_VQ}},
    {VV_B_GUEST_ANNOUNCE,             1, {VV_B_CTRL_VQ}},
    {VV_B_MQ,                         1, {VV_B_CTRL_VQ}},
    {VV_B_CTRL_MAC_ADDR,              1, {VV_B_CTRL_VQ}},
    {VV_B_NOTF_COAL,                  1, {VV_B_CTRL_VQ}},
    {VV_B_VQ_NOTF_COAL,               1, {VV_B_CTRL_VQ}},
    {VV_B_DEVICE_STATS,               1, {VV_B_CTRL_VQ}},
    {VV_B_RSS,                        1, {VV_B_CTRL_VQ}},
    {VV_B_HASH_REPORT,                1, {VV_B_CTRL_VQ}},
    {VV_B_HASH_TUNNEL,                1, {VV_B_CTRL_VQ}},
    {VV_B_HASH_TUNNEL,                2, {VV_B_RSS, VV_B_HASH_REPORT}},
    {VV_B_RSS_CONTEXT,                1, {VV_B_CTRL_VQ}},
    {VV_B_RSS_CONTEXT,                1, {VV_B_RSS}},
    {VV_B_GUEST_UDP_TUNNEL_GSO,       1, {VV_B_GUEST_TSO4}},
    {VV_B_GUEST_UDP_TUNNEL_GSO,       1, {VV_B_GUEST_TSO6}},
    {VV_B_GUEST_UDP_TUNNEL_GSO,       1, {VV_B_GUEST_USO4}},
    {VV_B_GUEST_UDP_TUNNEL_GSO,       1, {VV_B_GUEST_USO6}},
    {VV_B_GUEST_UDP_TUNNEL_GSO_CSUM,  1, {VV_B_GUEST_UDP_TUNNEL_GSO}},
    {VV_B_HOST_UDP_TUNNEL_GSO,        1, {VV_B_HOST_TSO4}},
    {VV_B_HOST_UDP_TUNNEL_GSO,        1, {VV_B_HOST_TSO6}},
    {VV_B_HOST_UDP_TUNNEL_GSO,        1, {VV_B_HOST_USO}},
    {VV_B_HOST_UDP_TUNNEL_GSO_CSUM,   1, {VV_B_HOST_UDP_TUNNEL_GSO}},
};

enum { NEEDS_N = sizeof(needs) / sizeof(needs[0]) };

static bool is_met(const struct vv_features *f, unsigned int i)
{
	unsigned int n;

	if (!vv_features_has(f, needs[i].feature))
		return true;
	for (n = 0; n < needs[i].n; n++)
		if (vv_features_has(f, needs[i].one_of[n]))
			return true;
	return false;
}

/* The lowest bit that needs VERSION_1 and has it not. */
static unsigned int above_legacy(const struct vv_features *f)
{
	unsigned int bit;

	if (vv_features_has(f, VV_B_VERSION_1))
		return NONE;
	for (bit = VV_B_VERSION_1 + 1; bit < VV_FEATURES_MAX; bit++)
		if (vv_features_has(f, bit))
			return bit;
	return NONE;
}

struct vv_features vv_depend_drop(struct vv_features features, struct vv_features kept)
{
	struct vv_features before;
	unsigned int i;

	do {
		before = features;
		for (i = 0; i < NEEDS_N; i++)
			if (!is_met(&features, i) && !vv_features_has(&kept, needs[i].feature))
				vv_features_set(&features, needs[i].feature, false);
		if (!vv_features_has(&features, VV_B_VERSION_1)) {
			for (i = VV_B_VERSION_1 + 1; i < VV_FEATURES_MAX; i++)
				if (!vv_features_has(&kept, i))
					vv_features_set(&features, i, false);
		}
	} while (!vv_features_equal(before, features));
	return features;
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static int refuse(unsigned int feature, const uint8_t *one_of, unsigned int n, char *why,
		  size_t why_len)
{
	char name[VV_FEATURE_NAME_MAX], list[128] = "";
	char word[VV_FEATURE_NAME_MAX], off[VV_FEATURE_NAME_MAX];
	unsigned int i;
	size_t at = 0;

	for (i = 0; i < n; i++)
		at += snprintf(list + at, sizeof(list) - at, "%s%s", i ? " or " : "",
			       vv_feature_known(one_of[i]));
	snprintf(word, sizeof(word), "%s", vv_feature_known(one_of[0]));
	lower(word);
	snprintf(off, sizeof(off), "%s", vv_feature_name(feature, name));
	lower(off);
	snprintf(why, why_len, "%s needs %s: say \"%s on\" or \"%s off\"",
		 vv_feature_name(feature, name), list, word, off);
	return -EINVAL;
}

int vv_features_check(struct vv_features features, char *why, size_t why_len)
{
	static const uint8_t version_1 = VV_B_VERSION_1;
	unsigned int bit = above_legacy(&features), i;

	if (bit != NONE)
		return refuse(bit, &version_1, 1, why, why_len);
	for (i = 0; i < NEEDS_N; i++)
		if (!is_met(&features, i))
			return refuse(needs[i].feature, needs[i].one_of, needs[i].n, why, why_len);
	return 0;
}
