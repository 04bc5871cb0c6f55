/* SPDX-License-Identifier: BSD-3-Clause */
/* TIRs and RQTs: from a frame's hash to a queue. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rss.h"
#include "steer.h"

/* ---- hash tables, one for each key that is in use ---- */

struct rss_shared {
	struct rss_table table; /* first: what TIRs point to */
	struct rss_shared *next;
	unsigned int refs;
	uint8_t key[RSS_KEY_LEN];
};

/* Of all NICs of the process: they are large, and most keys are the same. */
static pthread_mutex_t rss_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rss_shared *rss_all;

static struct rss_table *rss_get(const uint8_t key[RSS_KEY_LEN])
{
	struct rss_shared *s;

	pthread_mutex_lock(&rss_lock);
	for (s = rss_all; s != NULL; s = s->next) {
		if (memcmp(s->key, key, RSS_KEY_LEN) == 0)
			break;
	}
	if (s == NULL) {
		s = malloc(sizeof(*s));
		if (s != NULL) {
			memcpy(s->key, key, RSS_KEY_LEN);
			rss_table_init(&s->table, key);
			s->refs = 0;
			s->next = rss_all;
			rss_all = s;
		}
	}
	if (s != NULL)
		s->refs++;
	pthread_mutex_unlock(&rss_lock);
	return s != NULL ? &s->table : NULL;
}

static void rss_put(struct rss_table *table)
{
	struct rss_shared *s = (struct rss_shared *)table, **at;

	if (table == NULL)
		return;
	pthread_mutex_lock(&rss_lock);
	if (--s->refs == 0) {
		for (at = &rss_all; *at != s; at = &(*at)->next)
			;
		*at = s->next;
		free(s);
	}
	pthread_mutex_unlock(&rss_lock);
}

/* ---- RQTs ---- */

static void rqt_look(struct rx_rqt *rqt)
{
	rqt->same = true;
	for (unsigned int i = 1; i < rqt->n; i++)
		rqt->same &= rqt->queues[i] == rqt->queues[0];
}

int rx_rqt_set(struct rx_rqt *rqt, struct vq *const *queues, unsigned int n)
{
	struct vq **copy;

	if (n == 0 || (n & (n - 1)) != 0)
		return -EINVAL;
	copy = malloc(n * sizeof(copy[0]));
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, queues, n * sizeof(copy[0]));
	free(rqt->queues);
	rqt->queues = copy;
	rqt->n = n;
	rqt_look(rqt);
	return 0;
}

void rx_rqt_set_queue(struct rx_rqt *rqt, unsigned int i, struct vq *vq)
{
	rqt->queues[i] = vq;
	rqt_look(rqt);
}

int rx_rqt_new(struct dp_port *port, struct vq *const *queues, unsigned int n, struct rx_rqt **out)
{
	struct rx_rqt *rqt = calloc(1, sizeof(*rqt));
	int err = rqt == NULL ? -ENOMEM : rx_rqt_set(rqt, queues, n);

	if (err) {
		rx_rqt_destroy(rqt);
		return err;
	}
	rqt->port = port;
	*out = rqt;
	return 0;
}

void rx_rqt_destroy(struct rx_rqt *rqt)
{
	if (rqt == NULL)
		return;
	free(rqt->queues);
	free(rqt);
}

/* ---- TIRs ---- */

int rx_tir_set(struct rx_tir *tir, const struct dp_tir *attr, struct rx_rqt *rqt)
{
	struct rss_table *rss = NULL;

	if (attr->hash_fields != 0) {
		rss = rss_get(attr->key);
		if (rss == NULL)
			return -ENOMEM;
	}
	rss_put(tir->rss);
	tir->rss = rss;
	tir->rqt = rqt;
	tir->symmetric = attr->symmetric;
	tir->block_self_uc = attr->block_self_uc;
	tir->block_self_mc = attr->block_self_mc;
	tir->domain = attr->domain;
	tir->hash_fields = attr->hash_fields;
	return 0;
}

int rx_tir_new(struct dp_port *port, const struct dp_tir *attr, struct rx_rqt *rqt,
	       struct rx_tir **out)
{
	struct rx_tir *tir = calloc(1, sizeof(*tir));
	int err = tir == NULL ? -ENOMEM : rx_tir_set(tir, attr, rqt);

	if (err) {
		free(tir);
		return err;
	}
	tir->port = port;
	*out = tir;
	return 0;
}

void rx_tir_destroy(struct rx_tir *tir)
{
	if (tir == NULL)
		return;
	rss_put(tir->rss);
	free(tir);
}

struct vq *rx_tir_queue(const struct rx_tir *tir, const struct flow_key *key)
{
	const struct rx_rqt *rqt = tir->rqt;
	uint32_t hash;

	if (tir->rss == NULL || rqt->same)
		return rqt->queues[0];
	hash = rss_hash(tir->rss, key, tir->hash_fields, tir->symmetric);
	return rqt->queues[hash & (rqt->n - 1)];
}
