/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kind of NIC this is: identity and capabilities. Chosen by name or file (config/softhca/,
 * `softhca run --profile`), read by the launcher, obeyed by the firmware: what a profile lacks is
 * neither reported nor accepted.
 *
 * Plain data, no pointers: it is written to a file by the launcher and read by the program.
 */
#ifndef SOFTHCA_FW_HCA_PROFILE_H
#define SOFTHCA_FW_HCA_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

/* Offloads of virtqueues, as device_features_bits_mask numbers them (PRM, virtio_net_q). */
enum {
	HCA_OFFLOAD_MRG_RXBUF = 1 << 2,
	HCA_OFFLOAD_HOST_ECN = 1 << 4,
	HCA_OFFLOAD_GUEST_ECN = 1 << 6,
	HCA_OFFLOAD_GUEST_TSO6 = 1 << 7,
	HCA_OFFLOAD_GUEST_TSO4 = 1 << 8,
	HCA_OFFLOAD_GUEST_CSUM = 1 << 9,
	HCA_OFFLOAD_CSUM = 1 << 10,
	HCA_OFFLOAD_HOST_TSO6 = 1 << 11,
	HCA_OFFLOAD_HOST_TSO4 = 1 << 12,
};

struct hca_profile {
	char name[32];
	char fw_version[24];
	uint16_t pci_device;	 /* of the physical functions; virtual ones and SFs derive theirs */
	bool virtio;		 /* virtio emulation: object types, capability group 0x13 */
	bool split, packed;	 /* ring layouts */
	bool version_1;		 /* modern headers */
	uint16_t offloads;	 /* HCA_OFFLOAD_* */
	bool vnet_modify_ext, addr_modify, index_modify, freeze_to_rdy;
	bool queue_counters;	 /* VIRTIO_Q_COUNTERS */
	bool dirty_log;		 /* dirty bitmap of a queue */
	bool flow_counters;
	bool flow_tables;	 /* receive tables of a program's own, behind the root one */
	uint16_t max_ft_level;	 /* of those, 1..15 */
	uint16_t log_max_ft_size; /* up to 20 */
	uint32_t max_queues;	 /* virtqueues of a function, 2..256 */
	uint16_t max_queue_size; /* a power of two, up to 32768 */
	uint16_t max_mtu;	 /* up to 9216 */
};

/* A ConnectX-6 Dx with all the model can do: what runs without --profile. */
extern const struct hca_profile hca_profile_default;

#endif
