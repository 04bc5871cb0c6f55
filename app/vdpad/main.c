/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vdpad: serves guests' vhost-user sockets by vDPA devices of any driver. The drivers move no data
 * here, NICs do; this program only brings them together and waits for a signal. librte_vhost's
 * thread talks to the guests, the drivers' threads and service cores run control queues.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "options.h"
#include "say.h"
#include "socket.h"

enum { EXIT_USAGE = 2 };

static void close_all(struct vdpad_socket **sockets, unsigned int n)
{
	while (n--)
		vdpad_socket_close(sockets[n]);
	free(sockets);
}

static int open_all(const struct vdpad_options *options, struct vdpad_socket ***opened)
{
	struct vdpad_socket **sockets = calloc(options->n_sockets, sizeof(struct vdpad_socket *));
	unsigned int i;
	int err = 0;

	if (!sockets)
		return -ENOMEM;
	for (i = 0; i < options->n_sockets && !err; i++)
		err = vdpad_socket_open(&options->sockets[i], options, &sockets[i]);
	if (err) {
		close_all(sockets, options->n_sockets);
		return err;
	}
	*opened = sockets;
	return 0;
}

static int serve_until_signal(const struct vdpad_options *options, const sigset_t *ends)
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

int main(int argc, char **argv)
{
	struct vdpad_options options;
	sigset_t ends;
	int err = vdpad_options_parse(argc, argv, &options);

	if (err)
		return err > 0 ? EXIT_SUCCESS : EXIT_USAGE;
	/* Blocked before the first thread is made: only sigwait takes them. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN); /* a guest may be gone at any moment */
	/* A line for every message of every guest, unless EAL's --log-level asks for it. */
	rte_log_set_level_pattern("lib.vhost.config", RTE_LOG_WARNING);

	if (rte_eal_init(options.eal_argc, options.eal_argv) < 0) {
		vdpad_say("EAL does not start: %s (lines above; 'vdpad --help' has examples)",
			  rte_strerror(rte_errno));
		vdpad_options_destroy(&options);
		return EXIT_FAILURE;
	}
	err = serve_until_signal(&options, &ends);
	/* Devices are removed in here. */
	if (rte_eal_cleanup() && !err)
		err = -EIO;
	vdpad_options_destroy(&options);
	if (!err)
		vdpad_say("ended");
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
