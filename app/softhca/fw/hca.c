/* SPDX-License-Identifier: BSD-3-Clause */
/* The NIC and its contexts; the door for mailbox commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "fail.h"
#include "hca_ident.h"
#include "hca_priv.h"
#include "mem.h"
#include "trace.h"

static int stat_open(struct hca *hca, const char *path)
{
	void *p;
	int fd;

	if (!path) {
		hca->stat = calloc(1, sizeof(*hca->stat));
		return hca->stat ? 0 : -ENOMEM;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(*hca->stat))) {
		close(fd);
		return -errno;
	}
	p = mmap(NULL, sizeof(*hca->stat), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	hca->stat = p;
	hca->stat_mapped = true;
	*hca->stat = (struct hca_stat){.version = HCA_STAT_VERSION};
	__atomic_store_n(&hca->stat->magic, HCA_STAT_MAGIC, __ATOMIC_RELEASE);
	return 0;
}

static void stat_close(struct hca *hca)
{
	if (hca->stat_mapped)
		munmap(hca->stat, sizeof(*hca->stat));
	else
		free(hca->stat);
}

static int start(struct hca *hca, const struct hca_config *cfg)
{
	struct dp_config dp = {
	    .threads = cfg->threads,
	    .ports = cfg->functions,
	    .delay_drop_ms = cfg->delay_drop_ms,
	    .wire_loopback = cfg->wire_loopback,
	    .tick = event_tick,
	    .tick_arg = hca,
	};
	unsigned int i;
	int err = dp_create(&dp, &hca->dp);

	if (err)
		return err;
	dp_lock(hca->dp);
	for (i = 0; !err && i < cfg->functions; i++) {
		uint8_t mac[6];

		hca->func[i].hca = hca;
		hca->func[i].index = i;
		hca->func[i].port = dp_port(hca->dp, i);
		hca_ident_mac(i, mac);
		err = dp_port_set_mac(hca->func[i].port, mac);
	}
	dp_unlock(hca->dp);
	return err;
}

int hca_create(const struct hca_config *cfg, struct hca **out)
{
	struct hca *hca;
	int err;

	if (!cfg->functions || cfg->functions > HCA_FUNCS_MAX || !cfg->threads || cfg->threads > 16)
		return -EINVAL;
	hca = calloc(1, sizeof(*hca));
	if (!hca)
		return -ENOMEM;
	pthread_mutex_init(&hca->lock, NULL);
	TAILQ_INIT(&hca->ev.cqs);
	SLIST_INIT(&hca->ev.subs);
	hca->functions = cfg->functions;
	err = fail_parse(cfg->fail, &hca->fail);
	if (!err)
		err = trace_open(hca, cfg->trace_path);
	if (!err)
		err = stat_open(hca, cfg->stat_path);
	if (!err)
		err = mkey_null_create(hca);
	/* Last: its threads call back. */
	if (!err)
		err = start(hca, cfg);
	if (err) {
		hca_destroy(hca);
		return err;
	}
	*out = hca;
	return 0;
}

void hca_destroy(struct hca *hca)
{
	if (!hca)
		return;
	if (hca->dp) {
		event_stats(hca);
		dp_destroy(hca->dp);
	}
	mkey_null_destroy(hca);
	obj_tables_free(hca);
	stat_close(hca);
	trace_close(hca);
	fail_free(hca->fail);
	pthread_mutex_destroy(&hca->lock);
	free(hca);
}

int hca_ctx_open(struct hca *hca, unsigned int function, struct hca_ctx **out)
{
	struct hca_ctx *ctx;
	int err = 0;

	if (function >= hca->functions)
		return -ENODEV;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->hca = hca;
	ctx->func = &hca->func[function];
	TAILQ_INIT(&ctx->objs);
	pthread_mutex_lock(&hca->lock);
	ctx->uid = ++hca->contexts_made;
	if (hca_inject(hca, "open_context"))
		err = -ENOMEM;
	trace_call(ctx, "open_context", err, " ");
	if (!err) {
		STAT_ADD(hca, objects[HCA_STAT_CTX], 1);
		STAT_ADD(hca, objects_made[HCA_STAT_CTX], 1);
		*out = ctx;
	}
	pthread_mutex_unlock(&hca->lock);
	if (err)
		free(ctx);
	return err;
}

void hca_ctx_close(struct hca_ctx *ctx)
{
	struct hca *hca;
	unsigned int leaked;

	if (!ctx)
		return;
	hca = ctx->hca;
	pthread_mutex_lock(&hca->lock);
	leaked = obj_destroy_all(ctx);
	trace_call(ctx, "close_context", 0, " leaked=%u", leaked);
	STAT_ADD(hca, objects[HCA_STAT_CTX], -1);
	pthread_mutex_unlock(&hca->lock);
	free(ctx);
}

static int mailbox(struct hca_ctx *ctx, enum cmd_verb verb, struct hca_obj *obj, const void *in,
		   size_t in_len, void *out, size_t out_len, struct hca_obj **made)
{
	struct cmd cmd = {.ctx = ctx, .in = in, .in_len = in_len, .out = out, .out_len = out_len};
	int err;

	pthread_mutex_lock(&ctx->hca->lock);
	err = cmd_execute(&cmd, verb, obj, made);
	pthread_mutex_unlock(&ctx->hca->lock);
	return err;
}

int hca_cmd(struct hca_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len)
{
	return mailbox(ctx, CMD_GENERAL, NULL, in, in_len, out, out_len, NULL);
}

int hca_obj_create(struct hca_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len,
		   struct hca_obj **obj)
{
	return mailbox(ctx, CMD_CREATE, NULL, in, in_len, out, out_len, obj);
}

int hca_obj_modify(struct hca_obj *obj, const void *in, size_t in_len, void *out, size_t out_len)
{
	return mailbox(obj->ctx, CMD_MODIFY, obj, in, in_len, out, out_len, NULL);
}

int hca_obj_query(struct hca_obj *obj, const void *in, size_t in_len, void *out, size_t out_len)
{
	return mailbox(obj->ctx, CMD_QUERY, obj, in, in_len, out, out_len, NULL);
}

int hca_obj_destroy(struct hca_obj *obj)
{
	struct hca_ctx *ctx;
	const char *type;
	uint32_t id;
	int err;

	if (!obj)
		return 0;
	ctx = obj->ctx;
	id = obj->id;
	type = obj_type_name(obj->type);
	pthread_mutex_lock(&ctx->hca->lock);
	ctx->hca->commands++;
	STAT_ADD(ctx->hca, commands, 1);
	err = obj_destroy(obj);
	if (err)
		STAT_ADD(ctx->hca, commands_refused, 1);
	trace_call(ctx, "destroy", err, " %s 0x%x", type, id);
	pthread_mutex_unlock(&ctx->hca->lock);
	return err;
}

uint32_t hca_eqn(struct hca_ctx *ctx, uint32_t vector)
{
	(void)ctx;
	(void)vector;
	return LIM_EQN;
}
