/* SPDX-License-Identifier: BSD-3-Clause */
/* What is received: modes, addresses, VLANs (virtio 1.3 5.1.6.5.1 to 5.1.6.5.4). */
#include <string.h>

#include "vv_ctrl_priv.h"

enum vv_ctrl_verdict vv_ctrl_rx_mode(const struct vv_ctrl_call *call)
{
	struct vv_ctrl_state *next = call->next;
	bool *const modes[] = {
	    [VIRTIO_NET_CTRL_RX_PROMISC] = &next->promisc,
	    [VIRTIO_NET_CTRL_RX_ALLMULTI] = &next->allmulti,
	    [VIRTIO_NET_CTRL_RX_ALLUNI] = &next->alluni,
	    [VIRTIO_NET_CTRL_RX_NOMULTI] = &next->nomulti,
	    [VIRTIO_NET_CTRL_RX_NOUNI] = &next->nouni,
	    [VIRTIO_NET_CTRL_RX_NOBCAST] = &next->nobcast,
	};

	if (call->data[0] > 1)
		return VV_CTRL_BAD_VALUE;
	*modes[call->command] = call->data[0];
	return VV_CTRL_OK;
}

/*
 * One table at the beginning of data; *used: its bytes. Which addresses are in which of the two is
 * not checked: a Linux guest's `ip maddr add` puts unicast addresses among the multicast ones.
 */
static enum vv_ctrl_verdict macs_parse(const uint8_t *data, size_t len, unsigned int max,
				       struct vv_ctrl_macs *macs, size_t *used)
{
	uint32_t n;

	if (len < 4)
		return VV_CTRL_TRUNCATED;
	n = vv_ctrl_get32(data);
	if (n > (len - 4) / 6)
		return VV_CTRL_TRUNCATED;
	memset(macs, 0, sizeof(*macs));
	if (n > max) {
		macs->overflow = true;
	} else {
		macs->n = (uint16_t)n;
		memcpy(macs->addr, data + 4, n * 6);
	}
	*used = 4 + (size_t)n * 6;
	return VV_CTRL_OK;
}

enum vv_ctrl_verdict vv_ctrl_mac_table(const struct vv_ctrl_call *call)
{
	unsigned int max = call->conf->macs_max;
	size_t uni, multi;
	enum vv_ctrl_verdict verdict =
	    macs_parse(call->data, call->len, max, &call->next->uni, &uni);

	if (!verdict)
		verdict = macs_parse(call->data + uni, call->len - uni, max, &call->next->multi,
				     &multi);
	if (!verdict && uni + multi != call->len)
		verdict = VV_CTRL_OVERLONG;
	return verdict;
}

enum vv_ctrl_verdict vv_ctrl_mac_addr(const struct vv_ctrl_call *call)
{
	static const uint8_t none[6];

	if (!memcmp(call->data, none, 6) || call->data[0] & 1)
		return VV_CTRL_BAD_VALUE;
	memcpy(call->next->mac, call->data, 6);
	return VV_CTRL_OK;
}

enum vv_ctrl_verdict vv_ctrl_vlan(const struct vv_ctrl_call *call)
{
	uint16_t vid = vv_ctrl_get16(call->data);
	uint64_t *word;

	if (vid >= VV_VLANS)
		return VV_CTRL_BAD_VALUE;
	word = &call->next->vlans[vid / 64];
	if (call->command == VIRTIO_NET_CTRL_VLAN_ADD)
		*word |= VV_BIT(vid % 64);
	else
		*word &= ~VV_BIT(vid % 64);
	return VV_CTRL_OK;
}

enum vv_ctrl_verdict vv_ctrl_announce(const struct vv_ctrl_call *call)
{
	if (!call->next->announce)
		return VV_CTRL_BAD_VALUE;
	call->next->announce = false;
	return VV_CTRL_OK;
}
