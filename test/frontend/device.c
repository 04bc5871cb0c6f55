/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#include "log.h"
#include "offload.h"
#include "vhost_user.h"

#define BIT(n) (1ull << (n))

static unsigned int header_len(const struct fe_dev_config *cfg)
{
	/* virtio 1.2 section 5.1.6.1: the legacy header ends before num_buffers. */
	return cfg->legacy && !cfg->mergeable ? sizeof(struct virtio_net_hdr)
					      : sizeof(struct virtio_net_hdr_v1);
}

/* Bytes of frame that a buffer of a queue holds. */
static unsigned int buffer_len(const struct fe_dev_config *cfg, bool transmit)
{
	const uint64_t long_ones =
	    transmit ? BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6)
		     : BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6);

	if (!transmit && cfg->rx_buffer)
		return cfg->rx_buffer;
	/* With MRG_RXBUF a long frame takes several. */
	if (cfg->offloads & long_ones && (transmit || !cfg->mergeable))
		return FE_GSO_BUFFER;
	return cfg->frame_max;
}

static void queue_config(const struct fe_dev_config *cfg, unsigned int index,
			 struct fe_queue_config *qc)
{
	bool transmit = index & 1;

	*qc = (struct fe_queue_config){
	    .index = index,
	    .layout = cfg->layout,
	    .ring_size = cfg->ring_size,
	    .chain_min = cfg->chain_min,
	    .chain_max = cfg->chain_max,
	    .header_len = header_len(cfg),
	    .buffer_len = buffer_len(cfg, transmit),
	    .event_idx = cfg->event_idx,
	    .mergeable = cfg->mergeable && !transmit,
	    .legacy_layout = cfg->legacy,
	};
}

static void control_config(const struct fe_dev_config *cfg, struct fe_ctrl_config *cc)
{
	*cc = (struct fe_ctrl_config){
	    .index = 2 * cfg->pairs, /* until the number of pairs is read */
	    .layout = cfg->layout,
	    .ring_size = cfg->control_ring,
	    .event_idx = cfg->event_idx,
	    .legacy_layout = cfg->legacy,
	    .framing = cfg->framing,
	    .seed = cfg->control_seed,
	};
}

static int check_config(const struct fe_dev_config *cfg)
{
	struct fe_ring_layout need;

	if (cfg->pairs == 0 || cfg->pairs > FE_MAX_PAIRS || cfg->regions == 0 ||
	    cfg->regions > FE_MEM_MAX_REGIONS)
		return -EINVAL;
	if (fe_ring_layout(cfg->layout, cfg->ring_size, &need))
		return -EINVAL;
	if (cfg->legacy && cfg->layout != FE_SPLIT)
		return -EINVAL;
	if (cfg->frame_max == 0 || cfg->frame_max > FE_FRAME_LONGEST ||
	    (!cfg->mergeable && cfg->rx_buffer && cfg->rx_buffer < cfg->frame_max) ||
	    cfg->offloads & ~(FE_OFFLOADS_TX | FE_OFFLOADS_RX))
		return -EINVAL;
	return 0;
}

int fe_dev_create(const struct fe_dev_config *cfg, struct fe_dev **out)
{
	struct fe_queue_config qc;
	struct fe_ctrl_config cc;
	struct fe_span unused;
	struct fe_dev *dev;
	size_t bytes = 0;
	unsigned int i;
	int err;

	err = check_config(cfg);
	if (err)
		return err;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->cfg = *cfg;
	dev->queues = 2 * cfg->pairs;
	dev->queue = calloc(dev->queues, sizeof(*dev->queue));
	dev->stop_base = calloc(dev->queues, sizeof(*dev->stop_base));
	err = -ENOMEM;
	if (!dev->queue || !dev->stop_base)
		goto fail;
	for (i = 0; i < dev->queues; i++) {
		dev->queue[i].kick = dev->queue[i].call = dev->queue[i].err = -1;
		queue_config(cfg, i, &qc);
		bytes += fe_queue_footprint(&qc);
	}
	control_config(cfg, &cc);
	if (cfg->control)
		bytes += fe_ctrl_footprint(&cc);
	/* Pieces go round the regions, but not all pieces are alike: leave room. */
	bytes = bytes * 2 / cfg->regions + (1u << 20);
	err = cfg->huge_pages ? fe_mem_create_huge(&dev->mem, bytes)
			      : fe_mem_create(&dev->mem, cfg->regions, bytes);
	if (!err && cfg->avoid_zero)
		err = fe_mem_alloc(&dev->mem, 0, 4096, 4096, &unused);
	if (err)
		goto fail;
	for (i = 0; i < dev->queues; i++) {
		queue_config(cfg, i, &qc);
		err = fe_queue_create(&qc, &dev->mem, &dev->queue[i]);
		if (err)
			goto fail;
		/* A poll-mode driver to begin with; who sleeps enables the interrupt before. */
		fe_ring_irq_disable(dev->queue[i].ring);
		if (!(i & 1)) {
			fe_queue_fill(&dev->queue[i]);
			fe_ring_publish(dev->queue[i].ring);
		}
	}
	if (cfg->control) {
		err = fe_ctrl_create(&cc, &dev->mem, &dev->control);
		if (err)
			goto fail;
	}
	*out = dev;
	return 0;
fail:
	fe_dev_destroy(dev);
	return err;
}

void fe_dev_destroy(struct fe_dev *dev)
{
	unsigned int i;

	if (!dev)
		return;
	fe_dev_disconnect(dev);
	for (i = 0; dev->queue && i < dev->queues; i++)
		fe_queue_destroy(&dev->queue[i]);
	fe_ctrl_destroy(dev->control);
	fe_mem_destroy(&dev->mem);
	free(dev->queue);
	free(dev->stop_base);
	free(dev);
}

static int on_host_notifier(void *arg, unsigned int index, int fd, uint64_t offset, uint64_t size)
{
	struct fe_dev *dev = arg;
	int err;

	if (!dev->cfg.notifier)
		return -EOPNOTSUPP;
	if (index >= dev->queues)
		return -EINVAL;
	if (fd < 0) {
		fe_queue_unmap_doorbell(&dev->queue[index]);
		return 0;
	}
	err = fe_queue_map_doorbell(&dev->queue[index], fd, offset, size);
	if (err)
		return err;
	dev->notifiers++;
	fe_info("%s: queue %u: doorbell page at offset %#" PRIx64, dev->cfg.path, index, offset);
	return 0;
}

static int on_config_change(void *arg)
{
	struct fe_dev *dev = arg;

	dev->config_changes++;
	fe_info("%s: the configuration has changed", dev->cfg.path);
	return 0;
}

static const struct fe_conn_ops conn_ops = {.host_notifier = on_host_notifier,
					    .config_change = on_config_change};

int fe_dev_open(struct fe_dev *dev)
{
	struct fe_conn_config cc = {
	    .path = dev->cfg.path,
	    .listen = dev->cfg.listen,
	    .timeout_ms = dev->cfg.timeout_ms,
	    .cut_message = dev->cfg.cut_message,
	    .cut_bytes = dev->cfg.cut_bytes,
	    .ops = &conn_ops,
	    .ops_arg = dev,
	};
	int err;

	err = fe_conn_open(&cc, &dev->conn);
	if (err)
		fe_error("%s: %s: %s", dev->cfg.path, cc.listen ? "no back-end came" : "connect",
			 strerror(-err));
	return err;
}

int fe_dev_share_memory(struct fe_dev *dev)
{
	return fe_vu_set_mem_table(dev->conn, &dev->mem);
}

static int start_ring(struct fe_dev *dev, unsigned int index, const struct fe_queue *q)
{
	struct fe_vu_ring_uva uva = {q->area.desc.uva, q->area.driver.uva, q->area.device.uva};
	int err;

	err = fe_vu_set_vring_num(dev->conn, index, q->cfg.ring_size);
	if (!err)
		err = fe_vu_set_vring_base(dev->conn, index, fe_ring_base(q->ring));
	if (!err)
		err = fe_vu_set_vring_addr(dev->conn, index, &uva);
	if (!err)
		err = fe_vu_set_vring_fd(dev->conn, FE_VU_SET_VRING_KICK, index, q->kick);
	if (!err)
		err = fe_vu_set_vring_fd(dev->conn, FE_VU_SET_VRING_CALL, index, q->call);
	if (!err)
		err = fe_vu_set_vring_fd(dev->conn, FE_VU_SET_VRING_ERR, index, q->err);
	return err;
}

int fe_dev_start_ring(struct fe_dev *dev, unsigned int index)
{
	return start_ring(dev, index, &dev->queue[index]);
}

int fe_dev_start_control(struct fe_dev *dev)
{
	return start_ring(dev, dev->control->cfg.index, &dev->control->q);
}

int fe_dev_enable(struct fe_dev *dev, bool enable)
{
	unsigned int i;
	int err;

	/* Without protocol features rings are enabled by being started. */
	if (!(dev->features & BIT(FE_VU_F_PROTOCOL_FEATURES)))
		return 0;
	for (i = 0; i < dev->queues; i++) {
		err = fe_vu_set_vring_enable(dev->conn, i, enable);
		if (err)
			return err;
	}
	return dev->control ? fe_vu_set_vring_enable(dev->conn, dev->control->cfg.index, enable)
			    : 0;
}

int fe_dev_settle(struct fe_dev *dev)
{
	uint64_t features;
	int err = 0;

	if (fe_dev_has_protocol(dev, FE_VU_PROTOCOL_STATUS))
		err = fe_vu_set_status(dev->conn, FE_STATUS_DRIVER_OK);
	/* A message is acknowledged before its consequences; a second one is not read before them.
	 */
	return err ? err : fe_vu_get_features(dev->conn, &features);
}

int fe_dev_set_up(struct fe_dev *dev)
{
	unsigned int i;
	int err;

	err = fe_dev_negotiate(dev);
	if (!err)
		err = fe_dev_share_memory(dev);
	for (i = 0; !err && i < dev->queues; i++)
		err = fe_dev_start_ring(dev, i);
	if (!err && dev->control)
		err = fe_dev_start_control(dev);
	if (!err)
		err = fe_dev_enable(dev, true);
	return err ? err : fe_dev_settle(dev);
}

int fe_dev_connect(struct fe_dev *dev)
{
	unsigned int i;
	int err;

	err = fe_dev_open(dev);
	if (!err)
		err = fe_dev_set_up(dev);
	if (err) {
		fe_dev_disconnect(dev);
		return err;
	}
	dev->connects++;
	fe_info("%s: connected", dev->cfg.path);
	for (i = 0; i < dev->queues && !dev->cfg.no_start_kick; i++)
		fe_queue_kick(&dev->queue[i]);
	return 0;
}

void fe_dev_disconnect(struct fe_dev *dev)
{
	unsigned int i;

	fe_conn_close(dev->conn);
	dev->conn = NULL;
	for (i = 0; dev->queue && i < dev->queues; i++)
		fe_queue_unmap_doorbell(&dev->queue[i]);
}

int fe_dev_stop(struct fe_dev *dev)
{
	int err = fe_dev_enable(dev, false);

	return err ? err : fe_dev_take_rings(dev);
}

int fe_dev_take_rings(struct fe_dev *dev)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < dev->queues; i++)
		err = fe_vu_get_vring_base(dev->conn, i, &dev->stop_base[i]);
	if (!err && dev->control)
		err = fe_vu_get_vring_base(dev->conn, dev->control->cfg.index,
					   &dev->control_stop_base);
	if (!err && fe_dev_has_protocol(dev, FE_VU_PROTOCOL_STATUS))
		err = fe_vu_set_status(dev->conn, 0);
	return err;
}

bool fe_dev_bases_agree(const struct fe_dev *dev)
{
	bool agree = true;
	unsigned int i;

	for (i = 0; i < dev->queues; i++) {
		uint16_t ours = (uint16_t)fe_ring_base(dev->queue[i].ring);
		uint16_t theirs = (uint16_t)dev->stop_base[i];

		if (ours == theirs)
			continue;
		fe_error("%s: queue %u stopped at %#x by its own account, its ring says %#x",
			 dev->cfg.path, i, theirs, ours);
		agree = false;
	}
	if (dev->control &&
	    (uint16_t)fe_ring_base(dev->control->q.ring) != (uint16_t)dev->control_stop_base) {
		fe_error(
		    "%s: the control queue stopped at %#x by its own account, its ring says %#x",
		    dev->cfg.path, dev->control_stop_base & 0xffff,
		    fe_ring_base(dev->control->q.ring) & 0xffff);
		agree = false;
	}
	return agree;
}

void fe_dev_rewind(struct fe_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->queues; i++)
		fe_ring_rewind(dev->queue[i].ring);
	if (dev->control)
		fe_ring_rewind(dev->control->q.ring);
}

int fe_dev_service(struct fe_dev *dev)
{
	int err;

	if (!dev->conn)
		return -ECONNRESET;
	err = fe_conn_service(dev->conn);
	if (err == -ECONNRESET)
		fe_dev_disconnect(dev);
	return err;
}

unsigned int fe_dev_rx_frames(const struct fe_dev *dev, unsigned int frame_max)
{
	const struct fe_queue_config *qc = &dev->queue[0].cfg;
	unsigned int buffers = dev->queue[0].buffers, each = 1;

	if (qc->mergeable) {
		/* Every merged buffer of a frame but its first is all frame, yet be careful. */
		each = (frame_max + qc->buffer_len - 1) / qc->buffer_len;
	}
	return buffers / each;
}
