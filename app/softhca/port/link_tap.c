/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TAP device: a network interface of this machine's kernel. Frames carry a virtio_net_hdr both
 * ways (IFF_VNET_HDR), so checksums and large TCP frames need not be completed or cut for it.
 *
 * A read or write is a system call, so frames are copied into memory of our own first: a guest's
 * memory that is gone is noticed in the copy, under the fault guard, and not in the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "link_impl.h"

enum {
	TAP_SLOTS = 32,    /* frames read ahead */
	TAP_EMPTY_US = 20, /* was empty: not asked again for so long */
	TAP_FRAME_MAX = OFFLOAD_LEN_MAX,
	TAP_IN_FLAGS = VQ_F_CSUM | VQ_F_HOST_TSO4 | VQ_F_HOST_TSO6 | VQ_F_HOST_ECN,
	TAP_OUT_FLAGS = VQ_F_GUEST_CSUM | VQ_F_GUEST_TSO4 | VQ_F_GUEST_TSO6 | VQ_F_GUEST_ECN,
};

struct tap_slot {
	uint8_t vnet[VNET_BASE_LEN];
	uint32_t len;
	uint8_t *frame; /* owned, TAP_FRAME_MAX bytes */
};

struct tap {
	int fd;
	uint64_t look_at;      /* cycles */
	unsigned int first, n; /* slots that are filled, a ring */
	struct tap_slot slot[TAP_SLOTS];
	uint8_t *out; /* owned, TAP_FRAME_MAX bytes */
};

static int tap_refused(struct link *link, int err)
{
	if (err == EPERM)
		return snprintf(
			   link->error, sizeof(link->error),
			   "the TAP device %s needs the capability CAP_NET_ADMIN, or one that was "
			   "made for this user (ip tuntap add dev %s mode tap user NAME)",
			   link->options.path, link->options.path),
		       -err;
	if (err == EBUSY)
		return snprintf(link->error, sizeof(link->error),
				"the TAP device %s is in use by another process",
				link->options.path),
		       -err;
	return link_errno(link, err, "the TAP device", link->options.path);
}

static int tap_open_device(struct link *link, struct tap *tap)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int size = VNET_BASE_LEN;

	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0)
		return link_errno(
		    link, errno,
		    "/dev/net/tun (the kernel's module tun, and access to it, are needed)", "");
	memcpy(ifr.ifr_name, link->options.path,
	       strnlen(link->options.path, sizeof(ifr.ifr_name) - 1));
	if (ioctl(tap->fd, TUNSETIFF, &ifr) != 0)
		return tap_refused(link, errno);
	if (ioctl(tap->fd, TUNSETVNETHDRSZ, &size) != 0 ||
	    ioctl(tap->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) !=
		0)
		return tap_refused(link, errno);
	return 0;
}

static int tap_open(struct link *link)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (tap == NULL)
		return -ENOMEM;
	link->state = tap;
	tap->fd = -1;
	tap->out = malloc(TAP_FRAME_MAX);
	if (tap->out == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < TAP_SLOTS; i++) {
		tap->slot[i].frame = malloc(TAP_FRAME_MAX);
		if (tap->slot[i].frame == NULL)
			return -ENOMEM;
	}
	return tap_open_device(link, tap);
}

static void tap_close(struct link *link)
{
	struct tap *tap = link->state;

	if (tap == NULL)
		return;
	if (tap->fd >= 0)
		close(tap->fd);
	for (unsigned int i = 0; i < TAP_SLOTS; i++)
		free(tap->slot[i].frame);
	free(tap->out);
	free(tap);
	link->state = NULL;
}

static bool tap_read(struct tap *tap, struct tap_slot *slot)
{
	struct iovec iov[2] = {
	    {slot->vnet,  VNET_BASE_LEN},
            {slot->frame, TAP_FRAME_MAX}
        };
	ssize_t got = readv(tap->fd, iov, 2);

	if (got < (ssize_t)VNET_BASE_LEN)
		return false;
	slot->len = (uint32_t)(got - VNET_BASE_LEN);
	return true;
}

static unsigned int tap_peek(struct link *link, struct nic *nic)
{
	struct tap *tap = link->state;

	if (tap->n < TAP_SLOTS && nic->now >= tap->look_at) {
		while (tap->n < TAP_SLOTS &&
		       tap_read(tap, &tap->slot[(tap->first + tap->n) % TAP_SLOTS]))
			tap->n++;
		if (tap->n < TAP_SLOTS)
			tap->look_at = nic->now + TAP_EMPTY_US * nic->dp->cycles_per_us;
	}
	for (unsigned int i = 0; i < tap->n; i++) {
		const struct tap_slot *slot = &tap->slot[(tap->first + i) % TAP_SLOTS];

		nic->frame[i] = (struct frame){.data = slot->frame, .len = slot->len, .n = 1};
		nic->detached |= 1ULL << i;
		memcpy(nic->vnet[i], slot->vnet, VNET_BASE_LEN);
	}
	return tap->n;
}

static void tap_take(struct link *link, unsigned int n)
{
	struct tap *tap = link->state;

	tap->first = (tap->first + n) % TAP_SLOTS;
	tap->n -= n;
}

static int tap_send(struct link *link, const struct batch_part *frame)
{
	struct tap *tap = link->state;
	struct iovec iov[2] = {
	    {(uint8_t *)(uintptr_t)frame->vnet, VNET_BASE_LEN        },
	    {tap->out,			  link_frame_len(frame)},
	};

	if (iov[1].iov_len > TAP_FRAME_MAX)
		return -EMSGSIZE;
	link_copy(frame, tap->out);
	if (writev(tap->fd, iov, 2) >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS)
		return -EAGAIN;
	/* The interface is down. */
	return errno == EIO ? -ENETDOWN : -errno;
}

static int tap_fds(struct link *link, struct pollfd *fds)
{
	const struct tap *tap = link->state;

	if (tap->n > 0)
		return 0;
	*fds = (struct pollfd){.fd = tap->fd, .events = POLLIN};
	return 1;
}

const struct link_ops link_tap_ops = {
    .in_flags = TAP_IN_FLAGS,
    .out_flags = TAP_OUT_FLAGS,
    .open = tap_open,
    .close = tap_close,
    .peek = tap_peek,
    .take = tap_take,
    .send = tap_send,
    .fds = tap_fds,
};
