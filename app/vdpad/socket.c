/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_vhost.h>

#include "devices.h"
#include "events.h"
#include "say.h"

#define BIT(n) (1ull << (n))

struct vdpad_socket {
	const struct vdpad_pairing *pairing; /* borrowed */
	struct vdpad_device device;
	bool registered;
};

/*
 * Offered is what the device has and the socket lets through (lib/vhost/socket.c). These masks are
 * for a back-end in software by default, so they are made as wide as they can be:
 *
 * - Features: all the device has. ACCESS_PLATFORM would need an IOMMU of the guest that nobody here
 *   translates for. Setting the mask tells librte_vhost that this is not its own NIC: it then waits
 *   until all rings it knows of are enabled, where its own starts with the first two.
 * - Protocol features: what librte_vhost offers itself and CONFIG, which it only hands on.
 *   CONFIGURE_MEM_SLOTS is none of them: memory added in slots never reaches vDPA drivers. STATUS
 *   makes a device wait for DRIVER_OK, which not every front-end that takes the feature sends.
 */
static int widen(const struct vdpad_socket *s, const struct vdpad_options *options)
{
	const char *path = s->pairing->path;
	uint64_t protocol;

	if (rte_vhost_driver_get_protocol_features(path, &protocol))
		return -EIO;
	if (!options->narrow) {
		protocol |= BIT(VHOST_USER_PROTOCOL_F_CONFIG);
		if (rte_vhost_driver_set_features(path, s->device.features &
							    ~BIT(VIRTIO_F_IOMMU_PLATFORM)))
			return -EIO;
	}
	if (!options->status)
		protocol &= ~BIT(VHOST_USER_PROTOCOL_F_STATUS);
	return rte_vhost_driver_set_protocol_features(path, protocol) ? -EIO : 0;
}

static bool answers(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return true; /* better not touched */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	yes = !connect(fd, (struct sockaddr *)&address, sizeof(address)) || errno != ECONNREFUSED;
	close(fd);
	return yes;
}

static int may_make(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	snprintf(dir, sizeof(dir), "%s", path);
	if (!access(dirname(dir), W_OK | X_OK))
		return 0;
	vdpad_say("%s: no socket can be made in this directory: %s", path, strerror(errno));
	return -EIO;
}

/* A socket left behind by a back-end that was killed is taken over, anything else is not. */
static int path_free(const char *path)
{
	struct stat st;

	if (lstat(path, &st)) {
		if (errno == ENOENT)
			return may_make(path);
		vdpad_say("%s: %s", path, strerror(errno));
		return -EIO;
	}
	if (!S_ISSOCK(st.st_mode)) {
		vdpad_say("%s: there is something that is not a socket; remove it, or choose "
			  "another path",
			  path);
		return -EADDRINUSE;
	}
	if (answers(path)) {
		vdpad_say("%s: another program serves this socket; stop it, or choose another path",
			  path);
		return -EADDRINUSE;
	}
	vdpad_say("%s: a socket without a server was left there: replaced", path);
	if (unlink(path)) {
		vdpad_say("%s: %s", path, strerror(errno));
		return -EIO;
	}
	return 0;
}

static int serve(struct vdpad_socket *s, const struct vdpad_options *options)
{
	const char *path = s->pairing->path;
	int err;

	if (rte_vhost_driver_register(path, options->client ? RTE_VHOST_USER_CLIENT : 0))
		return -EIO;
	s->registered = true;
	if (rte_vhost_driver_callback_register(path, &vdpad_events))
		return -EIO;
	/* Before a device is attached, the socket's mask is what librte_vhost answers with. */
	err = widen(s, options);
	if (err)
		return err;
	if (rte_vhost_driver_attach_vdpa_device(path, s->device.vdpa) ||
	    rte_vhost_driver_start(path))
		return -EIO;
	return 0;
}

int vdpad_socket_open(const struct vdpad_pairing *pairing, const struct vdpad_options *options,
		      struct vdpad_socket **opened)
{
	struct vdpad_socket *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->pairing = pairing;
	err = vdpad_device_find(pairing->device, &s->device);
	if (!err && !options->client)
		err = path_free(pairing->path);
	if (!err) {
		err = serve(s, options);
		if (err)
			vdpad_say("%s: librte_vhost does not serve it (lines above)",
				  pairing->path);
	}
	if (err) {
		vdpad_socket_close(s);
		return err;
	}
	vdpad_say("%s: served by %s (%u queue pairs, features 0x%llx)", pairing->path,
		  pairing->device, s->device.pairs, (unsigned long long)s->device.features);
	*opened = s;
	return 0;
}

void vdpad_socket_close(struct vdpad_socket *s)
{
	if (!s)
		return;
	/*
	 * The device stays attached: the connections that end in here are stopped through it, and
	 * none can come after.
	 */
	if (s->registered && rte_vhost_driver_unregister(s->pairing->path))
		vdpad_say("%s: librte_vhost does not let it go", s->pairing->path);
	free(s);
}
