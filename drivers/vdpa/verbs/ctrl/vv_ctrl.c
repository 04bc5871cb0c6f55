/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of commands, how one is taken, and what holds after a reset. */
#include <assert.h>
#include <string.h>

#include "vv_ctrl_priv.h"

/* The longest data of any command. */
#define ANY (VV_CTRL_COMMAND_MAX - 2)

/*
 * virtio 1.3 5.1.6.5: class and command, feature bit, bytes of data, whether an untrusted guest is
 * kept from changing what it sets, who does it. CMD as <linux/virtio_net.h> names things, NEW for
 * what it does not have yet.
 */
#define ROW(prefix, class, command, gate, min, max, trusted, handler, name)                        \
	{                                                                                          \
		prefix##class, prefix##class##_##command, VIRTIO_NET_F_##gate, min, max, trusted,  \
		    vv_ctrl_##handler, name                                                        \
	}
#define CMD(...) ROW(VIRTIO_NET_CTRL_, __VA_ARGS__)
#define NEW(...) ROW(VV_CTRL_, __VA_ARGS__)

static const struct command {
	uint8_t class, command, gate;
	uint16_t min, max;
	bool trusted;
	vv_ctrl_handler *handler;
	const char *name;
} commands[] = {
    /* clang-format off */
    CMD(RX, PROMISC,          CTRL_RX,             1,  1,   true,  rx_mode,     "rx/promisc"),
    CMD(RX, ALLMULTI,         CTRL_RX,             1,  1,   true,  rx_mode,     "rx/allmulti"),
    CMD(RX, ALLUNI,           CTRL_RX_EXTRA,       1,  1,   true,  rx_mode,     "rx/alluni"),
    CMD(RX, NOMULTI,          CTRL_RX_EXTRA,       1,  1,   true,  rx_mode,     "rx/nomulti"),
    CMD(RX, NOUNI,            CTRL_RX_EXTRA,       1,  1,   true,  rx_mode,     "rx/nouni"),
    CMD(RX, NOBCAST,          CTRL_RX_EXTRA,       1,  1,   true,  rx_mode,     "rx/nobcast"),
    CMD(MAC, TABLE_SET,       CTRL_RX,             8,  ANY, true,  mac_table,   "mac/table_set"),
    CMD(MAC, ADDR_SET,        CTRL_MAC_ADDR,       6,  6,   true,  mac_addr,    "mac/addr_set"),
    CMD(VLAN, ADD,            CTRL_VLAN,           2,  2,   true,  vlan,        "vlan/add"),
    CMD(VLAN, DEL,            CTRL_VLAN,           2,  2,   true,  vlan,        "vlan/del"),
    CMD(ANNOUNCE, ACK,        GUEST_ANNOUNCE,      0,  0,   false, announce,    "announce/ack"),
    CMD(MQ, VQ_PAIRS_SET,     MQ,                  2,  2,   false, mq_pairs,    "mq/pairs_set"),
    CMD(MQ, RSS_CONFIG,       RSS,                 13, ANY, false, mq_rss,      "mq/rss_config"),
    CMD(MQ, HASH_CONFIG,      HASH_REPORT,         13, ANY, false, mq_hash,     "mq/hash_config"),
    CMD(GUEST_OFFLOADS, SET,  CTRL_GUEST_OFFLOADS, 8,  8,   false, offloads,    "offloads/set"),
    NEW(NOTF_COAL, TX_SET,    NOTF_COAL,           8,  8,   false, coal_all,    "coal/tx_set"),
    NEW(NOTF_COAL, RX_SET,    NOTF_COAL,           8,  8,   false, coal_all,    "coal/rx_set"),
    NEW(NOTF_COAL, VQ_SET,    VQ_NOTF_COAL,        12, 12,  false, coal_set,    "coal/vq_set"),
    NEW(NOTF_COAL, VQ_GET,    VQ_NOTF_COAL,        4,  4,   false, coal_get,    "coal/vq_get"),
    NEW(STATS, QUERY,         DEVICE_STATS,        0,  0,   false, stats_query, "stats/query"),
    NEW(STATS, GET,           DEVICE_STATS,        0,  ANY, false, stats_get,   "stats/get"),
    /* clang-format on */
};

/* Commands nobody knows, by class. */
static const char *const unknown_names[] = {
    [VIRTIO_NET_CTRL_RX] = "rx/?",     [VIRTIO_NET_CTRL_MAC] = "mac/?",
    [VIRTIO_NET_CTRL_VLAN] = "vlan/?", [VIRTIO_NET_CTRL_ANNOUNCE] = "announce/?",
    [VIRTIO_NET_CTRL_MQ] = "mq/?",     [VIRTIO_NET_CTRL_GUEST_OFFLOADS] = "offloads/?",
    [VV_CTRL_NOTF_COAL] = "coal/?",    [VV_CTRL_STATS] = "stats/?",
};

static const char *const verdict_names[] = {
    [VV_CTRL_OK] = "ok",
    [VV_CTRL_TRUNCATED] = "truncated",
    [VV_CTRL_OVERLONG] = "overlong",
    [VV_CTRL_UNKNOWN] = "unknown",
    [VV_CTRL_NOT_NEGOTIATED] = "not-negotiated",
    [VV_CTRL_BAD_VALUE] = "bad-value",
    [VV_CTRL_NOT_TRUSTED] = "not-trusted",
    [VV_CTRL_NO_ROOM] = "no-room",
    [VV_CTRL_REFUSED] = "refused",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(COUNT(verdict_names) == VV_CTRL_VERDICT_N, "every verdict has a name");

const char *vv_ctrl_verdict_name(enum vv_ctrl_verdict verdict)
{
	return (unsigned int)verdict < COUNT(verdict_names) ? verdict_names[verdict] : "?";
}

static const struct command *command_find(const uint8_t *command, size_t len)
{
	unsigned int i;

	if (len < 2)
		return NULL;
	for (i = 0; i < COUNT(commands); i++)
		if (commands[i].class == command[0] && commands[i].command == command[1])
			return &commands[i];
	return NULL;
}

const char *vv_ctrl_command_name(const uint8_t *command, size_t len)
{
	const struct command *c = command_find(command, len);

	if (c)
		return c->name;
	if (len && command[0] < COUNT(unknown_names) && unknown_names[command[0]])
		return unknown_names[command[0]];
	return "?/?";
}

void vv_ctrl_reply_put(struct vv_ctrl_reply *reply, uint64_t value, size_t bytes)
{
	size_t i;

	assert(bytes <= sizeof(reply->result) - reply->len);
	for (i = 0; i < bytes; i++)
		reply->result[reply->len++] = (uint8_t)(value >> 8 * i);
}

void vv_ctrl_reset(const struct vv_ctrl_conf *conf, struct vv_ctrl_state *state)
{
	static const uint8_t none[6];
	bool addressed = memcmp(conf->mac, none, 6) != 0;

	memset(state, 0, sizeof(*state));
	memcpy(state->mac, conf->mac, 6);
	state->promisc = conf->trusted || !addressed;
	state->allmulti = !state->promisc;
	/*
	 * Multiqueue is off at first (virtio 1.3 5.1.6.5.5). Without a control queue nobody can
	 * switch it on here: then the front-end does, by the rings it enables.
	 */
	state->pairs = conf->features & VV_BIT(VIRTIO_NET_F_CTRL_VQ) ? 1 : (uint16_t)conf->pairs;
	state->offloads = conf->features & VV_GUEST_OFFLOADS;
}

enum vv_ctrl_verdict vv_ctrl_step(const struct vv_ctrl_conf *conf,
				  const struct vv_ctrl_facts *facts,
				  const struct vv_ctrl_state *now, const uint8_t *command,
				  size_t len, size_t room, struct vv_ctrl_state *next,
				  struct vv_ctrl_reply *reply)
{
	const struct command *c = command_find(command, len);
	enum vv_ctrl_verdict verdict;
	struct vv_ctrl_call call;

	assert(conf->pairs >= 1 && conf->pairs <= VV_CTRL_PAIRS_MAX);
	assert(conf->macs_max <= VV_CTRL_MACS_MAX);
	if (len < 2)
		return VV_CTRL_TRUNCATED;
	if (!c)
		return VV_CTRL_UNKNOWN;
	if (!(conf->features & VV_BIT(c->gate)))
		return VV_CTRL_NOT_NEGOTIATED;
	if (len - 2 < c->min)
		return VV_CTRL_TRUNCATED;
	if (len - 2 > c->max)
		return VV_CTRL_OVERLONG;

	memcpy(next, now, sizeof(*next)); /* not =, which may leave padding out */
	memset(reply, 0, sizeof(*reply));
	call = (struct vv_ctrl_call){
	    .conf = conf,
	    .facts = facts,
	    .command = command[1],
	    .data = command + 2,
	    .len = len - 2,
	    .room = room,
	    .next = next,
	    .reply = reply,
	};
	verdict = c->handler(&call);
	if (verdict)
		return verdict;
	/* Asking for what is so already is nobody's harm: Linux does at every open. */
	if (c->trusted && !conf->trusted && memcmp(next, now, sizeof(*next)))
		return VV_CTRL_NOT_TRUSTED;
	return reply->len > room ? VV_CTRL_NO_ROOM : VV_CTRL_OK;
}
