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

#include "events.h"
#include "say.h"
#include "vdpa.h"

#define BIT(n) (1ull << (n))

struct vdpad_socket {
	char *path; /* owned */
	struct vdpad_vdpa device;
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
static int widen(const struct vdpad_socket *s, const struct vdpad_socket_args *args)
{
	uint64_t protocol;

	if (rte_vhost_driver_get_protocol_features(s->path, &protocol))
		return -EIO;
	if (!args->narrow) {
		protocol |= BIT(VHOST_USER_PROTOCOL_F_CONFIG);
		if (rte_vhost_driver_set_features(s->path, s->device.features &
							       ~BIT(VIRTIO_F_IOMMU_PLATFORM)))
			return -EIO;
	}
	if (!args->status)
		protocol &= ~BIT(VHOST_USER_PROTOCOL_F_STATUS);
	return rte_vhost_driver_set_protocol_features(s->path, protocol) ? -EIO : 0;
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

static int may_make(const char *path, struct vdpad_error *error)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	snprintf(dir, sizeof(dir), "%s", path);
	if (!access(dirname(dir), W_OK | X_OK))
		return 0;
	return vdpad_fail(error, errno, "socket", "%s: no socket can be made in this directory: %s",
			  path, strerror(errno));
}

/* A socket left behind by a back-end that was killed is taken over, anything else is not. */
static int path_free(const char *path, struct vdpad_error *error)
{
	struct stat st;

	if (lstat(path, &st)) {
		if (errno == ENOENT)
			return may_make(path, error);
		return vdpad_fail(error, EIO, "socket", "%s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		return vdpad_fail(error, EADDRINUSE, "socket",
				  "%s: there is something that is not a socket; remove it, or "
				  "choose another path",
				  path);
	if (answers(path))
		return vdpad_fail(error, EADDRINUSE, "socket",
				  "%s: another program serves this socket; stop it, or choose "
				  "another path",
				  path);
	vdpad_say("%s: a socket without a server was left there: replaced", path);
	if (unlink(path))
		return vdpad_fail(error, EIO, "socket", "%s: %s", path, strerror(errno));
	return 0;
}

void vdpad_socket_remove_stale(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) && !answers(path) && !unlink(path))
		vdpad_say("%s: a socket without a server was left there: removed", path);
}

/* Nobody connects before it belongs to whom it should. */
static int start(const char *path, const struct vdpad_socket_args *args)
{
	mode_t before;
	int err;

	if (args->client || !args->restrict_access)
		return rte_vhost_driver_start(path) ? -EIO : 0;
	/* Of the whole process: no other thread of ours makes files. */
	before = umask(0777);
	err = rte_vhost_driver_start(path);
	umask(before);
	if (err || (args->group != (gid_t)-1 && chown(path, -1, args->group)) ||
	    chmod(path, args->mode))
		return -EIO;
	return 0;
}

static int serve(struct vdpad_socket *s, const struct vdpad_socket_args *args)
{
	int err;

	if (rte_vhost_driver_register(s->path, args->client ? RTE_VHOST_USER_CLIENT : 0))
		return -EIO;
	s->registered = true;
	if (rte_vhost_driver_callback_register(s->path, &vdpad_events))
		return -EIO;
	/* Before a device is attached, the socket's mask is what librte_vhost answers with. */
	err = widen(s, args);
	if (err)
		return err;
	if (rte_vhost_driver_attach_vdpa_device(s->path, s->device.vdpa))
		return -EIO;
	return start(s->path, args);
}

int vdpad_socket_open(const struct vdpad_socket_args *args, struct vdpad_socket **opened,
		      struct vdpad_error *error)
{
	struct vdpad_socket *s = calloc(1, sizeof(*s));
	int err;

	if (s)
		s->path = strdup(args->path);
	if (!s || !s->path) {
		free(s);
		return vdpad_fail(error, ENOMEM, "", "no memory");
	}
	err = vdpad_vdpa_find(args->device, &s->device, error);
	if (!err && !args->client)
		err = path_free(s->path, error);
	if (!err && serve(s, args))
		err = vdpad_fail(error, EIO, "socket",
				 "%s: librte_vhost does not serve it (lines above)", s->path);
	if (err) {
		vdpad_socket_close(s);
		return err;
	}
	vdpad_say("%s: served by %s (%u queue pairs, features 0x%llx)", s->path, args->device,
		  s->device.pairs, (unsigned long long)s->device.features);
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
	if (s->registered && rte_vhost_driver_unregister(s->path))
		vdpad_warn("%s: librte_vhost does not let it go", s->path);
	free(s->path);
	free(s);
}
