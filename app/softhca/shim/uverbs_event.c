/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Channels: files that the program reads events or answers of asynchronous queries from.
 * Each is one end of a SOCK_SEQPACKET pair, so read, poll and epoll need no help.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rdma/mlx5_user_ioctl_cmds.h>
#include <rdma/mlx5_user_ioctl_verbs.h>

#include "uverbs_devx.h"
#include "uverbs_file.h"

/* CHAN_MSG_MAX: of channels that verbs has */
enum { SUBSCRIBE_EVENTS_MAX = 16, CHAN_MSG_MAX = 16 };

int uverbs_channel_open(struct ubundle *b, struct uobj *obj, enum hca_chan_kind kind, int *fd)
{
	struct hca_ctx *ctx;
	int rc;

	rc = ubundle_ctx(b, &ctx);
	if (!rc)
		rc = hca_chan_open(ctx, kind, &obj->fd.chan, fd);
	if (rc)
		return rc;
	rc = file_id_get(*fd, &obj->fd.file);
	if (!rc && obj->type != MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD) {
		obj->fd.reader = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
		if (obj->fd.reader < 0)
			rc = -errno;
	}
	if (!rc)
		rc = uverbs_channel_add(b->file, &obj->fd.file);
	if (rc)
		uverbs_channel_drop(obj, *fd);
	return rc;
}

void uverbs_channel_drop(struct uobj *obj, int fd)
{
	hca_chan_close(obj->fd.chan);
	obj->fd.chan = NULL;
	if (obj->fd.reader >= 0)
		close(obj->fd.reader);
	obj->fd.reader = -1;
	if (fd >= 0)
		close(fd);
}

int uverbs_channel_make(struct ubundle *b, uint16_t attr, enum hca_chan_kind kind)
{
	struct uobj *obj = ubundle_attr(b, attr)->obj;
	int fd, rc;

	rc = uverbs_channel_open(b, obj, kind, &fd);
	if (rc)
		return rc;
	rc = ubundle_out_fd(b, attr, fd);
	if (rc)
		uverbs_channel_drop(obj, fd);
	return rc;
}

uint32_t uverbs_channel_forget(struct uobj *chan, struct hca_obj *obj, uint16_t event,
			       uint64_t cookie)
{
	uint8_t *kept = NULL, *more, msg[CHAN_MSG_MAX];
	uint32_t sent, unread = 0;
	size_t n = 0, len = 0;
	ssize_t got;

	hca_chan_unsubscribe(chan->fd.chan, obj, event, &sent);
	while ((got = recv(chan->fd.reader, msg, sizeof(msg), MSG_DONTWAIT)) > 0) {
		len = (size_t)got;
		if (!memcmp(msg, &cookie, sizeof(cookie))) {
			unread++;
			continue;
		}
		more = realloc(kept, (n + 1) * sizeof(msg));
		if (!more)
			break;
		kept = more;
		memcpy(kept + n++ * sizeof(msg), msg, len);
	}
	/* The messages of a channel are all of one length. */
	for (size_t i = 0; i < n; i++)
		hca_chan_put_back(chan->fd.chan, kept + i * sizeof(msg), len);
	free(kept);
	return sent - unread;
}

static int event_fd_alloc(struct ubundle *b)
{
	const uint64_t omit = MLX5_IB_UAPI_DEVX_CR_EV_CH_FLAGS_OMIT_DATA;
	uint64_t flags;
	int rc;

	rc = ubundle_flags(b, MLX5_IB_ATTR_DEVX_ASYNC_EVENT_FD_ALLOC_FLAGS, omit, &flags);
	if (rc)
		return rc;
	return uverbs_channel_make(b, MLX5_IB_ATTR_DEVX_ASYNC_EVENT_FD_ALLOC_HANDLE,
				   flags & omit ? HCA_CHAN_COOKIE : HCA_CHAN_DATA);
}

static int subscribe(struct ubundle *b)
{
	struct uobj *chan = ubundle_attr(b, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_FD_HANDLE)->obj;
	const struct uattr *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_OBJ_HANDLE);
	const struct uattr *list = ubundle_attr(b, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_TYPE_NUM_LIST);
	const struct uattr *fd = ubundle_attr(b, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_FD_NUM);
	const struct uattr *cookie = ubundle_attr(b, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_COOKIE);
	uint64_t cookie_value = ubundle_const(b, MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_COOKIE);
	int redirect = -1;

	if (!b->file->devx)
		return -EINVAL;
	if (fd && cookie)
		return -EINVAL;
	if (list->len % sizeof(uint16_t) || list->len / sizeof(uint16_t) > SUBSCRIBE_EVENTS_MAX)
		return -EINVAL;
	if (fd) {
		struct file_id id;

		memcpy(&redirect, fd->in, sizeof(redirect));
		if (redirect < 0 || file_id_get(redirect, &id))
			return -EBADF;
	}
	return hca_chan_subscribe(chan->fd.chan, obj ? obj->obj->devx : NULL, list->in,
				  list->len / (unsigned int)sizeof(uint16_t), cookie_value,
				  redirect);
}

static int cmd_fd_alloc(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_ASYNC_CMD_FD_ALLOC_HANDLE)->obj;
	struct hca_ctx *ctx;
	int pair[2], rc;

	rc = ubundle_ctx(b, &ctx);
	if (rc)
		return rc;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	obj->fd.peer = pair[1];
	rc = file_id_get(pair[0], &obj->fd.file);
	if (!rc)
		rc = uverbs_channel_add(b->file, &obj->fd.file);
	if (!rc)
		rc = ubundle_out_fd(b, MLX5_IB_ATTR_DEVX_ASYNC_CMD_FD_ALLOC_HANDLE, pair[0]);
	if (rc) {
		close(pair[0]);
		close(pair[1]);
	}
	return rc;
}

/* The model answers at once: the command is done when the call returns, its answer is queued. */
static int obj_async_query(struct ubundle *b)
{
	struct uobj *obj = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_HANDLE)->obj;
	struct uobj *chan = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_FD)->obj;
	const struct uattr *in = ubundle_attr(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_CMD_IN);
	uint64_t out_len = ubundle_const(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_OUT_LEN);
	struct mlx5_ib_uapi_devx_async_cmd_hdr *hdr;
	int rc;

	rc = devx_check(b, in->in, DEVX_QUERY);
	if (!rc && (obj->type != MLX5_IB_OBJECT_DEVX_OBJ || out_len > UINT16_MAX || out_len < 16))
		rc = -EINVAL;
	if (rc)
		return rc;
	hdr = calloc(1, sizeof(*hdr) + out_len);
	if (!hdr)
		return -ENOMEM;
	hdr->wr_id = ubundle_const(b, MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_WR_ID);
	rc = hca_obj_query(obj->devx, in->in, in->len, hdr->out_data, out_len);
	/* A refusal is an answer too. */
	if (!rc || rc == -EREMOTEIO) {
		rc = 0;
		if (send(chan->fd.peer, hdr, sizeof(*hdr) + out_len, MSG_DONTWAIT | MSG_NOSIGNAL) <
			0 &&
		    errno == EAGAIN)
			rc = -EAGAIN;
	}
	free(hdr);
	return rc;
}

static const struct uattr_spec event_fd_specs[] = {
    UATTR_FILE(MLX5_IB_ATTR_DEVX_ASYNC_EVENT_FD_ALLOC_HANDLE, MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD,
	       UATTR_NEW, true),
    UATTR_IN_FLAGS(MLX5_IB_ATTR_DEVX_ASYNC_EVENT_FD_ALLOC_FLAGS, true),
};

static const struct uattr_spec subscribe_specs[] = {
    UATTR_FILE(MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_FD_HANDLE, MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD,
	       UATTR_READ, true),
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_OBJ_HANDLE, MLX5_IB_OBJECT_DEVX_OBJ, UATTR_READ,
	      false),
    UATTR_IN_MIN(MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_TYPE_NUM_LIST, sizeof(uint16_t), true),
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_COOKIE, uint64_t, false),
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_SUBSCRIBE_EVENT_FD_NUM, uint32_t, false),
};

static const struct uattr_spec cmd_fd_specs[] = {
    UATTR_FILE(MLX5_IB_ATTR_DEVX_ASYNC_CMD_FD_ALLOC_HANDLE, MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD,
	       UATTR_NEW, true),
};

static const struct uattr_spec async_query_specs[] = {
    UATTR_OBJ(MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_HANDLE, UOBJ_ANY, UATTR_READ, true),
    UATTR_IN_MIN(MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_CMD_IN, 16, true),
    UATTR_IN_CONST(MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_OUT_LEN, true),
    UATTR_FILE(MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_FD, MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD, UATTR_READ,
	       true),
    UATTR_IN_TYPE(MLX5_IB_ATTR_DEVX_OBJ_QUERY_ASYNC_WR_ID, uint64_t, true),
};

static const struct umethod methods[] = {
    UMETHOD(MLX5_IB_OBJECT_DEVX_ASYNC_EVENT_FD, MLX5_IB_METHOD_DEVX_ASYNC_EVENT_FD_ALLOC,
	    event_fd_specs, event_fd_alloc),
    UMETHOD(MLX5_IB_OBJECT_DEVX, MLX5_IB_METHOD_DEVX_SUBSCRIBE_EVENT, subscribe_specs, subscribe),
    UMETHOD(MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD, MLX5_IB_METHOD_DEVX_ASYNC_CMD_FD_ALLOC, cmd_fd_specs,
	    cmd_fd_alloc),
    UMETHOD(MLX5_IB_OBJECT_DEVX_OBJ, MLX5_IB_METHOD_DEVX_OBJ_ASYNC_QUERY, async_query_specs,
	    obj_async_query),
};

const struct umethod_group uverbs_event_group = {methods, ARRAY_SIZE(methods)};
