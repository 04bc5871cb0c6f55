/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The front-end's vhost-user messages, one function each (specification: QEMU
 * docs/interop/vhost-user.rst). Every failure is reported once, here, with the message's name; a
 * cut on purpose (-ECANCELED) is not a failure.
 *
 * Errors and threads as in conn.h. Descriptors are borrowed: the kernel duplicates what is sent.
 */
#ifndef FRONTEND_VHOST_USER_H
#define FRONTEND_VHOST_USER_H

#include "conn.h"
#include "guest_mem.h"

const char *fe_vu_request_name(uint32_t request);

int fe_vu_set_owner(struct fe_conn *conn);
int fe_vu_reset_owner(struct fe_conn *conn);
int fe_vu_get_features(struct fe_conn *conn, uint64_t *features);
int fe_vu_set_features(struct fe_conn *conn, uint64_t features);
int fe_vu_get_protocol_features(struct fe_conn *conn, uint64_t *features);
int fe_vu_set_protocol_features(struct fe_conn *conn, uint64_t features);
int fe_vu_get_queue_num(struct fe_conn *conn, uint64_t *pairs);
/* Opens the back-end's own channel and hands it over. */
int fe_vu_set_backend_channel(struct fe_conn *conn);
/* `len` bytes, at most FE_VU_CONFIG_MAX, of the configuration space from `offset` on. */
int fe_vu_get_config(struct fe_conn *conn, uint32_t offset, uint32_t len, uint8_t *bytes);
/* What the driver writes there. */
int fe_vu_set_config(struct fe_conn *conn, uint32_t offset, uint32_t len, const uint8_t *bytes);
/* What the guest is told of the MTU. */
int fe_vu_net_set_mtu(struct fe_conn *conn, uint16_t mtu);
int fe_vu_set_status(struct fe_conn *conn, uint8_t status);
int fe_vu_get_status(struct fe_conn *conn, uint8_t *status);

int fe_vu_set_mem_table(struct fe_conn *conn, const struct fe_mem *mem);
/* Its two halves, for tables that are not right: `regions` is how many go into the message. */
void fe_vu_fill_mem_table(const struct fe_mem *mem, struct fe_vu_mem_table *table,
			  struct fe_wire_fds *fds);
int fe_vu_send_mem_table(struct fe_conn *conn, const struct fe_vu_mem_table *table,
			 const struct fe_wire_fds *fds, unsigned int regions);

/* User addresses of one ring's three areas (virtio: descriptor, driver, device area). */
struct fe_vu_ring_uva {
	uint64_t descriptor;
	uint64_t driver;
	uint64_t device;
};

int fe_vu_set_vring_num(struct fe_conn *conn, unsigned int index, unsigned int num);
int fe_vu_set_vring_base(struct fe_conn *conn, unsigned int index, uint32_t base);
int fe_vu_get_vring_base(struct fe_conn *conn, unsigned int index, uint32_t *base);
int fe_vu_set_vring_addr(struct fe_conn *conn, unsigned int index,
			 const struct fe_vu_ring_uva *uva);
/* The same, with writes to the used ring logged as if they went to log_gpa. */
#define FE_VU_NO_LOG UINT64_MAX
int fe_vu_set_vring_addr_log(struct fe_conn *conn, unsigned int index,
			     const struct fe_vu_ring_uva *uva, uint64_t log_gpa);
/* The bitmap of pages written: `size` bytes of fd. */
int fe_vu_set_log_base(struct fe_conn *conn, int fd, uint64_t size);
/* Kick, call and err; fd -1 says that there is none. */
int fe_vu_set_vring_fd(struct fe_conn *conn, enum fe_vu_request which, unsigned int index, int fd);
int fe_vu_set_vring_enable(struct fe_conn *conn, unsigned int index, bool enable);

#endif
