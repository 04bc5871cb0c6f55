/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links: ports of the e-switch whose other end is outside (struct dp_link_config, vq/dp.h).
 *
 *   tap:NAME                   a TAP device of this kernel, made if it is not there. It takes and
 *                              gives checksum and segmentation offloads. Needs CAP_NET_ADMIN.
 *   memif:SOCKET[,OPTION...]   shared memory with a DPDK, VPP or libmemif program; memif version 2.
 *       role=server|client     default server: it makes the socket; the client makes the memory
 *       id=N                   interface, default 0
 *       ring-size=N            as client: a power of two, 16..16384, default 1024
 *       buffer-size=N          as client: bytes, 128..16384, default 2048; longer frames take
 * several secret=TEXT            up to 24 characters; the peer must know it
 *   pcap:[rx=FILE][,tx=FILE][,OPTION...]
 *       rx=FILE                frames that come in, from a capture file; tx=FILE: those that go out
 *       loop=N|infinite        how often rx is played, default 1
 *       rate=N|max|recorded    frames a second, default max; recorded: by the file's time stamps
 *   wire:PATH                  a cable to another softhca; whoever is first listens at PATH
 *
 * A file or socket name may contain no comma. A peer that is not there (yet) is no error: frames
 * are dropped until it is, and when it leaves it may come back.
 */
#ifndef SOFTHCA_PORT_LINK_H
#define SOFTHCA_PORT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_kind { LINK_TAP, LINK_MEMIF, LINK_PCAP, LINK_WIRE };

enum link_role { LINK_SERVER, LINK_CLIENT, LINK_EITHER };

enum {
	LINK_NAME_MAX = 15,    /* of a network device */
	LINK_SOCKET_MAX = 100, /* a Unix socket's path, and room for a suffix */
	LINK_SECRET_MAX = 24,
	LINK_ERROR_MAX = 1024,
};

struct link_options {
	enum link_kind kind;
	char path[256]; /* device, socket */

	enum link_role role;
	uint32_t id;
	uint32_t ring_size, buffer_size;
	char secret[LINK_SECRET_MAX + 1];

	char rx[256], tx[256]; /* "": none */
	uint32_t loops;        /* 0: for ever */
	uint64_t rate;         /* frames a second; 0: as fast as they are taken */
	bool recorded;
};

/*
 * Check a specification, without looking at what it names. -EINVAL: error says what is wrong in one
 * line without a newline. options may be NULL.
 */
int link_parse(const char *spec, struct link_options *options, char error[LINK_ERROR_MAX]);

#endif
