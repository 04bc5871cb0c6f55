/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into testpmd, so that user-mode Linux can be a guest of its net_vhost ports, which have
 * no options for this: no packed rings, because this guest says a wrong start (see
 * test/e2e/guests), and no control queue, because nobody would answer it.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#include <rte_vhost.h>

#define BIT(n) (1ull << (n))

int rte_vhost_driver_start(const char *path)
{
	const uint64_t unwanted = BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_NET_F_CTRL_VQ) |
				  BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) |
				  BIT(VIRTIO_NET_F_MQ);
	int (*real)(const char *);

	*(void **)(&real) = dlsym(RTLD_NEXT, "rte_vhost_driver_start");
	if (!real || rte_vhost_driver_disable_features(path, unwanted))
		return -1;
	return real(path);
}
