/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of vfront: parsed once, then constant. */
#ifndef FRONTEND_OPTIONS_H
#define FRONTEND_OPTIONS_H

#include "device.h"
#include "frame.h"
#include "migrate.h"

enum fe_mode {
	FE_MODE_TRAFFIC,
	FE_MODE_REFLECT,
	FE_MODE_BENCH,
	FE_MODE_MISBEHAVE,
	FE_MODE_LIST,
	FE_MODE_CONTROL,
	FE_MODE_CONTROL_BENCH,
};

struct fe_options {
	enum fe_mode mode;
	struct fe_dev_config dev;
	const char *peer_socket; /* NULL: one device */
	const char *misbehave;
	const char *script; /* of --control or --commands; "-": standard input */
	unsigned int control_bench, gap_us;
	uint32_t size_min, size_max;
	uint64_t peer_offloads; /* of the second device */
	uint32_t gso_max, mss_min, mss_max;
	uint64_t frames; /* 0: not limited */
	unsigned int seconds;
	unsigned int window; /* 0: what the receive buffers hold */
	unsigned int flows;
	enum fe_migrate_mode migrate;
	unsigned int restarts;
	const char *restart_at; /* borrowed */
	unsigned int reconnect_ms;
	unsigned int stall_ms;
	unsigned int batch;
	uint64_t seed;
	uint8_t mac[FE_MAC_LEN], peer_mac[FE_MAC_LEN];
	bool interrupt;
	bool duplex;
	bool announce;
	bool recheck;
	bool json;
};

/* 0 to go on, 1 after --help, -EINVAL after a message. */
int fe_options_parse(int argc, char **argv, struct fe_options *o);

#endif
