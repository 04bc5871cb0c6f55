/* SPDX-License-Identifier: BSD-3-Clause */
/* What the NIC, the function and its port say of themselves. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vv_hca_priv.h"
#include "../prm/prm_cap.h"
#include "../prm/prm_obj.h"
#include "../prm/prm_qp.h"
#include "../prm/prm_vport.h"

/* Below the root table: one for addresses, one for classes; the levels before are the kernel's. */
enum { VV_FLOW_LEVELS_MIN = 3 };

static int cap_query(struct vv_hca *hca, const char *what, unsigned int page, void *out,
		     size_t out_len)
{
	uint8_t in[PRM_SZ(query_hca_cap_in)] = {0};

	PRM_SET(query_hca_cap_in, in, opcode, PRM_OP_QUERY_HCA_CAP);
	PRM_SET(query_hca_cap_in, in, op_mod, page);
	return vv_cmd_exec(hca, what, in, sizeof(in), out, out_len);
}

static void caps_read_vdpa(struct vv_hca_caps *caps, const void *cap)
{
	unsigned int types = PRM_GET(virtio_emulation_cap, cap, virtio_queue_type);
	unsigned int events = PRM_GET(virtio_emulation_cap, cap, event_mode);

	caps->split = types & PRM_CAP_QUEUE_SPLIT;
	caps->packed = types & PRM_CAP_QUEUE_PACKED;
	caps->event_none = events & PRM_CAP_EVENT_NONE;
	caps->version_1 = PRM_GET(virtio_emulation_cap, cap, virtio_version_1_0);
	caps->modify_ext = PRM_GET(virtio_emulation_cap, cap, vnet_modify_ext);
	caps->freeze_to_rdy = PRM_GET(virtio_emulation_cap, cap, freeze_to_rdy_supported);
	caps->feature_bits = PRM_GET(virtio_emulation_cap, cap, device_features_bits_mask);
	caps->max_queues = PRM_GET(virtio_emulation_cap, cap, max_num_virtio_queues);
	caps->doorbell_offset = PRM_GET(virtio_emulation_cap, cap, doorbell_bar_offset);
	caps->umem_a[0] = PRM_GET(virtio_emulation_cap, cap, umem_1_buffer_param_a);
	caps->umem_b[0] = PRM_GET(virtio_emulation_cap, cap, umem_1_buffer_param_b);
	caps->umem_a[1] = PRM_GET(virtio_emulation_cap, cap, umem_2_buffer_param_a);
	caps->umem_b[1] = PRM_GET(virtio_emulation_cap, cap, umem_2_buffer_param_b);
	caps->umem_a[2] = PRM_GET(virtio_emulation_cap, cap, umem_3_buffer_param_a);
	caps->umem_b[2] = PRM_GET(virtio_emulation_cap, cap, umem_3_buffer_param_b);
}

static int caps_read_general(struct vv_hca *hca, const void *cap)
{
	struct vv_hca_caps *caps = &hca->caps;
	uint64_t kinds = PRM_GET(cmd_hca_cap, cap, general_obj_types);

	caps->log_max_rqt_size = PRM_GET(cmd_hca_cap, cap, log_max_rqt_size);
	caps->qp_ts_format = PRM_QP_TS_FREE_RUNNING;
	caps->queue_counters = kinds & 1ull << PRM_OBJ_VIRTIO_Q_COUNTERS;
	if (kinds & 1ull << PRM_OBJ_VIRTIO_NET_Q)
		return 0;
	return vv_hca_fail(hca, -ENOTSUP,
			   "no virtio emulation: the device has no virtqueue objects "
			   "(general_obj_types 0x%llx); switch it on in the firmware "
			   "(mlxconfig VIRTIO_NET_EMULATION_ENABLE) or use another device",
			   (unsigned long long)kinds);
}

/*
 * Tables under the root one (level 0): two levels of them, or none at all. The bit about paths is
 * what Linux asks for before it lets one entry send a frame several ways.
 */
static void caps_read_flow(struct vv_hca_caps *caps, const void *cap)
{
	const void *rx = PRM_AT(flow_table_nic_cap, cap, flow_table_properties_nic_receive);
	unsigned int levels = PRM_GET(flow_table_prop_layout, rx, max_ft_level);

	if (!PRM_GET(flow_table_prop_layout, rx, ft_support) || levels < VV_FLOW_LEVELS_MIN)
		return;
	caps->max_ft_level = levels;
	caps->log_max_ft_size = PRM_GET(flow_table_prop_layout, rx, log_max_ft_size);
	if (PRM_GET(flow_table_nic_cap, cap, nic_rx_multi_path_tirs))
		caps->log_max_ft_dests = PRM_GET(flow_table_prop_layout, rx, log_max_destination);
}

static int pages_query(struct vv_hca *hca, void *out, size_t len)
{
	struct vv_hca_caps *caps = &hca->caps;
	const void *cap = PRM_AT(query_hca_cap_out, out, capability);
	bool roce, flow;
	int err = cap_query(hca, "query general capabilities", PRM_CAP_GENERAL, out, len);

	if (!err)
		err = caps_read_general(hca, cap);
	if (err)
		return err;
	roce = PRM_GET(cmd_hca_cap, cap, roce);
	flow = PRM_GET(cmd_hca_cap, cap, nic_flow_table);

	/* A QP must say the kind of its time stamps where not all kinds are there. */
	if (roce) {
		err = cap_query(hca, "query RoCE capabilities", PRM_CAP_ROCE, out, len);
		if (err)
			return err;
		if (PRM_GET(roce_caps, cap, qp_ts_format) != 0)
			caps->qp_ts_format = PRM_QP_TS_DEFAULT;
	}
	if (flow) {
		err = cap_query(hca, "query flow table capabilities", PRM_CAP_NIC_FLOW_TABLE, out,
				len);
		if (err)
			return err;
		caps_read_flow(caps, cap);
	}
	err = cap_query(hca, "query vDPA capabilities", PRM_CAP_VDPA_EMULATION, out, len);
	if (err)
		return err;
	caps_read_vdpa(caps, cap);
	if (caps->max_queues < 2 || !(caps->split || caps->packed))
		return vv_hca_fail(hca, -ENOTSUP,
				   "no virtio emulation: %u queues, queue types 0x%x",
				   caps->max_queues,
				   (caps->split ? PRM_CAP_QUEUE_SPLIT : 0u) |
				       (caps->packed ? PRM_CAP_QUEUE_PACKED : 0u));
	return 0;
}

/*
 * The function's address and how long its frames may be. Firmware that does not say so is no reason
 * to refuse the device.
 */
static void port_query(struct vv_hca *hca)
{
	uint8_t in[PRM_SZ(query_nic_vport_context_in)] = {0};
	uint8_t out[PRM_SZ(query_nic_vport_context_out)];
	const void *vport = PRM_AT(query_nic_vport_context_out, out, nic_vport_context);
	const void *mac = PRM_AT(nic_vport_context, vport, permanent_address);
	unsigned int mtu;
	uint16_t high;
	uint32_t low;

	PRM_SET(query_nic_vport_context_in, in, opcode, PRM_OP_QUERY_NIC_VPORT_CONTEXT);
	if (vv_cmd_exec(hca, "query the port", in, sizeof(in), out, sizeof(out)))
		return;
	mtu = PRM_GET(nic_vport_context, vport, mtu);
	if (mtu > PRM_VPORT_MTU_EXTRA)
		hca->caps.mtu = mtu - PRM_VPORT_MTU_EXTRA;
	high = htobe16((uint16_t)PRM_GET(mac_address_layout, mac, mac_addr_47_32));
	low = htobe32((uint32_t)PRM_GET(mac_address_layout, mac, mac_addr_31_0));
	memcpy(hca->caps.mac, &high, 2);
	memcpy(hca->caps.mac + 2, &low, 4);
}

static void numa_read(struct vv_hca *hca)
{
	char path[IBV_SYSFS_PATH_MAX + 32];
	FILE *f;
	int node;

	hca->caps.numa_node = -1;
	snprintf(path, sizeof(path), "%s/device/numa_node", hca->ctx->device->ibdev_path);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "%d", &node) == 1 && node >= 0)
		hca->caps.numa_node = node;
	fclose(f);
}

int vv_hca_caps_query(struct vv_hca *hca)
{
	size_t len = PRM_SZ(query_hca_cap_out);
	uint8_t *out = malloc(len);
	int err;

	if (!out)
		return vv_hca_fail(hca, -ENOMEM, "capabilities: out of memory");
	err = pages_query(hca, out, len);
	free(out);
	if (err)
		return err;
	port_query(hca);
	numa_read(hca);
	return 0;
}
