/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memif_control.h"

enum { MEMIF_AT_ONCE = 16 }; /* messages heard in a row */

void memif_close_fd(int *fd)
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
int memif_protest(struct memif *m, const char *reason)
{
	struct memif_message message = {.type = MEMIF_DISCONNECT, .disconnect.code = 1};

	snprintf(message.disconnect.reason, sizeof(message.disconnect.reason), "%s", reason);
	memif_say(m, &message, -1);
	return -EPROTO;
}

void memif_drop(struct link *link)
{
	struct memif *m = link->state;

	memif_close_fd(&m->control);
	memif_forget_memory(link);
	__atomic_store_n(&m->broken, false, __ATOMIC_RELAXED);
	m->state = m->listener >= 0 ? MEMIF_LISTEN : MEMIF_DOWN;
	m->retry_at = memif_in_us(link, MEMIF_RETRY_US);
}

int memif_greet(struct link *link)
{
	const struct memif_message hello = {
	    .type = MEMIF_HELLO,
	    .hello = {.name = "softhca",
		      .min_version = MEMIF_VERSION,
		      .max_version = MEMIF_VERSION,
		      .max_region = MEMIF_REGIONS_MAX - 1,
		      .max_log2_ring_size = MEMIF_LOG2_RING_MAX},
	};
	struct memif *m = link->state;

	m->said = 0;
	m->give_up_at = memif_in_us(link, MEMIF_SETUP_US);
	m->state = m->listener >= 0 ? MEMIF_SETUP : MEMIF_HELLO_WAIT;
	return m->listener >= 0 ? memif_say(m, &hello, -1) : 0;
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

/* To write to a file, a device or a pipe could block; without /proc it has to be believed. */
static bool memif_is_eventfd(int fd)
{
	static const char eventfd_name[] = "anon_inode:[eventfd]";
	char path[32], name[sizeof(eventfd_name)];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, name, sizeof(name));
	return len < 0 || (len == sizeof(name) - 1 && memcmp(name, eventfd_name, (size_t)len) == 0);
}

static int memif_hear_ring(struct memif *m, const struct memif_message *in, int *fd)
{
	unsigned int which = in->add_ring.flags & MEMIF_RING_C2S ? 0 : 1;

	if (*fd < 0 || in->add_ring.index != 0 || m->ring[which].event >= 0 ||
	    in->add_ring.log2_ring_size > MEMIF_LOG2_RING_MAX || in->add_ring.private_hdr_size != 0)
		return memif_protest(m, "one ring in each direction, with descriptor, is wanted");
	if (!memif_is_eventfd(*fd))
		return memif_protest(m, "a ring's descriptor is an eventfd");
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
	const struct memif_region *r;

	bytes = sizeof(struct memif_ring) + size * sizeof(struct memif_desc);
	if (m->ring[which].event < 0 || m->ring[which].region >= m->memory.n_regions)
		return -EINVAL;
	r = &m->memory.region[m->ring[which].region];
	if (offset % 16 != 0 || bytes > r->size || offset > r->size - bytes)
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

void memif_hear(struct link *link)
{
	struct memif *m = link->state;
	bool server = m->listener >= 0;

	for (unsigned int i = 0; i < MEMIF_AT_ONCE && m->control >= 0; i++) {
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
