/* SPDX-License-Identifier: BSD-3-Clause */
#include "events.h"

#include <limits.h>
#include <stdint.h>

#include <rte_vhost.h>

#include "patience.h"
#include "say.h"

struct name {
	char text[PATH_MAX];
};

static const char *socket_of(int vid, struct name *name)
{
	return rte_vhost_get_ifname(vid, name->text, sizeof(name->text)) ? "?" : name->text;
}

static int connected(int vid)
{
	struct name name;
	const char *path = socket_of(vid, &name);

	vdpad_say("%s: guest connected (connection %d)", path, vid);
	vdpad_patience_limit(path);
	return 0;
}

/* The rings are there; librte_vhost starts the device right after this. */
static int ready(int vid)
{
	uint64_t features = 0;
	struct name name;

	rte_vhost_get_negotiated_features(vid, &features);
	vdpad_say("%s: guest ready (connection %d, %u rings, features 0x%llx)",
		  socket_of(vid, &name), vid, rte_vhost_get_vring_num(vid),
		  (unsigned long long)features);
	return 0;
}

static void stopped(int vid)
{
	struct name name;

	vdpad_say("%s: guest stopped (connection %d)", socket_of(vid, &name), vid);
}

static void gone(int vid)
{
	struct name name;

	vdpad_say("%s: guest gone (connection %d)", socket_of(vid, &name), vid);
}

const struct rte_vhost_device_ops vdpad_events = {
    .new_connection = connected,
    .new_device = ready,
    .destroy_device = stopped,
    .destroy_connection = gone,
};
