/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open addressing with linear probing; an entry is one word, so that it is read at once:
 * bits 0-47 MAC, 48-55 port, 56 pinned, 63 in use.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "fdb.h"

#define FDB_MAC_MASK ((1ULL << 48) - 1)
#define FDB_PINNED   (1ULL << 56)
#define FDB_USED     (1ULL << 63)

struct fdb_port {
	uint64_t mac[FDB_PER_PORT]; /* learned here, a ring in order of age; 0: free */
	unsigned int oldest;
	uint64_t pinned; /* 0: none */
	uint32_t gen;    /* atomic */
};

struct fdb {
	pthread_spinlock_t lock;
	uint32_t gen;
	unsigned int ports;
	uint32_t mask;
	struct fdb_port *port;
	uint64_t *slot;
};

static uint32_t fdb_home(const struct fdb *fdb, uint64_t mac)
{
	return (uint32_t)((mac & FDB_MAC_MASK) * 0x9e3779b97f4a7c15ULL >> 32) & fdb->mask;
}

static uint64_t fdb_load(const struct fdb *fdb, uint32_t i)
{
	return __atomic_load_n(&fdb->slot[i & fdb->mask], __ATOMIC_RELAXED);
}

static void fdb_store(struct fdb *fdb, uint32_t i, uint64_t word)
{
	__atomic_store_n(&fdb->slot[i & fdb->mask], word, __ATOMIC_RELAXED);
}

static unsigned int fdb_word_port(uint64_t word)
{
	return word >> 48 & 0xff;
}

int fdb_create(unsigned int ports, struct fdb **out)
{
	struct fdb *fdb = calloc(1, sizeof(*fdb));
	uint32_t slots = 2;

	if (fdb == NULL)
		return -ENOMEM;
	while (slots < ports * (FDB_PER_PORT + 1) * 2)
		slots *= 2;
	fdb->ports = ports;
	fdb->mask = slots - 1;
	pthread_spin_init(&fdb->lock, PTHREAD_PROCESS_PRIVATE);
	fdb->port = calloc(ports, sizeof(fdb->port[0]));
	fdb->slot = calloc(slots, sizeof(fdb->slot[0]));
	if (fdb->port == NULL || fdb->slot == NULL) {
		fdb_destroy(fdb);
		return -ENOMEM;
	}
	*out = fdb;
	return 0;
}

void fdb_destroy(struct fdb *fdb)
{
	if (fdb == NULL)
		return;
	pthread_spin_destroy(&fdb->lock);
	free(fdb->slot);
	free(fdb->port);
	free(fdb);
}

const uint32_t *fdb_gen(const struct fdb *fdb)
{
	return &fdb->gen;
}

const uint32_t *fdb_port_gen(const struct fdb *fdb, unsigned int port)
{
	return &fdb->port[port].gen;
}

static void fdb_bump(uint32_t *gen)
{
	/* Release: pairs with the acquire of whoever checks a cached answer. */
	__atomic_fetch_add(gen, 1, __ATOMIC_RELEASE);
}

void fdb_touch(struct fdb *fdb, unsigned int port)
{
	fdb_bump(&fdb->port[port].gen);
	fdb_bump(&fdb->gen);
}

/* The slot of a MAC, or the free one where the search ended. */
static uint32_t fdb_probe(const struct fdb *fdb, uint64_t mac, uint64_t *word)
{
	uint32_t i = fdb_home(fdb, mac);

	/* Bounded: a reader may run beside a writer that moves entries. */
	for (uint32_t n = 0; n <= fdb->mask; n++, i++) {
		*word = fdb_load(fdb, i);
		if (!(*word & FDB_USED) || (*word & FDB_MAC_MASK) == mac)
			return i & fdb->mask;
	}
	*word = 0;
	return 0;
}

int fdb_find(const struct fdb *fdb, uint64_t mac)
{
	uint64_t word;

	fdb_probe(fdb, mac, &word);
	return word & FDB_USED ? (int)fdb_word_port(word) : FDB_MISS;
}

/* Close the gap behind a removed entry: no tombstones, so probes stay short. */
static void fdb_remove(struct fdb *fdb, uint64_t mac)
{
	uint64_t word;
	uint32_t gap = fdb_probe(fdb, mac, &word);
	unsigned int port = fdb_word_port(word);

	if (!(word & FDB_USED))
		return;
	for (uint32_t i = gap + 1;; i++) {
		uint32_t home;

		word = fdb_load(fdb, i);
		if (!(word & FDB_USED))
			break;
		home = fdb_home(fdb, word);
		/* May the entry live in the gap, that is not before its home? */
		if (((i - home) & fdb->mask) >= ((i - gap) & fdb->mask)) {
			fdb_store(fdb, gap, word);
			gap = i & fdb->mask;
		}
	}
	fdb_store(fdb, gap, 0);
	fdb_bump(&fdb->port[port].gen);
}

static void fdb_insert(struct fdb *fdb, uint64_t mac, uint64_t flags, unsigned int port)
{
	uint64_t word;
	uint32_t i = fdb_probe(fdb, mac, &word);

	fdb_store(fdb, i, mac | (uint64_t)port << 48 | flags | FDB_USED);
	fdb_bump(&fdb->gen);
}

/* Whoever had the MAC has it no more. */
static void fdb_take_away(struct fdb *fdb, uint64_t mac, uint64_t word)
{
	struct fdb_port *p = &fdb->port[fdb_word_port(word)];

	for (unsigned int i = 0; i < FDB_PER_PORT; i++) {
		if (p->mac[i] == mac)
			p->mac[i] = 0;
	}
	fdb_remove(fdb, mac);
}

void fdb_learn(struct fdb *fdb, uint64_t mac, unsigned int port)
{
	struct fdb_port *p = &fdb->port[port];
	uint64_t word;

	pthread_spin_lock(&fdb->lock);
	fdb_probe(fdb, mac, &word);
	if (word & FDB_USED && (word & FDB_PINNED || fdb_word_port(word) == port))
		goto out;
	if (word & FDB_USED)
		fdb_take_away(fdb, mac, word);
	if (p->mac[p->oldest] != 0)
		fdb_remove(fdb, p->mac[p->oldest]);
	p->mac[p->oldest] = mac;
	p->oldest = (p->oldest + 1) % FDB_PER_PORT;
	fdb_insert(fdb, mac, 0, port);
out:
	pthread_spin_unlock(&fdb->lock);
}

int fdb_pin(struct fdb *fdb, uint64_t mac, unsigned int port)
{
	struct fdb_port *p = &fdb->port[port];
	uint64_t word;
	int err = 0;

	pthread_spin_lock(&fdb->lock);
	fdb_probe(fdb, mac, &word);
	if (word & FDB_PINNED) {
		err = fdb_word_port(word) == port ? 0 : -EEXIST;
		goto out;
	}
	if (word & FDB_USED)
		fdb_take_away(fdb, mac, word);
	if (p->pinned != 0)
		fdb_remove(fdb, p->pinned);
	p->pinned = mac;
	fdb_insert(fdb, mac, FDB_PINNED, port);
out:
	pthread_spin_unlock(&fdb->lock);
	return err;
}

void fdb_flush(struct fdb *fdb, unsigned int port)
{
	struct fdb_port *p = &fdb->port[port];

	pthread_spin_lock(&fdb->lock);
	for (unsigned int i = 0; i < FDB_PER_PORT; i++) {
		if (p->mac[i] != 0)
			fdb_remove(fdb, p->mac[i]);
		p->mac[i] = 0;
	}
	p->oldest = 0;
	pthread_spin_unlock(&fdb->lock);
}
