/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_user.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define NAME(request) [FE_VU_##request] = #request

static const char *const request_names[] = {
    NAME(GET_FEATURES),
    NAME(SET_FEATURES),
    NAME(SET_OWNER),
    NAME(RESET_OWNER),
    NAME(SET_MEM_TABLE),
    NAME(SET_LOG_BASE),
    NAME(SET_LOG_FD),
    NAME(SET_VRING_NUM),
    NAME(SET_VRING_ADDR),
    NAME(SET_VRING_BASE),
    NAME(GET_VRING_BASE),
    NAME(SET_VRING_KICK),
    NAME(SET_VRING_CALL),
    NAME(SET_VRING_ERR),
    NAME(GET_PROTOCOL_FEATURES),
    NAME(SET_PROTOCOL_FEATURES),
    NAME(GET_QUEUE_NUM),
    NAME(SET_VRING_ENABLE),
    NAME(NET_SET_MTU),
    NAME(SET_BACKEND_REQ_FD),
    NAME(GET_CONFIG),
    NAME(SET_CONFIG),
    NAME(SET_STATUS),
    NAME(GET_STATUS),
};

const char *fe_vu_request_name(uint32_t request)
{
	if (request >= sizeof(request_names) / sizeof(request_names[0]) || !request_names[request])
		return "(unknown request)";
	return request_names[request];
}

static const char *cause(int err)
{
	switch (err) {
	case -EREMOTEIO:
		return "the back-end refused";
	case -ECONNRESET:
		return "the back-end closed the connection";
	case -ETIMEDOUT:
		return "no answer in time";
	default:
		return strerror(-err);
	}
}

static int report(struct fe_conn *conn, uint32_t request, int err)
{
	if (err && err != -ECANCELED)
		fe_error("%s: %s: %s", fe_conn_path(conn), fe_vu_request_name(request), cause(err));
	return err;
}

static int set(struct fe_conn *conn, uint32_t request, const void *payload, uint32_t size,
	       const struct fe_wire_fds *fds)
{
	return report(conn, request, fe_conn_request(conn, request, payload, size, fds));
}

static int set_u64(struct fe_conn *conn, uint32_t request, uint64_t value)
{
	return set(conn, request, &value, sizeof(value), NULL);
}

static int get_u64(struct fe_conn *conn, uint32_t request, uint64_t *value)
{
	return report(conn, request, fe_conn_query(conn, request, NULL, 0, value, sizeof(*value)));
}

int fe_vu_set_owner(struct fe_conn *conn)
{
	return set(conn, FE_VU_SET_OWNER, NULL, 0, NULL);
}

int fe_vu_reset_owner(struct fe_conn *conn)
{
	return set(conn, FE_VU_RESET_OWNER, NULL, 0, NULL);
}

int fe_vu_get_features(struct fe_conn *conn, uint64_t *features)
{
	return get_u64(conn, FE_VU_GET_FEATURES, features);
}

int fe_vu_set_features(struct fe_conn *conn, uint64_t features)
{
	return set_u64(conn, FE_VU_SET_FEATURES, features);
}

int fe_vu_get_protocol_features(struct fe_conn *conn, uint64_t *features)
{
	return get_u64(conn, FE_VU_GET_PROTOCOL_FEATURES, features);
}

int fe_vu_set_protocol_features(struct fe_conn *conn, uint64_t features)
{
	return set_u64(conn, FE_VU_SET_PROTOCOL_FEATURES, features);
}

int fe_vu_get_queue_num(struct fe_conn *conn, uint64_t *pairs)
{
	return get_u64(conn, FE_VU_GET_QUEUE_NUM, pairs);
}

int fe_vu_set_backend_channel(struct fe_conn *conn)
{
	struct fe_wire_fds fds = {.count = 1};
	int err;

	err = fe_conn_open_backend_channel(conn, &fds.fd[0]);
	if (err)
		return report(conn, FE_VU_SET_BACKEND_REQ_FD, err);
	err = set(conn, FE_VU_SET_BACKEND_REQ_FD, NULL, 0, &fds);
	fe_wire_close_fds(&fds);
	return err;
}

int fe_vu_get_config(struct fe_conn *conn, uint32_t offset, uint32_t len, uint8_t *bytes)
{
	struct fe_vu_config ask = {.offset = offset, .size = len}, reply;
	uint32_t size = (uint32_t)offsetof(struct fe_vu_config, region) + len;
	int err;

	if (len == 0 || len > FE_VU_CONFIG_MAX)
		return -EINVAL;
	err = fe_conn_query(conn, FE_VU_GET_CONFIG, &ask, size, &reply, size);
	if (!err && (reply.offset != offset || reply.size != len))
		err = -EPROTO;
	if (!err)
		memcpy(bytes, reply.region, len);
	return report(conn, FE_VU_GET_CONFIG, err);
}

int fe_vu_set_config(struct fe_conn *conn, uint32_t offset, uint32_t len, const uint8_t *bytes)
{
	struct fe_vu_config config = {.offset = offset, .size = len};

	if (len == 0 || len > FE_VU_CONFIG_MAX)
		return -EINVAL;
	memcpy(config.region, bytes, len);
	return set(conn, FE_VU_SET_CONFIG, &config,
		   (uint32_t)offsetof(struct fe_vu_config, region) + len, NULL);
}

int fe_vu_net_set_mtu(struct fe_conn *conn, uint16_t mtu)
{
	return set_u64(conn, FE_VU_NET_SET_MTU, mtu);
}

int fe_vu_set_status(struct fe_conn *conn, uint8_t status)
{
	return set_u64(conn, FE_VU_SET_STATUS, status);
}

int fe_vu_get_status(struct fe_conn *conn, uint8_t *status)
{
	uint64_t value;
	int err;

	err = get_u64(conn, FE_VU_GET_STATUS, &value);
	if (err)
		return err;
	if (value > UINT8_MAX)
		return report(conn, FE_VU_GET_STATUS, -EPROTO);
	*status = (uint8_t)value;
	return 0;
}

void fe_vu_fill_mem_table(const struct fe_mem *mem, struct fe_vu_mem_table *table,
			  struct fe_wire_fds *fds)
{
	unsigned int i;

	memset(table, 0, sizeof(*table));
	table->count = fds->count = mem->count;
	for (i = 0; i < mem->count; i++) {
		const struct fe_mem_region *r = &mem->region[i];

		table->region[i].gpa = r->gpa;
		table->region[i].size = r->size;
		table->region[i].uva = r->uva;
		table->region[i].fd_offset = r->fd_offset;
		fds->fd[i] = r->fd;
	}
}

int fe_vu_send_mem_table(struct fe_conn *conn, const struct fe_vu_mem_table *table,
			 const struct fe_wire_fds *fds, unsigned int regions)
{
	return set(conn, FE_VU_SET_MEM_TABLE, table,
		   (uint32_t)(offsetof(struct fe_vu_mem_table, region) +
			      regions * sizeof(table->region[0])),
		   fds);
}

int fe_vu_set_mem_table(struct fe_conn *conn, const struct fe_mem *mem)
{
	struct fe_vu_mem_table table;
	struct fe_wire_fds fds;

	fe_vu_fill_mem_table(mem, &table, &fds);
	return fe_vu_send_mem_table(conn, &table, &fds, mem->count);
}

int fe_vu_set_vring_num(struct fe_conn *conn, unsigned int index, unsigned int num)
{
	struct fe_vu_vring_state state = {.index = index, .num = num};

	return set(conn, FE_VU_SET_VRING_NUM, &state, sizeof(state), NULL);
}

int fe_vu_set_vring_base(struct fe_conn *conn, unsigned int index, uint32_t base)
{
	struct fe_vu_vring_state state = {.index = index, .num = base};

	return set(conn, FE_VU_SET_VRING_BASE, &state, sizeof(state), NULL);
}

int fe_vu_get_vring_base(struct fe_conn *conn, unsigned int index, uint32_t *base)
{
	struct fe_vu_vring_state state = {.index = index}, reply;
	int err;

	err =
	    fe_conn_query(conn, FE_VU_GET_VRING_BASE, &state, sizeof(state), &reply, sizeof(reply));
	if (!err && reply.index != index)
		err = -EPROTO;
	if (!err)
		*base = reply.num;
	return report(conn, FE_VU_GET_VRING_BASE, err);
}

int fe_vu_set_vring_addr(struct fe_conn *conn, unsigned int index, const struct fe_vu_ring_uva *uva)
{
	return fe_vu_set_vring_addr_log(conn, index, uva, FE_VU_NO_LOG);
}

int fe_vu_set_vring_addr_log(struct fe_conn *conn, unsigned int index,
			     const struct fe_vu_ring_uva *uva, uint64_t log_gpa)
{
	struct fe_vu_vring_addr addr = {.index = index,
					.descriptor = uva->descriptor,
					.used = uva->device,
					.available = uva->driver};

	if (log_gpa != FE_VU_NO_LOG) {
		addr.flags = FE_VU_VRING_F_LOG;
		addr.log = log_gpa;
	}
	return set(conn, FE_VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL);
}

int fe_vu_set_log_base(struct fe_conn *conn, int fd, uint64_t size)
{
	struct fe_wire_fds fds = {.count = 1, .fd = {fd}};
	struct fe_vu_log log = {.size = size};

	/* An answer without content, whether asked for or not. */
	return report(
	    conn, FE_VU_SET_LOG_BASE,
	    fe_conn_query_fds(conn, FE_VU_SET_LOG_BASE, &log, sizeof(log), &fds, NULL, 0));
}

int fe_vu_set_vring_fd(struct fe_conn *conn, enum fe_vu_request which, unsigned int index, int fd)
{
	struct fe_wire_fds fds = {.count = fd >= 0 ? 1 : 0, .fd = {fd}};
	uint64_t value = index | (fd >= 0 ? 0 : FE_VU_VRING_NO_FD);

	return set(conn, which, &value, sizeof(value), &fds);
}

int fe_vu_set_vring_enable(struct fe_conn *conn, unsigned int index, bool enable)
{
	struct fe_vu_vring_state state = {.index = index, .num = enable};

	return set(conn, FE_VU_SET_VRING_ENABLE, &state, sizeof(state), NULL);
}
