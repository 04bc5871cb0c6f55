/* SPDX-License-Identifier: BSD-3-Clause */
/* Match parameters as the PRM lays them out, into the datapath's keys. */
#include <errno.h>
#include <string.h>

#include "field.h"
#include "flow.h"

enum { OUTER_LEN = 0x200 / 8, PROTO_TCP = 6, PROTO_UDP = 17, CRITERIA_OUTER = 1 };

#define OUT(name) FLD(fte_match_set_lyr_2_4, name)

static void get_mac(uint8_t mac[6], const uint8_t *p, enum field_id high, enum field_id low)
{
	uint64_t v = field_get(p, 0, high) << 16 | field_get(p, 0, low);
	unsigned int i;

	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)(v >> (40 - 8 * i));
}

/* p: outer headers. Ports: of the protocol that l4 names. */
static void parse(const uint8_t *p, struct flow_key *k, enum flow_l4 l4)
{
	memset(k, 0, sizeof(*k));
	get_mac(k->dmac, p, OUT(dmac_47_16), OUT(dmac_15_0));
	get_mac(k->smac, p, OUT(smac_47_16), OUT(smac_15_0));
	k->ethertype = (uint16_t)field_get(p, 0, OUT(ethertype));
	k->vid = (uint16_t)field_get(p, 0, OUT(first_vid));
	k->cvlan_tag = (uint8_t)field_get(p, 0, OUT(cvlan_tag));
	k->svlan_tag = (uint8_t)field_get(p, 0, OUT(svlan_tag));
	k->ip_version = (uint8_t)field_get(p, 0, OUT(ip_version));
	k->ip_protocol = (uint8_t)field_get(p, 0, OUT(ip_protocol));
	k->frag = (uint8_t)field_get(p, 0, OUT(frag));
	memcpy(k->src_ip, field_bytes(p, 0, OUT(src_ipv4_src_ipv6)), sizeof(k->src_ip));
	memcpy(k->dst_ip, field_bytes(p, 0, OUT(dst_ipv4_dst_ipv6)), sizeof(k->dst_ip));
	if (l4 == FLOW_L4_TCP) {
		k->l4_sport = (uint16_t)field_get(p, 0, OUT(tcp_sport));
		k->l4_dport = (uint16_t)field_get(p, 0, OUT(tcp_dport));
	} else if (l4 == FLOW_L4_UDP) {
		k->l4_sport = (uint16_t)field_get(p, 0, OUT(udp_sport));
		k->l4_dport = (uint16_t)field_get(p, 0, OUT(udp_dport));
	}
}

/* Outer headers, zero-extended; -EOPNOTSUPP when anything else, or what we cannot match, is set. */
static int get_outer(const void *param, size_t len, uint8_t outer[OUTER_LEN], bool strict,
		     const char **why)
{
	const struct layout *l = &layouts[LAY(fte_match_set_lyr_2_4)];
	const uint8_t *p = param;
	uint8_t rest[OUTER_LEN];
	enum field_id id;
	size_t i;

	memset(outer, 0, OUTER_LEN);
	if (len)
		memcpy(outer, p, len < OUTER_LEN ? len : OUTER_LEN);
	if (!strict)
		return 0;
	*why = "match beyond outer headers";
	for (i = OUTER_LEN; i < len; i++)
		if (p[i])
			return -EOPNOTSUPP;
	memcpy(rest, outer, OUTER_LEN);
	for (id = l->first; id < l->end; id++) {
		*why = fields[id].name;
		if (fields[id].kind == FK_ZERO && !field_is_zero(rest, 0, id))
			return -EOPNOTSUPP;
		field_clear(rest, 0, id);
	}
	*why = "reserved bits of outer headers";
	for (i = 0; i < OUTER_LEN; i++)
		if (rest[i])
			return -EOPNOTSUPP;
	return 0;
}

int flow_mask_parse(const void *mask, size_t len, uint8_t criteria, struct flow_match *match,
		    const char **why)
{
	uint8_t outer[OUTER_LEN];
	bool tcp, udp, any = false;
	size_t i;
	int err = get_outer(mask, len, outer, true, why);

	if (err)
		return err;
	for (i = 0; i < OUTER_LEN; i++)
		any |= outer[i];
	*why = "match_criteria_enable";
	if (criteria & ~CRITERIA_OUTER || (any && !(criteria & CRITERIA_OUTER)))
		return -EINVAL;
	tcp = field_get(outer, 0, OUT(tcp_sport)) || field_get(outer, 0, OUT(tcp_dport));
	udp = field_get(outer, 0, OUT(udp_sport)) || field_get(outer, 0, OUT(udp_dport));
	*why = "TCP and UDP ports in one match";
	if (tcp && udp)
		return -EINVAL;
	match->l4 = tcp ? FLOW_L4_TCP : udp ? FLOW_L4_UDP : FLOW_L4_ANY;
	parse(outer, &match->mask, match->l4);
	/* A port means its protocol. */
	if (tcp || udp)
		match->mask.ip_protocol = 0xff;
	return 0;
}

int flow_value_parse(const void *value, size_t len, const struct flow_match *match,
		     struct flow_key *key, const char **why)
{
	uint8_t proto = match->l4 == FLOW_L4_TCP   ? PROTO_TCP
			: match->l4 == FLOW_L4_UDP ? PROTO_UDP
						   : 0;
	const uint8_t *mask = (const uint8_t *)&match->mask;
	uint8_t outer[OUTER_LEN], *v = (uint8_t *)key;
	size_t i;

	get_outer(value, len, outer, false, why);
	parse(outer, key, match->l4);
	if (proto) {
		*why = "ip_protocol is not that of the ports";
		if (key->ip_protocol && key->ip_protocol != proto)
			return -EINVAL;
		key->ip_protocol = proto;
	}
	for (i = 0; i < sizeof(*key); i++)
		v[i] &= mask[i];
	return 0;
}
