/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive steering of the datapath that does nothing: it stores what it gets, and shows it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp_double.h"
#include "dp_double_rx.h"

struct rx_rqt {
	struct dp_port *port;
	unsigned int n, users;
	struct vq **queues;
	struct rx_rqt *next;
};

struct rx_tir {
	struct dp_port *port;
	struct dp_tir attr;
	struct rx_rqt *rqt;
	unsigned int users;
};

struct rx_entry {
	struct rx_table *table;
	struct dp_rx_entry attr;
	struct rx_entry *next;
};

static int fails(void)
{
	int err = double_dp->fail_rx;

	double_dp->fail_rx = 0;
	return err;
}

static void show(const struct rx_entry *e, struct double_rule *r)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->mask = e->attr.mask;
	r->value = e->attr.value;
	r->order = e->attr.order;
	r->counter = e->attr.counter;
	r->table = e->attr.table;
	r->drop = !e->attr.tir && !e->attr.table;
	if (!e->attr.tir)
		return;
	r->tir = e->attr.tir->attr;
	r->tir.n = e->attr.tir->rqt->n;
	r->tir.queues = NULL;
	for (i = 0; i < r->tir.n && i < 16; i++)
		r->queues[i] = e->attr.tir->rqt->queues[i];
}

unsigned int double_rules(const struct rx_table *table, struct double_rule *rules)
{
	const struct rx_entry *e;
	unsigned int n = 0;

	for (e = table->entries; e; e = e->next, n++) {
		assert(n < DOUBLE_RULES);
		show(e, &rules[n]);
	}
	return n;
}

static void refresh(struct dp_port *port)
{
	memset(port->rules, 0, sizeof(port->rules));
	port->n_rules = double_rules(&port->root, port->rules);
}

void double_forgets(const struct vq *vq)
{
	const struct rx_rqt *rqt;
	unsigned int i;

	for (rqt = vq->port->rqts; rqt; rqt = rqt->next)
		for (i = 0; i < rqt->n; i++)
			assert(rqt->queues[i] != vq);
}

static void rqt_take(struct rx_rqt *rqt, struct vq *const *queues, unsigned int n)
{
	unsigned int i;

	assert(n && !(n & (n - 1)));
	free(rqt->queues);
	rqt->queues = calloc(n, sizeof(*rqt->queues));
	assert(rqt->queues);
	rqt->n = n;
	for (i = 0; i < n; i++) {
		assert(!queues[i] || !(queues[i]->attr.index & 1));
		rqt->queues[i] = queues[i];
	}
}

int dp_rqt_create(struct dp_port *port, struct vq *const *queues, unsigned int n,
		  struct rx_rqt **out)
{
	struct rx_rqt *rqt;
	int err = fails();

	if (err)
		return err;
	rqt = calloc(1, sizeof(*rqt));
	assert(rqt);
	rqt->port = port;
	rqt_take(rqt, queues, n);
	rqt->next = port->rqts;
	port->rqts = rqt;
	*out = rqt;
	return 0;
}

int dp_rqt_set(struct rx_rqt *rqt, struct vq *const *queues, unsigned int n)
{
	int err = fails();

	assert(double_dp->locked);
	if (err)
		return err;
	rqt_take(rqt, queues, n);
	refresh(rqt->port);
	return 0;
}

void dp_rqt_set_queue(struct rx_rqt *rqt, unsigned int i, struct vq *vq)
{
	assert(double_dp->locked && i < rqt->n);
	rqt->queues[i] = vq;
	refresh(rqt->port);
}

void dp_rqt_destroy(struct rx_rqt *rqt)
{
	struct rx_rqt **at;

	if (!rqt)
		return;
	assert(!rqt->users);
	for (at = &rqt->port->rqts; *at != rqt; at = &(*at)->next)
		;
	*at = rqt->next;
	free(rqt->queues);
	free(rqt);
}

int dp_tir_create(struct dp_port *port, const struct dp_tir *attr, struct rx_rqt *rqt,
		  struct rx_tir **out)
{
	struct rx_tir *tir;
	int err = fails();

	if (err)
		return err;
	tir = calloc(1, sizeof(*tir));
	assert(tir);
	tir->port = port;
	tir->attr = *attr;
	tir->rqt = rqt;
	rqt->users++;
	*out = tir;
	return 0;
}

int dp_tir_set(struct rx_tir *tir, const struct dp_tir *attr, struct rx_rqt *rqt)
{
	int err = fails();

	assert(double_dp->locked);
	if (err)
		return err;
	tir->attr = *attr;
	tir->rqt->users--;
	tir->rqt = rqt;
	rqt->users++;
	refresh(tir->port);
	return 0;
}

void dp_tir_destroy(struct rx_tir *tir)
{
	if (!tir)
		return;
	assert(!tir->users);
	tir->rqt->users--;
	free(tir);
}

int dp_table_create(struct dp_port *port, unsigned int level, struct rx_table **out)
{
	struct rx_table *table;
	int err = fails();

	if (err)
		return err;
	assert(level && level <= DP_RX_LEVEL_MAX);
	table = calloc(1, sizeof(*table));
	assert(table);
	table->port = port;
	table->level = level;
	table->next = port->tables;
	port->tables = table;
	*out = table;
	return 0;
}

void dp_table_destroy(struct rx_table *table)
{
	const struct rx_table *t;
	const struct rx_entry *e;
	struct rx_table **at;

	if (!table)
		return;
	assert(!table->entries);
	for (e = table->port->root.entries; e; e = e->next)
		assert(e->attr.table != table);
	for (t = table->port->tables; t; t = t->next)
		for (e = t->entries; e; e = e->next)
			assert(e->attr.table != table);
	for (at = &table->port->tables; *at != table; at = &(*at)->next)
		;
	*at = table->next;
	free(table);
}

static void lead(struct rx_entry *e, const struct dp_rx_entry *attr, int add)
{
	assert(!attr->table || (!attr->tir && attr->table->level > e->table->level));
	if (attr->tir)
		attr->tir->users += (unsigned int)add;
}

int dp_entry_add(struct dp_port *port, struct rx_table *table, const struct dp_rx_entry *attr,
		 struct rx_entry **out)
{
	struct rx_entry *e, **at;
	int err = fails();

	assert(double_dp->locked);
	if (err)
		return err;
	e = calloc(1, sizeof(*e));
	assert(e);
	e->table = table ? table : &port->root;
	e->attr = *attr;
	lead(e, attr, 1);
	for (at = &e->table->entries; *at && (*at)->attr.order <= attr->order; at = &(*at)->next)
		;
	e->next = *at;
	*at = e;
	refresh(port);
	*out = e;
	return 0;
}

int dp_entry_set(struct rx_entry *e, const struct dp_rx_entry *attr)
{
	int err = fails();

	assert(double_dp->locked);
	if (err)
		return err;
	lead(e, &e->attr, -1);
	e->attr.tir = attr->tir;
	e->attr.table = attr->table;
	e->attr.counter = attr->counter;
	lead(e, attr, 1);
	refresh(e->table->port);
	return 0;
}

void dp_entry_remove(struct rx_entry *e)
{
	struct dp_port *port;
	struct rx_entry **at;

	assert(double_dp->locked);
	if (!e)
		return;
	port = e->table->port;
	lead(e, &e->attr, -1);
	for (at = &e->table->entries; *at != e; at = &(*at)->next)
		;
	*at = e->next;
	free(e);
	refresh(port);
}
