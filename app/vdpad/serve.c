/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "say.h"
#include "socket.h"

static void close_all(struct vdpad_socket **sockets, unsigned int n)
{
	while (n--)
		vdpad_socket_close(sockets[n]);
	free(sockets);
}

static int open_all(const struct vdpad_options *options, struct vdpad_socket ***opened)
{
	struct vdpad_socket **sockets = calloc(options->n_sockets, sizeof(struct vdpad_socket *));
	struct vdpad_error error;
	unsigned int i;
	int err = 0;

	if (!sockets)
		return -ENOMEM;
	for (i = 0; i < options->n_sockets && !err; i++) {
		const struct vdpad_socket_args args = {
		    .path = options->sockets[i].path,
		    .device = options->sockets[i].device,
		    .client = options->client,
		    .status = options->status,
		    .narrow = options->narrow,
		};

		err = vdpad_socket_open(&args, &sockets[i], &error);
	}
	if (err) {
		vdpad_warn("%s", error.text);
		close_all(sockets, options->n_sockets);
		return err;
	}
	*opened = sockets;
	return 0;
}

int vdpad_serve(const struct vdpad_options *options, const sigset_t *ends)
{
	struct vdpad_socket **sockets;
	int sig, err = open_all(options, &sockets);

	if (err)
		return err;
	vdpad_say("serving");
	while (sigwait(ends, &sig)) {
	}
	vdpad_say("%s: stopping all guests", strsignal(sig));
	close_all(sockets, options->n_sockets);
	return 0;
}
