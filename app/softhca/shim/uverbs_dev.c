/* SPDX-License-Identifier: BSD-3-Clause */
#include "uverbs_dev.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../fw/hca_ident.h"
#include "nic.h"

/* Values of IBTA and include/rdma/ib_verbs.h that have no name in the user headers. */
enum {
	PORT_DOWN = 1,
	PORT_ACTIVE = 4,
	PORT_PHYS_DISABLED = 3,
	PORT_PHYS_LINK_UP = 5,
	MTU_4096 = 5,
	MTU_DEFAULT = 1500,
	/* GRH 40, UDP 8, BTH 12, XRC 4, atomic 28, checksum 4 (IBTA vol. 1, annex A17) */
	ROCE_HEADERS = 96,
	WIDTH_4X = 2,
	SPEED_EDR = 32,
	LINK_LAYER_ETHERNET = 2,
	PORT_CM_SUP = 1 << 16,
	PORT_IP_BASED_GIDS = 1 << 26,
	DEVICE_MEM_MGT_EXTENSIONS = 1 << 21,
	ATOMIC_HCA = 1,
};

static uint64_t fw_ver(const struct hca_profile *profile)
{
	unsigned int major = 0, minor = 0, sub = 0;

	sscanf(profile->fw_version, "%u.%u.%u", &major, &minor, &sub);
	return (uint64_t)major << 32 | minor << 16 | sub;
}

void uverbs_dev_attr(unsigned int function, struct ib_uverbs_ex_query_device_resp *attr)
{
	const struct nic_config *cfg = &nic_env()->cfg;
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	struct shape_function f;

	shape_function(&cfg->shape, function, &f);
	memset(attr, 0, sizeof(*attr));
	attr->base.fw_ver = fw_ver(&cfg->profile);
	attr->base.node_guid = htobe64(hca_ident_guid(function));
	attr->base.sys_image_guid = htobe64(hca_ident_guid(0));
	attr->base.max_mr_size = UINT64_MAX;
	attr->base.page_size_cap = ~(page_size - 1);
	attr->base.vendor_id = 0x2c9; /* the vendor's OUI, as mlx5_ib reports it */
	attr->base.vendor_part_id = f.kind == SHAPE_VF
					? shape_vf_device(cfg->profile.pci_device)
					: cfg->profile.pci_device;
	attr->base.device_cap_flags = DEVICE_MEM_MGT_EXTENSIONS;
	attr->base.max_qp = 1 << 17;
	attr->base.max_qp_wr = 1 << 15;
	attr->base.max_sge = 30;
	attr->base.max_sge_rd = 30;
	attr->base.max_qp_rd_atom = 16;
	attr->base.max_qp_init_rd_atom = 16;
	attr->base.max_res_rd_atom = 16 << 17;
	attr->base.atomic_cap = ATOMIC_HCA;
	attr->base.max_ah = INT32_MAX;
	attr->base.max_srq = 1 << 16;
	attr->base.max_srq_wr = UVERBS_MAX_SRQ_WR;
	attr->base.max_srq_sge = UVERBS_MAX_SRQ_SGE;
	attr->base.max_cq = 1 << 24;
	attr->base.max_cqe = UVERBS_MAX_CQE;
	attr->base.max_mr = 1 << 24;
	attr->base.max_pd = 1 << 24;
	attr->base.max_pkeys = 1;
	attr->base.phys_port_cnt = UVERBS_PORTS;
	attr->response_length = sizeof(*attr);
	attr->device_cap_flags_ex = attr->base.device_cap_flags;
}

/* The largest RoCE payload (256 bytes is number 1) that fits a frame with its headers. */
static uint8_t active_mtu(unsigned int function)
{
	unsigned int mtu = nic_env()->cfg.func[function].mtu, n = MTU_4096;

	if (!mtu)
		mtu = MTU_DEFAULT;
	while (n > 1 && (128u << n) + ROCE_HEADERS > mtu)
		n--;
	return (uint8_t)n;
}

void uverbs_port_attr(unsigned int function, bool up, struct ib_uverbs_query_port_resp_ex *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->legacy_resp = (struct ib_uverbs_query_port_resp){
	    .port_cap_flags = PORT_CM_SUP | PORT_IP_BASED_GIDS,
	    .max_msg_sz = 1u << 30,
	    .gid_tbl_len = UVERBS_GID_TABLE,
	    .pkey_tbl_len = 1,
	    .state = up ? PORT_ACTIVE : PORT_DOWN,
	    .max_mtu = MTU_4096,
	    .active_mtu = active_mtu(function),
	    .active_width = WIDTH_4X,
	    .active_speed = SPEED_EDR,
	    .phys_state = up ? PORT_PHYS_LINK_UP : PORT_PHYS_DISABLED,
	    .link_layer = LINK_LAYER_ETHERNET,
	    .flags = IB_UVERBS_QPF_GRH_REQUIRED,
	};
}

void uverbs_gid(unsigned int function, unsigned int index, struct ib_uverbs_gid_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->gid[0] = htobe64(0xfe80000000000000ull);
	entry->gid[1] = htobe64(hca_ident_guid(function));
	entry->gid_index = index;
	entry->port_num = 1;
	entry->gid_type = index ? IB_UVERBS_GID_TYPE_ROCE_V2 : IB_UVERBS_GID_TYPE_ROCE_V1;
}
