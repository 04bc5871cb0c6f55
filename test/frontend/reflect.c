/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <sched.h>
#include <string.h>

#include "clock.h"
#include "frame.h"
#include "log.h"
#include "stop.h"

#define BUDGET        64
#define SERVICE_EVERY 256 /* passes */
#define ANNOUNCE_MS   1000

/* Returns frames taken, or -EPROTO. */
static int reflect_pair(struct fe_dev *dev, unsigned int pair, struct fe_reflect_result *res)
{
	static uint8_t out[FE_FRAME_MAX];
	struct fe_queue *rx = fe_dev_rxq(dev, pair), *tx = fe_dev_txq(dev, pair);
	struct fe_rx_frame f;
	int got, count;

	if (fe_queue_reap(tx) < 0)
		return -EPROTO;
	for (count = 0; count < BUDGET; count++) {
		got = fe_queue_receive(rx, &f);
		if (got < 0)
			return got;
		if (got == 0)
			break;
		bool partial = f.hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;

		res->received++;
		if (f.len < 2 * FE_MAC_LEN || f.data[0] & 1) {
			res->group++;
			continue;
		}
		memcpy(out, f.data + FE_MAC_LEN, FE_MAC_LEN);
		memcpy(out + FE_MAC_LEN, f.data, FE_MAC_LEN);
		memcpy(out + 2 * FE_MAC_LEN, f.data + 2 * FE_MAC_LEN, f.len - 2 * FE_MAC_LEN);
		if (fe_queue_send_offload(tx, partial ? &f.hdr : NULL, out, f.len))
			res->dropped++;
		else
			res->reflected++;
	}
	fe_queue_flush(rx);
	fe_queue_flush(tx);
	return count;
}

static bool enough(const struct fe_reflect_config *cfg, const struct fe_reflect_result *res,
		   uint64_t started)
{
	return fe_stop_requested || (cfg->frames && res->reflected >= cfg->frames) ||
	       (cfg->seconds && fe_now_ns() - started >= cfg->seconds * 1000000000ull);
}

/* What was reflected last is still to be taken by the device. */
static void drain(struct fe_dev *dev)
{
	uint64_t deadline = fe_now_ms() + ANNOUNCE_MS;

	for (unsigned int pair = 0; pair < dev->cfg.pairs; pair++)
		while (fe_dev_txq(dev, pair)->ring->outstanding && fe_now_ms() < deadline)
			if (fe_queue_reap(fe_dev_txq(dev, pair)) <= 0)
				sched_yield();
}

int fe_reflect_run(const struct fe_reflect_config *cfg, struct fe_reflect_result *res)
{
	uint64_t started = fe_now_ns();
	unsigned int passes = 0;
	int err = 0;

	memset(res, 0, sizeof(*res));
	while (!err) {
		int taken = 0;

		for (unsigned int pair = 0; pair < cfg->dev->cfg.pairs; pair++) {
			int got = reflect_pair(cfg->dev, pair, res);

			if (got < 0) {
				fe_error("%s: the device returned a buffer it does not hold",
					 cfg->dev->cfg.path);
				err = got;
			}
			taken += got;
		}
		if (taken > 0 && ++passes % SERVICE_EVERY != 0)
			continue;
		if (enough(cfg, res, started))
			break;
		if (!err)
			err = fe_dev_service(cfg->dev);
		if (taken == 0)
			sched_yield();
	}
	if (!err)
		drain(cfg->dev);
	res->elapsed_ns = fe_now_ns() - started;
	return err;
}

int fe_announce(struct fe_dev *dev, const uint8_t *mac)
{
	uint64_t deadline = fe_now_ms() + ANNOUNCE_MS;
	struct fe_queue *q = fe_dev_txq(dev, 0);
	uint8_t frame[ETH_ZLEN] = {0};
	struct ether_header eth = {.ether_type = htons(ETHERTYPE_REVARP)};
	int err;

	/* Hardware and protocol type, address lengths, "request reverse" (RFC 903). */
	static const uint8_t rarp[] = {0, 1, 8, 0, FE_MAC_LEN, 4, 0, 3};

	memset(eth.ether_dhost, 0xff, FE_MAC_LEN);
	memcpy(eth.ether_shost, mac, FE_MAC_LEN);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), rarp, sizeof(rarp));
	memcpy(frame + sizeof(eth) + sizeof(rarp), mac, FE_MAC_LEN);
	memcpy(frame + sizeof(eth) + sizeof(rarp) + FE_MAC_LEN + 4, mac, FE_MAC_LEN);
	err = fe_queue_send(q, frame, sizeof(frame));
	if (err)
		return err;
	fe_queue_flush(q);
	while (q->ring->outstanding && fe_now_ms() < deadline)
		if (fe_queue_reap(q) <= 0)
			fe_sleep_ms(1);
	return q->ring->outstanding ? -ETIMEDOUT : 0;
}
