/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif as a link: the control channel (memif.h), in the role of server or client; and the wire,
 * which is memif in whichever role is free.
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
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "link_impl.h"
#include "memif.h"

enum { MEMIF_RETRY_US = 20000, MEMIF_SETUP_US = 2000000, MEMIF_PER_SERVICE = 16 };

enum memif_state { MEMIF_DOWN, MEMIF_LISTEN, MEMIF_HELLO_WAIT, MEMIF_SETUP, MEMIF_UP };

struct memif {
	enum memif_state state;
	int listener, control;         /* owned; -1: none */
	ino_t name_ino;                /* of the listener's name */
	uint64_t retry_at, give_up_at; /* cycles */
	unsigned int said;             /* client: messages of the set-up that were sent */
	uint16_t ring_size;
	bool up;     /* under link_lock: frames may pass */
	bool broken; /* atomic: the peer broke the rules, seen by any thread */
	struct {
		int event; /* owned; -1: not announced */
		uint16_t region;
		uint32_t offset;
		uint8_t log2_size;
	} ring[2]; /* server: as announced; C2S, S2C */
	struct memif_memory memory;
};

static uint64_t memif_now(void)
{
	return dp_cycles();
}

static uint64_t memif_in_us(const struct link *link, uint64_t us)
{
	return memif_now() + us * link->port->dp->cycles_per_us;
}

static void memif_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- memory ---- */

static void memif_forget_memory(struct link *link)
{
	struct memif *m = link->state;
	struct memif_memory *memory = &m->memory;
	struct dp_mem *none;

	link_lock(link);
	m->up = false;
	if (dp_mem_create(&(struct dp_seg){0}, 0, &none) == 0) {
		link_set_mem(link, none);
		dp_mem_put(none);
	}
	for (unsigned int i = 0; i < memory->n_regions; i++) {
		struct memif_region *r = &memory->region[i];

		if (r->addr != NULL)
			munmap(r->addr, r->size);
		memif_close_fd(&r->fd);
	}
	memif_close_fd(&memory->rx.event);
	memif_close_fd(&memory->tx.event);
	memif_close_fd(&m->ring[0].event);
	memif_close_fd(&m->ring[1].event);
	memset(memory, 0, sizeof(*memory));
	memory->rx.event = -1;
	memory->tx.event = -1;
	link_unlock(link);
}

static int memif_by_address(const void *a, const void *b)
{
	const struct dp_seg *x = a, *y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* Make the regions the memory whose faults are the link's. */
static int memif_cover(struct link *link)
{
	struct memif *m = link->state;
	struct dp_seg *seg = calloc(m->memory.n_regions, sizeof(*seg));
	struct dp_mem *mem;
	int err;

	if (seg == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < m->memory.n_regions; i++) {
		const struct memif_region *r = &m->memory.region[i];

		seg[i] = (struct dp_seg){.iova = (uintptr_t)r->addr,
					 .len = r->size,
					 .hva = r->addr,
					 .local_write = true};
	}
	qsort(seg, m->memory.n_regions, sizeof(*seg), memif_by_address);
	err = dp_mem_create(seg, m->memory.n_regions, &mem);
	free(seg);
	if (err)
		return err;
	link_set_mem(link, mem);
	dp_mem_put(mem);
	return 0;
}

static int memif_map(struct memif_region *r)
{
	struct stat st;
	void *p;

	/* Only shared memory: a mapping of anything else may block. */
	if (fcntl(r->fd, F_GET_SEALS) < 0 || fstat(r->fd, &st) != 0 || r->size == 0 ||
	    (uint64_t)st.st_size < r->size)
		return -EINVAL;
	p = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->addr = p;
	return 0;
}

/* Client: region 0 and what is in it. */
static int memif_make(struct link *link)
{
	struct memif *m = link->state;
	struct memif_region *r = &m->memory.region[0];
	int err;

	m->memory.client = true;
	m->memory.buffer_size = link->options.buffer_size;
	m->memory.n_regions = 1;
	r->size = memif_region_bytes(m->ring_size, link->options.buffer_size);
	r->fd = memfd_create("softhca-memif", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->fd < 0)
		return -errno;
	if (ftruncate(r->fd, (off_t)r->size) != 0 ||
	    fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		return -errno;
	err = memif_map(r);
	if (err)
		return err;
	memif_format(&m->memory, m->ring_size);
	m->memory.rx.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	m->memory.tx.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return m->memory.rx.event < 0 || m->memory.tx.event < 0 ? -errno : 0;
}

/* ---- messages ---- */

static int memif_say(struct memif *m, const struct memif_message *message, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)message, sizeof(*message)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(m->control, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(*message) ? 0
											  : -EIO;
}

static int memif_ack(struct memif *m)
{
	const struct memif_message ack = {.type = MEMIF_ACK};

	return memif_say(m, &ack, -1);
}

/* Say why and give up the connection. */
static int memif_protest(struct memif *m, const char *reason)
{
	struct memif_message message = {.type = MEMIF_DISCONNECT, .disconnect.code = 1};

	snprintf(message.disconnect.reason, sizeof(message.disconnect.reason), "%s", reason);
	memif_say(m, &message, -1);
	return -EPROTO;
}

static void memif_drop(struct link *link)
{
	struct memif *m = link->state;

	memif_close_fd(&m->control);
	memif_forget_memory(link);
	__atomic_store_n(&m->broken, false, __ATOMIC_RELAXED);
	m->state = m->listener >= 0 ? MEMIF_LISTEN : MEMIF_DOWN;
	m->retry_at = memif_in_us(link, MEMIF_RETRY_US);
}

static void memif_begin(struct link *link, enum memif_state state)
{
	struct memif *m = link->state;

	m->state = state;
	m->said = 0;
	m->give_up_at = memif_in_us(link, MEMIF_SETUP_US);
}

static int memif_start_guarded(void *arg)
{
	return memif_start(arg);
}

static int memif_go_up(struct link *link)
{
	struct memif *m = link->state;
	int err;

	link_lock(link);
	err = memif_cover(link);
	if (err == 0)
		err = link_guarded(link, memif_start_guarded, &m->memory);
	m->up = err == 0;
	link_unlock(link);
	m->state = MEMIF_UP;
	return err;
}

/* ---- server ---- */

static int memif_hear_init(struct link *link, const struct memif_message *in)
{
	struct memif *m = link->state;

	if (in->init.version != MEMIF_VERSION)
		return memif_protest(m, "only memif version 2.0 is known");
	if (in->init.id != link->options.id)
		return memif_protest(m, "no interface with this id");
	if (in->init.mode != MEMIF_MODE_ETHERNET)
		return memif_protest(m, "only mode ethernet is known");
	if (strncmp(in->init.secret, link->options.secret, sizeof(in->init.secret)) != 0)
		return memif_protest(m, "another secret is wanted");
	return memif_ack(m);
}

static int memif_hear_region(struct memif *m, const struct memif_message *in, int *fd)
{
	struct memif_memory *memory = &m->memory;

	if (*fd < 0 || memory->n_regions == MEMIF_REGIONS_MAX ||
	    in->add_region.index != memory->n_regions)
		return memif_protest(m, "region without descriptor, or not the next one");
	memory->region[memory->n_regions++] =
	    (struct memif_region){.fd = *fd, .size = in->add_region.size};
	*fd = -1;
	return memif_ack(m);
}

static int memif_hear_ring(struct memif *m, const struct memif_message *in, int *fd)
{
	unsigned int which = in->add_ring.flags & MEMIF_RING_C2S ? 0 : 1;

	if (*fd < 0 || in->add_ring.index != 0 || m->ring[which].event >= 0 ||
	    in->add_ring.log2_ring_size > MEMIF_LOG2_RING_MAX || in->add_ring.private_hdr_size != 0)
		return memif_protest(m, "one ring in each direction, with descriptor, is wanted");
	m->ring[which].event = *fd;
	m->ring[which].region = in->add_ring.region;
	m->ring[which].offset = in->add_ring.offset;
	m->ring[which].log2_size = in->add_ring.log2_ring_size;
	*fd = -1;
	return memif_ack(m);
}

static int memif_take_ring(struct memif *m, unsigned int which, struct memif_end *end)
{
	uint64_t size = 1ULL << m->ring[which].log2_size, bytes, offset = m->ring[which].offset;
	const struct memif_region *r = &m->memory.region[m->ring[which].region];

	bytes = sizeof(struct memif_ring) + size * sizeof(struct memif_desc);
	if (m->ring[which].event < 0 || m->ring[which].region >= m->memory.n_regions ||
	    offset % 16 != 0 || bytes > r->size || offset > r->size - bytes)
		return -EINVAL;
	end->ring = (struct memif_ring *)(r->addr + offset);
	end->mask = (uint16_t)(size - 1);
	end->event = m->ring[which].event;
	m->ring[which].event = -1;
	fcntl(end->event, F_SETFL, O_NONBLOCK);
	return 0;
}

static int memif_hear_connect(struct link *link)
{
	struct memif_message message = {.type = MEMIF_CONNECTED};
	struct memif *m = link->state;
	struct memif_memory *memory = &m->memory;
	int err = memory->n_regions > 0 ? 0 : -EINVAL;

	for (unsigned int i = 0; i < memory->n_regions && err == 0; i++)
		err = memif_map(&memory->region[i]);
	if (err)
		return memif_protest(m, "regions must be shared memory as long as announced");
	if (memif_take_ring(m, 0, &memory->rx) != 0 || memif_take_ring(m, 1, &memory->tx) != 0)
		return memif_protest(m, "a ring is not where it was announced");
	err = memif_go_up(link);
	if (err)
		return memif_protest(m, "there are no rings in the memory");
	snprintf(message.connect.if_name, sizeof(message.connect.if_name), "softhca");
	return memif_say(m, &message, -1);
}

static int memif_server_hears(struct link *link, const struct memif_message *in, int *fd)
{
	struct memif *m = link->state;

	/* said counts INIT: nothing else may come before it, nor it again. */
	if (m->state != MEMIF_SETUP || (in->type == MEMIF_INIT) != (m->said == 0))
		return memif_protest(m, "this message is not expected now");
	switch (in->type) {
	case MEMIF_INIT:
		m->said++;
		return memif_hear_init(link, in);
	case MEMIF_ADD_REGION:
		return memif_hear_region(m, in, fd);
	case MEMIF_ADD_RING:
		return memif_hear_ring(m, in, fd);
	case MEMIF_CONNECT:
		return memif_hear_connect(link);
	default:
		return memif_protest(m, "this message is not known");
	}
}

/* ---- client ---- */

static int memif_hear_hello(struct link *link, const struct memif_message *in)
{
	struct memif_message message = {
	    .type = MEMIF_INIT,
	    .init = {.version = MEMIF_VERSION, .id = link->options.id},
	};
	struct memif *m = link->state;

	if (in->hello.min_version > MEMIF_VERSION || in->hello.max_version < MEMIF_VERSION)
		return memif_protest(m, "only memif version 2.0 is known");
	m->ring_size = (uint16_t)link->options.ring_size;
	if (in->hello.max_log2_ring_size < MEMIF_LOG2_RING_MAX &&
	    m->ring_size > 1u << in->hello.max_log2_ring_size)
		m->ring_size = (uint16_t)(1u << in->hello.max_log2_ring_size);
	if (memif_make(link) != 0)
		return memif_protest(m, "no memory");
	memcpy(message.init.secret, link->options.secret, sizeof(message.init.secret));
	snprintf(message.init.name, sizeof(message.init.name), "softhca");
	m->state = MEMIF_SETUP;
	return memif_say(m, &message, -1);
}

static int memif_say_ring(struct memif *m, bool c2s)
{
	const struct memif_message message = {
	    .type = MEMIF_ADD_RING,
	    .add_ring =
		{
			   .flags = c2s ? MEMIF_RING_C2S : 0,
			   .offset = (uint32_t)memif_ring_offset(m->ring_size, c2s),
			   .log2_ring_size = (uint8_t)__builtin_ctz(m->ring_size),
			   },
	};

	return memif_say(m, &message, c2s ? m->memory.tx.event : m->memory.rx.event);
}

/* The last message was acknowledged: the next one. */
static int memif_hear_ack(struct memif *m)
{
	struct memif_message message = {.type = MEMIF_NONE};

	switch (m->said++) {
	case 0:
		message.type = MEMIF_ADD_REGION;
		message.add_region.size = m->memory.region[0].size;
		return memif_say(m, &message, m->memory.region[0].fd);
	case 1:
		return memif_say_ring(m, true);
	case 2:
		return memif_say_ring(m, false);
	case 3:
		message.type = MEMIF_CONNECT;
		snprintf(message.connect.if_name, sizeof(message.connect.if_name), "softhca");
		return memif_say(m, &message, -1);
	default:
		return memif_protest(m, "nothing is to be acknowledged");
	}
}

static int memif_client_hears(struct link *link, const struct memif_message *in)
{
	struct memif *m = link->state;

	if (m->state == MEMIF_HELLO_WAIT && in->type == MEMIF_HELLO)
		return memif_hear_hello(link, in);
	if (m->state == MEMIF_SETUP && in->type == MEMIF_ACK)
		return memif_hear_ack(m);
	if (m->state == MEMIF_SETUP && in->type == MEMIF_CONNECTED && m->said == 4)
		return memif_go_up(link);
	return memif_protest(m, "this message is not expected now");
}

/* ---- the control channel ---- */

/* One message: 1, 0 none, -EPIPE the peer left, else an error. Descriptors but the first are shut.
 */
static int memif_receive(struct memif *m, struct memif_message *in, int *fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = {in, sizeof(*in)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t got = recvmsg(m->control, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			int one;

			memcpy(&one, (char *)c + at, sizeof(one));
			if (*fd < 0)
				*fd = one;
			else
				close(one);
		}
	}
	if (got == 0)
		return -EPIPE;
	return got == sizeof(*in) ? 1 : -EPROTO;
}

static void memif_hear(struct link *link)
{
	struct memif *m = link->state;
	bool server = m->listener >= 0;

	for (unsigned int i = 0; i < MEMIF_PER_SERVICE && m->control >= 0; i++) {
		struct memif_message in;
		int fd, err = memif_receive(m, &in, &fd);

		if (err == 0)
			return;
		if (err > 0 && in.type == MEMIF_DISCONNECT)
			err = -EPIPE;
		else if (err > 0)
			err = server ? memif_server_hears(link, &in, &fd)
				     : memif_client_hears(link, &in);
		memif_close_fd(&fd);
		if (err < 0)
			memif_drop(link);
	}
}

static void memif_accept(struct link *link)
{
	struct memif_message message = {
	    .type = MEMIF_HELLO,
	    .hello = {.min_version = MEMIF_VERSION,
		      .max_version = MEMIF_VERSION,
		      .max_region = MEMIF_REGIONS_MAX - 1,
		      .max_log2_ring_size = MEMIF_LOG2_RING_MAX},
	};
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
	memif_begin(link, MEMIF_SETUP);
	snprintf(message.hello.name, sizeof(message.hello.name), "softhca");
	if (memif_say(m, &message, -1) != 0)
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
	memif_begin(link, MEMIF_HELLO_WAIT);
	return 0;
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
