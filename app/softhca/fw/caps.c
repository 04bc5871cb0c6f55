/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NIC of the ConnectX-6 Dx class, RoCE off, no e-switch management and no software-owned steering
 * (libmlx5 then stays on root tables). Only what the model does is offered, and of that only what
 * the profile has. There are no send and receive queues but virtqueues, so the Ethernet group
 * offers no checksums, no LSO and no LRO: those would be for send and receive queues.
 */
#include "caps.h"
#include "flow_counter.h"
#include "hca_ident.h"
#include "hca_priv.h"

/* Groups as the PRM numbers them; op_mod is group << 1 | current. */
enum {
	CAP_GENERAL = 0x00,
	CAP_ETHERNET = 0x01,
	CAP_ODP = 0x02,
	CAP_ATOMIC = 0x03,
	CAP_ROCE = 0x04,
	CAP_NIC_FLOW_TABLE = 0x07,
	CAP_ESW_FLOW_TABLE = 0x08,
	CAP_ESWITCH = 0x09,
	CAP_QOS = 0x0c,
	CAP_DEVICE_MEMORY = 0x0f,
	CAP_VIRTIO_EMULATION = 0x13,
	CAP_CRYPTO = 0x1a,
	CAP_PARSE_GRAPH = 0x1c,
	CAP_GENERAL_2 = 0x20,
};

enum { BASE = CMD_HDR_LEN * 8, MAC_LIST = BASE + 0x800 /* behind a vport context */ };

/* The vport's MTU counts a frame's Ethernet header, one VLAN tag and the FCS as well. */
enum { VPORT_MTU_EXTRA = 14 + 4 + 4 };

struct cap_value {
	uint16_t field;
	uint64_t value;
};

static const struct cap_value general[] = {
    {FLD(cmd_hca_cap, hca_cap_2),                1             },
    {FLD(cmd_hca_cap, log_max_qp_sz),            LIM_LOG_QP_SZ },
    {FLD(cmd_hca_cap, log_max_qp),               16            },
    {FLD(cmd_hca_cap, log_max_cq_sz),            LIM_LOG_CQ_SZ },
    {FLD(cmd_hca_cap, log_max_cq),               16            },
    {FLD(cmd_hca_cap, log_max_eq_sz),            22            },
    {FLD(cmd_hca_cap, log_max_eq),               0             },
    {FLD(cmd_hca_cap, relaxed_ordering_write),   1             },
    {FLD(cmd_hca_cap, relaxed_ordering_read),    1             },
    {FLD(cmd_hca_cap, log_max_mkey),             16            },
    {FLD(cmd_hca_cap, dump_fill_mkey),           1             },
    {FLD(cmd_hca_cap, max_indirection),          1             },
    {FLD(cmd_hca_cap, fixed_buffer_size),        1             },
    {FLD(cmd_hca_cap, log_max_mrw_sz),           64            },
    {FLD(cmd_hca_cap, null_mkey),                1             },
    {FLD(cmd_hca_cap, log_max_klm_list_size),    16            },
    {FLD(cmd_hca_cap, nic_flow_table),           1             },
    {FLD(cmd_hca_cap, port_type),                1             },
    {FLD(cmd_hca_cap, num_ports),                1             },
    {FLD(cmd_hca_cap, log_max_msg),              30            },
    {FLD(cmd_hca_cap, cqe_version),              1             },
    {FLD(cmd_hca_cap, eth_net_offloads),         1             },
    {FLD(cmd_hca_cap, cq_oi),                    1             },
    {FLD(cmd_hca_cap, rc),                       1             },
    {FLD(cmd_hca_cap, uar_4k),                   1             },
    {FLD(cmd_hca_cap, uar_sz),                   5             },
    {FLD(cmd_hca_cap, log_pg_sz),                12            },
    {FLD(cmd_hca_cap, bf),                       1             },
    {FLD(cmd_hca_cap, log_bf_reg_size),          9             },
    {FLD(cmd_hca_cap, num_lag_ports),            LIM_LAG_PORTS },
    {FLD(cmd_hca_cap, max_wqe_sz_sq),            1024          },
    {FLD(cmd_hca_cap, max_wqe_sz_rq),            512           },
    {FLD(cmd_hca_cap, log_max_transport_domain), 12            },
    {FLD(cmd_hca_cap, log_max_pd),               16            },
    {FLD(cmd_hca_cap, log_max_tir),              16            },
    {FLD(cmd_hca_cap, log_max_tis),              12            },
    {FLD(cmd_hca_cap, log_max_rqt),              12            },
    {FLD(cmd_hca_cap, log_max_rqt_size),         LIM_LOG_RQT_SZ},
    {FLD(cmd_hca_cap, log_max_wq_sz),            LIM_LOG_QP_SZ },
    {FLD(cmd_hca_cap, steering_format_version),  1             },
    {FLD(cmd_hca_cap, max_num_eqs),              1             },
    {FLD(cmd_hca_cap, device_frequency_mhz),     156           },
    {FLD(cmd_hca_cap, device_frequency_khz),     156250        },
    {FLD(cmd_hca_cap, native_port_num),          1             },
};

static const struct cap_value ethernet[] = {
    {FLD(per_protocol_networking_offload_caps, self_lb_en_modifiable), 1             },
    {FLD(per_protocol_networking_offload_caps, self_lb_mc),            1             },
    {FLD(per_protocol_networking_offload_caps, self_lb_uc),            1             },
 /* 2: no header needs to be inlined into a WQE. */
    {FLD(per_protocol_networking_offload_caps, wqe_inline_mode),       2             },
    {FLD(per_protocol_networking_offload_caps, rss_ind_tbl_cap),       LIM_LOG_RQT_SZ},
};

_Static_assert(DP_RX_WAYS_MAX == 1 << 6, "log_max_destination");
static const struct cap_value nic_receive[] = {
    {FLD(flow_table_prop_layout, ft_support),          1 },
    {FLD(flow_table_prop_layout, flow_modify_en),      1 },
    {FLD(flow_table_prop_layout, log_max_destination), 6 },
    {FLD(flow_table_prop_layout, log_max_flow),        16},
};

/* What all profiles with virtio emulation share. */
static const struct cap_value virtio[] = {
    {FLD(virtio_emulation_cap, eth_frame_offload_type), 1              },
 /* Bit per mode: 0 none, 1 QP; no MSI-X. */
    {FLD(virtio_emulation_cap, event_mode),             1 << 0 | 1 << 1},
    {FLD(virtio_emulation_cap, log_doorbell_bar_size),  12             },
    {FLD(virtio_emulation_cap, umem_1_buffer_param_a),  VQ_UMEM_A(1)   },
    {FLD(virtio_emulation_cap, umem_1_buffer_param_b),  VQ_UMEM_B(1)   },
    {FLD(virtio_emulation_cap, umem_2_buffer_param_a),  VQ_UMEM_A(2)   },
    {FLD(virtio_emulation_cap, umem_2_buffer_param_b),  VQ_UMEM_B(2)   },
    {FLD(virtio_emulation_cap, umem_3_buffer_param_a),  VQ_UMEM_A(3)   },
    {FLD(virtio_emulation_cap, umem_3_buffer_param_b),  VQ_UMEM_B(3)   },
};

#define PUT(cmd, base, table) put(cmd, base, table, sizeof(table) / sizeof((table)[0]))

static void put(struct cmd *cmd, uint32_t base, const struct cap_value *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		cmd_put(cmd, base, v[i].field, v[i].value);
}

static void put_general(struct cmd *cmd)
{
	const struct hca_profile *p = &cmd->ctx->hca->profile;
	uint64_t types = 0;

	PUT(cmd, BASE, general);
	cmd_put(cmd, BASE, FLD(cmd_hca_cap, vhca_id), cmd->ctx->func->index);
	/* VIRTIO_NET_Q and VIRTIO_Q_COUNTERS */
	if (p->virtio)
		types = 1ull << 0x0d | (p->queue_counters ? 1ull << 0x1c : 0);
	cmd_put(cmd, BASE, FLD(cmd_hca_cap, general_obj_types), types);
	if (!p->flow_counters)
		return;
	cmd_put(cmd, BASE, FLD(cmd_hca_cap, max_flow_counter_15_0), UINT16_MAX);
	cmd_put(cmd, BASE, FLD(cmd_hca_cap, flow_counter_bulk_alloc), FLOW_COUNTER_BULKS);
	cmd_put(cmd, BASE, FLD(cmd_hca_cap, flow_counters_dump), 1);
}

static void put_nic_receive(struct cmd *cmd)
{
	const struct hca_profile *p = &cmd->ctx->hca->profile;
	uint32_t base =
	    BASE + fields[FLD(flow_table_nic_cap, flow_table_properties_nic_receive)].offset;

	PUT(cmd, base, nic_receive);
	cmd_put(cmd, BASE, FLD(flow_table_nic_cap, nic_rx_multi_path_tirs), 1);
	/* Without tables of a program's own: the root table only. */
	if (p->flow_tables) {
		cmd_put(cmd, base, FLD(flow_table_prop_layout, max_ft_level), p->max_ft_level);
		cmd_put(cmd, base, FLD(flow_table_prop_layout, log_max_ft_num), 12);
		cmd_put(cmd, base, FLD(flow_table_prop_layout, log_max_ft_size),
			p->log_max_ft_size);
	}
	if (!p->flow_counters)
		return;
	cmd_put(cmd, base, FLD(flow_table_prop_layout, flow_counter), 1);
	cmd_put(cmd, base, FLD(flow_table_prop_layout, log_max_flow_counter), 16);
}

static void put_virtio(struct cmd *cmd)
{
	const struct hca_profile *p = &cmd->ctx->hca->profile;
	uint16_t o = p->offloads;
	const struct cap_value own[] = {
	    {FLD(virtio_emulation_cap, virtio_version_1_0),       p->version_1                  },
	    {FLD(virtio_emulation_cap, tso_ipv4),                 !!(o & HCA_OFFLOAD_HOST_TSO4) },
	    {FLD(virtio_emulation_cap, tso_ipv6),                 !!(o & HCA_OFFLOAD_HOST_TSO6) },
	    {FLD(virtio_emulation_cap, tx_csum),                  !!(o & HCA_OFFLOAD_CSUM)      },
	    {FLD(virtio_emulation_cap, rx_csum),                  !!(o & HCA_OFFLOAD_GUEST_CSUM)},
	    {FLD(virtio_emulation_cap, guest_tso4),               !!(o & HCA_OFFLOAD_GUEST_TSO4)},
	    {FLD(virtio_emulation_cap, guest_tso6),               !!(o & HCA_OFFLOAD_GUEST_TSO6)},
	    {FLD(virtio_emulation_cap, guest_ecn),                !!(o & HCA_OFFLOAD_GUEST_ECN) },
	    {FLD(virtio_emulation_cap, host_ecn),                 !!(o & HCA_OFFLOAD_HOST_ECN)  },
	    {FLD(virtio_emulation_cap, mrg_rxbuf),                !!(o & HCA_OFFLOAD_MRG_RXBUF) },
 /* Bit per layout: 0 split, 1 packed. */
	    {FLD(virtio_emulation_cap, virtio_queue_type),
	     (uint64_t)p->split << 0 | (uint64_t)p->packed << 1                                 },
	    {FLD(virtio_emulation_cap, vnet_modify_ext),          p->vnet_modify_ext            },
	    {FLD(virtio_emulation_cap, virtio_net_q_addr_modify), p->addr_modify                },
	    {FLD(virtio_emulation_cap, virtio_q_index_modify),    p->index_modify               },
	    {FLD(virtio_emulation_cap, max_num_virtio_queues),    p->max_queues                 },
	    {FLD(virtio_emulation_cap, freeze_to_rdy_supported),  p->freeze_to_rdy              },
	};

	PUT(cmd, BASE, virtio);
	PUT(cmd, BASE, own);
}

static int refuse_group(struct cmd *cmd)
{
	return cmd_refuse(cmd, SYND(CAP_TYPE), FLD(cmd_hdr, op_mod), "0x%x",
			  (unsigned int)cmd_get(cmd, FLD(cmd_hdr, op_mod)));
}

int caps_query(struct cmd *cmd, struct hca_obj *obj)
{
	uint64_t op_mod = cmd_get(cmd, FLD(cmd_hdr, op_mod));

	(void)obj;
	/* Bit 0, current or maximal: the same here. */
	switch (op_mod >> 1) {
	case CAP_GENERAL:
		put_general(cmd);
		return 0;
	case CAP_ETHERNET:
		PUT(cmd, BASE, ethernet);
		return 0;
	case CAP_NIC_FLOW_TABLE:
		put_nic_receive(cmd);
		return 0;
	case CAP_VIRTIO_EMULATION:
		if (!cmd->ctx->hca->profile.virtio)
			return refuse_group(cmd);
		put_virtio(cmd);
		return 0;
	case CAP_ODP:
	case CAP_ATOMIC:
	case CAP_ROCE:
	case CAP_ESW_FLOW_TABLE:
	case CAP_ESWITCH:
	case CAP_QOS:
	case CAP_DEVICE_MEMORY:
	case CAP_CRYPTO:
	case CAP_PARSE_GRAPH:
	case CAP_GENERAL_2:
		return 0; /* groups that exist and offer nothing */
	default:
		return refuse_group(cmd);
	}
}

int caps_query_vport(struct cmd *cmd, struct hca_obj *obj)
{
	const struct hca_function *func = cmd->ctx->func;
	uint64_t mac = 0, guid = hca_ident_guid(func->index);
	unsigned int i;

	(void)obj;
	if (cmd_get(cmd, FLD(query_nic_vport_context_in, allowed_list_type)))
		return cmd_refuse(cmd, SYND(NOT_MODELLED),
				  FLD(query_nic_vport_context_in, allowed_list_type), " ");
	for (i = 0; i < sizeof(func->mac); i++)
		mac = mac << 8 | func->mac[i];
	cmd_put(cmd, BASE, FLD(nic_vport_context, mtu), (uint64_t)func->mtu + VPORT_MTU_EXTRA);
	cmd_put(cmd, BASE, FLD(nic_vport_context, port_guid), guid);
	cmd_put(cmd, BASE, FLD(nic_vport_context, node_guid), guid);
	cmd_put(cmd, BASE, FLD(nic_vport_context, permanent_address), mac);
	/* The list of current addresses, as far as the caller wants it. */
	if (cmd->out_len * 8 < MAC_LIST + layouts[LAY(mac_address_layout)].bits)
		return 0;
	cmd_put(cmd, BASE, FLD(nic_vport_context, allowed_list_size), 1);
	cmd_put(cmd, MAC_LIST, FLD(mac_address_layout, mac_addr_47_32), mac >> 32);
	cmd_put(cmd, MAC_LIST, FLD(mac_address_layout, mac_addr_31_0), mac & UINT32_MAX);
	return 0;
}

int caps_query_lag(struct cmd *cmd, struct hca_obj *obj)
{
	(void)obj;
	/* Not bonded: all zero. */
	cmd_put(cmd, 0x40, FLD(lag_context, lag_state), 0);
	return 0;
}
