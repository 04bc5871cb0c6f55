/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's virtio-net device as its back-end sees it: memory, queues and the vhost-user
 * conversation that hands them over.
 *
 * Memory and queues live as long as the device; connections come and go. fe_dev_connect() can be
 * called again after fe_dev_stop() or after the back-end died, and the rings go on where they were.
 * The single steps of connecting are public, for tests that leave some out.
 *
 * Threads: one. Errors: 0 or -errno as in conn.h; -EOPNOTSUPP the back-end lacks a feature.
 */
#ifndef FRONTEND_DEVICE_H
#define FRONTEND_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/virtio_config.h>

#include "conn.h"
#include "control_queue.h"
#include "guest_mem.h"
#include "queue.h"

#define FE_MAX_PAIRS     64
#define FE_FRAME_LONGEST 65472 /* that is not made to be segmented */

struct fe_dev_config {
	const char *path; /* borrowed */
	bool listen;
	unsigned int timeout_ms;
	enum fe_layout layout;
	bool legacy; /* no VERSION_1: split, page-aligned used ring, short header */
	unsigned int pairs;
	unsigned int ring_size;
	unsigned int regions;
	bool huge_pages; /* one region, of huge pages */
	bool avoid_zero; /* nothing at GPA 0, for back-ends that take it for no address */
	unsigned int chain_min, chain_max;
	unsigned int frame_max; /* longest frame to send or to receive */
	unsigned int rx_buffer; /* bytes of frame a receive buffer holds; 0: a whole frame. Less
				 * than frame_max needs mergeable. */
	bool mergeable;
	uint64_t offloads; /* feature bits to take: CSUM, HOST_*, GUEST_* (offload.h) */
	bool event_idx;
	bool notifier;      /* ring mapped doorbells instead of kick eventfds, once offered */
	bool no_start_kick; /* leave the first look at the rings to the back-end */
	uint16_t host_mtu;  /* what we tell our guest and the back-end; 0: nothing */
	bool dirty_log;     /* take what SET_LOG_BASE needs */
	bool control;       /* with a control queue and the configuration space */
	uint64_t take;    /* feature bits that must be there, beside those that follow from above */
	uint64_t welcome; /* feature bits to take where they are offered */
	unsigned int control_ring;
	enum fe_framing framing;   /* of commands */
	uint64_t control_seed;     /* of random framing */
	uint64_t without_protocol; /* protocol feature bits to decline */
	unsigned int cut_message;  /* break the connection on purpose, see conn.h */
	int cut_bytes;
};

struct fe_dev {
	struct fe_dev_config cfg;
	struct fe_mem mem;
	unsigned int queues;
	struct fe_queue *queue; /* owned; receive at even, transmit at odd indices */
	uint32_t *stop_base;    /* owned, what GET_VRING_BASE said last */
	struct fe_conn *conn;   /* owned, NULL while disconnected */
	uint64_t offered;       /* features of the back-end, and what we took */
	uint64_t features;
	uint64_t protocol;
	struct fe_ctrl_queue *control; /* owned, NULL without */
	uint32_t control_stop_base;
	unsigned int max_pairs;      /* of the device, by its configuration space */
	unsigned int config_changes; /* the back-end has told of */
	unsigned int notifiers;      /* doorbells mapped */
	unsigned int connects;
};

int fe_dev_create(const struct fe_dev_config *cfg, struct fe_dev **dev);
void fe_dev_destroy(struct fe_dev *dev);

/* All of the steps below; on failure the device is disconnected again. */
int fe_dev_connect(struct fe_dev *dev);
void fe_dev_disconnect(struct fe_dev *dev);

int fe_dev_open(struct fe_dev *dev);
int fe_dev_negotiate(struct fe_dev *dev);
int fe_dev_share_memory(struct fe_dev *dev);
int fe_dev_start_ring(struct fe_dev *dev, unsigned int index);
int fe_dev_start_control(struct fe_dev *dev);
int fe_dev_enable(struct fe_dev *dev, bool enable);
/* Tells the back-end that the driver is ready, and waits until it has acted on all messages. */
int fe_dev_settle(struct fe_dev *dev);

/*
 * Takes all rings back from a living back-end: no descriptor is used afterwards. Take what was
 * used, then ask fe_dev_bases_agree() whether the positions it reported are those of our rings.
 */
int fe_dev_stop(struct fe_dev *dev);
/* The same without disabling them first, as QEMU does. */
int fe_dev_take_rings(struct fe_dev *dev);
bool fe_dev_bases_agree(const struct fe_dev *dev);
/* A guest's reset: stop, and all rings anew; the connection stays. */
int fe_dev_reset(struct fe_dev *dev);
/* All steps but opening the connection, on one that is open and stopped. */
int fe_dev_set_up(struct fe_dev *dev);
int fe_dev_start_again(struct fe_dev *dev); /* on failure disconnected */
/* Makes available again what a back-end that is gone had not returned. */
void fe_dev_rewind(struct fe_dev *dev);

/* Answers the back-end; -ECONNRESET when it is gone (then disconnected). */
int fe_dev_service(struct fe_dev *dev);

/* The first bytes of the configuration space, at most FE_VU_CONFIG_MAX. */
int fe_dev_read_config(struct fe_dev *dev, unsigned int len, uint8_t *bytes);
/* Where the control queue is, by the features and the configuration space. */
int fe_dev_find_control(struct fe_dev *dev);

/* Buffers for whole frames of that length that one receive queue has. */
unsigned int fe_dev_rx_frames(const struct fe_dev *dev, unsigned int frame_max);

/* virtio 1.2 section 2.1 */
#define FE_STATUS_DRIVER      (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define FE_STATUS_FEATURES_OK (FE_STATUS_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define FE_STATUS_DRIVER_OK   (FE_STATUS_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)

/* Was it negotiated? */
static inline bool fe_dev_has_protocol(const struct fe_dev *dev, enum fe_vu_protocol_feature bit)
{
	return dev->protocol & 1ull << bit;
}

static inline struct fe_queue *fe_dev_rxq(const struct fe_dev *dev, unsigned int pair)
{
	return &dev->queue[2 * pair];
}

static inline struct fe_queue *fe_dev_txq(const struct fe_dev *dev, unsigned int pair)
{
	return &dev->queue[2 * pair + 1];
}

#endif
