/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_log.h>

#include "config.h"
#include "eal.h"
#include "rlimits.h"
#include "manager.h"
#include "notify.h"
#include "options.h"
#include "rpc.h"
#include "say.h"

struct daemon {
	const struct vdpad_options *options; /* borrowed */
	struct vdpad_config config;
	struct vdpad_eal eal;
	struct vdpad_manager *manager;
	struct vdpad_rpc_server *server;
	int epoll, signals, timer;    /* -1: not there */
	unsigned int devices, failed; /* as systemd was told */
};

/* ---- configuration ---- */

static int override(struct vdpad_config *config, const char *word, const char *value,
		    struct vdpad_error *error)
{
	return value ? vdpad_config_set(config, word, value, error) : 0;
}

static int configure(const struct vdpad_options *options, struct vdpad_config *config,
		     struct vdpad_error *error)
{
	int err = 0;

	if (options->config)
		err = vdpad_config_read(options->config, config, error);
	else
		vdpad_config_init(config);
	if (err)
		return err;
	err = override(config, "state_dir", options->state_dir, error);
	if (!err)
		err = override(config, "rpc", options->rpc, error);
	if (!err)
		err = override(config, "log", options->log, error);
	if (err)
		vdpad_config_destroy(config);
	return err;
}

static void set_log(const char *level)
{
	static const struct {
		const char *name;
		enum vdpad_priority priority;
		uint32_t driver, vhost; /* of DPDK */
	} levels[] = {
	    {"warning", VDPAD_WARNING, RTE_LOG_WARNING, RTE_LOG_ERR    },
	    {"notice",  VDPAD_NOTICE,  RTE_LOG_NOTICE,  RTE_LOG_WARNING},
	    {"info",    VDPAD_INFO,    RTE_LOG_INFO,    RTE_LOG_WARNING},
	    {"debug",   VDPAD_DEBUG,   RTE_LOG_DEBUG,   RTE_LOG_INFO   },
	};
	unsigned int i = 0;

	while (strcmp(levels[i].name, level))
		i++;
	vdpad_say_up_to(levels[i].priority);
	rte_log_set_level_pattern("pmd.vdpa.verbs", levels[i].driver);
	rte_log_set_level_pattern("lib.vhost.config", levels[i].vhost);
}

static int check(const struct vdpad_config *config)
{
	unsigned int i;
	json_t *json;
	char *text;

	printf("state_dir = %s\nsocket_dir = %s\nrpc = %s\n", config->state_dir, config->socket_dir,
	       config->rpc);
	for (i = 0; i < config->n_devices; i++) {
		json = vdpad_spec_json(&config->devices[i]);
		text = json_dumps(json, 0);
		printf("would make %s: %s\n", config->devices[i].name, text ? text : "?");
		free(text);
		json_decref(json);
	}
	printf("%u devices, unless the state directory has one of the name\n", config->n_devices);
	return EXIT_SUCCESS;
}

/* ---- what happens ---- */

static int count(void *arg, struct vdpad_device *device)
{
	unsigned int *counts = arg;

	counts[0]++;
	counts[1] += vdpad_device_failure(device) ? 1 : 0;
	return 0;
}

static void tell_status(struct daemon *d)
{
	unsigned int counts[2] = {0};

	vdpad_manager_each(d->manager, count, counts);
	if (counts[0] == d->devices && counts[1] == d->failed)
		return;
	d->devices = counts[0];
	d->failed = counts[1];
	vdpad_notify_status(d->devices, d->failed);
}

static void read_again(struct daemon *d)
{
	struct vdpad_config config;
	struct vdpad_error error;

	if (!d->options->config) {
		vdpad_warn("there is no file to be read again (-c)");
		return;
	}
	if (vdpad_config_read(d->options->config, &config, &error)) {
		vdpad_warn("%s; nothing is changed", error.text);
		return;
	}
	vdpad_manager_add_new(d->manager, &config);
	vdpad_config_destroy(&config);
	vdpad_say("%s: read again", d->options->config);
}

/* False: it is time to end. */
static bool signaled(struct daemon *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGHUP) {
		read_again(d);
		return true;
	}
	vdpad_say("%s: stopping all guests", strsignal(info.ssi_signo));
	return false;
}

static void timer_over(struct daemon *d)
{
	uint64_t times;

	if (read(d->timer, &times, sizeof(times)) == sizeof(times))
		vdpad_notify_alive();
}

static int watch(struct daemon *d, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void loop(struct daemon *d)
{
	struct epoll_event event;
	bool on = true;
	int n;

	while (on) {
		n = epoll_wait(d->epoll, &event, 1, -1);
		if (n < 0 && errno != EINTR) {
			vdpad_warn("epoll: %s", strerror(errno));
			return;
		}
		if (n <= 0)
			continue;
		if (event.data.fd == d->signals)
			on = signaled(d);
		else if (event.data.fd == d->timer)
			timer_over(d);
		else
			vdpad_rpc_server_run(d->server);
		tell_status(d);
	}
}

/* ---- from the beginning to the end ---- */

/* Before the first thread is made, so that all have them blocked. */
static int take_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a guest or a client may be gone at any moment */
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->epoll < 0 || d->signals < 0)
		return -errno;
	return watch(d, d->signals);
}

static int take_timer(struct daemon *d)
{
	/* Twice as often as is wanted, as sd_watchdog_enabled(3) advises. */
	uint64_t us = vdpad_notify_watchdog_us() / 2;
	struct timespec every = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
	struct itimerspec spec = {.it_interval = every, .it_value = every};

	if (!us)
		return 0;
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->timer < 0 || timerfd_settime(d->timer, 0, &spec, NULL))
		return -errno;
	return watch(d, d->timer);
}

/* As systemd makes it; elsewhere somebody has to. */
static void make_socket_dir(const char *dir)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		vdpad_warn("socket_dir %s: it is not there: %s", dir, strerror(errno));
}

/* 0: it served, and was asked to end. */
static int serve(struct daemon *d)
{
	int err;

	make_socket_dir(d->config.socket_dir);
	vdpad_manager_restore(d->manager);
	err = vdpad_rpc_server_create(d->manager, &d->server);
	if (!err)
		err = watch(d, vdpad_rpc_server_fd(d->server));
	if (!err)
		err = take_timer(d);
	if (err) {
		vdpad_warn("%s: no requests can be taken: %s", d->config.rpc, strerror(-err));
		return err;
	}
	d->devices = d->failed = -1;
	tell_status(d);
	vdpad_notify_ready();
	vdpad_say("serving");
	loop(d);
	vdpad_notify_stopping();
	return 0;
}

static int run(struct daemon *d)
{
	struct vdpad_error error;
	int err = take_signals(d);

	if (err) {
		vdpad_warn("no signals can be taken: %s", strerror(-err));
		return err;
	}
	vdpad_rlimits_raise();
	/* The lock first: with another daemon's files nothing is begun. */
	err = vdpad_manager_create(&d->config, &d->manager, &error);
	if (!err)
		err = vdpad_eal_args(&d->config, &d->eal, &error);
	if (!err)
		err = vdpad_eal_start(&d->eal, &error);
	if (err) {
		vdpad_warn("%s", error.text);
		vdpad_manager_destroy(d->manager);
		vdpad_eal_destroy(&d->eal);
		return err;
	}
	err = serve(d);
	vdpad_rpc_server_destroy(d->server);
	vdpad_manager_destroy(d->manager);
	if (rte_eal_cleanup() && !err)
		err = -EIO;
	vdpad_eal_destroy(&d->eal);
	return err;
}

int vdpad_daemon(const struct vdpad_options *options)
{
	struct daemon d = {.options = options, .epoll = -1, .signals = -1, .timer = -1};
	struct vdpad_error error;
	int err = configure(options, &d.config, &error);

	if (err) {
		vdpad_warn("%s", error.text);
		return EXIT_FAILURE;
	}
	if (options->check) {
		err = check(&d.config);
		vdpad_config_destroy(&d.config);
		return err;
	}
	set_log(d.config.log);
	err = run(&d);
	if (d.timer >= 0)
		close(d.timer);
	if (d.signals >= 0)
		close(d.signals);
	if (d.epoll >= 0)
		close(d.epoll);
	vdpad_config_destroy(&d.config);
	if (!err)
		vdpad_say("ended");
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
