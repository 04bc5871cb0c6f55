/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "vv_function.h"
#include "vv_lock.h"

struct vv_seat {
	TAILQ_ENTRY(vv_seat) next;
	struct function *function; /* borrowed: they stay */
	char *device;              /* owned */
	unsigned int rings;
	uint8_t mac[6], guest_mac[6]; /* zero: none */
};

struct function {
	TAILQ_ENTRY(function) next;
	char *ibdev; /* owned */
	struct vv_function_facts facts;
	uint64_t seen_ms;            /* when it said so */
	unsigned int rings, devices; /* taken */
	TAILQ_HEAD(, vv_seat) seats;
};

static struct vv_lock lock = VV_LOCK_INITIALIZER;
static TAILQ_HEAD(, function) functions VV_GUARDED_BY(lock) = TAILQ_HEAD_INITIALIZER(functions);

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return !memcmp(mac, none, 6);
}

/* For a message; text has room for 18. */
static const char *mac_text(const uint8_t mac[6], char *text)
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return text;
}

static struct function *find(const char *ibdev) VV_REQUIRES(lock)
{
	struct function *f;

	TAILQ_FOREACH(f, &functions, next)
	if (!strcmp(f->ibdev, ibdev))
		break;
	return f;
}

static struct function *make(const char *ibdev) VV_REQUIRES(lock)
{
	struct function *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->ibdev = strdup(ibdev);
	if (!f->ibdev) {
		free(f);
		return NULL;
	}
	TAILQ_INIT(&f->seats);
	TAILQ_INSERT_TAIL(&functions, f, next);
	return f;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int vv_function_remember(const char *ibdev, const struct vv_function_facts *facts)
{
	struct function *f;

	vv_lock(&lock);
	f = find(ibdev);
	if (!f)
		f = make(ibdev);
	if (f) {
		f->facts = *facts;
		f->seen_ms = now_ms();
	}
	vv_unlock(&lock);
	return f ? 0 : -ENOMEM;
}

int vv_function_facts(const char *ibdev, struct vv_function_facts *facts)
{
	const struct function *f;

	vv_lock(&lock);
	f = find(ibdev);
	if (f) {
		*facts = f->facts;
		facts->age_ms = now_ms() - f->seen_ms;
	}
	vv_unlock(&lock);
	return f ? 0 : -ENOENT;
}

static unsigned int rings_left(const struct function *f)
{
	return f->facts.caps.max_queues > f->rings ? f->facts.caps.max_queues - f->rings : 0;
}

static unsigned int devices_left(const struct function *f)
{
	unsigned int max = f->facts.devices_max;

	if (max > VV_FUNCTION_DEVICES_MAX)
		max = VV_FUNCTION_DEVICES_MAX;
	return max > f->devices ? max - f->devices : 0;
}

void vv_function_room(const char *ibdev, struct vv_function_room *room)
{
	const struct function *f;

	*room = (struct vv_function_room){0};
	vv_lock(&lock);
	f = find(ibdev);
	if (f) {
		room->rings = rings_left(f);
		room->devices = devices_left(f);
		if (room->devices > room->rings / 2)
			room->devices = room->rings / 2;
	}
	vv_unlock(&lock);
}

/* ---- addresses ---- */

/* Of one NIC, as far as that is known. */
static bool meet(const struct function *a, const struct function *b)
{
	return a == b || (a->facts.nic && a->facts.nic == b->facts.nic);
}

/* Who on the function's NIC has this address, but for one. */
static const struct vv_seat *owner_find(const struct function *at, const uint8_t mac[6],
					const struct vv_seat *except) VV_REQUIRES(lock)
{
	const struct vv_seat *seat;
	const struct function *f;

	if (is_zero(mac))
		return NULL;
	TAILQ_FOREACH(f, &functions, next)
	if (meet(f, at))
		TAILQ_FOREACH(seat, &f->seats, next)
	if (seat != except && (!memcmp(seat->mac, mac, 6) || !memcmp(seat->guest_mac, mac, 6)))
		return seat;
	return NULL;
}

static int address_check(const struct function *f, const uint8_t mac[6],
			 const struct vv_seat *except, char *why, size_t why_len) VV_REQUIRES(lock)
{
	const struct vv_seat *other = owner_find(f, mac, except);
	char text[18];

	if (!other)
		return 0;
	snprintf(why, why_len, "address: %s is that of %s: every device needs one of its own",
		 mac_text(mac, text), other->device);
	return -EEXIST;
}

int vv_seat_address(struct vv_seat *seat, const uint8_t mac[6], char *why, size_t why_len)
{
	int err;

	vv_lock(&lock);
	err = address_check(seat->function, mac, seat, why, why_len);
	if (!err)
		memcpy(seat->mac, mac, 6);
	vv_unlock(&lock);
	return err;
}

int vv_seat_guest_address(struct vv_seat *seat, const uint8_t mac[6], char *why, size_t why_len)
{
	int err;

	vv_lock(&lock);
	err = address_check(seat->function, mac, seat, why, why_len);
	if (!err)
		memcpy(seat->guest_mac, mac, 6);
	vv_unlock(&lock);
	return err;
}

/* ---- seats ---- */

/* Can the frames of one more be told from those of the others? */
static int together_check(const struct function *f, const struct vv_seat_wish *wish, char *why,
			  size_t why_len) VV_REQUIRES(lock)
{
	const struct vv_seat *other;
	char text[18];

	TAILQ_FOREACH(other, &f->seats, next)
	if (is_zero(other->mac))
		break;
	if (other) {
		snprintf(why, why_len,
			 "%s carries %s, which has no address and receives all: give that "
			 "one an address, or use another parent",
			 f->ibdev, other->device);
		return -ENOSPC;
	}
	other = TAILQ_FIRST(&f->seats);
	if (other && is_zero(wish->mac)) {
		snprintf(why, why_len,
			 "address: %s carries %s already, and frames are told apart by address: "
			 "give one",
			 f->ibdev, other->device);
		return -EINVAL;
	}
	other = owner_find(f, wish->mac, NULL);
	if (other && !wish->mac_given) {
		snprintf(why, why_len,
			 "address: the port's, %s, is that of %s already: give this device one of "
			 "its own",
			 mac_text(wish->mac, text), other->device);
		return -EEXIST;
	}
	return address_check(f, wish->mac, NULL, why, why_len);
}

static int room_check(const struct function *f, const struct vv_seat_wish *wish, char *why,
		      size_t why_len) VV_REQUIRES(lock)
{
	if (!devices_left(f) && f->facts.devices_max == 1) {
		snprintf(why, why_len,
			 "%s carries %s, and cannot tell the frames of two devices apart: "
			 "use another parent",
			 f->ibdev, TAILQ_FIRST(&f->seats)->device);
		return -ENOSPC;
	}
	if (!devices_left(f)) {
		snprintf(why, why_len,
			 "%s carries %u devices, and takes no more: use "
			 "another parent",
			 f->ibdev, f->devices);
		return -ENOSPC;
	}
	if (wish->rings > rings_left(f)) {
		snprintf(why, why_len,
			 "queues: %u data rings asked, %u of %u left on %s: fewer pairs (max_vqp), "
			 "or another parent",
			 wish->rings, rings_left(f), f->facts.caps.max_queues, f->ibdev);
		return -ENOSPC;
	}
	return 0;
}

static struct vv_seat *seat_make(struct function *f, const struct vv_seat_wish *wish)
    VV_REQUIRES(lock)
{
	struct vv_seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return NULL;
	seat->device = strdup(wish->device);
	if (!seat->device) {
		free(seat);
		return NULL;
	}
	seat->function = f;
	seat->rings = wish->rings;
	memcpy(seat->mac, wish->mac, 6);
	TAILQ_INSERT_TAIL(&f->seats, seat, next);
	f->rings += wish->rings;
	f->devices++;
	return seat;
}

int vv_seat_take(const char *ibdev, const struct vv_seat_wish *wish, struct vv_seat **seat,
		 char *why, size_t why_len)
{
	struct vv_seat *s = NULL;
	struct function *f;
	int err;

	vv_lock(&lock);
	f = find(ibdev);
	err = f ? room_check(f, wish, why, why_len) : -ENOENT;
	if (!f)
		snprintf(why, why_len, "ibdev: nothing is known of %s", ibdev);
	if (!err)
		err = together_check(f, wish, why, why_len);
	if (!err) {
		s = seat_make(f, wish);
		if (!s) {
			snprintf(why, why_len, "out of memory");
			err = -ENOMEM;
		}
	}
	vv_unlock(&lock);
	if (!err)
		*seat = s;
	return err;
}

bool vv_seat_is_alone(const struct vv_seat *seat)
{
	bool alone;

	vv_lock(&lock);
	alone = seat->function->devices == 1;
	vv_unlock(&lock);
	return alone;
}

void vv_seat_leave(struct vv_seat *seat)
{
	if (!seat)
		return;
	vv_lock(&lock);
	TAILQ_REMOVE(&seat->function->seats, seat, next);
	seat->function->rings -= seat->rings;
	seat->function->devices--;
	vv_unlock(&lock);
	free(seat->device);
	free(seat);
}
