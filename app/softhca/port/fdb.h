/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding database: which port a MAC was learned at, per VLAN.
 *
 * Bounded per port: a port that shows more sources than FDB_PER_PORT replaces its own oldest, so a
 * guest that makes up addresses pushes out nobody else's. A learned MAC moves when another port
 * uses it; a pinned one (the function's own) does not. What is learned is forgotten when it was not
 * seen between two calls of fdb_age.
 *
 * Threads: lookups take no lock and see a consistent table; changes take the table's.
 */
#ifndef SOFTHCA_PORT_FDB_H
#define SOFTHCA_PORT_FDB_H

#include <stdbool.h>
#include <stdint.h>

enum { FDB_PER_PORT = 256, FDB_MISS = -1 };

struct fdb;

/* What entries are found by; mac: the six bytes as a little endian number, not 0. */
static inline uint64_t fdb_key(uint64_t mac, uint16_t vid)
{
	return mac | (uint64_t)vid << 48;
}

int fdb_create(unsigned int ports, struct fdb **fdb);
void fdb_destroy(struct fdb *fdb);

/* Port index or FDB_MISS. */
int fdb_find(const struct fdb *fdb, uint64_t key);
/* Only if it is some port's pinned one. */
int fdb_find_pinned(const struct fdb *fdb, uint64_t key);

/*
 * For caches of answers, atomic: read before the lookup, the answer holds while they are the same.
 * fdb_gen changes with every entry that was not there before (a miss), fdb_port_gen with every
 * entry that leaves the port (a hit).
 */
const uint32_t *fdb_gen(const struct fdb *fdb);
const uint32_t *fdb_port_gen(const struct fdb *fdb, unsigned int port);
/* Void all cached answers that speak of the port. */
void fdb_touch(struct fdb *fdb, unsigned int port);

void fdb_learn(struct fdb *fdb, uint64_t key, unsigned int port);
/* In place of the port's pinned key so far; 0: none. -EEXIST when pinned at another port. */
int fdb_pin(struct fdb *fdb, uint64_t key, unsigned int port);
/* Forget what was learned at a port; its pinned MAC stays. */
void fdb_flush(struct fdb *fdb, unsigned int port);
/*
 * Forget what was learned and not seen (fdb_learn) since the last call, and void all cached
 * answers, so that what is in use is seen again.
 */
void fdb_age(struct fdb *fdb);

#endif
