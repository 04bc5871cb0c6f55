/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding database: which port a MAC was learned at.
 *
 * Bounded per port: a port that shows more sources than FDB_PER_PORT replaces its own oldest, so a
 * guest that makes up addresses pushes out nobody else's. A learned MAC moves when another port
 * uses it; a pinned one (the function's own) does not.
 *
 * Threads: lookups take no lock; changes take the table's. A lookup that races with a change may
 * miss an entry: the frame is flooded.
 */
#ifndef SOFTHCA_PORT_FDB_H
#define SOFTHCA_PORT_FDB_H

#include <stdint.h>

enum { FDB_PER_PORT = 256, FDB_MISS = -1 };

struct fdb;

int fdb_create(unsigned int ports, struct fdb **fdb);
void fdb_destroy(struct fdb *fdb);

/* mac: the six bytes as a little endian number. Port index or FDB_MISS. */
int fdb_find(const struct fdb *fdb, uint64_t mac);

/*
 * For caches of answers, atomic: read before the lookup, the answer holds while they are the same.
 * fdb_gen changes with every entry that was not there before (a miss), fdb_port_gen with every
 * entry that leaves the port (a hit).
 */
const uint32_t *fdb_gen(const struct fdb *fdb);
const uint32_t *fdb_port_gen(const struct fdb *fdb, unsigned int port);
/* Void all cached answers that speak of the port. */
void fdb_touch(struct fdb *fdb, unsigned int port);

void fdb_learn(struct fdb *fdb, uint64_t mac, unsigned int port);
/* In place of the port's pinned MAC so far. -EEXIST when pinned at another port. */
int fdb_pin(struct fdb *fdb, uint64_t mac, unsigned int port);
/* Forget what was learned at a port; its pinned MAC stays. */
void fdb_flush(struct fdb *fdb, unsigned int port);

#endif
