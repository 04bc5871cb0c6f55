/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Brings requests and who asks to rpc_call. An epoll inside the daemon's: the listener, an eventfd
 * that is up while there is work that no descriptor tells of, and the clients. Requests of one
 * client are done in order; among clients, in turns. When there are too many clients, the one that
 * has been silent for longest goes: a reader that has stopped reading cannot keep others out.
 */
#include "rpc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "manager.h"
#include "rpc_client.h"
#include "rpc_listen.h"
#include "say.h"

enum { CLIENTS_MAX = 256, EVENTS = 64, ACCEPTS = 64 };

struct slot {
	struct vdpad_rpc_client *client; /* owned; NULL: free */
	int fd;                          /* borrowed from it */
	uint32_t events;                 /* that epoll waits for */
	bool more;                       /* to do without waiting */
	uint64_t heard;                  /* when it last did anything, in turns */
};

struct vdpad_rpc_server {
	struct vdpad_manager *manager; /* borrowed */
	int epoll, listener, again;
	bool bound;
	bool crowded; /* which was said */
	uint64_t turn;
	struct slot slots[CLIENTS_MAX];
};

/* What epoll tells: these two, or a slot. */
enum { LISTENER = CLIENTS_MAX, AGAIN };

static int watch(struct vdpad_rpc_server *s, int fd, uint32_t what, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = what};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int vdpad_rpc_server_create(struct vdpad_manager *manager, struct vdpad_rpc_server **server)
{
	const struct vdpad_config *config = vdpad_manager_config(manager);
	struct vdpad_rpc_server *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->manager = manager;
	s->listener = -1;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->again = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = s->epoll < 0 || s->again < 0 ? -errno : 0;
	if (err)
		vdpad_warn("no server for requests: %s", strerror(-err));
	if (!err)
		err = vdpad_rpc_listen(config->rpc, config->rpc_mode, config->rpc_group,
				       &s->listener);
	s->bound = !err;
	if (!err)
		err = watch(s, s->listener, LISTENER, EPOLLIN);
	if (!err)
		err = watch(s, s->again, AGAIN, EPOLLIN);
	if (err) {
		vdpad_rpc_server_destroy(s);
		return err;
	}
	*server = s;
	return 0;
}

static void drop(struct slot *slot)
{
	vdpad_rpc_client_destroy(slot->client);
	memset(slot, 0, sizeof(*slot));
}

void vdpad_rpc_server_destroy(struct vdpad_rpc_server *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		drop(&s->slots[i]);
	if (s->bound)
		unlink(vdpad_manager_config(s->manager)->rpc);
	if (s->listener >= 0)
		close(s->listener);
	if (s->again >= 0)
		close(s->again);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s);
}

int vdpad_rpc_server_fd(const struct vdpad_rpc_server *s)
{
	return s->epoll;
}

static struct slot *find_slot(struct vdpad_rpc_server *s)
{
	struct slot *oldest = &s->slots[0];

	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (!s->slots[i].client)
			return &s->slots[i];
		if (s->slots[i].heard < oldest->heard)
			oldest = &s->slots[i];
	}
	if (!s->crowded)
		vdpad_warn("%u connections for requests: from now on the one silent for longest is "
			   "closed",
			   CLIENTS_MAX);
	s->crowded = true;
	drop(oldest);
	return oldest;
}

static void take_in(struct vdpad_rpc_server *s, int fd)
{
	gid_t group = vdpad_manager_config(s->manager)->rpc_group;
	struct slot *slot = find_slot(s);

	slot->client = vdpad_rpc_client_create(fd, vdpad_rpc_may_change(fd, group));
	if (!slot->client) {
		close(fd);
		return;
	}
	slot->fd = fd;
	slot->events = EPOLLIN;
	slot->heard = ++s->turn;
	if (watch(s, fd, (uint32_t)(slot - s->slots), EPOLLIN))
		drop(slot);
}

static void accept_all(struct vdpad_rpc_server *s)
{
	for (unsigned int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		take_in(s, fd);
	}
}

static void run_client(struct vdpad_rpc_server *s, struct slot *slot, uint32_t events)
{
	int ret = vdpad_rpc_client_run(slot->client, s->manager, events);
	struct epoll_event event = {.data.u32 = (uint32_t)(slot - s->slots)};

	if (ret < 0) {
		drop(slot);
		return;
	}
	slot->more = ret > 0;
	slot->heard = ++s->turn;
	event.events = vdpad_rpc_client_events(slot->client);
	if (event.events == slot->events)
		return;
	slot->events = event.events;
	if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, slot->fd, &event))
		drop(slot);
}

/* Those that have lines left take their turn, and so will those that have some after it. */
static void go_on(struct vdpad_rpc_server *s, const bool *done)
{
	bool more = false;
	uint64_t n;

	if (read(s->again, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		struct slot *slot = &s->slots[i];

		if (slot->client && slot->more && !done[i])
			run_client(s, slot, 0);
		more |= slot->client && slot->more;
	}
	if (more && eventfd_write(s->again, 1))
		vdpad_warn("requests may have to wait for others: %s", strerror(errno));
}

void vdpad_rpc_server_run(struct vdpad_rpc_server *s)
{
	struct epoll_event events[EVENTS];
	bool done[CLIENTS_MAX] = {false}, incoming = false;
	int n = epoll_wait(s->epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		uint32_t what = events[i].data.u32;

		if (what == LISTENER) {
			incoming = true;
		} else if (what < CLIENTS_MAX && s->slots[what].client) {
			done[what] = true;
			run_client(s, &s->slots[what], events[i].events);
		}
	}
	go_on(s, done);
	/* Last, as a new client may take the place of another that there are events of. */
	if (incoming)
		accept_all(s);
}
