/* SPDX-License-Identifier: BSD-3-Clause */
/* What a flow rule can compare: the outer headers of a frame. */
#ifndef VV_PRM_MATCH_H
#define VV_PRM_MATCH_H

#include "prm.h"

/* match_criteria_enable */
enum { PRM_MATCH_OUTER_HEADERS = 1 << 0 };

struct prm_fte_match_set_lyr_2_4 {
	uint8_t smac_47_16[32];
	uint8_t smac_15_0[16];
	uint8_t ethertype[16];
	uint8_t dmac_47_16[32];
	uint8_t dmac_15_0[16];
	uint8_t first_prio[3];
	uint8_t first_cfi[1];
	uint8_t first_vid[12];
	uint8_t ip_protocol[8];
	uint8_t ip_dscp[6];
	uint8_t ip_ecn[2];
	uint8_t cvlan_tag[1];
	uint8_t svlan_tag[1];
	uint8_t frag[1];
	uint8_t ip_version[4];
	uint8_t tcp_flags[9];
	uint8_t tcp_sport[16];
	uint8_t tcp_dport[16];
	uint8_t rsvd_c0[32];
	uint8_t udp_sport[16];
	uint8_t udp_dport[16];
	uint8_t src_ipv4_src_ipv6[128];
	uint8_t dst_ipv4_dst_ipv6[128];
};

/* All that can be compared; of the other sets nothing is needed here. */
struct prm_fte_match_param {
	struct prm_fte_match_set_lyr_2_4 outer_headers;
	uint8_t rsvd_200[0xe00];
};

#endif
