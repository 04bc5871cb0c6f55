/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open addressing with linear probing. Readers run beside a writer: a sequence count, odd while the
 * table changes, tells them to look again. Entries are two words, each stored at once.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "fdb.h"

enum { FDB_PORT_MASK = 0xffff, FDB_PINNED = 1 << 16, FDB_SEEN = 1 << 17 };

struct fdb_entry {
	uint64_t key;   /* 0: free */
	uint32_t value; /* port, FDB_PINNED, FDB_SEEN: since the last fdb_age */
};

struct fdb_port {
	uint64_t key[FDB_PER_PORT]; /* learned here, a ring in order of age; 0: free */
	unsigned int oldest;
	uint64_t pinned; /* 0: none */
	uint32_t gen;    /* atomic */
};

struct fdb {
	pthread_spinlock_t lock;
	uint32_t seq; /* atomic */
	uint32_t gen;
	unsigned int ports;
	uint32_t mask;
	struct fdb_port *port;
	struct fdb_entry *slot;
};

static uint32_t fdb_home(const struct fdb *fdb, uint64_t key)
{
	return (uint32_t)((key ^ key >> 37) * 0x9e3779b97f4a7c15ULL >> 32) & fdb->mask;
}

static struct fdb_entry fdb_load(const struct fdb *fdb, uint32_t i)
{
	const struct fdb_entry *e = &fdb->slot[i & fdb->mask];

	/* Acquire: fdb_lookup reads the sequence count behind these. */
	return (struct fdb_entry){
	    .key = __atomic_load_n(&e->key, __ATOMIC_ACQUIRE),
	    .value = __atomic_load_n(&e->value, __ATOMIC_ACQUIRE),
	};
}

static void fdb_store(struct fdb *fdb, uint32_t i, struct fdb_entry entry)
{
	struct fdb_entry *e = &fdb->slot[i & fdb->mask];

	/* Release: behind the sequence count that fdb_lock made odd. */
	__atomic_store_n(&e->key, entry.key, __ATOMIC_RELEASE);
	__atomic_store_n(&e->value, entry.value, __ATOMIC_RELEASE);
}

static void fdb_lock(struct fdb *fdb)
{
	pthread_spin_lock(&fdb->lock);
	__atomic_fetch_add(&fdb->seq, 1, __ATOMIC_RELAXED);
}

static void fdb_unlock(struct fdb *fdb)
{
	__atomic_fetch_add(&fdb->seq, 1, __ATOMIC_RELEASE);
	pthread_spin_unlock(&fdb->lock);
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

/* The slot of a key, or the free one where the search ended. */
static uint32_t fdb_probe(const struct fdb *fdb, uint64_t key, struct fdb_entry *entry)
{
	uint32_t i = fdb_home(fdb, key);

	/* Bounded: a reader may run beside a writer that moves entries. */
	for (uint32_t n = 0; n <= fdb->mask; n++, i++) {
		*entry = fdb_load(fdb, i);
		if (entry->key == 0 || entry->key == key)
			return i & fdb->mask;
	}
	entry->key = 0;
	return 0;
}

/* For readers: a probe that no writer disturbed. */
static uint32_t fdb_lookup(const struct fdb *fdb, uint64_t key, struct fdb_entry *entry)
{
	for (unsigned int tries = 1;; tries++) {
		uint32_t seq = __atomic_load_n(&fdb->seq, __ATOMIC_ACQUIRE), i;

		if (!(seq & 1)) {
			i = fdb_probe(fdb, key, entry);
			if (__atomic_load_n(&fdb->seq, __ATOMIC_RELAXED) == seq)
				return i;
		}
		if (tries % 64 == 0)
			sched_yield();
	}
}

int fdb_find(const struct fdb *fdb, uint64_t key)
{
	struct fdb_entry e;

	fdb_lookup(fdb, key, &e);
	return e.key != 0 ? (int)(e.value & FDB_PORT_MASK) : FDB_MISS;
}

int fdb_find_pinned(const struct fdb *fdb, uint64_t key)
{
	struct fdb_entry e;

	fdb_lookup(fdb, key, &e);
	return e.key != 0 && e.value & FDB_PINNED ? (int)(e.value & FDB_PORT_MASK) : FDB_MISS;
}

/* Close the gap behind a removed entry: no tombstones, so probes stay short. */
static void fdb_remove(struct fdb *fdb, uint64_t key)
{
	struct fdb_entry e;
	uint32_t gap = fdb_probe(fdb, key, &e);
	unsigned int port = e.value & FDB_PORT_MASK;

	if (e.key == 0)
		return;
	for (uint32_t i = gap + 1;; i++) {
		uint32_t home;

		e = fdb_load(fdb, i);
		if (e.key == 0)
			break;
		home = fdb_home(fdb, e.key);
		/* May the entry live in the gap, that is not before its home? */
		if (((i - home) & fdb->mask) >= ((i - gap) & fdb->mask)) {
			fdb_store(fdb, gap, e);
			gap = i & fdb->mask;
		}
	}
	fdb_store(fdb, gap, (struct fdb_entry){0});
	fdb_bump(&fdb->port[port].gen);
}

static void fdb_insert(struct fdb *fdb, uint64_t key, uint32_t flags, unsigned int port)
{
	struct fdb_entry e;
	uint32_t i = fdb_probe(fdb, key, &e);

	fdb_store(fdb, i, (struct fdb_entry){.key = key, .value = port | flags});
	fdb_bump(&fdb->gen);
}

/* Whoever had the MAC has it no more. */
static void fdb_take_away(struct fdb *fdb, struct fdb_entry e)
{
	struct fdb_port *p = &fdb->port[e.value & FDB_PORT_MASK];

	for (unsigned int i = 0; i < FDB_PER_PORT; i++) {
		if (p->key[i] == e.key)
			p->key[i] = 0;
	}
	fdb_remove(fdb, e.key);
}

/* Where the port remembers one more: the next free place, else the oldest one's. */
static unsigned int fdb_place(const struct fdb_port *p)
{
	for (unsigned int i = 0; i < FDB_PER_PORT; i++) {
		if (p->key[(p->oldest + i) % FDB_PER_PORT] == 0)
			return (p->oldest + i) % FDB_PER_PORT;
	}
	return p->oldest;
}

void fdb_learn(struct fdb *fdb, uint64_t key, unsigned int port)
{
	struct fdb_port *p = &fdb->port[port];
	struct fdb_entry e;
	unsigned int at;

	fdb_lookup(fdb, key, &e);
	if (e.key != 0 &&
	    (e.value & FDB_PINNED || (e.value & FDB_SEEN && (e.value & FDB_PORT_MASK) == port)))
		return;
	fdb_lock(fdb);
	fdb_probe(fdb, key, &e);
	if (e.key != 0 && e.value & FDB_PINNED)
		goto out;
	if (e.key != 0 && (e.value & FDB_PORT_MASK) == port) {
		fdb_store(fdb, fdb_probe(fdb, key, &e),
			  (struct fdb_entry){.key = key, .value = port | FDB_SEEN});
		goto out;
	}
	if (e.key != 0)
		fdb_take_away(fdb, e);
	at = fdb_place(p);
	if (p->key[at] != 0)
		fdb_remove(fdb, p->key[at]);
	p->key[at] = key;
	p->oldest = (at + 1) % FDB_PER_PORT;
	fdb_insert(fdb, key, FDB_SEEN, port);
out:
	fdb_unlock(fdb);
}

int fdb_pin(struct fdb *fdb, uint64_t key, unsigned int port)
{
	struct fdb_port *p = &fdb->port[port];
	struct fdb_entry e = {0};
	int err = 0;

	fdb_lock(fdb);
	if (key != 0)
		fdb_probe(fdb, key, &e);
	if (e.key != 0 && e.value & FDB_PINNED) {
		err = (e.value & FDB_PORT_MASK) == port ? 0 : -EEXIST;
		goto out;
	}
	if (e.key != 0)
		fdb_take_away(fdb, e);
	if (p->pinned != 0)
		fdb_remove(fdb, p->pinned);
	p->pinned = key;
	if (key != 0)
		fdb_insert(fdb, key, FDB_PINNED, port);
out:
	fdb_unlock(fdb);
	return err;
}

void fdb_flush(struct fdb *fdb, unsigned int port)
{
	struct fdb_port *p = &fdb->port[port];

	fdb_lock(fdb);
	for (unsigned int i = 0; i < FDB_PER_PORT; i++) {
		if (p->key[i] != 0)
			fdb_remove(fdb, p->key[i]);
		p->key[i] = 0;
	}
	p->oldest = 0;
	fdb_unlock(fdb);
}

void fdb_age(struct fdb *fdb)
{
	fdb_lock(fdb);
	for (unsigned int port = 0; port < fdb->ports; port++) {
		struct fdb_port *p = &fdb->port[port];

		for (unsigned int i = 0; i < FDB_PER_PORT; i++) {
			struct fdb_entry e;
			uint32_t at;

			if (p->key[i] == 0)
				continue;
			at = fdb_probe(fdb, p->key[i], &e);
			if (e.value & FDB_SEEN) {
				e.value &= ~(uint32_t)FDB_SEEN;
				fdb_store(fdb, at, e);
			} else {
				fdb_remove(fdb, p->key[i]);
				p->key[i] = 0;
			}
		}
		fdb_bump(&p->gen);
	}
	fdb_bump(&fdb->gen);
	fdb_unlock(fdb);
}
