/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes of the vhost-user protocol, from its specification (QEMU docs/interop/vhost-user.rst).
 * All integers in the host's byte order. Only constants and layouts; no behaviour.
 */
#ifndef FRONTEND_VHOST_USER_WIRE_H
#define FRONTEND_VHOST_USER_WIRE_H

#include <stdint.h>

enum fe_vu_request {
	FE_VU_GET_FEATURES = 1,
	FE_VU_SET_FEATURES = 2,
	FE_VU_SET_OWNER = 3,
	FE_VU_RESET_OWNER = 4,
	FE_VU_SET_MEM_TABLE = 5,
	FE_VU_SET_LOG_BASE = 6,
	FE_VU_SET_LOG_FD = 7,
	FE_VU_SET_VRING_NUM = 8,
	FE_VU_SET_VRING_ADDR = 9,
	FE_VU_SET_VRING_BASE = 10,
	FE_VU_GET_VRING_BASE = 11,
	FE_VU_SET_VRING_KICK = 12,
	FE_VU_SET_VRING_CALL = 13,
	FE_VU_SET_VRING_ERR = 14,
	FE_VU_GET_PROTOCOL_FEATURES = 15,
	FE_VU_SET_PROTOCOL_FEATURES = 16,
	FE_VU_GET_QUEUE_NUM = 17,
	FE_VU_SET_VRING_ENABLE = 18,
	FE_VU_NET_SET_MTU = 20,
	FE_VU_SET_BACKEND_REQ_FD = 21,
	FE_VU_GET_CONFIG = 24,
	FE_VU_SET_CONFIG = 25,
	FE_VU_SET_STATUS = 39,
	FE_VU_GET_STATUS = 40,
};

enum fe_vu_backend_request {
	FE_VU_BACKEND_IOTLB = 1,
	FE_VU_BACKEND_CONFIG_CHANGE = 2,
	FE_VU_BACKEND_HOST_NOTIFIER = 3,
};

/* Header flags. */
#define FE_VU_VERSION      0x1u
#define FE_VU_VERSION_MASK 0x3u
#define FE_VU_REPLY        0x4u
#define FE_VU_NEED_REPLY   0x8u

/* The feature bit that makes protocol features exist. */
#define FE_VU_F_PROTOCOL_FEATURES 30
/* The feature bit that switches logging on and off. */
#define FE_VU_F_LOG_ALL 26
/* In SET_VRING_ADDR: log writes to the used ring, at the log address. */
#define FE_VU_VRING_F_LOG 1u

/* Protocol feature bits. */
enum fe_vu_protocol_feature {
	FE_VU_PROTOCOL_MQ = 0,
	FE_VU_PROTOCOL_LOG_SHMFD = 1,
	FE_VU_PROTOCOL_REPLY_ACK = 3,
	FE_VU_PROTOCOL_NET_MTU = 4,
	FE_VU_PROTOCOL_BACKEND_REQ = 5,
	FE_VU_PROTOCOL_CONFIG = 9,
	FE_VU_PROTOCOL_BACKEND_SEND_FD = 10,
	FE_VU_PROTOCOL_HOST_NOTIFIER = 11,
	FE_VU_PROTOCOL_STATUS = 16,
};

/* Kick, call and err messages: the ring's index, and a flag for "no descriptor comes along". */
#define FE_VU_VRING_INDEX_MASK 0xffu
#define FE_VU_VRING_NO_FD      0x100u

#define FE_VU_MAX_FDS 8

struct fe_vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of the payload that follows */
} __attribute__((packed));

struct fe_vu_vring_state {
	uint32_t index;
	uint32_t num;
} __attribute__((packed));

struct fe_vu_vring_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t descriptor; /* three user addresses */
	uint64_t used;
	uint64_t available;
	uint64_t log; /* guest address */
} __attribute__((packed));

struct fe_vu_region {
	uint64_t gpa;
	uint64_t size;
	uint64_t uva;
	uint64_t fd_offset;
} __attribute__((packed));

struct fe_vu_mem_table {
	uint32_t count;
	uint32_t padding;
	struct fe_vu_region region[FE_VU_MAX_FDS];
} __attribute__((packed));

struct fe_vu_vring_area {
	uint64_t index_flags; /* as in kick messages */
	uint64_t size;
	uint64_t offset;
} __attribute__((packed));

struct fe_vu_log {
	uint64_t size;
	uint64_t offset; /* in the descriptor that comes along */
} __attribute__((packed));

#define FE_VU_CONFIG_MAX 256
struct fe_vu_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t region[FE_VU_CONFIG_MAX];
} __attribute__((packed));

union fe_vu_payload {
	uint64_t u64;
	struct fe_vu_vring_state state;
	struct fe_vu_vring_addr addr;
	struct fe_vu_mem_table mem;
	struct fe_vu_vring_area area;
	struct fe_vu_config config;
};

struct fe_vu_message {
	struct fe_vu_header header;
	union fe_vu_payload payload;
} __attribute__((packed));

#endif
