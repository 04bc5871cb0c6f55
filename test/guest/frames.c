/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frames: sees and sends single Ethernet frames, in test guests and on the host's side of a wire.
 *
 *	frames watch DEVICE
 *	frames send DEVICE DST SRC [vlan=ID] [mark=N] [count=N] [udp=PORT] [length=N]
 *
 * watch prints a line for each frame that comes in by the device, as far as it is one of send's:
 *
 *	DST SRC VLAN MARK LENGTH        VLAN is 0 for a frame without a tag
 *
 * It does not ask the device for more than it receives anyway. send marks frames by a number in an
 * Ethertype for experiments, or by the destination port of UDP over IPv4, one flow a frame: source
 * ports from PORT on. Any UDP and TCP is seen by its destination port.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TYPE_TEST = 0x88b5, LENGTH_MAX = 9216 };

static const char usage[] = "usage: frames watch DEVICE\n"
			    "       frames send DEVICE DST SRC [vlan=ID] [mark=N] [count=N] "
			    "[udp=PORT] [length=N]\n";

static int die(const char *what)
{
	fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_device(const char *name, uint16_t type)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(type)};
	const int one = 1, room = 16 << 20;
	int fd;

	address.sll_ifindex = if_nametoindex(name);
	if (!address.sll_ifindex)
		return -1;
	/* Bound before it takes frames of any device. */
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		return -1;
	/* More than a burst of frames; less than asked for is good enough. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	/* The kernel takes a VLAN tag off the frame, and says it apart. */
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- watch ---- */

static unsigned int vlan_of(struct msghdr *msg)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : 0;
	}
	return 0;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* False: none of ours. */
static bool mark_of(const uint8_t *frame, size_t len, uint32_t *mark)
{
	uint16_t type = frame[12] << 8 | frame[13];

	if (type == TYPE_TEST && len >= 18) {
		*mark = be32(frame + 14);
		return true;
	}
	if (type == ETHERTYPE_IP && len >= 42 && frame[14] == 0x45 &&
	    (frame[23] == IPPROTO_UDP || frame[23] == IPPROTO_TCP)) {
		*mark = frame[36] << 8 | frame[37];
		return true;
	}
	return false;
}

static int watch(const char *device)
{
	static uint8_t frame[65536];
	uint8_t control[256];
	struct sockaddr_ll from;
	int fd = open_device(device, ETH_P_ALL);

	if (fd < 0)
		return die(device);
	setlinebuf(stdout);
	puts("watching");
	for (;;) {
		struct iovec iov = {frame, sizeof(frame)};
		struct msghdr msg = {.msg_name = &from,
				     .msg_namelen = sizeof(from),
				     .msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(fd, &msg, 0);
		char dst[18], src[18];
		uint32_t mark;

		if (n < 0 && errno == ENETDOWN)
			continue; /* and up again */
		if (n < 0)
			return die(device);
		if (from.sll_pkttype == PACKET_OUTGOING || n < 14 || !mark_of(frame, n, &mark))
			continue;
		snprintf(dst, sizeof(dst), "%02x:%02x:%02x:%02x:%02x:%02x", frame[0], frame[1],
			 frame[2], frame[3], frame[4], frame[5]);
		snprintf(src, sizeof(src), "%02x:%02x:%02x:%02x:%02x:%02x", frame[6], frame[7],
			 frame[8], frame[9], frame[10], frame[11]);
		printf("%s %s %u %u %zd\n", dst, src, vlan_of(&msg), mark, n);
	}
}

/* ---- send ---- */

struct wanted {
	struct ether_addr dst, src;
	unsigned long vlan, mark, count, udp, length;
};

static uint16_t ip_sum(const void *header)
{
	const uint8_t *p = header;
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < 20; i += 2)
		sum += p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

/* 192.0.2.1 to 192.0.2.2, no checksum in UDP. */
static void put_udp(uint8_t *p, size_t len, uint16_t from, uint16_t to)
{
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
	struct udphdr udp = {.source = htons(from), .dest = htons(to)};

	ip.tot_len = htons(len);
	ip.saddr = htonl(0xc0000201);
	ip.daddr = htonl(0xc0000202);
	ip.check = htons(ip_sum(&ip));
	udp.len = htons(len - sizeof(ip));
	memcpy(p, &ip, sizeof(ip));
	memcpy(p + sizeof(ip), &udp, sizeof(udp));
}

/* The i-th of them; returns where it ends. */
static size_t make(const struct wanted *w, unsigned long i, uint8_t *frame)
{
	uint8_t *p = frame;
	uint16_t type = htons(w->udp ? ETHERTYPE_IP : TYPE_TEST);
	uint32_t mark = htonl(w->mark);

	memset(frame, 0, w->length);
	memcpy(p, &w->dst, 6);
	memcpy(p + 6, &w->src, 6);
	p += 12;
	if (w->vlan) {
		*p++ = 0x81;
		*p++ = 0x00;
		*p++ = w->vlan >> 8;
		*p++ = w->vlan;
	}
	memcpy(p, &type, 2);
	p += 2;
	if (w->udp)
		put_udp(p, w->length - (p - frame), w->udp + i, w->mark);
	else
		memcpy(p, &mark, 4);
	return w->length;
}

static bool number(const char *text, const char *name, unsigned long max, unsigned long *value)
{
	size_t len = strlen(name);
	char *end;

	if (strncmp(text, name, len) || text[len] != '=')
		return false;
	*value = strtoul(text + len + 1, &end, 0);
	return end != text + len + 1 && !*end && *value <= max;
}

static bool parse(int argc, char **argv, struct wanted *w)
{
	int i;

	*w = (struct wanted){.count = 1, .length = 64};
	if (argc < 2 || !ether_aton_r(argv[0], &w->dst) || !ether_aton_r(argv[1], &w->src))
		return false;
	for (i = 2; i < argc; i++)
		if (!number(argv[i], "vlan", 4095, &w->vlan) &&
		    !number(argv[i], "mark", UINT32_MAX, &w->mark) &&
		    !number(argv[i], "count", 1000000, &w->count) &&
		    !number(argv[i], "udp", UINT16_MAX, &w->udp) &&
		    !number(argv[i], "length", LENGTH_MAX, &w->length))
			return false;
	return w->length >= 60;
}

static int send_all(const char *device, const struct wanted *w)
{
	static uint8_t frame[LENGTH_MAX];
	unsigned long i;
	int fd = open_device(device, 0);

	if (fd < 0)
		return die(device);
	for (i = 0; i < w->count; i++) {
		size_t len = make(w, i, frame);

		while (send(fd, frame, len, 0) < 0) {
			if (errno != ENOBUFS)
				return die(device);
			usleep(1000);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct wanted w;

	if (argc == 3 && !strcmp(argv[1], "watch"))
		return watch(argv[2]);
	if (argc >= 5 && !strcmp(argv[1], "send") && parse(argc - 3, argv + 3, &w))
		return send_all(argv[2], &w);
	fputs(usage, stderr);
	return 2;
}
