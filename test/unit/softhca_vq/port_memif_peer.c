/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/memif.h"
#include "port_memif_peer.h"
#include "rig.h"

enum { PEER_LOG2 = 4, PEER_SLOTS = 1 << PEER_LOG2, PEER_BUFFER = 2048 };
enum {
	PEER_RING_BYTES = sizeof(struct memif_ring) + PEER_SLOTS * sizeof(struct memif_desc),
	PEER_BUFFERS_AT = 2 * PEER_RING_BYTES,
	PEER_BYTES = PEER_BUFFERS_AT + 2 * PEER_SLOTS * PEER_BUFFER,
};

const char *peer_fault_name(enum peer_fault fault)
{
	static const char *const names[] = {
	    [PEER_SHORT_MESSAGE] = "a short message",
	    [PEER_UNKNOWN_MESSAGE] = "an unknown message",
	    [PEER_CONNECT_FIRST] = "CONNECT before INIT",
	    [PEER_WRONG_VERSION] = "another version",
	    [PEER_WRONG_ID] = "another interface",
	    [PEER_SECOND_INIT] = "INIT twice",
	    [PEER_REGION_WITHOUT_FD] = "a region without descriptor",
	    [PEER_REGION_SHORT] = "a region shorter than announced",
	    [PEER_REGION_NO_MEMORY] = "a region that is no memory",
	    [PEER_RING_OUTSIDE] = "a ring outside its region",
	    [PEER_RING_MISALIGNED] = "a ring at an odd place",
	    [PEER_RING_HUGE] = "a ring of 2^255 slots",
	    [PEER_RING_TWICE] = "a ring twice",
	    [PEER_RING_NO_EVENTFD] = "a ring with a file for an eventfd",
	    [PEER_NO_RING] = "CONNECT without rings",
	    [PEER_NO_COOKIE] = "rings without cookie",
	    [PEER_HEAD_JUMPS] = "a head that jumps",
	    [PEER_DESC_OUTSIDE] = "a frame outside the region",
	    [PEER_DESC_REGION] = "a frame in no region",
	    [PEER_CHAIN_ENDLESS] = "a chain without end",
	    [PEER_OFFERS_OUTSIDE] = "a buffer outside the region",
	    [PEER_OFFERS_NOTHING] = "buffers without bytes",
	    [PEER_OFFERS_TOO_MANY] = "more buffers than slots",
	    [PEER_MEMORY_GONE] = "memory that is gone",
	    [PEER_DISCONNECTS] = "goodbye",
	};

	return names[fault];
}

static void peer_say(struct peer *p, const struct memif_message *m, size_t len, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)m, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(p->socket, &msg, MSG_NOSIGNAL), len);
}

static void peer_hear(struct peer *p, uint16_t type)
{
	struct memif_message m;

	assert_int_equal(recv(p->socket, &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(m.type, type);
}

static struct memif_ring *peer_ring(const struct peer *p, bool c2s)
{
	return (struct memif_ring *)(p->map + (c2s ? 0 : PEER_RING_BYTES));
}

static void peer_offer(struct peer *p, bool c2s, unsigned int slot)
{
	peer_ring(p, c2s)->desc[slot] = (struct memif_desc){
	    .offset = PEER_BUFFERS_AT + ((c2s ? 0 : PEER_SLOTS) + slot) * PEER_BUFFER,
	    .length = PEER_BUFFER,
	};
}

static void peer_memory(struct peer *p)
{
	p->memory = memfd_create("peer", MFD_CLOEXEC);
	assert_int_equal(ftruncate(p->memory, PEER_BYTES), 0);
	p->map = mmap(NULL, PEER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, p->memory, 0);
	assert_ptr_not_equal(p->map, MAP_FAILED);
	for (unsigned int c2s = 0; c2s < 2; c2s++) {
		p->event[c2s] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		peer_ring(p, c2s)->cookie = p->fault == PEER_NO_COOKIE ? 0 : MEMIF_COOKIE;
		for (unsigned int slot = 0; slot < PEER_SLOTS; slot++)
			peer_offer(p, c2s, slot);
	}
}

/* True: that was the fault. */
static bool peer_say_init(struct peer *p)
{
	struct memif_message m = {.type = MEMIF_INIT, .init.version = MEMIF_VERSION};

	switch (p->fault) {
	case PEER_SHORT_MESSAGE:
		peer_say(p, &m, 64, -1);
		return true;
	case PEER_UNKNOWN_MESSAGE:
		m.type = 77;
		break;
	case PEER_CONNECT_FIRST:
		m.type = MEMIF_CONNECT;
		break;
	case PEER_WRONG_VERSION:
		m.init.version = 3 << 8;
		break;
	case PEER_WRONG_ID:
		m.init.id = 99;
		break;
	default:
		peer_say(p, &m, sizeof(m), -1);
		peer_hear(p, MEMIF_ACK);
		if (p->fault != PEER_SECOND_INIT)
			return false;
	}
	peer_say(p, &m, sizeof(m), -1);
	return true;
}

static bool peer_say_region(struct peer *p)
{
	struct memif_message m = {.type = MEMIF_ADD_REGION, .add_region.size = PEER_BYTES};
	int fd = p->memory;

	if (p->fault == PEER_REGION_WITHOUT_FD)
		fd = -1;
	if (p->fault == PEER_REGION_SHORT)
		m.add_region.size = PEER_BYTES + 1;
	if (p->fault == PEER_REGION_NO_MEMORY)
		fd = p->event[0];
	peer_say(p, &m, sizeof(m), fd);
	if (fd >= 0)
		peer_hear(p, MEMIF_ACK);
	return fd < 0;
}

static bool peer_say_ring(struct peer *p, bool c2s)
{
	struct memif_message m = {
	    .type = MEMIF_ADD_RING,
	    .add_ring = {.flags = c2s ? MEMIF_RING_C2S : 0,
			 .offset = c2s ? 0 : PEER_RING_BYTES,
			 .log2_ring_size = PEER_LOG2},
	};
	bool end = p->fault == PEER_RING_HUGE || p->fault == PEER_RING_NO_EVENTFD;
	int event = p->fault == PEER_RING_NO_EVENTFD ? p->memory : p->event[c2s];

	if (p->fault == PEER_RING_OUTSIDE)
		m.add_ring.offset = PEER_BYTES - 16;
	if (p->fault == PEER_RING_MISALIGNED)
		m.add_ring.offset += 2;
	if (p->fault == PEER_RING_HUGE)
		m.add_ring.log2_ring_size = 255;
	peer_say(p, &m, sizeof(m), event);
	if (!end)
		peer_hear(p, MEMIF_ACK);
	return end;
}

static void peer_dial(struct peer *p, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	p->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(p->socket, (struct sockaddr *)&address, sizeof(address)), 0);
}

void peer_connect(struct peer *p, const char *path, enum peer_fault fault)
{
	const struct memif_message connected = {.type = MEMIF_CONNECT};
	struct memif_message hello = {.type = MEMIF_NONE};

	*p = (struct peer){
	    .fault = fault, .socket = -1, .memory = -1, .event = {-1, -1}
        };
	/* That the one before is gone may not have been noticed yet. */
	do {
		if (p->socket >= 0)
			close(p->socket);
		peer_dial(p, path);
		assert_int_equal(recv(p->socket, &hello, sizeof(hello), 0), sizeof(hello));
	} while (hello.type == MEMIF_DISCONNECT);
	assert_int_equal(hello.type, MEMIF_HELLO);
	peer_memory(p);
	if (peer_say_init(p) || peer_say_region(p))
		return;
	if (fault != PEER_NO_RING) {
		if (peer_say_ring(p, true))
			return;
		if (fault == PEER_RING_TWICE) {
			const struct memif_message again = {
			    .type = MEMIF_ADD_RING,
			    .add_ring = {.flags = MEMIF_RING_C2S, .log2_ring_size = PEER_LOG2},
			};

			peer_say(p, &again, sizeof(again), p->event[0]);
			return;
		}
		peer_say_ring(p, false);
	}
	peer_say(p, &connected, sizeof(connected), -1);
	if (fault < PEER_BAD_RINGS)
		return;
	peer_hear(p, MEMIF_CONNECTED);
	__atomic_store_n(&peer_ring(p, false)->head, PEER_SLOTS, __ATOMIC_RELEASE);
}

/* Slots from 0 on are there, with these values. */
static void peer_publish(struct peer *p, bool c2s, struct memif_desc desc, uint16_t slots)
{
	struct memif_ring *ring = peer_ring(p, c2s);

	for (unsigned int i = 0; i < PEER_SLOTS; i++)
		ring->desc[i] = desc;
	__atomic_store_n(&ring->head, slots, __ATOMIC_RELEASE);
}

void peer_misbehave(struct peer *p)
{
	struct memif_desc desc = {.offset = PEER_BUFFERS_AT, .length = 100};
	struct memif_message m = {.type = MEMIF_DISCONNECT};

	switch (p->fault) {
	case PEER_HEAD_JUMPS:
		peer_publish(p, true, desc, PEER_SLOTS + 1);
		break;
	case PEER_DESC_OUTSIDE:
		desc.offset = PEER_BYTES - 99;
		peer_publish(p, true, desc, 1);
		break;
	case PEER_DESC_REGION:
		desc.region = 65535;
		peer_publish(p, true, desc, 1);
		break;
	case PEER_CHAIN_ENDLESS:
		desc.flags = MEMIF_DESC_NEXT;
		peer_publish(p, true, desc, PEER_SLOTS);
		break;
	case PEER_OFFERS_OUTSIDE:
		desc.offset = UINT32_MAX;
		peer_publish(p, false, desc, PEER_SLOTS);
		break;
	case PEER_OFFERS_NOTHING:
		desc.length = 0;
		peer_publish(p, false, desc, PEER_SLOTS);
		break;
	case PEER_OFFERS_TOO_MANY:
		peer_publish(p, false, desc, 40000);
		break;
	case PEER_MEMORY_GONE:
		assert_int_equal(ftruncate(p->memory, 0), 0);
		break;
	default:
		peer_say(p, &m, sizeof(m), -1);
		break;
	}
}

void peer_expect_end(struct peer *p)
{
	struct memif_message m;
	ssize_t got;

	/* It may say why before. */
	while ((got = recv(p->socket, &m, sizeof(m), 0)) > 0)
		assert_true(m.type == MEMIF_DISCONNECT || m.type == MEMIF_ACK);
}

void peer_send(struct peer *p, const void *frame, size_t len)
{
	struct memif_ring *ring = peer_ring(p, true);
	unsigned int slot = p->head % PEER_SLOTS;

	peer_offer(p, true, slot);
	ring->desc[slot].length = (uint32_t)len;
	memcpy(p->map + ring->desc[slot].offset, frame, len);
	__atomic_store_n(&ring->head, ++p->head, __ATOMIC_RELEASE);
	if (!(__atomic_load_n(&ring->flags, __ATOMIC_ACQUIRE) & MEMIF_RING_MASK_INT)) {
		uint64_t one = 1;

		assert_int_equal(write(p->event[1], &one, sizeof(one)), sizeof(one));
	}
}

void peer_send_half(struct peer *p)
{
	struct memif_desc desc = {
	    .offset = PEER_BUFFERS_AT, .length = 100, .flags = MEMIF_DESC_NEXT};

	peer_publish(p, true, desc, PEER_SLOTS - 1);
}

void peer_close(struct peer *p)
{
	close(p->socket);
	close(p->memory);
	close(p->event[0]);
	close(p->event[1]);
	munmap(p->map, PEER_BYTES);
}
