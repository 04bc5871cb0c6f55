/* SPDX-License-Identifier: BSD-3-Clause */
/* A port's receive steering as its owner changes it. All under dp_lock. */
#include <errno.h>

#include "../vq/dp_impl.h"
#include "fdb.h"
#include "steer.h"

/* What transmit queues remember of frames to this port may not hold any more. */
static void port_rx_void(struct dp_port *port)
{
	fdb_touch(port->dp->fdb, port->index);
}

static int check_queues(struct vq *const *queues, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (queues[i] != NULL && queues[i]->attr.index % 2 != 0)
			return -EINVAL;
	}
	return 0;
}

int dp_rqt_create(struct dp_port *port, struct vq *const *queues, unsigned int n,
		  struct rx_rqt **rqt)
{
	int err = check_queues(queues, n);

	return err ? err : rx_rqt_new(port, queues, n, rqt);
}

int dp_rqt_set(struct rx_rqt *rqt, struct vq *const *queues, unsigned int n)
{
	int err = check_queues(queues, n);

	if (!err)
		err = rx_rqt_set(rqt, queues, n);
	if (!err)
		port_rx_void(rqt->port);
	return err;
}

void dp_rqt_set_queue(struct rx_rqt *rqt, unsigned int i, struct vq *vq)
{
	rx_rqt_set_queue(rqt, i, vq);
	port_rx_void(rqt->port);
}

void dp_rqt_destroy(struct rx_rqt *rqt)
{
	rx_rqt_destroy(rqt);
}

int dp_tir_create(struct dp_port *port, const struct dp_tir *attr, struct rx_rqt *rqt,
		  struct rx_tir **tir)
{
	return rx_tir_new(port, attr, rqt, tir);
}

int dp_tir_set(struct rx_tir *tir, const struct dp_tir *attr, struct rx_rqt *rqt)
{
	int err = rx_tir_set(tir, attr, rqt);

	if (!err)
		port_rx_void(tir->port);
	return err;
}

void dp_tir_destroy(struct rx_tir *tir)
{
	rx_tir_destroy(tir);
}

int dp_table_create(struct dp_port *port, unsigned int level, struct rx_table **table)
{
	if (level == 0 || level > DP_RX_LEVEL_MAX)
		return -EINVAL;
	return rx_table_new(port, level, table);
}

void dp_table_destroy(struct rx_table *table)
{
	rx_table_destroy(table);
}

/* The port is to have no root table. */
static void port_rx_end(struct dp_port *port)
{
	rx_table_destroy(port->rx);
	port->rx = NULL;
	/* A function that receives nothing is gone: what it showed is no longer reached there. */
	fdb_flush(port->dp->fdb, port->index);
	port_rx_void(port);
}

int dp_entry_add(struct dp_port *port, struct rx_table *table, const struct dp_rx_entry *attr,
		 struct rx_entry **entry)
{
	struct rx_table *root = port->rx;
	int err = 0;

	if (table == NULL && root == NULL)
		err = rx_table_new(port, 0, &root);
	if (!err)
		err = rx_entry_add(table != NULL ? table : root, attr, entry);
	if (err) {
		if (root != port->rx)
			rx_table_destroy(root);
		return err;
	}
	port->rx = root;
	port_rx_void(port);
	return 0;
}

int dp_entry_set(struct rx_entry *entry, const struct dp_rx_entry *attr)
{
	int err = rx_entry_set(entry, attr);

	if (!err)
		port_rx_void(rx_entry_table(entry)->port);
	return err;
}

void dp_entry_remove(struct rx_entry *entry)
{
	struct rx_table *table;
	struct dp_port *port;

	if (entry == NULL)
		return;
	table = rx_entry_table(entry);
	port = table->port;
	rx_entry_remove(entry);
	if (table->level == 0 && table->n == 0)
		port_rx_end(port);
	else
		port_rx_void(port);
}

int dp_port_set_rx(struct dp_port *port, const struct dp_rx_rule *rules, unsigned int n)
{
	struct rx_table *table;
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		if (rules[i].tir != NULL)
			err = check_queues(rules[i].tir->queues, rules[i].tir->n);
	}
	if (err)
		return err;
	if (n == 0) {
		port_rx_end(port);
		return 0;
	}
	err = rx_table_create(rules, n, &table);
	if (err)
		return err;
	rx_table_destroy(port->rx);
	table->port = port;
	port->rx = table;
	port_rx_void(port);
	return 0;
}
