/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vdpad: gives guests' vhost-user sockets vDPA devices. The drivers move no data here, NICs do;
 * this program brings them together: as long as it runs (serve.h), or managed and remembered
 * (daemon.h). librte_vhost's thread talks to the guests, the drivers' threads and service cores run
 * control queues.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "daemon.h"
#include "options.h"
#include "say.h"
#include "serve.h"

enum { EXIT_USAGE = 2 };

static int serve(const struct vdpad_options *options)
{
	sigset_t ends;
	int err;

	/* Blocked before the first thread is made: only sigwait takes them. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN); /* a guest may be gone at any moment */
	/* A line for every message of every guest, unless EAL's --log-level asks for it. */
	rte_log_set_level_pattern("lib.vhost.config", RTE_LOG_WARNING);

	if (rte_eal_init(options->eal_argc, options->eal_argv) < 0) {
		vdpad_say("EAL does not start: %s (lines above; 'vdpad --help' has examples)",
			  rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	err = vdpad_serve(options, &ends);
	/* Devices are removed in here. */
	if (rte_eal_cleanup() && !err)
		err = -EIO;
	if (!err)
		vdpad_say("ended");
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct vdpad_options options;
	int err = vdpad_options_parse(argc, argv, &options), status;

	if (err)
		return err > 0 ? EXIT_SUCCESS : EXIT_USAGE;
	status = options.manage ? vdpad_daemon(&options) : serve(&options);
	vdpad_options_destroy(&options);
	return status;
}
