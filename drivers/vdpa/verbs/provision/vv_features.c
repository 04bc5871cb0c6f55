/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vv_features.h"
#include "vv_hex.h"

/*
 * virtio 1.3 5.1.3 and 6, and of the 1.4 draft what Linux has taken up. Words of the driver are not
 * used here: its headers name fewer.
 */
static const char *const names[VV_FEATURES_MAX] = {
    [0] = "CSUM",
    [1] = "GUEST_CSUM",
    [2] = "CTRL_GUEST_OFFLOADS",
    [3] = "MTU",
    [5] = "MAC",
    [6] = "GSO",
    [7] = "GUEST_TSO4",
    [8] = "GUEST_TSO6",
    [9] = "GUEST_ECN",
    [10] = "GUEST_UFO",
    [11] = "HOST_TSO4",
    [12] = "HOST_TSO6",
    [13] = "HOST_ECN",
    [14] = "HOST_UFO",
    [15] = "MRG_RXBUF",
    [16] = "STATUS",
    [17] = "CTRL_VQ",
    [18] = "CTRL_RX",
    [19] = "CTRL_VLAN",
    [20] = "CTRL_RX_EXTRA",
    [21] = "GUEST_ANNOUNCE",
    [22] = "MQ",
    [23] = "CTRL_MAC_ADDR",
    [24] = "NOTIFY_ON_EMPTY",
    [27] = "ANY_LAYOUT",
    [28] = "RING_INDIRECT_DESC",
    [29] = "RING_EVENT_IDX",
    [32] = "VERSION_1",
    [33] = "ACCESS_PLATFORM",
    [34] = "RING_PACKED",
    [35] = "IN_ORDER",
    [36] = "ORDER_PLATFORM",
    [37] = "SR_IOV",
    [38] = "NOTIFICATION_DATA",
    [39] = "NOTIF_CONFIG_DATA",
    [40] = "RING_RESET",
    [41] = "ADMIN_VQ",
    [50] = "DEVICE_STATS",
    [51] = "HASH_TUNNEL",
    [52] = "VQ_NOTF_COAL",
    [53] = "NOTF_COAL",
    [54] = "GUEST_USO4",
    [55] = "GUEST_USO6",
    [56] = "HOST_USO",
    [57] = "HASH_REPORT",
    [59] = "GUEST_HDRLEN",
    [60] = "RSS",
    [61] = "RSC_EXT",
    [62] = "STANDBY",
    [63] = "SPEED_DUPLEX",
    [64] = "RSS_CONTEXT",
    [65] = "GUEST_UDP_TUNNEL_GSO",
    [66] = "GUEST_UDP_TUNNEL_GSO_CSUM",
    [67] = "HOST_UDP_TUNNEL_GSO",
    [68] = "HOST_UDP_TUNNEL_GSO_CSUM",
};

const char *vv_feature_known(unsigned int bit)
{
	return names[bit];
}

const char *vv_feature_name(unsigned int bit, char *name)
{
	if (bit < VV_FEATURES_MAX && names[bit])
		return names[bit];
	snprintf(name, VV_FEATURE_NAME_MAX, "bit_%u", bit);
	return name;
}

int vv_feature_find(const char *name, unsigned int *bit)
{
	unsigned int n = 0, i;

	for (i = 0; i < VV_FEATURES_MAX; i++) {
		if (names[i] && !strcasecmp(name, names[i])) {
			*bit = i;
			return 0;
		}
	}
	if (strncasecmp(name, "bit_", 4) || !name[4])
		return -ENOENT;
	for (name += 4; *name; name++) {
		if (*name < '0' || *name > '9')
			return -ENOENT;
		n = n * 10 + (*name - '0');
		if (n >= VV_FEATURES_MAX)
			return -ENOENT;
	}
	*bit = n;
	return 0;
}

static int decimal_parse(const char *text, struct vv_features *f)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9') /* strtoull takes signs and blanks */
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*f = VV_FEATURES_OF(n);
	return 0;
}

int vv_features_parse(const char *text, struct vv_features *f)
{
	struct vv_features all = {0};
	unsigned int i;
	int nibble;

	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return decimal_parse(text, f);
	text += 2;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		nibble = vv_hex_digit(*text);
		if (nibble < 0)
			return -EINVAL;
		if (all.word[VV_FEATURES_WORDS - 1] >> 60)
			return -ERANGE;
		for (i = VV_FEATURES_WORDS - 1; i > 0; i--)
			all.word[i] = all.word[i] << 4 | all.word[i - 1] >> 60;
		all.word[0] = all.word[0] << 4 | (unsigned int)nibble;
	}
	*f = all;
	return 0;
}

char *vv_features_mask(const struct vv_features *f, char *text)
{
	unsigned int i = VV_FEATURES_WORDS - 1;
	int len;

	while (i && !f->word[i])
		i--;
	len = snprintf(text, VV_FEATURES_MASK_MAX, "0x%llx", (unsigned long long)f->word[i]);
	while (i-- > 0)
		len += snprintf(text + len, VV_FEATURES_MASK_MAX - len, "%016llx",
				(unsigned long long)f->word[i]);
	return text;
}

char *vv_features_names(const struct vv_features *f, char *text, size_t size)
{
	static const char more[] = " ...";
	char unknown[VV_FEATURE_NAME_MAX];
	const char *name;
	unsigned int bit;
	size_t at = 0, len;

	if (size)
		text[0] = 0;
	for (bit = 0; bit < VV_FEATURES_MAX; bit++) {
		if (!vv_features_has(f, bit))
			continue;
		name = vv_feature_name(bit, unknown);
		len = strlen(name) + (at > 0);
		if (at + len + sizeof(more) > size) {
			if (at + sizeof(more) <= size)
				strcpy(text + at, more);
			break;
		}
		at += snprintf(text + at, size - at, "%s%s", at ? " " : "", name);
	}
	return text;
}
