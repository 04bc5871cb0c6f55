/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/virtio_net.h>

#include "frame.h"

#define CLASS_NOTF_COAL 6
#define COAL_TX_SET     0
#define COAL_RX_SET     1
#define COAL_VQ_SET     2
#define COAL_VQ_GET     3
#define CLASS_STATS     8
#define STATS_QUERY     0
#define STATS_GET       1

struct parse {
	struct fe_words *w;
	struct fe_command *c;
	struct fe_rss *rss;
};

static void put(struct fe_command *c, uint64_t value, unsigned int bytes)
{
	for (; bytes > 0 && c->len < sizeof(c->bytes); bytes--, value >>= 8)
		c->bytes[c->len++] = (uint8_t)value;
}

static void begin(struct fe_command *c, uint8_t class, uint8_t command)
{
	c->len = 0;
	put(c, class, 1);
	put(c, command, 1);
}

/* The number at word i. */
static int word(const struct parse *p, unsigned int i, uint64_t *value)
{
	return i < p->w->n ? fe_word_number(p->w->word[i], UINT64_MAX, value) : -EINVAL;
}

/* NAME=NUMBER, `otherwise` if it is not there. */
static int option(const struct parse *p, const char *name, uint64_t otherwise, uint64_t *value)
{
	const char *text = fe_words_value(p->w, name);

	*value = otherwise;
	return text ? fe_word_number(text, UINT64_MAX, value) : 0;
}

/* Takes the words NAME=... that follow. */
static void drop_options(struct parse *p)
{
	while (p->w->n > 0 && strchr(p->w->word[0], '='))
		fe_words_drop(p->w, 1);
}

static int rx_mode(struct parse *p, uint8_t command)
{
	uint64_t on;

	if (word(p, 1, &on))
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_RX, command);
	put(p->c, on, 1);
	fe_words_drop(p->w, 2);
	return 0;
}

static int parse_promisc(struct parse *p)
{
	return rx_mode(p, VIRTIO_NET_CTRL_RX_PROMISC);
}

static int parse_allmulti(struct parse *p)
{
	return rx_mode(p, VIRTIO_NET_CTRL_RX_ALLMULTI);
}

static int parse_alluni(struct parse *p)
{
	return rx_mode(p, VIRTIO_NET_CTRL_RX_ALLUNI);
}

static int parse_nomulti(struct parse *p)
{
	return rx_mode(p, VIRTIO_NET_CTRL_RX_NOMULTI);
}

static int parse_nouni(struct parse *p)
{
	return rx_mode(p, VIRTIO_NET_CTRL_RX_NOUNI);
}

static int parse_nobcast(struct parse *p)
{
	return rx_mode(p, VIRTIO_NET_CTRL_RX_NOBCAST);
}

/* "-", "A,B", or "many:N" for N addresses nobody has. */
static int put_macs(struct fe_command *c, const char *text, bool multicast)
{
	uint8_t mac[FE_MAC_LEN] = {multicast ? 0x03 : 0x02, 0xfe};
	size_t count_at = c->len;
	uint64_t n = 0, many;

	put(c, 0, 4);
	if (strncmp(text, "many:", 5) == 0) {
		if (fe_word_number(text + 5, 2500, &many))
			return -EINVAL;
		for (; n < many; n++) {
			mac[4] = (uint8_t)(n >> 8);
			mac[5] = (uint8_t)n;
			for (unsigned int i = 0; i < FE_MAC_LEN; i++)
				put(c, mac[i], 1);
		}
	} else if (strcmp(text, "-") != 0) {
		for (;; text += 18, n++) {
			char one[18] = "";

			strncpy(one, text, 17);
			if (fe_mac_parse(one, mac))
				return -EINVAL;
			for (unsigned int i = 0; i < FE_MAC_LEN; i++)
				put(c, mac[i], 1);
			if (text[17] != ',')
				break;
		}
		if (text[17])
			return -EINVAL;
		n++;
	}
	for (unsigned int i = 0; i < 4; i++)
		c->bytes[count_at + i] = (uint8_t)(n >> 8 * i);
	return 0;
}

static int parse_macs(struct parse *p)
{
	begin(p->c, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET);
	if (p->w->n < 3 || put_macs(p->c, p->w->word[1], false) ||
	    put_macs(p->c, p->w->word[2], true))
		return -EINVAL;
	fe_words_drop(p->w, 3);
	return 0;
}

static int parse_mac(struct parse *p)
{
	uint8_t mac[FE_MAC_LEN];

	if (p->w->n < 2 || fe_mac_parse(p->w->word[1], mac))
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET);
	for (unsigned int i = 0; i < FE_MAC_LEN; i++)
		put(p->c, mac[i], 1);
	fe_words_drop(p->w, 2);
	return 0;
}

static int parse_vlan(struct parse *p)
{
	uint64_t id;
	bool add;

	if (word(p, 2, &id))
		return -EINVAL;
	add = strcmp(p->w->word[1], "add") == 0;
	if (!add && strcmp(p->w->word[1], "del") != 0)
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_VLAN,
	      add ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL);
	put(p->c, id, 2);
	fe_words_drop(p->w, 3);
	return 0;
}

static int parse_announce(struct parse *p)
{
	begin(p->c, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK);
	fe_words_drop(p->w, 1);
	return 0;
}

static int parse_pairs(struct parse *p)
{
	uint64_t pairs;

	if (word(p, 1, &pairs))
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET);
	put(p->c, pairs, 2);
	fe_words_drop(p->w, 2);
	return 0;
}

/* The key everybody knows, of the first RSS specification; 40 bytes. */
static const uint8_t well_known[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
				       0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
				       0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
				       0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static int parse_key(const struct parse *p, struct fe_rss *rss)
{
	const char *text = fe_words_value(p->w, "key");
	size_t len;

	if (!text || strcmp(text, "default") == 0) {
		memcpy(rss->key, well_known, sizeof(well_known));
		rss->key_len = sizeof(well_known);
		return 0;
	}
	if (fe_word_hex(text, rss->key, sizeof(rss->key), &len))
		return -EINVAL;
	rss->key_len = (unsigned int)len;
	return 0;
}

static int parse_rss(struct parse *p)
{
	const char *text = fe_words_value(p->w, "table");
	uint64_t table[256] = {0}, types, mask, unclassified, max_tx;
	unsigned int listed = 0, i;
	struct fe_rss rss = {0};

	fe_words_drop(p->w, 1);
	if (!text || fe_word_numbers(text, UINT16_MAX, table, 256, &listed) ||
	    option(p, "types", 0x3f, &types) || option(p, "mask", listed - 1, &mask) ||
	    option(p, "unclassified", 0, &unclassified) || option(p, "max-tx", 1, &max_tx) ||
	    parse_key(p, &rss) || mask > 255)
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG);
	put(p->c, types, 4);
	put(p->c, mask, 2);
	put(p->c, unclassified, 2);
	/* A list shorter than the mask says is repeated. */
	rss.entries = (unsigned int)mask + 1;
	for (i = 0; i < rss.entries; i++) {
		rss.table[i] = (uint16_t)table[i % listed];
		put(p->c, rss.table[i], 2);
	}
	put(p->c, max_tx, 2);
	put(p->c, rss.key_len, 1);
	for (i = 0; i < rss.key_len; i++)
		put(p->c, rss.key[i], 1);
	rss.types = (uint32_t)types;
	rss.unclassified = (uint16_t)unclassified;
	*p->rss = rss;
	drop_options(p);
	return 0;
}

static int parse_hash(struct parse *p)
{
	struct fe_rss rss = {0};
	uint64_t types;

	fe_words_drop(p->w, 1);
	if (option(p, "types", 0x3f, &types) || parse_key(p, &rss))
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG);
	put(p->c, types, 4);
	put(p->c, 0, 8);
	put(p->c, rss.key_len, 1);
	for (unsigned int i = 0; i < rss.key_len; i++)
		put(p->c, rss.key[i], 1);
	drop_options(p);
	return 0;
}

static int parse_offloads(struct parse *p)
{
	uint64_t bits;

	if (word(p, 1, &bits))
		return -EINVAL;
	begin(p->c, VIRTIO_NET_CTRL_GUEST_OFFLOADS, VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET);
	put(p->c, bits, 8);
	fe_words_drop(p->w, 2);
	return 0;
}

static int parse_coal(struct parse *p)
{
	uint64_t packets, usecs, vq;

	if (p->w->n < 2 || option(p, "packets", 0, &packets) || option(p, "usecs", 0, &usecs) ||
	    option(p, "vq", 0, &vq))
		return -EINVAL;
	if (strcmp(p->w->word[1], "rx") == 0)
		begin(p->c, CLASS_NOTF_COAL, COAL_RX_SET);
	else if (strcmp(p->w->word[1], "tx") == 0)
		begin(p->c, CLASS_NOTF_COAL, COAL_TX_SET);
	else if (fe_words_value(p->w, "vq"))
		begin(p->c, CLASS_NOTF_COAL, COAL_VQ_SET);
	else
		return -EINVAL;
	if (p->c->bytes[1] == COAL_VQ_SET) {
		put(p->c, vq, 2);
		put(p->c, 0, 2);
		fe_words_drop(p->w, 1);
	} else {
		fe_words_drop(p->w, 2);
	}
	put(p->c, packets, 4);
	put(p->c, usecs, 4);
	drop_options(p);
	return 0;
}

static int parse_coal_get(struct parse *p)
{
	uint64_t vq;

	if (word(p, 1, &vq))
		return -EINVAL;
	begin(p->c, CLASS_NOTF_COAL, COAL_VQ_GET);
	put(p->c, vq, 2);
	put(p->c, 0, 2);
	p->c->room = 8;
	fe_words_drop(p->w, 2);
	return 0;
}

static int parse_stats_query(struct parse *p)
{
	begin(p->c, CLASS_STATS, STATS_QUERY);
	p->c->room = 8;
	fe_words_drop(p->w, 1);
	return 0;
}

/* "VQ:TYPES", several of them. */
static int parse_stats_get(struct parse *p)
{
	begin(p->c, CLASS_STATS, STATS_GET);
	p->c->room = 512;
	fe_words_drop(p->w, 1);
	for (; p->w->n > 0 && strchr(p->w->word[0], ':'); fe_words_drop(p->w, 1)) {
		char *colon = strchr(p->w->word[0], ':');
		uint64_t vq, types;

		*colon = '\0';
		if (fe_word_number(p->w->word[0], UINT16_MAX, &vq) ||
		    fe_word_number(colon + 1, UINT64_MAX, &types))
			return -EINVAL;
		put(p->c, vq, 2);
		put(p->c, 0, 6);
		put(p->c, types, 8);
	}
	return 0;
}

/* Bytes as they are; "-": none. */
static int parse_raw(struct parse *p)
{
	p->c->len = 0;
	if (p->w->n < 2 ||
	    (strcmp(p->w->word[1], "-") != 0 &&
	     fe_word_hex(p->w->word[1], p->c->bytes, sizeof(p->c->bytes), &p->c->len)))
		return -EINVAL;
	fe_words_drop(p->w, 2);
	return 0;
}

static const struct {
	const char *name, *usage;
	int (*parse)(struct parse *p);
} commands[] = {
    /* clang-format off */
    {"promisc", "promisc 0|1", parse_promisc},
    {"allmulti", "allmulti 0|1", parse_allmulti},
    {"alluni", "alluni 0|1", parse_alluni},
    {"nomulti", "nomulti 0|1", parse_nomulti},
    {"nouni", "nouni 0|1", parse_nouni},
    {"nobcast", "nobcast 0|1", parse_nobcast},
    {"macs", "macs -|A,B..|many:N -|A,B..|many:N", parse_macs},
    {"mac", "mac ADDRESS", parse_mac},
    {"vlan", "vlan add|del ID", parse_vlan},
    {"announce", "announce", parse_announce},
    {"pairs", "pairs N", parse_pairs},
    {"rss", "rss table=A,B.. [types=N] [mask=N] [unclassified=N] [max-tx=N] [key=HEX]", parse_rss},
    {"hash", "hash [types=N] [key=HEX]", parse_hash},
    {"offloads", "offloads BITS", parse_offloads},
    {"coal", "coal rx|tx|vq=N [packets=N] [usecs=N]", parse_coal},
    {"coal-get", "coal-get VQ", parse_coal_get},
    {"stats-query", "stats-query", parse_stats_query},
    {"stats-get", "stats-get VQ:TYPES..", parse_stats_get},
    {"raw", "raw HEX|-", parse_raw},
    /* clang-format on */
};

/* For all of them: another number of writable bytes, bytes left out or more of them behind. */
struct twists {
	uint64_t room, cut, more;
};

static int parse_twists(struct parse *p, struct twists *t)
{
	return option(p, "room", UINT64_MAX, &t->room) || option(p, "cut", 0, &t->cut) ||
		       option(p, "more", 0, &t->more) || t->more > sizeof(p->c->bytes)
		   ? -EINVAL
		   : 0;
}

static int twist(struct parse *p, const struct twists *t)
{
	uint64_t room = t->room == UINT64_MAX ? p->c->room : t->room;

	if (room > FE_CTRL_RESULT_MAX || t->cut > p->c->len)
		return -EINVAL;
	p->c->room = room;
	p->c->len -= t->cut;
	for (uint64_t i = 0; i < t->more; i++)
		put(p->c, 0, 1);
	drop_options(p);
	if (p->w->n > 0 && strcmp(p->w->word[0], "no-ack") == 0) {
		p->c->no_ack = true;
		fe_words_drop(p->w, 1);
	}
	return 0;
}

int fe_command_parse(struct fe_words *w, struct fe_command *command, struct fe_rss *rss,
		     const char **why)
{
	struct parse p = {w, command, rss};
	struct twists t;

	if (w->n == 0)
		return -ENOENT;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, w->word[0]) != 0)
			continue;
		*why = commands[i].usage;
		command->room = 0;
		command->no_ack = false;
		return parse_twists(&p, &t) || commands[i].parse(&p) || twist(&p, &t) ? -EINVAL : 0;
	}
	return -ENOENT;
}

void fe_answer_text(const struct fe_answer *answer, char *text, size_t room)
{
	const char *ack = answer->ack < 0                 ? "empty"
			  : answer->ack == VIRTIO_NET_OK  ? "ok"
			  : answer->ack == VIRTIO_NET_ERR ? "err"
							  : "neither";
	int at = snprintf(text, room, "%s", ack);

	if (answer->result_len > 0)
		at += snprintf(text + at, room - (size_t)at, " ");
	for (size_t i = 0; i < answer->result_len && (size_t)at + 3 < room; i++)
		at += snprintf(text + at, room - (size_t)at, "%02x", answer->result[i]);
}
