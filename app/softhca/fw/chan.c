/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chan.h"
#include "fail.h"
#include "hca_priv.h"
#include "trace.h"

/* Room for some thousand unread events; what does not fit stays pending. */
enum { CHAN_BUF = 1 << 20 };

/* enum ib_event_type */
enum {
	IB_EVENT_CQ_ERR = 0,
	IB_EVENT_QP_REQ_ERR = 2,
	IB_EVENT_QP_ACCESS_ERR = 3,
	IB_EVENT_DEVICE_FATAL = 8,
	IB_EVENT_PORT_ACTIVE = 9,
	IB_EVENT_PORT_ERR = 10,
};

static uint32_t verbs_event(const uint8_t eqe[EQE_LEN])
{
	switch (eqe[1]) {
	case EVENT_PORT_CHANGE:
		return eqe[3] == PORT_SUBTYPE_DOWN ? IB_EVENT_PORT_ERR : IB_EVENT_PORT_ACTIVE;
	case EVENT_CQ_ERROR:
		return IB_EVENT_CQ_ERR;
	case EVENT_WQ_INVALID:
		return IB_EVENT_QP_REQ_ERR;
	case EVENT_WQ_ACCESS:
		return IB_EVENT_QP_ACCESS_ERR;
	default:
		return IB_EVENT_DEVICE_FATAL;
	}
}

int chan_send(struct chan *chan, uint64_t cookie, const uint8_t eqe[EQE_LEN])
{
	uint8_t msg[sizeof(cookie) + EQE_LEN];
	size_t len = sizeof(cookie);

	if (atomic_load(&chan->gone))
		return 0;
	memcpy(msg, &cookie, sizeof(cookie));
	if (chan->kind == HCA_CHAN_DATA) {
		memcpy(msg + len, eqe, EQE_LEN);
		len += EQE_LEN;
	} else if (chan->kind == HCA_CHAN_ASYNC) {
		uint32_t desc[2] = {verbs_event(eqe)};

		memcpy(msg + len, desc, sizeof(desc));
		len += sizeof(desc);
	}
	if (send(chan->sock, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return -EAGAIN;
	atomic_store(&chan->gone, true);
	return 0;
}

static int subscribe(struct hca *hca, struct event_sub *args)
{
	struct event_sub *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return -ENOMEM;
	sub->chan = args->chan;
	sub->obj = args->obj;
	sub->event = args->event;
	sub->cookie = args->cookie;
	sub->efd = -1;
	if (args->efd >= 0) {
		sub->efd = fcntl(args->efd, F_DUPFD_CLOEXEC, 0);
		if (sub->efd < 0) {
			int err = -errno;

			free(sub);
			return err;
		}
	}
	dp_lock(hca->dp);
	if (sub->obj)
		SLIST_INSERT_HEAD(&sub->obj->subs, sub, in_obj);
	SLIST_INSERT_HEAD(&hca->ev.subs, sub, in_all);
	dp_unlock(hca->dp);
	return 0;
}

static int chan_make(struct hca_ctx *ctx, enum hca_chan_kind kind, struct chan **out, int *fd)
{
	struct hca_obj *obj;
	struct chan *chan;
	int pair[2], size = CHAN_BUF, err;

	err = obj_new(ctx, OBJ_CHAN, sizeof(*chan), &obj);
	if (err)
		return err;
	chan = (struct chan *)obj;
	chan->sock = -1;
	chan->kind = kind;
	/* The program's end blocks, as a file of the kernel does until told otherwise. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		err = -errno;
		obj_discard(obj);
		return err;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	chan->sock = pair[0];
	/* What is of no object goes to all of them; the element is the port's number. */
	if (kind == HCA_CHAN_ASYNC)
		err = subscribe(ctx->hca, &(struct event_sub){.chan = chan,
							      .event = EVENT_PORT_CHANGE,
							      .cookie = 1,
							      .efd = -1});
	if (err) {
		close(pair[1]);
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "open_channel");
	*out = chan;
	*fd = pair[1];
	return 0;
}

static const char *const kind_names[] = {
    [HCA_CHAN_DATA] = "data", [HCA_CHAN_COOKIE] = "cookie", [HCA_CHAN_ASYNC] = "async"};

int hca_chan_open(struct hca_ctx *ctx, enum hca_chan_kind kind, struct hca_chan **chan, int *fd)
{
	struct hca *hca = ctx->hca;
	struct chan *c = NULL;
	struct call call;
	int err = 0;

	call_begin(&call, hca, "open_channel");
	if (hca_inject(hca, "open_channel"))
		err = -ENOMEM;
	if (!err)
		err = chan_make(ctx, kind, &c, fd);
	if (!err)
		*chan = (struct hca_chan *)c;
	trace_call(ctx, "open_channel", err, " kind=%s id=0x%x", kind_names[kind],
		   err ? 0 : c->obj.id);
	call_end(&call, err);
	return err;
}

void hca_chan_close(struct hca_chan *chan)
{
	struct hca_obj *obj = (struct hca_obj *)chan;
	struct call call;

	call_begin(&call, obj->ctx->hca, "close_channel");
	trace_call(obj->ctx, "close_channel", 0, " id=0x%x", obj->id);
	obj_discard(obj);
	call_end(&call, 0);
}

void chan_fini(struct hca_obj *obj)
{
	struct chan *chan = (struct chan *)obj;

	event_forget_chan(obj->ctx->hca, chan);
	if (chan->sock >= 0 && !obj->ctx->hca->process_ends)
		close(chan->sock);
}

/* Which object tells of which event. */
static bool event_valid(const struct hca_obj *obj, uint16_t event)
{
	if (!obj)
		return event == EVENT_PORT_CHANGE;
	if (obj->type == OBJ_CQ)
		return event == EVENT_COMP || event == EVENT_CQ_ERROR;
	if (obj->type == OBJ_RDMA_QP)
		return event == EVENT_WQ_INVALID || event == EVENT_WQ_ACCESS;
	return obj->type == OBJ_VIRTIO_NET_Q && event == EVENT_OBJECT_CHANGE;
}

int hca_chan_subscribe(struct hca_chan *chan, struct hca_obj *obj, const uint16_t *event_nums,
		       unsigned int n, uint64_t cookie, int redirect_fd)
{
	struct chan *c = (struct chan *)chan;
	struct hca *hca = c->obj.ctx->hca;
	struct event_sub args = {.chan = c, .obj = obj, .cookie = cookie, .efd = redirect_fd};
	struct call call;
	unsigned int i, made = 0;
	int err = n ? 0 : -EINVAL;

	call_begin(&call, hca, "subscribe_event");
	if (obj && obj->ctx != c->obj.ctx)
		err = -EINVAL;
	for (i = 0; !err && i < n; i++)
		if (!event_valid(obj, event_nums[i]))
			err = -EINVAL;
	if (!err && hca_inject(hca, "subscribe_event"))
		err = -ENOMEM;
	for (i = 0; !err && i < n; i++) {
		args.event = event_nums[i];
		err = subscribe(hca, &args);
		made += !err;
	}
	/* All or nothing: the newest are those of this call. */
	if (err)
		event_forget_newest(hca, made);
	trace_call(c->obj.ctx, "subscribe_event", err,
		   " channel=0x%x %s=0x%x event=0x%x cookie=0x%llx", c->obj.id,
		   obj ? obj_type_name(obj->type) : "none", obj ? obj->id : 0,
		   n ? event_nums[0] : 0, (unsigned long long)cookie);
	call_end(&call, err);
	return err;
}

void hca_chan_unsubscribe(struct hca_chan *chan, struct hca_obj *obj, uint16_t event,
			  uint32_t *sent)
{
	struct chan *c = (struct chan *)chan;
	struct hca *hca = c->obj.ctx->hca;

	pthread_mutex_lock(&hca->lock);
	*sent = event_unsubscribe(c, obj, event);
	pthread_mutex_unlock(&hca->lock);
}

void hca_chan_put_back(struct hca_chan *chan, const void *msg, size_t len)
{
	struct chan *c = (struct chan *)chan;

	/* It had room before; if that is taken now, events are behind it and none is the last. */
	send(c->sock, msg, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}
