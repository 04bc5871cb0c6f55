/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif as a link: connecting and listening, in the role of server or client; and the wire, which
 *is memif in whichever role is free.
 *
 * Theory of operation. memif_service runs the state machine, about every millisecond and when a
 * descriptor is ready:
 *
 *	DOWN    -> LISTEN (server) or HELLO (client, connected) ; tried again every MEMIF_RETRY_US
 *	LISTEN  -> SETUP when somebody connects
 *	HELLO, SETUP -> UP when both have said all; back to DOWN or LISTEN after MEMIF_SETUP_US
 *	UP      -> DOWN or LISTEN when the peer leaves, says so, or breaks the rules
 *
 * A wire in DOWN connects if somebody listens and listens if nobody does; a name that is left over
 * is taken away. Two that come at the same moment can not both get the name, as it is given by
 * link(2); who loses it all the same (by someone taking it for a left-over) sees that another file
 * has the name and starts over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "memif_control.h"

static void memif_accept(struct link *link)
{
	struct memif *m = link->state;
	int fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (m->control >= 0) {
		struct memif other = {.control = fd};

		memif_protest(&other, "somebody is connected already");
		close(fd);
		return;
	}
	m->control = fd;
	if (memif_greet(link) != 0)
		memif_drop(link);
}

static socklen_t memif_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path, strnlen(path, sizeof(address->sun_path) - 1));
	return sizeof(*address);
}

static int memif_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 ? fd : -errno;
}

/* 0: in HELLO_WAIT. */
static int memif_connect(struct link *link)
{
	struct memif *m = link->state;
	struct sockaddr_un address;
	socklen_t len = memif_address(link->options.path, &address);
	int fd = memif_socket();

	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&address, len) != 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	m->control = fd;
	return memif_greet(link);
}

/* Bind under another name first: the name itself never leads to a socket that does not listen. */
static int memif_listen(struct link *link)
{
	struct memif *m = link->state;
	char path[sizeof(link->options.path) + 8];
	struct sockaddr_un address;
	struct stat st;
	socklen_t len;
	int fd = memif_socket(), err = 0;

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "%s.%05u", link->options.path,
		 (unsigned int)getpid() % 100000);
	len = memif_address(path, &address);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 4) != 0 ||
	    stat(path, &st) != 0 || linkat(AT_FDCWD, path, AT_FDCWD, link->options.path, 0) != 0)
		err = -errno;
	unlink(path);
	if (err) {
		close(fd);
		return err;
	}
	m->listener = fd;
	m->name_ino = st.st_ino;
	m->state = MEMIF_LISTEN;
	return 0;
}

static bool memif_has_name(const struct link *link)
{
	const struct memif *m = link->state;
	struct stat st;

	return stat(link->options.path, &st) == 0 && st.st_ino == m->name_ino;
}

static bool memif_is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int memif_dial(struct link *link)
{
	int err = memif_connect(link);

	if (link->options.role == LINK_CLIENT)
		return err;
	if (err == 0 && link->options.role == LINK_SERVER) {
		struct memif *m = link->state;

		/* Somebody else's. */
		memif_close_fd(&m->control);
		m->state = MEMIF_DOWN;
		return -EADDRINUSE;
	}
	/* Nobody listens there, or it is no socket: then it is not ours to take away. */
	if (err == -ECONNREFUSED && !memif_is_socket(link->options.path))
		return -ENOTSOCK;
	if (err == -ECONNREFUSED)
		unlink(link->options.path);
	return err == 0 || (err != -ECONNREFUSED && err != -ENOENT) ? err : memif_listen(link);
}

static void memif_service(struct link *link)
{
	struct memif *m = link->state;

	if (__atomic_load_n(&m->broken, __ATOMIC_RELAXED)) {
		memif_protest(m, "the rings do not hold what the rules want");
		memif_drop(link);
	}
	if (m->listener >= 0)
		memif_accept(link);
	if (m->control >= 0)
		memif_hear(link);
	if ((m->state == MEMIF_HELLO_WAIT || m->state == MEMIF_SETUP) &&
	    memif_now() > m->give_up_at)
		memif_drop(link);
	if (memif_now() < m->retry_at)
		return;
	m->retry_at = memif_in_us(link, MEMIF_RETRY_US);
	if (m->state == MEMIF_LISTEN && !memif_has_name(link)) {
		memif_close_fd(&m->listener);
		m->state = MEMIF_DOWN;
	}
	if (m->state == MEMIF_DOWN)
		memif_dial(link);
}

static void memif_close(struct link *link)
{
	struct memif *m = link->state;

	if (m == NULL)
		return;
	if (m->listener >= 0 && memif_has_name(link))
		unlink(link->options.path);
	memif_close_fd(&m->listener);
	memif_drop(link);
	free(m);
	link->state = NULL;
}

static int memif_open(struct link *link)
{
	struct memif *m = calloc(1, sizeof(*m));
	int err;

	if (m == NULL)
		return -ENOMEM;
	m->listener = m->control = -1;
	m->ring[0].event = m->ring[1].event = -1;
	m->memory.rx.event = m->memory.tx.event = -1;
	link->state = m;
	err = memif_dial(link);
	if (err == 0 || err == -EEXIST || link->options.role == LINK_CLIENT)
		return 0;
	return link_errno(link, -err, "the socket", link->options.path);
}

/* ---- frames ---- */

static void memif_is_broken(struct memif *m)
{
	__atomic_store_n(&m->broken, true, __ATOMIC_RELAXED);
}

static bool memif_works(const struct memif *m)
{
	return m->up && !__atomic_load_n(&m->broken, __ATOMIC_RELAXED);
}

static unsigned int memif_peek(struct link *link, struct nic *nic)
{
	struct memif *m = link->state;
	unsigned int n = 0;

	if (memif_works(m) && memif_read(&m->memory, nic, &n) != 0)
		memif_is_broken(m);
	return n;
}

static void memif_take(struct link *link, unsigned int n)
{
	struct memif *m = link->state;

	memif_read_done(&m->memory, link->owner, n);
}

static int memif_send(struct link *link, const struct batch_part *frame)
{
	struct memif *m = link->state;
	int err;

	if (!memif_works(m))
		return -ENETDOWN;
	err = memif_write(&m->memory, frame);
	if (err == -EPROTO)
		memif_is_broken(m);
	return err;
}

static void memif_flush(struct link *link)
{
	struct memif *m = link->state;

	if (memif_works(m))
		memif_write_flush(&m->memory);
}

static void memif_reset(struct link *link)
{
	memif_is_broken(link->state);
	link->service_at = 0;
}

/* 0: nothing is there. */
static int memif_arm_guarded(void *arg)
{
	return memif_arm(arg) ? 0 : -EAGAIN;
}

static int memif_fds(struct link *link, struct pollfd *fds)
{
	struct memif *m = link->state;
	int n = 0;

	if (m->listener >= 0)
		fds[n++] = (struct pollfd){.fd = m->listener, .events = POLLIN};
	if (m->control >= 0)
		fds[n++] = (struct pollfd){.fd = m->control, .events = POLLIN};
	if (!memif_works(m))
		return n;
	if (link_guarded(link, memif_arm_guarded, &m->memory) != 0 && link->in.held_since == 0)
		return -1;
	fds[n++] = (struct pollfd){.fd = m->memory.rx.event, .events = POLLIN};
	return n;
}

const struct link_ops link_memif_ops = {
    .open = memif_open,
    .close = memif_close,
    .service = memif_service,
    .reset = memif_reset,
    .peek = memif_peek,
    .take = memif_take,
    .send = memif_send,
    .flush = memif_flush,
    .fds = memif_fds,
};
