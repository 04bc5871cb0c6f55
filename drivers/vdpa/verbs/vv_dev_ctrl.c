/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's control plane: the control queue, the state a guest has chosen by it, and bringing
 * the NIC from one state to the next.
 *
 * The state outlives the queue: a front-end stops and restarts rings for reasons of its own (a
 * changed descriptor, stop and continue, a new connection), which the guest never hears of. It
 * begins anew when the guest does, and a guest that resets its device starts its control queue at
 * the beginning of a ring: somewhere else than where this one stopped.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vv_dev_priv.h"
#include "vv_index.h"
#include "vv_plan.h"

/* ---- what follows from the state ---- */

int vv_dev_steer(struct vv_dev *dev, const struct vv_queue *except)
{
	struct vv_plan_queues queues = {.pairs = dev->offer.pairs, .hashed = dev->hashed};
	const uint8_t *own = vv_seat_is_alone(dev->seat) ? NULL : dev->offer.mac;
	struct vv_steer_plan plan;
	unsigned int i;
	int err;

	if (dev->link_down) { /* by the operator: nothing comes in, and that is as it should be */
		vv_steer_clear(dev->steer);
		dev->parked = NULL;
		dev->hashed = dev->deaf = false;
		return 0;
	}
	queues.table_max = vv_dev_rss_table_max(dev);
	for (i = 0; i < dev->n_queues; i += 2) {
		const struct vv_queue *q = &dev->queues[i];

		if (q == except || q->state != VV_QUEUE_RUNNING)
			continue;
		queues.running[i / 2] = true;
		queues.number[i / 2] = vv_virtq_number(q->virtq);
	}
	vv_plan_fill(&dev->ctrl.conf, &dev->ctrl.state, dev->ctrl.ring, own, &queues, &plan);
	/*
	 * No other one in use: the last may stay where it is. What is sent to it is dropped, and as
	 * a rule it goes on soon (a new descriptor, MSI-X masked, another tune).
	 */
	dev->parked = except && !plan.table_len ? except : NULL;
	if (dev->parked)
		return 0;
	err = vv_steer_set(dev->steer, &plan);
	if (err)
		return err;
	dev->hashed = plan.hash_types;
	dev->deaf = false;
	return 0;
}

void vv_dev_tune(const struct vv_dev *dev, unsigned int queue, struct vv_virtq_tune *tune)
{
	const struct vv_ctrl_state *state = &dev->ctrl.state;
	struct vv_ctrl_coal coal = vv_ctrl_coal(state, queue);

	*tune = (struct vv_virtq_tune){
	    .feature_bits = vv_offer_queue_bits(dev->features, state->offloads),
	    .period_us = coal.usecs,
	    .max_count = coal.packets,
	};
}

/* Every queue as the state says; on failure some are and some are not. */
static int queues_tune(struct vv_dev *dev) VV_REQUIRES(dev->control)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < dev->n_queues && !err; i++) {
		struct vv_queue *q = &dev->queues[i];
		struct vv_virtq_tune tune;

		vv_lock_alias(&q->dev->control);
		vv_dev_tune(dev, i, &tune);
		err = vv_queue_tune(q, &tune);
	}
	return err;
}

static int nic_follow(struct vv_dev *dev) VV_REQUIRES(dev->control)
{
	int err = queues_tune(dev);

	return err ? err : vv_dev_steer(dev, NULL);
}

/* The first time, the second, the fourth, ... */
static bool seldom(unsigned int n)
{
	return !(n & (n - 1));
}

int vv_dev_ctrl_change(struct vv_dev *dev, const struct vv_ctrl_state *next)
{
	struct vv_ctrl_state before = dev->ctrl.state;
	char why[256];
	int err = 0;

	if (memcmp(next->mac, before.mac, 6))
		err = vv_seat_guest_address(dev->seat, next->mac, why, sizeof(why));
	if (err) {
		if (seldom(++dev->ctrl.refusals))
			VV_LOG(WARNING, "%s: the guest asks for another's address: %s (%u times)",
			       dev->name, why, dev->ctrl.refusals);
		return err;
	}
	dev->ctrl.state = *next;
	err = nic_follow(dev);
	if (!err)
		return 0;
	snprintf(why, sizeof(why), "%s", vv_hca_error(dev->hca));
	if (seldom(++dev->ctrl.refusals))
		VV_LOG(WARNING, "%s: control queue: the NIC refuses: %s (%d; %u times)", dev->name,
		       why, -err, dev->ctrl.refusals);
	dev->ctrl.state = before;
	vv_seat_guest_address(dev->seat, before.mac, why, sizeof(why));
	if (!nic_follow(dev))
		return err;
	VV_LOG(ERR, "%s: control queue: and cannot go back: %s; nothing is received", dev->name,
	       vv_hca_error(dev->hca));
	vv_dev_unsteer(dev);
	return err;
}

/* ---- what the control queue asks of its device: on the polling thread ---- */

static bool enter(void *arg) VV_NO_ANALYSIS
{
	struct vv_dev *dev = arg;

	if (vv_trylock(&dev->control))
		return false;
	if (dev->state == VV_DEV_RUNNING)
		return true;
	vv_unlock(&dev->control);
	return false;
}

static void leave(void *arg) VV_NO_ANALYSIS
{
	struct vv_dev *dev = arg;

	vv_unlock(&dev->control);
}

static const struct vv_ctrl_conf *conf(void *arg)
{
	return &((const struct vv_dev *)arg)->ctrl.conf;
}

static void facts(void *arg, struct vv_ctrl_facts *facts)
{
	struct vv_dev *dev = arg;
	unsigned int i;

	for (i = 0; i < dev->n_queues; i++)
		dev->ctrl.enabled[i] = dev->queues[i].state == VV_QUEUE_RUNNING;
	facts->enabled = dev->ctrl.enabled;
}

static const struct vv_ctrl_state *state(void *arg)
{
	return &((const struct vv_dev *)arg)->ctrl.state;
}

static int apply(void *arg, const struct vv_ctrl_state *next) VV_NO_ANALYSIS
{
	return vv_dev_ctrl_change(arg, next);
}

/* The NIC is not where the state says: a command that asks for what is so must not be told it is. */
static bool stale(void *arg)
{
	return ((const struct vv_dev *)arg)->deaf;
}

static void call(void *arg)
{
	vv_dev_poke(arg, VV_POKE_CALL);
}

void vv_dev_ctrl_call(struct vv_dev *dev)
{
	vv_lock(&dev->ctrl.notify);
	vv_call_signal(&dev->ctrl.call);
	vv_unlock(&dev->ctrl.notify);
}


static const struct vv_cvq_ops cvq_ops = {
    .enter = enter,
    .leave = leave,
    .conf = conf,
    .facts = facts,
    .state = state,
    .stale = stale,
    .apply = apply,
    .call = call,
};

/* ---- life ---- */

int vv_dev_ctrl_create(struct vv_dev *dev, char *why, size_t why_len)
{
	int err;

	vv_lock_init(&dev->ctrl.notify);
	dev->ctrl.kick_fd = -1;
	vv_lock(&dev->ctrl.notify);
	dev->ctrl.call = VV_CALL_NONE;
	vv_unlock(&dev->ctrl.notify);
	if (!dev->offer.cvq)
		return 0;
	err = vv_cvq_create(dev->name, &cvq_ops, dev, &dev->ctrl.cvq);
	if (err) {
		snprintf(why, why_len, "control queue: %s", strerror(-err));
		return err;
	}
	return vv_poll_add(dev->ctrl.cvq, dev->offer.cvq_core, vv_hca_caps(dev->hca)->numa_node,
			   &dev->ctrl.member, why, why_len);
}

void vv_dev_ctrl_destroy(struct vv_dev *dev)
{
	vv_poll_remove(dev->ctrl.member);
	vv_cvq_destroy(dev->ctrl.cvq);
	vv_lock_destroy(&dev->ctrl.notify);
}

void vv_dev_ctrl_conf(const struct vv_dev *dev, uint64_t features, unsigned int pairs,
		      struct vv_ctrl_conf *conf)
{
	memset(conf, 0, sizeof(*conf)); /* compared as bytes */
	conf->features = features;
	conf->pairs = pairs;
	conf->trusted = dev->offer.trusted;
	conf->macs_max = dev->offer.mac_table_size;
	if (conf->macs_max > VV_CTRL_MACS_MAX)
		conf->macs_max = VV_CTRL_MACS_MAX;
	conf->hash_types = dev->offer.hash_types;
	/*
	 * A guest that has not been told the address has one of its own, which nobody knows here
	 * (librte_vhost's own mask hides it): there is nothing to tell frames by. One that is not
	 * trusted gains nothing by declining it.
	 */
	if (features & VV_BIT(VIRTIO_NET_F_MAC) || !dev->offer.trusted)
		memcpy(conf->mac, dev->offer.mac, sizeof(conf->mac));
}

/* Its own address may have become another's while its rings were down. */
static void address_claim(struct vv_dev *dev) VV_REQUIRES(dev->control)
{
	char why[160];

	if (!vv_seat_guest_address(dev->seat, dev->ctrl.state.mac, why, sizeof(why)))
		return;
	VV_LOG(WARNING, "%s: the guest goes on with the provisioned address, not its own: %s",
	       dev->name, why);
	memcpy(dev->ctrl.state.mac, dev->ctrl.conf.mac, sizeof(dev->ctrl.state.mac));
	vv_seat_guest_address(dev->seat, dev->ctrl.state.mac, why, sizeof(why));
}

/* As far as the rings tell, which a guest without a control queue begins anew with it. */
static bool is_another_guest(const struct vv_dev *dev, const struct vv_guest *guest,
			     unsigned int ring) VV_REQUIRES(dev->control)
{
	if (!ring)
		return !vv_dev_guest_goes_on(guest, 0);
	return ring < guest->n_rings && guest->rings[ring].enabled &&
	       vv_dev_ctrl_begins(dev, &guest->rings[ring]);
}

void vv_dev_ctrl_negotiated(struct vv_dev *dev, const struct vv_guest *guest)
{
	struct vv_ctrl_conf negotiated;
	unsigned int ring = 0;
	bool another;

	/* A guest that cannot read how many there are knows of one. */
	vv_dev_ctrl_conf(dev, guest->features, guest->config_readable ? dev->offer.pairs : 1,
			 &negotiated);
	if (dev->ctrl.cvq && guest->features & VV_BIT(VIRTIO_NET_F_CTRL_VQ))
		ring = vv_offer_cvq_index(guest->features, dev->offer.pairs, guest->config_readable,
					  guest->n_rings);
	another = ring != dev->ctrl.ring ||
		  memcmp(&negotiated, &dev->ctrl.conf, sizeof(negotiated)) ||
		  is_another_guest(dev, guest, ring);
	memcpy(&dev->ctrl.conf, &negotiated, sizeof(negotiated));
	dev->ctrl.is_written = false;
	if (!vv_dev_state_load(dev, guest, ring) && another)
		vv_ctrl_reset(&dev->ctrl.conf, &dev->ctrl.state);
	address_claim(dev);
	dev->was_run = true;
	dev->ctrl.ring = ring;
	dev->ctrl.config_readable = guest->config_readable;
}

void vv_dev_ctrl_appears(struct vv_dev *dev, unsigned int ring, unsigned int there)
{
	if (!dev->ctrl.cvq || !(dev->features & VV_BIT(VIRTIO_NET_F_CTRL_VQ)) ||
	    ring != vv_offer_cvq_index(dev->features, dev->offer.pairs, dev->ctrl.config_readable,
				       there))
		return;
	dev->ctrl.ring = ring;
	if (vv_dev_steer(dev, NULL)) /* the guest has chosen nothing yet, and can again */
		VV_LOG(WARNING, "%s: control queue: receive steering: %s", dev->name,
		       vv_hca_error(dev->hca));
}

bool vv_dev_ctrl_begins(const struct vv_dev *dev, const struct vv_ring *ring)
{
	bool packed = dev->features & VV_BIT(VIRTIO_F_RING_PACKED);

	if (ring->base != vv_index_initial(packed))
		return false;
	/* Also after a number of commands that led round to the beginning. */
	return ring->base != dev->ctrl.base ||
	       !vv_cvq_continues(dev->ctrl.cvq, packed, packed ? ring->desc : ring->device);
}

/* All from a front-end: nothing of it is believed. */
static int ring_check(const struct vv_dev *dev, const struct vv_ring *ring, bool packed, char *why,
		      size_t why_len) VV_REQUIRES(dev->control)
{
	uint64_t size = ring->size, gpa;
	uint64_t driver_len = packed ? 4 : 6 + 2 * size, device_len = packed ? 4 : 6 + 8 * size;

	if (vv_mem_find(dev->mem, ring->desc, 16 * size, &gpa) ||
	    vv_mem_find(dev->mem, ring->driver, driver_len, &gpa) ||
	    vv_mem_find(dev->mem, ring->device, device_len, &gpa)) {
		snprintf(why, why_len, "ring: not in guest memory (%p, %p, %p)", ring->desc,
			 ring->driver, ring->device);
		return -EFAULT;
	}
	return 0;
}

static int attach(struct vv_dev *dev, const struct vv_ring *ring, char *why, size_t why_len)
    VV_REQUIRES(dev->control)
{
	struct vv_call call;
	int err = vv_call_open(ring->call_fd, &call);

	if (err) {
		snprintf(why, why_len, "call descriptor: %s (%d)", strerror(-err), ring->call_fd);
		return err;
	}
	vv_lock(&dev->ctrl.notify);
	vv_call_close(&dev->ctrl.call);
	dev->ctrl.call = call;
	vv_unlock(&dev->ctrl.notify);
	err = vv_kick_open(ring->kick_fd, &dev->ctrl.kick_fd);
	if (err)
		snprintf(why, why_len, "kick descriptor: %s (%d)", strerror(-err), ring->kick_fd);
	return err;
}

static void detach(struct vv_dev *dev)
{
	vv_poll_kick_off(dev->ctrl.member);
	vv_kick_close(&dev->ctrl.kick_fd);
	vv_lock(&dev->ctrl.notify);
	vv_call_close(&dev->ctrl.call);
	vv_unlock(&dev->ctrl.notify);
}

int vv_dev_ctrl_start(struct vv_dev *dev, const struct vv_ring *ring, char *why, size_t why_len)
{
	bool packed = dev->features & VV_BIT(VIRTIO_F_RING_PACKED);
	struct vv_cvq_ring r = {
	    .packed = packed,
	    .event_idx = dev->features & VV_BIT(VIRTIO_RING_F_EVENT_IDX),
	    .indirect = dev->features & VV_BIT(VIRTIO_RING_F_INDIRECT_DESC),
	    .size = ring->size,
	    .base = ring->base,
	    .desc = (void *)(uintptr_t)ring->desc,
	    .driver = (void *)(uintptr_t)ring->driver,
	    .device = (void *)(uintptr_t)ring->device,
	};
	int err = vv_dev_ring_too_long(dev, ring, why, why_len)
		      ? -EINVAL
		      : ring_check(dev, ring, packed, why, why_len);

	if (!err)
		err = attach(dev, ring, why, why_len);
	if (!err) {
		r.regions = vv_mem_regions(dev->mem, &r.n_regions);
		err = vv_cvq_start(dev->ctrl.cvq, &r);
		if (err)
			snprintf(why, why_len, "ring: %s (%u entries, at 0x%x)", strerror(-err),
				 ring->size, ring->base);
	}
	if (!err) {
		err = vv_poll_kick_on(dev->ctrl.member, dev->ctrl.kick_fd);
		if (err) {
			snprintf(why, why_len, "kick descriptor: %s (%d)", strerror(-err),
				 ring->kick_fd);
			vv_cvq_stop(dev->ctrl.cvq);
		}
	}
	if (err) {
		detach(dev);
		return err;
	}
	dev->ctrl.running = true;
	dev->ctrl.size = ring->size;
	vv_dev_ctrl_call(dev); /* the guest may wait for what was used before */
	return 0;
}

int vv_dev_ctrl_restart(struct vv_dev *dev, const struct vv_ring *ring, char *why, size_t why_len)
{
	struct vv_ctrl_state beginning;
	struct vv_stopped stopped;
	int err = 0;

	vv_dev_ctrl_stop(dev, &stopped);
	if (vv_dev_ctrl_begins(dev, ring)) {
		vv_ctrl_reset(&dev->ctrl.conf, &beginning);
		if (memcmp(&beginning, &dev->ctrl.state, sizeof(beginning)))
			err = vv_dev_ctrl_change(dev, &beginning);
	}
	if (err) {
		snprintf(why, why_len, "cannot go back to the beginning: %s",
			 vv_hca_error(dev->hca));
		return err;
	}
	return vv_dev_ctrl_start(dev, ring, why, why_len);
}

void vv_dev_ctrl_stop(struct vv_dev *dev, struct vv_stopped *stopped)
{
	stopped->valid = false;
	if (!dev->ctrl.running)
		return;
	dev->ctrl.base = vv_cvq_stop(dev->ctrl.cvq);
	detach(dev);
	dev->ctrl.running = false;
	*stopped = (struct vv_stopped){.valid = true, .base = dev->ctrl.base};
}

int vv_dev_control(struct vv_dev *dev, struct vv_dev_control *control)
{
	if (!dev->ctrl.cvq)
		return -ENOTSUP;
	vv_lock(&dev->control);
	control->ring = dev->ctrl.ring;
	control->running = dev->ctrl.running;
	control->state = dev->ctrl.state;
	control->pairs = 0;
	if (dev->ctrl.ring)
		control->pairs = vv_ctrl_pairs(&dev->ctrl.conf, &dev->ctrl.state);
	vv_unlock(&dev->control);
	vv_cvq_stats(dev->ctrl.cvq, &control->stats);
	return 0;
}
