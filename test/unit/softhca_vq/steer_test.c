/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive steering: reading headers, Toeplitz, rules; and the forwarding database. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "port/fdb.h"
#include "port/flow_cache.h"
#include "port/frame.h"
#include "port/rss.h"
#include "port/steer.h"

/* ---- Toeplitz: the verification suite of Microsoft's RSS documentation ---- */

static const uint8_t rss_key[RSS_KEY_LEN] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct rss_vector {
	const char *dst, *src;
	uint16_t dport, sport;
	uint32_t ip, tcp;
} rss_vectors[] = {
    {"161.142.100.80",           "66.9.149.187",                        1766,  2794,  0x323e8fc2, 0x51ccc178},
    {"65.69.140.83",             "199.92.111.2",                        4739,  14230, 0xd718262a, 0xc626b0ea},
    {"12.22.207.184",            "24.19.198.95",                        38024, 12898, 0xd2d0a5de, 0x5c2b394a},
    {"209.142.163.6",            "38.27.205.30",                        2217,  48228, 0x82989176, 0xafc7327f},
    {"202.188.127.2",            "153.39.163.191",                      1303,  44251, 0x5d1809c5, 0x10e828a2},
    {"3ffe:2501:200:3::1",       "3ffe:2501:200:1fff::7",               1766,  2794,  0x2cc18cd5, 0x40207d3d},
    {"ff02::1",		  "3ffe:501:8::260:97ff:fe40:efab",      4739,  14230, 0x0f0c461c, 0xdde51bbf},
    {"fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 38024, 44251, 0x4b61e985,
     0x02d1feef											     },
};

enum { VECTORS = sizeof(rss_vectors) / sizeof(rss_vectors[0]) };
enum { IPS = DP_HASH_SRC_IP | DP_HASH_DST_IP, PORTS = DP_HASH_SPORT | DP_HASH_DPORT };

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A frame of that flow: TCP or UDP over IPv4 or IPv6, behind tags; returns its length. */
static size_t make_frame(uint8_t *f, const struct rss_vector *v, uint8_t protocol,
			 unsigned int tags)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	bool ip6 = strchr(v->dst, ':') != NULL;
	size_t at = 12;

	memset(f, 0, 128);
	memcpy(f, macs, 12);
	for (unsigned int i = 0; i < tags; i++, at += 4) {
		put16(f + at, i + 1 < tags ? 0x88a8 : 0x8100);
		put16(f + at + 2, (uint16_t)(0x6000 | (100 + i)));
	}
	put16(f + at, ip6 ? 0x86dd : 0x0800);
	at += 2;
	if (ip6) {
		f[at] = 0x60;
		f[at + 6] = protocol;
		assert_int_equal(inet_pton(AF_INET6, v->src, f + at + 8), 1);
		assert_int_equal(inet_pton(AF_INET6, v->dst, f + at + 24), 1);
		at += 40;
	} else {
		f[at] = 0x45;
		f[at + 9] = protocol;
		assert_int_equal(inet_pton(AF_INET, v->src, f + at + 12), 1);
		assert_int_equal(inet_pton(AF_INET, v->dst, f + at + 16), 1);
		at += 20;
	}
	put16(f + at, v->sport);
	put16(f + at + 2, v->dport);
	return at + 20;
}

static void rss_hash_agrees_with_published_vectors(void **state)
{
	struct rss_table table;

	rss_table_init(&table, rss_key);
	for (unsigned int i = 0; i < VECTORS; i++) {
		const struct rss_vector *v = &rss_vectors[i];
		struct flow_key key;
		uint8_t f[128];

		frame_parse(f, make_frame(f, v, 6, 0), &key);
		assert_int_equal(rss_hash(&table, &key, IPS, false), v->ip);
		assert_int_equal(rss_hash(&table, &key, IPS | PORTS, false), v->tcp);
	}
}

static void symmetric_hash_ignores_direction(void **state)
{
	struct rss_table table;

	rss_table_init(&table, rss_key);
	for (unsigned int i = 0; i < VECTORS; i++) {
		const struct rss_vector *v = &rss_vectors[i];
		struct rss_vector back = {v->src, v->dst, v->sport, v->dport, 0, 0};
		struct flow_key there, here;
		uint8_t f[128];

		frame_parse(f, make_frame(f, v, 17, 0), &there);
		frame_parse(f, make_frame(f, &back, 17, 0), &here);
		assert_int_equal(rss_hash(&table, &there, IPS | PORTS, true),
				 rss_hash(&table, &here, IPS | PORTS, true));
		assert_int_not_equal(rss_hash(&table, &there, IPS | PORTS, false),
				     rss_hash(&table, &here, IPS | PORTS, false));
	}
}

/* ---- headers ---- */

static void tags_are_looked_through(void **state)
{
	struct flow_key key;
	uint8_t f[128];

	for (unsigned int tags = 0; tags < 3; tags++) {
		frame_parse(f, make_frame(f, &rss_vectors[0], 17, tags), &key);
		assert_int_equal(key.ethertype, 0x0800);
		assert_int_equal(key.l4_dport, 1766);
		assert_int_equal(key.vid, tags ? 100 : 0);
		assert_int_equal(key.cvlan_tag, tags == 1);
		assert_int_equal(key.svlan_tag, tags == 2);
	}
}

static void fragments_have_no_ports(void **state)
{
	struct flow_key key;
	uint8_t f[128];
	size_t len = make_frame(f, &rss_vectors[0], 17, 0);

	f[14 + 6] = 0x20; /* more fragments */
	frame_parse(f, len, &key);
	assert_int_equal(key.frag, 1);
	assert_int_equal(key.ip_protocol, 17);
	assert_int_equal(key.l4_sport, 0);
	f[14 + 6] = 0x40; /* do not fragment */
	frame_parse(f, len, &key);
	assert_int_equal(key.frag, 0);
	assert_int_equal(key.l4_sport, 2794);
}

static void extension_headers_are_looked_through(void **state)
{
	struct flow_key key;
	uint8_t f[128];

	make_frame(f, &rss_vectors[5], 60, 0);
	memset(f + 54, 0, 8);
	f[54] = 44;
	memset(f + 62, 0, 8);
	f[62] = 17;
	frame_parse(f, 100, &key);
	assert_int_equal(key.ip_protocol, 17);
	assert_int_equal(key.frag, 1);
	f[54] = 17;
	put16(f + 62, 99);
	frame_parse(f, 100, &key);
	assert_int_equal(key.frag, 0);
	assert_int_equal(key.l4_sport, 99);
}

/* Every prefix of a frame can be read; the buffer ends where the frame does. */
static void truncated_headers_are_not_read_beyond(void **state)
{
	for (unsigned int i = 0; i < VECTORS; i++) {
		for (unsigned int tags = 0; tags < 3; tags++) {
			uint8_t f[128];
			size_t len = make_frame(f, &rss_vectors[i], 6, tags);

			for (size_t cut = 14; cut <= len; cut++) {
				uint8_t *exact = test_malloc(cut);
				struct flow_key key;

				memcpy(exact, f, cut);
				frame_parse(exact, cut, &key);
				test_free(exact);
			}
		}
	}
}

/* ---- rules ---- */

/* Queues are only pointers here. */
static char queue_memory[64];

static struct vq *queue(unsigned int i)
{
	return (struct vq *)(void *)&queue_memory[i];
}

static struct vq *find(const struct rx_table *table, const uint8_t *f, size_t len)
{
	struct rx_result result;

	rx_table_find(table, f, len, RX_FROM_OTHERS, &result);
	return result.vq;
}

/* Do all frames go to one queue, whatever they look like? */
static bool single(const struct rx_table *table, bool group, int64_t self,
		   struct rx_result *result)
{
	struct rx_known nothing;

	memset(&nothing, 0, sizeof(nothing));
	nothing.group = group;
	nothing.self = self;
	return rx_table_known(table, &nothing, result);
}

static void first_matching_rule_wins(void **state)
{
	struct vq *queues[4] = {queue(0), queue(1), queue(2), queue(3)};
	struct dp_tir tir[4];
	struct dp_rx_rule rule[4];
	struct rx_table *table;
	struct rx_result result;
	uint8_t f[128];
	size_t len;

	memset(tir, 0, sizeof(tir));
	memset(rule, 0, sizeof(rule));
	for (unsigned int i = 0; i < 4; i++) {
		tir[i] = (struct dp_tir){.n = 1, .queues = &queues[i]};
		rule[i].tir = &tir[i];
	}
	rule[0].mask.vid = 0xfff;
	rule[0].value.vid = 100;
	rule[0].mask.ip_protocol = 0xff;
	rule[0].value.ip_protocol = 17;
	rule[1].mask.ip_version = rule[2].mask.ip_version = 0xf;
	rule[1].value.ip_version = rule[2].value.ip_version = 4;
	rule[1].mask.ip_protocol = 0xff;
	rule[1].value.ip_protocol = 17;
	assert_int_equal(rx_table_create(rule, 4, &table), 0);
	assert_false(single(table, false, RX_FROM_OTHERS, &result));
	len = make_frame(f, &rss_vectors[0], 17, 1);
	assert_ptr_equal(find(table, f, len), queue(0));
	len = make_frame(f, &rss_vectors[0], 17, 0);
	assert_ptr_equal(find(table, f, len), queue(1));
	len = make_frame(f, &rss_vectors[0], 6, 0);
	assert_ptr_equal(find(table, f, len), queue(2));
	len = make_frame(f, &rss_vectors[5], 17, 0);
	assert_ptr_equal(find(table, f, len), queue(3));
	rx_table_destroy(table);
	/* Without the last rule nobody takes it. */
	assert_int_equal(rx_table_create(rule, 3, &table), 0);
	assert_null(find(table, f, len));
	rx_table_destroy(table);
}

/* Protocols that are neither TCP nor UDP share a class: the rule still looks. */
static void other_protocols_are_told_apart(void **state)
{
	struct vq *queues[2] = {queue(0), queue(1)};
	struct dp_tir tir[2] = {
	    {.n = 1, .queues = &queues[0]},
            {.n = 1, .queues = &queues[1]}
        };
	struct dp_rx_rule rule[2];
	struct rx_table *table;
	uint8_t f[128];
	size_t len;

	memset(rule, 0, sizeof(rule));
	rule[0].mask.ip_protocol = 0xff;
	rule[0].value.ip_protocol = 50;
	rule[0].tir = &tir[0];
	rule[1].tir = &tir[1];
	assert_int_equal(rx_table_create(rule, 2, &table), 0);
	len = make_frame(f, &rss_vectors[0], 50, 0);
	assert_ptr_equal(find(table, f, len), queue(0));
	len = make_frame(f, &rss_vectors[0], 51, 0);
	assert_ptr_equal(find(table, f, len), queue(1));
	len = make_frame(f, &rss_vectors[0], 6, 0);
	assert_ptr_equal(find(table, f, len), queue(1));
	rx_table_destroy(table);
}

static void hash_spreads_over_the_queues(void **state)
{
	struct vq *queues[8];
	struct dp_tir tir = {.hash_fields = IPS | PORTS, .n = 8, .queues = queues};
	struct dp_rx_rule rule;
	struct rx_table *table;

	for (unsigned int i = 0; i < 8; i++)
		queues[i] = queue(i);
	memcpy(tir.key, rss_key, sizeof(tir.key));
	memset(&rule, 0, sizeof(rule));
	rule.tir = &tir;
	assert_int_equal(rx_table_create(&rule, 1, &table), 0);
	for (unsigned int i = 0; i < VECTORS; i++) {
		uint8_t f[128];
		size_t len = make_frame(f, &rss_vectors[i], 6, 0);

		assert_ptr_equal(find(table, f, len), queue(rss_vectors[i].tcp & 7));
	}
	rx_table_destroy(table);
	tir.n = 6;
	assert_int_equal(rx_table_create(&rule, 1, &table), -EINVAL);
}

static void rules_with_one_queue_need_no_look(void **state)
{
	struct vq *one = queue(1);
	struct dp_tir tir[2] = {
	    {.n = 1, .queues = &one, .hash_fields = IPS, .block_self_uc = true, .domain = 7},
	    {.n = 1, .queues = &one, .block_self_uc = true, .domain = 7},
	};
	struct dp_rx_rule rule[2];
	struct rx_result result;
	struct rx_table *table;

	memset(rule, 0, sizeof(rule));
	rule[0].mask.ip_version = 0xf;
	rule[0].value.ip_version = 4;
	rule[0].tir = &tir[0];
	rule[1].tir = &tir[1];
	assert_int_equal(rx_table_create(rule, 2, &table), 0);
	assert_true(single(table, false, RX_FROM_OTHERS, &result));
	assert_ptr_equal(result.vq, one);
	assert_true(single(table, false, 6, &result));
	assert_ptr_equal(result.vq, one);
	assert_true(single(table, false, 7, &result));
	assert_null(result.vq);
	assert_true(single(table, true, 7, &result));
	assert_ptr_equal(result.vq, one);
	rx_table_destroy(table);
	tir[1].block_self_uc = false;
	assert_int_equal(rx_table_create(rule, 2, &table), 0);
	assert_true(single(table, false, 6, &result));
	assert_false(single(table, false, 7, &result));
	rx_table_destroy(table);
}

/* Whatever the flow cache knows, the rules would have said the same. */
static void cached_answer_is_the_rules_answer(void **state)
{
	static struct flow_cache cache;
	struct vq *queues[32];
	struct dp_tir tir = {.hash_fields = IPS | PORTS, .n = 32, .queues = queues};
	struct dp_tir other = {.n = 1, .queues = &queues[7]};
	struct dp_rx_rule rule[4];
	struct rx_table *table;
	uint32_t random = 1;
	unsigned int hits = 0;

	for (unsigned int i = 0; i < 32; i++)
		queues[i] = queue(i);
	memcpy(tir.key, rss_key, sizeof(tir.key));
	memset(rule, 0, sizeof(rule));
	rule[0].mask.frag = 1;
	rule[0].value.frag = 1;
	rule[1].mask.ip_protocol = 0xff;
	rule[1].value.ip_protocol = 50;
	rule[2].mask.l4_dport = 0x700;
	rule[2].value.l4_dport = 0x600;
	rule[0].tir = rule[1].tir = rule[2].tir = &other;
	rule[3].tir = &tir;
	assert_int_equal(rx_table_create(rule, 4, &table), 0);
	for (unsigned int i = 0; i < 300000; i++) {
		static const uint8_t protocols[] = {6, 17, 1, 44};
		struct vq *known, *right;
		uint8_t f[128];
		size_t len;

		random = random * 1664525u + 1013904223u;
		len = make_frame(f, &rss_vectors[random >> 20 & 7], protocols[random >> 24 & 3],
				 random >> 28 == 3);
		/* Change one byte of the headers now and then, or cut the frame. */
		if (random >> 12 & 1)
			f[12 + (random >> 4) % (len - 12)] = (uint8_t)(random >> 16);
		if ((random >> 13 & 7) == 0)
			len = 14 + random % (len - 14);
		right = find(table, f, len);
		known = flow_cache_find(&cache, f, len);
		if (known != NULL)
			assert_ptr_equal(known, right);
		hits += known != NULL;
		flow_cache_add(&cache, f, len, right);
	}
	assert_true(hits > 1000);
	rx_table_destroy(table);
}

/* ---- forwarding database ---- */

static void flood_of_addresses_evicts_only_ones_own(void **state)
{
	struct fdb *fdb;

	assert_int_equal(fdb_create(3, &fdb), 0);
	assert_int_equal(fdb_pin(fdb, 0x99, 2), 0);
	for (uint64_t i = 0; i < FDB_PER_PORT; i++)
		fdb_learn(fdb, 0x100 + i, 0);
	for (uint64_t i = 0; i < 100000; i++)
		fdb_learn(fdb, 0x1000000 + i * 7919, 1);
	for (uint64_t i = 0; i < FDB_PER_PORT; i++)
		assert_int_equal(fdb_find(fdb, 0x100 + i), 0);
	assert_int_equal(fdb_find(fdb, 0x99), 2);
	/* Port 1 keeps its newest. */
	for (uint64_t i = 100000 - FDB_PER_PORT; i < 100000; i++)
		assert_int_equal(fdb_find(fdb, 0x1000000 + i * 7919), 1);
	assert_int_equal(fdb_find(fdb, 0x1000000), FDB_MISS);
	fdb_flush(fdb, 1);
	for (uint64_t i = 100000 - FDB_PER_PORT; i < 100000; i++)
		assert_int_equal(fdb_find(fdb, 0x1000000 + i * 7919), FDB_MISS);
	for (uint64_t i = 0; i < FDB_PER_PORT; i++)
		assert_int_equal(fdb_find(fdb, 0x100 + i), 0);
	fdb_destroy(fdb);
}

static void generations_void_cached_answers(void **state)
{
	struct fdb *fdb;
	uint32_t all, port0, port1;

	assert_int_equal(fdb_create(2, &fdb), 0);
	all = *fdb_gen(fdb);
	fdb_learn(fdb, 5, 0);
	assert_int_not_equal(*fdb_gen(fdb), all);
	all = *fdb_gen(fdb);
	port0 = *fdb_port_gen(fdb, 0);
	port1 = *fdb_port_gen(fdb, 1);
	fdb_learn(fdb, 5, 0);
	assert_int_equal(*fdb_gen(fdb), all);
	fdb_learn(fdb, 5, 1);
	assert_int_not_equal(*fdb_port_gen(fdb, 0), port0);
	assert_int_equal(*fdb_port_gen(fdb, 1), port1);
	assert_int_equal(fdb_find(fdb, 5), 1);
	/* Pinning takes it away; then it stays. */
	assert_int_equal(fdb_pin(fdb, 5, 0), 0);
	assert_int_not_equal(*fdb_port_gen(fdb, 1), port1);
	fdb_learn(fdb, 5, 1);
	assert_int_equal(fdb_find(fdb, 5), 0);
	assert_int_equal(fdb_pin(fdb, 5, 1), -EEXIST);
	assert_int_equal(fdb_pin(fdb, 6, 0), 0);
	assert_int_equal(fdb_find(fdb, 5), FDB_MISS);
	fdb_destroy(fdb);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rss_hash_agrees_with_published_vectors),
	    cmocka_unit_test(symmetric_hash_ignores_direction),
	    cmocka_unit_test(tags_are_looked_through),
	    cmocka_unit_test(fragments_have_no_ports),
	    cmocka_unit_test(extension_headers_are_looked_through),
	    cmocka_unit_test(truncated_headers_are_not_read_beyond),
	    cmocka_unit_test(first_matching_rule_wins),
	    cmocka_unit_test(other_protocols_are_told_apart),
	    cmocka_unit_test(hash_spreads_over_the_queues),
	    cmocka_unit_test(rules_with_one_queue_need_no_look),
	    cmocka_unit_test(cached_answer_is_the_rules_answer),
	    cmocka_unit_test(flood_of_addresses_evicts_only_ones_own),
	    cmocka_unit_test(generations_void_cached_answers),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
