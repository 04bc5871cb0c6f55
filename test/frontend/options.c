/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_script.h"
#include "feature_names.h"
#include "help.h"
#include "log.h"
#include "offload.h"

enum {
	OPT_SOCKET = 256,
	OPT_LISTEN,
	OPT_PEER_SOCKET,
	OPT_LAYOUT,
	OPT_LEGACY,
	OPT_PAIRS,
	OPT_RING_SIZE,
	OPT_REGIONS,
	OPT_AVOID_ZERO,
	OPT_CHAIN,
	OPT_MERGEABLE,
	OPT_RX_BUFFER,
	OPT_HOST_MTU,
	OPT_OFFLOAD,
	OPT_PEER_OFFLOAD,
	OPT_GSO_MAX,
	OPT_MSS,
	OPT_EVENT_IDX,
	OPT_NOTIFIER,
	OPT_NO_START_KICK,
	OPT_WITHOUT,
	OPT_SIZE,
	OPT_FRAMES,
	OPT_SECONDS,
	OPT_FLOWS,
	OPT_WINDOW,
	OPT_SEED,
	OPT_MAC,
	OPT_PEER_MAC,
	OPT_DUPLEX,
	OPT_ANNOUNCE,
	OPT_INTERRUPT,
	OPT_RESTARTS,
	OPT_RESTART_AT,
	OPT_MIGRATE,
	OPT_RECONNECT,
	OPT_STALL,
	OPT_TIMEOUT,
	OPT_REFLECT,
	OPT_BENCH,
	OPT_BATCH,
	OPT_MISBEHAVE,
	OPT_RECHECK,
	OPT_LIST,
	OPT_CONTROL,
	OPT_COMMANDS,
	OPT_CONTROL_BENCH,
	OPT_CONTROL_RING,
	OPT_GAP,
	OPT_FEATURES,
	OPT_WELCOME,
	OPT_FRAMING,
};

static const struct option long_options[] = {
    {"socket",             required_argument, NULL, OPT_SOCKET       },
    {"listen",             no_argument,       NULL, OPT_LISTEN       },
    {"peer-socket",        required_argument, NULL, OPT_PEER_SOCKET  },
    {"layout",             required_argument, NULL, OPT_LAYOUT       },
    {"legacy",             no_argument,       NULL, OPT_LEGACY       },
    {"pairs",	      required_argument, NULL, OPT_PAIRS        },
    {"ring-size",          required_argument, NULL, OPT_RING_SIZE    },
    {"regions",            required_argument, NULL, OPT_REGIONS      },
    {"avoid-zero",         no_argument,       NULL, OPT_AVOID_ZERO   },
    {"chain",	      required_argument, NULL, OPT_CHAIN        },
    {"mergeable",          no_argument,       NULL, OPT_MERGEABLE    },
    {"rx-buffer",          required_argument, NULL, OPT_RX_BUFFER    },
    {"host-mtu",           required_argument, NULL, OPT_HOST_MTU     },
    {"offload",            required_argument, NULL, OPT_OFFLOAD      },
    {"peer-offload",       required_argument, NULL, OPT_PEER_OFFLOAD },
    {"gso-max",            required_argument, NULL, OPT_GSO_MAX      },
    {"mss",		required_argument, NULL, OPT_MSS          },
    {"event-idx",          no_argument,       NULL, OPT_EVENT_IDX    },
    {"notifier",           no_argument,       NULL, OPT_NOTIFIER     },
    {"no-start-kick",      no_argument,       NULL, OPT_NO_START_KICK},
    {"without",            required_argument, NULL, OPT_WITHOUT      },
    {"size",	       required_argument, NULL, OPT_SIZE         },
    {"frames",             required_argument, NULL, OPT_FRAMES       },
    {"seconds",            required_argument, NULL, OPT_SECONDS      },
    {"flows",	      required_argument, NULL, OPT_FLOWS        },
    {"window",             required_argument, NULL, OPT_WINDOW       },
    {"seed",	       required_argument, NULL, OPT_SEED         },
    {"mac",		required_argument, NULL, OPT_MAC          },
    {"peer-mac",           required_argument, NULL, OPT_PEER_MAC     },
    {"duplex",             no_argument,       NULL, OPT_DUPLEX       },
    {"announce",           no_argument,       NULL, OPT_ANNOUNCE     },
    {"interrupt",          no_argument,       NULL, OPT_INTERRUPT    },
    {"migrate",            required_argument, NULL, OPT_MIGRATE      },
    {"restarts",           required_argument, NULL, OPT_RESTARTS     },
    {"restart-at",         required_argument, NULL, OPT_RESTART_AT   },
    {"reconnect",          optional_argument, NULL, OPT_RECONNECT    },
    {"stall-ms",           required_argument, NULL, OPT_STALL        },
    {"timeout-ms",         required_argument, NULL, OPT_TIMEOUT      },
    {"reflect",            no_argument,       NULL, OPT_REFLECT      },
    {"bench",	      no_argument,       NULL, OPT_BENCH        },
    {"batch",	      required_argument, NULL, OPT_BATCH        },
    {"misbehave",          required_argument, NULL, OPT_MISBEHAVE    },
    {"recheck",            no_argument,       NULL, OPT_RECHECK      },
    {"list-misbehaviours", no_argument,       NULL, OPT_LIST         },
    {"control",            required_argument, NULL, OPT_CONTROL      },
    {"commands",           required_argument, NULL, OPT_COMMANDS     },
    {"control-bench",      required_argument, NULL, OPT_CONTROL_BENCH},
    {"control-ring",       required_argument, NULL, OPT_CONTROL_RING },
    {"gap-us",             required_argument, NULL, OPT_GAP          },
    {"features",           required_argument, NULL, OPT_FEATURES     },
    {"welcome",            required_argument, NULL, OPT_WELCOME      },
    {"framing",            required_argument, NULL, OPT_FRAMING      },
    {"json",	       no_argument,       NULL, 'j'              },
    {"verbose",            no_argument,       NULL, 'v'              },
    {"help",	       optional_argument, NULL, 'h'              },
    {NULL,		 0,		 NULL, 0                },
};

static int bad(const char *option, const char *value)
{
	fe_error("--%s %s: not valid; --help explains it", option, value);
	return -EINVAL;
}

static int parse_u64(const char *option, const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || end == text || *end || text[0] == '-' || *value > max)
		return bad(option, text);
	return 0;
}

static int parse_uint(const char *option, const char *text, unsigned int max, unsigned int *value)
{
	uint64_t wide;
	int err = parse_u64(option, text, max, &wide);

	if (!err)
		*value = (unsigned int)wide;
	return err;
}

/* "N" or "MIN-MAX" */
static int parse_range(const char *option, const char *text, unsigned int *min, unsigned int *max)
{
	char rest;
	int got = sscanf(text, "%5u-%5u%c", min, max, &rest);

	if (got == 1 && !strchr(text, '-'))
		*max = *min;
	else if (got != 2)
		return bad(option, text);
	return *min > 0 && *min <= *max ? 0 : bad(option, text);
}

static int parse_layout(const char *text, enum fe_layout *layout)
{
	if (strcmp(text, "split") == 0)
		*layout = FE_SPLIT;
	else if (strcmp(text, "packed") == 0)
		*layout = FE_PACKED;
	else
		return bad("layout", text);
	return 0;
}

/* Protocol features to decline, by name and separated by commas. */
static int parse_without(const char *text, uint64_t *mask)
{
	static const struct {
		const char *name;
		enum fe_vu_protocol_feature bit;
	} known[] = {
	    {"mq",          FE_VU_PROTOCOL_MQ         },
	    {"reply-ack",   FE_VU_PROTOCOL_REPLY_ACK  },
	    {"backend-req", FE_VU_PROTOCOL_BACKEND_REQ},
	    {"status",      FE_VU_PROTOCOL_STATUS     },
	};
	size_t i, len;

	for (; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strlen(known[i].name) == len && !strncmp(known[i].name, text, len))
				break;
		if (i == sizeof(known) / sizeof(known[0]))
			return bad("without", text);
		*mask |= 1ull << known[i].bit;
	}
	return 0;
}

static int parse_device_option(int opt, const char *arg, struct fe_options *o)
{
	struct fe_dev_config *d = &o->dev;
	unsigned int number = 0;
	int err;

	switch (opt) {
	case OPT_SOCKET:
		d->path = arg;
		return 0;
	case OPT_LISTEN:
		d->listen = true;
		return 0;
	case OPT_LAYOUT:
		return parse_layout(arg, &d->layout);
	case OPT_LEGACY:
		d->legacy = true;
		return 0;
	case OPT_PAIRS:
		return parse_uint("pairs", arg, FE_MAX_PAIRS, &d->pairs);
	case OPT_RING_SIZE:
		return parse_uint("ring-size", arg, 32768, &d->ring_size);
	case OPT_REGIONS:
		return parse_uint("regions", arg, FE_MEM_MAX_REGIONS, &d->regions);
	case OPT_AVOID_ZERO:
		d->avoid_zero = true;
		return 0;
	case OPT_CHAIN:
		return parse_range("chain", arg, &d->chain_min, &d->chain_max);
	case OPT_MERGEABLE:
		d->mergeable = true;
		return 0;
	case OPT_RX_BUFFER:
		return parse_uint("rx-buffer", arg, FE_FRAME_LONGEST, &d->rx_buffer);
	case OPT_HOST_MTU:
		err = parse_uint("host-mtu", arg, UINT16_MAX, &number);
		d->host_mtu = (uint16_t)number;
		return err;
	case OPT_OFFLOAD:
		return fe_offload_parse(arg, &d->offloads) ? bad("offload", arg) : 0;
	case OPT_EVENT_IDX:
		d->event_idx = true;
		return 0;
	case OPT_NOTIFIER:
		d->notifier = true;
		return 0;
	case OPT_NO_START_KICK:
		d->no_start_kick = true;
		return 0;
	case OPT_WITHOUT:
		return parse_without(arg, &d->without_protocol);
	case OPT_TIMEOUT:
		return parse_uint("timeout-ms", arg, 600000, &d->timeout_ms);
	default:
		return 1;
	}
}

static int parse_migrate(const char *text, enum fe_migrate_mode *mode)
{
	if (strcmp(text, "on") == 0)
		*mode = FE_MIGRATE_ON;
	else if (strcmp(text, "live") == 0)
		*mode = FE_MIGRATE_LIVE;
	else if (strcmp(text, "toggle") == 0)
		*mode = FE_MIGRATE_TOGGLE;
	else
		return bad("migrate", text);
	return 0;
}

static int parse_traffic_option(int opt, const char *arg, struct fe_options *o)
{
	switch (opt) {
	case OPT_PEER_SOCKET:
		o->peer_socket = arg;
		return 0;
	case OPT_PEER_OFFLOAD:
		return fe_offload_parse(arg, &o->peer_offloads) ? bad("peer-offload", arg) : 0;
	case OPT_GSO_MAX:
		return parse_uint("gso-max", arg, FE_GSO_MAX, &o->gso_max);
	case OPT_MSS:
		return parse_range("mss", arg, &o->mss_min, &o->mss_max);
	case OPT_SIZE:
		return parse_range("size", arg, &o->size_min, &o->size_max);
	case OPT_FRAMES:
		return parse_u64("frames", arg, UINT32_MAX, &o->frames);
	case OPT_SECONDS:
		return parse_uint("seconds", arg, 86400, &o->seconds);
	case OPT_FLOWS:
		return parse_uint("flows", arg, 10000, &o->flows);
	case OPT_WINDOW:
		return parse_uint("window", arg, 1u << 20, &o->window);
	case OPT_SEED:
		return parse_u64("seed", arg, UINT64_MAX, &o->seed);
	case OPT_MAC:
		return fe_mac_parse(arg, o->mac) ? bad("mac", arg) : 0;
	case OPT_PEER_MAC:
		return fe_mac_parse(arg, o->peer_mac) ? bad("peer-mac", arg) : 0;
	case OPT_DUPLEX:
		o->duplex = true;
		return 0;
	case OPT_ANNOUNCE:
		o->announce = true;
		return 0;
	case OPT_INTERRUPT:
		o->interrupt = true;
		return 0;
	case OPT_MIGRATE:
		return parse_migrate(arg, &o->migrate);
	case OPT_RESTARTS:
		return parse_uint("restarts", arg, 100000, &o->restarts);
	case OPT_RESTART_AT:
		o->restart_at = arg;
		return 0;
	case OPT_RECONNECT:
		o->reconnect_ms = 30000;
		return arg ? parse_uint("reconnect", arg, 600000, &o->reconnect_ms) : 0;
	case OPT_STALL:
		return parse_uint("stall-ms", arg, 600000, &o->stall_ms);
	default:
		return 1;
	}
}

/* Any of these makes a device with a control queue. */
static int parse_control_option(int opt, const char *arg, struct fe_options *o)
{
	struct fe_dev_config *d = &o->dev;

	switch (opt) {
	case OPT_CONTROL:
		o->mode = FE_MODE_CONTROL;
		o->script = arg;
		break;
	case OPT_COMMANDS:
		o->script = arg;
		break;
	case OPT_CONTROL_BENCH:
		o->mode = FE_MODE_CONTROL_BENCH;
		d->control = true;
		return parse_uint("control-bench", arg, 10000000, &o->control_bench);
	case OPT_CONTROL_RING:
		return parse_uint("control-ring", arg, 32768, &d->control_ring);
	case OPT_GAP:
		return parse_uint("gap-us", arg, 999999, &o->gap_us);
	case OPT_FEATURES:
		return fe_features_parse(arg, &d->take) ? bad("features", arg) : 0;
	case OPT_WELCOME:
		return fe_features_parse(arg, &d->welcome) ? bad("welcome", arg) : 0;
	case OPT_FRAMING:
		return fe_framing_parse(arg, &d->framing) ? bad("framing", arg) : 0;
	default:
		return 1;
	}
	d->control = true;
	return 0;
}

static int parse_mode_option(int opt, const char *arg, struct fe_options *o)
{
	switch (opt) {
	case OPT_REFLECT:
		o->mode = FE_MODE_REFLECT;
		return 0;
	case OPT_BENCH:
		o->mode = FE_MODE_BENCH;
		return 0;
	case OPT_BATCH:
		return parse_uint("batch", arg, 1024, &o->batch);
	case OPT_MISBEHAVE:
		o->mode = FE_MODE_MISBEHAVE;
		o->misbehave = arg;
		return 0;
	case OPT_RECHECK:
		o->recheck = true;
		return 0;
	case OPT_LIST:
		o->mode = FE_MODE_LIST;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'v':
		fe_log_level = fe_log_level < FE_LOG_INFO ? FE_LOG_INFO : FE_LOG_TRACE;
		return 0;
	case 'h':
		fputs(arg && strcmp(arg, "control") == 0 ? fe_script_help : fe_help, stdout);
		return 1;
	default:
		return -EINVAL; /* getopt has said why */
	}
}

static int require(bool condition, const char *text)
{
	if (condition)
		return 0;
	fe_error("%s", text);
	return -EINVAL;
}

static int complete(struct fe_options *o, unsigned int arguments_left)
{
	struct fe_ring_layout need;
	int err = 0;

	if (o->mode == FE_MODE_LIST)
		return 0;
	if (o->stall_ms == 0)
		o->stall_ms = o->mode == FE_MODE_MISBEHAVE ? 300 : 1000;
	/* A legacy device may insist on the header in a descriptor of its own. */
	if (o->dev.chain_min == 0)
		o->dev.chain_min = o->dev.chain_max = o->dev.legacy ? 2 : 1;
	if (o->frames == 0 && o->seconds == 0)
		o->frames = o->mode == FE_MODE_TRAFFIC     ? 100000
			    : o->mode == FE_MODE_MISBEHAVE ? 2000
							   : 0;
	o->dev.dirty_log = o->migrate != FE_MIGRATE_NO;
	if (o->peer_offloads == UINT64_MAX)
		o->peer_offloads = o->dev.offloads;
	if (!o->dev.control)
		o->dev.welcome = 0;
	o->dev.control_seed = o->seed;
	o->dev.frame_max = o->size_max > 1514 ? o->size_max : 1514;
	err |= require(arguments_left == 0, "an argument without an option");
	err |= require(o->dev.path, "--socket PATH is needed");
	err |= require(o->size_min >= FE_FRAME_MIN && o->size_max <= FE_FRAME_LONGEST,
		       "--size: from 58 to 65472");
	err |= require(o->dev.pairs && o->dev.regions && o->flows && o->batch,
		       "--pairs, --regions, --flows, --batch: at least 1");
	err |= require(!fe_ring_layout(o->dev.layout, o->dev.ring_size, &need),
		       "--ring-size: 1 to 32768, split rings a power of two");
	err |= require(!(o->dev.legacy && o->dev.layout == FE_PACKED),
		       "--legacy: only split rings exist");
	err |= require(o->dev.chain_max <= FE_CHAIN_MAX && o->dev.chain_max <= o->dev.ring_size,
		       "--chain: at most 16, and not more than the ring has");
	err |=
	    require(!o->dev.rx_buffer || o->dev.mergeable || o->dev.rx_buffer >= o->dev.frame_max,
		    "--rx-buffer: less than a frame needs --mergeable");
	err |= require(o->mss_max <= 9144 && o->gso_max >= 10000,
		       "--mss: at most 9144; --gso-max: at least 10000");
	err |= require(!o->restart_at || o->restarts, "--restart-at needs --restarts");
	err |= require(!(o->restarts && o->seconds), "--restarts needs --frames");
	err |= require(!(o->migrate && (o->seconds || o->restarts || o->reconnect_ms)),
		       "--migrate needs --frames, and neither --restarts nor --reconnect");
	err |= require(o->dev.control_ring >= 4 &&
			   !fe_ring_layout(o->dev.layout, o->dev.control_ring, &need),
		       "--control-ring: 4 to 32768, split rings a power of two");
	err |= require(o->mode != FE_MODE_TRAFFIC || !o->script || o->peer_socket,
		       "--commands: frames come from a --peer-socket");
	err |= require(o->mode != FE_MODE_CONTROL_BENCH || o->control_bench,
		       "--control-bench: at least 1");
	err |= require(!(o->frames && o->seconds), "--frames or --seconds, not both");
	return err ? -EINVAL : 0;
}

int fe_options_parse(int argc, char **argv, struct fe_options *o)
{
	int opt, err;

	*o = (struct fe_options){
	    .dev = {.timeout_ms = 5000,
		    .layout = FE_SPLIT,
		    .pairs = 1,
		    .ring_size = 256,
		    .regions = 2,
		    .cut_bytes = -1,
		    .welcome = FE_FEATURES_CONTROL,
		    .control_ring = 64,
		    .framing = FE_FRAMING_LINUX},
	    .size_min = 64,
	    .size_max = 64,
	    .peer_offloads = UINT64_MAX,
	    .gso_max = FE_GSO_MAX,
	    .mss_min = 536,
	    .mss_max = 1428, /* with all headers of ours an MTU of 1500 */
	    .flows = 64,
	    .batch = 32,
	    .seed = 1,
	    .mac = {0x02, 0, 0, 0, 0, 0x01                },
	    .peer_mac = {0x02,                 0,                    0,                    0,                    0,    0x02},
	};
	while ((opt = getopt_long(argc, argv, "jvh", long_options, NULL)) != -1) {
		err = parse_device_option(opt, optarg, o);
		if (err > 0)
			err = parse_traffic_option(opt, optarg, o);
		if (err > 0)
			err = parse_control_option(opt, optarg, o);
		if (err > 0)
			err = parse_mode_option(opt, optarg, o);
		if (err)
			return err;
	}
	return complete(o, (unsigned int)(argc - optind));
}
