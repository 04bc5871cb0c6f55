/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port's owner sets: its MAC, its policy, its link. All under dp_lock. */
#include <errno.h>
#include <string.h>

#include "../vq/dp_impl.h"
#include "fdb.h"

/* What transmit queues remember of their last route may not hold any more. */
static void port_void_routes(struct dp *dp)
{
	for (unsigned int i = 0; i < dp->n_ports; i++) {
		for (unsigned int q = 0; q < dp->port[i].n_txq; q++)
			memset(&dp->port[i].txq[q]->cache, 0, sizeof(struct route_cache));
		fdb_touch(dp->fdb, i);
	}
}

int dp_port_set_mac(struct dp_port *port, const uint8_t mac[6])
{
	uint64_t v = 0;
	int err;

	memcpy(&v, mac, 6);
	if (v == 0 || (v & 1))
		return -EINVAL;
	err = fdb_pin(port->dp->fdb, fdb_key(v, port->policy.vlan), port->index);
	if (err)
		return err;
	port->mac = v;
	port_void_routes(port->dp);
	return 0;
}

int dp_port_set_policy(struct dp_port *port, const struct dp_port_policy *policy)
{
	struct dp *dp = port->dp;

	if (policy->vlan > 4094 || policy->mtu < DP_MTU_MIN || policy->mtu > DP_MTU_MAX)
		return -EINVAL;
	if (policy->vlan != port->policy.vlan) {
		int err = 0;

		if (port->mac != 0)
			err = fdb_pin(dp->fdb, fdb_key(port->mac, policy->vlan), port->index);
		if (err)
			return err;
		/* What it showed so far was seen in another VLAN. */
		fdb_flush(dp->fdb, port->index);
	}
	port->policy = *policy;
	if (port->peer != NULL && !port->representor)
		port->peer->policy.vlan = policy->vlan;
	dp->vlan_aware = false;
	for (unsigned int i = 0; i < dp->n_ports; i++)
		dp->vlan_aware |= dp->port[i].policy.vlan != 0;
	port_void_routes(dp);
	return 0;
}

void dp_port_set_loopback(struct dp_port *port, bool on)
{
	port->local_loopback = on;
	port_void_routes(port->dp);
}

void dp_port_set_link(struct dp_port *port, bool up)
{
	port->down = !up;
	port_void_routes(port->dp);
}
