/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control plane of a virtio-net device as a value: what the guest has asked for by its control
 * queue, and what the next command makes of it (virtio 1.3 5.1.6.5).
 *
 * A command is a pure function from one state to the next: it is checked as a whole, and either
 * gives a whole new state and an answer, or ERR and nothing. Bringing the NIC from one state to the
 * other is somebody else's (vv_dev_ctrl.c), and may still fail; then the state stays what it was.
 * So the state always is what the NIC does, and can be shown, saved and replayed.
 *
 * Numbers in commands are little-endian: guests with VERSION_1 by specification, legacy guests as
 * only those of our own byte order are served.
 *
 * Threads: pure functions. The caller owns all structs; nothing here allocates.
 */
#ifndef VV_CTRL_H
#define VV_CTRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../vv_virtio.h"

enum {
	VV_CTRL_PAIRS_MAX = 127,
	VV_CTRL_MACS_MAX = 64, /* of each kind, in the largest table there is */
	VV_CTRL_RSS_TABLE_MAX = 128,
	VV_CTRL_RSS_KEY_MAX = 40,
	VV_CTRL_COAL_PACKETS_MAX = 0xffff, /* queue_max_count of a queue object */
	VV_CTRL_COAL_USECS_MAX = 0xfff,    /* queue_period_us */
	/*
	 * The longest command taken: a MAC table of 2 * VV_CTRL_MACS_MAX, and 8 times as many more to
	 * be told that it overflows; the rest is refused as too long.
	 */
	VV_CTRL_COMMAND_MAX = 8192,
	VV_CTRL_RESULT_MAX = 256,
};

/* What NICs of this kind can hash: RSS types without those that look at IPv6 extensions. */
#define VV_CTRL_HASH_TYPES 0x3fu

struct vv_ctrl_macs {
	uint16_t n; /* entries of addr that count; 0 with overflow */
	bool overflow;
	uint8_t addr[VV_CTRL_MACS_MAX][6];
};

struct vv_ctrl_rss {
	uint32_t hash_types;
	uint16_t table_len; /* a power of two */
	uint16_t unclassified;
	uint16_t max_tx;
	uint8_t key_len;
	uint8_t key[VV_CTRL_RSS_KEY_MAX];
	uint16_t table[VV_CTRL_RSS_TABLE_MAX]; /* receive queues by pair: 0.. */
};

struct vv_ctrl_coal {
	uint32_t packets, usecs;
};

/* Plain data without pointers; compared and copied as bytes, so always zeroed before it is filled. */
struct vv_ctrl_state {
	uint8_t mac[6]; /* zero: the device has none of its own */
	bool promisc, allmulti, alluni, nomulti, nouni, nobcast;
	struct vv_ctrl_macs uni, multi;
	uint64_t vlans[VV_VLANS / 64]; /* bit vid % 64 of word vid / 64: tagged frames taken */
	bool announce;                 /* the guest is asked to announce itself and has not yet */
	bool rss_active;               /* the last MQ command was RSS_CONFIG */
	uint16_t pairs;                /* in use when !rss_active */
	struct vv_ctrl_rss rss;        /* when rss_active; also the key of HASH_CONFIG */
	uint64_t offloads;             /* GUEST_* bits in force */
	struct vv_ctrl_coal coal_rx, coal_tx;              /* of NOTF_COAL, for all queues */
	struct vv_ctrl_coal coal[2 * VV_CTRL_PAIRS_MAX];   /* in force, by ring */
};

/* What holds from one reset to the next. */
struct vv_ctrl_conf {
	uint64_t features;  /* negotiated */
	unsigned int pairs; /* as the guest knows the device: max_virtqueue_pairs, or 1 */
	uint8_t mac[6];     /* provisioned; zero: none */
	bool trusted;       /* may the guest choose what it receives? */
	/* Of each kind in a MAC table, up to VV_CTRL_MACS_MAX; more: all of that kind, visibly. */
	unsigned int macs_max;
	uint32_t hash_types; /* supported */
};

/* Facts that answers need. */
struct vv_ctrl_facts {
	uint64_t commands, commands_ok; /* on this control queue, this one not counted */
	const bool *enabled;            /* rings, 2 * conf->pairs of them: those a guest may address */
};

/* Why a command was refused; one counter each. */
enum vv_ctrl_verdict {
	VV_CTRL_OK,
	VV_CTRL_TRUNCATED,      /* shorter than it says or must be */
	VV_CTRL_OVERLONG,       /* bytes behind its end */
	VV_CTRL_UNKNOWN,        /* no such class or command */
	VV_CTRL_NOT_NEGOTIATED, /* its feature bit is not */
	VV_CTRL_BAD_VALUE,
	VV_CTRL_NOT_TRUSTED,
	VV_CTRL_NO_ROOM, /* the result does not fit in what the guest left for it */
	VV_CTRL_REFUSED, /* the NIC did not take it: said by the caller */
	VV_CTRL_VERDICT_N,
};

const char *vv_ctrl_verdict_name(enum vv_ctrl_verdict verdict);

/* Of the command in these bytes, "mq/pairs_set"; "?" parts for what is unknown. Static storage. */
const char *vv_ctrl_command_name(const uint8_t *command, size_t len);

struct vv_ctrl_reply {
	size_t len; /* bytes of result, behind the ack */
	uint8_t result[VV_CTRL_RESULT_MAX];
};

/*
 * After a reset, and at the beginning: no filters of the guest's own. A trusted guest receives all
 * until it says otherwise (front-ends that answer the control queue themselves rely on it); an
 * untrusted one receives what is for its provisioned address, and all multicast; without an address
 * there is nothing to tell frames by, and it receives all. One pair is in use; all of them if there
 * is no control queue, as then the front-end says so by the rings it enables.
 */
void vv_ctrl_reset(const struct vv_ctrl_conf *conf, struct vv_ctrl_state *state);

/*
 * command: a private copy, class and command first. room: bytes the guest left behind the ack.
 * On VV_CTRL_OK next is the whole new state (equal to now if nothing changes); otherwise next and
 * reply are undefined, and the answer is ERR.
 */
enum vv_ctrl_verdict vv_ctrl_step(const struct vv_ctrl_conf *conf, const struct vv_ctrl_facts *facts,
				  const struct vv_ctrl_state *now, const uint8_t *command,
				  size_t len, size_t room, struct vv_ctrl_state *next,
				  struct vv_ctrl_reply *reply);

/*
 * Is it a state that a guest which negotiated conf can have brought itself to, by commands or, a
 * legacy one, by writing its address? clean: the same, to compare as bytes; where there are more
 * addresses than conf has room for, all of that kind. -EINVAL: it is not, and why says what; -EPERM:
 * only a trusted one could have.
 */
int vv_ctrl_check(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state,
		  struct vv_ctrl_state *clean, char *why, size_t why_len);

/*
 * How many pairs are in use: 1 to conf->pairs. With RSS a pair is in use if the guest may send on
 * it, or frames are received by it.
 */
unsigned int vv_ctrl_pairs(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state);

/* After how much a ring tells of used buffers; both zero: of each at once. */
struct vv_ctrl_coal vv_ctrl_coal(const struct vv_ctrl_state *state, unsigned int ring);

#endif
