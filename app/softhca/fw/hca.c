/* SPDX-License-Identifier: BSD-3-Clause */
/* The NIC and its contexts; the door for mailbox commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "fail.h"
#include "hca_ident.h"
#include "hca_priv.h"
#include "mem.h"
#include "profile.h"
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

/* What the host has set up for a function, or the default. */
static int func_init(struct hca *hca, unsigned int i, const struct hca_func_config *cfg)
{
	static const struct hca_func_config none;
	struct hca_function *func = &hca->func[i];

	if (!cfg)
		cfg = &none;
	func->hca = hca;
	func->index = i;
	func->mtu = cfg->mtu ? cfg->mtu : LIM_MTU_DEFAULT;
	if (func->mtu > hca->profile.max_mtu && !cfg->mtu)
		func->mtu = hca->profile.max_mtu;
	if (func->mtu < LIM_MTU_MIN || func->mtu > hca->profile.max_mtu || cfg->vlan > 4094 ||
	    cfg->mac[0] & 1)
		return -EINVAL;
	if (memcmp(cfg->mac, none.mac, sizeof(func->mac)))
		memcpy(func->mac, cfg->mac, sizeof(func->mac));
	else
		hca_ident_mac(i, func->mac);
	return 0;
}

/* Under dp_lock. */
static int func_start(struct hca_function *func)
{
	func->port = dp_port(func->hca->dp, func->index);
	return dp_port_set_mac(func->port, func->mac);
}

static int start(struct hca *hca, const struct hca_config *cfg)
{
	struct dp_config dp = {
	    .threads = cfg->threads,
	    .ports = cfg->functions,
	    .links = cfg->links,
	    .n_links = cfg->n_links,
	    .delay_drop_ms = cfg->delay_drop_ms,
	    .wire_loopback = cfg->wire_loopback,
	    .tick = event_tick,
	    .tick_arg = hca,
	};
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < cfg->functions; i++)
		err = func_init(hca, i, cfg->func ? &cfg->func[i] : NULL);
	if (!err)
		err = dp_create(&dp, &hca->dp);
	if (err)
		return err;
	dp_lock(hca->dp);
	for (i = 0; !err && i < cfg->functions; i++)
		err = func_start(&hca->func[i]);
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
	err = profile_take(&hca->profile, cfg->profile);
	if (!err)
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

void hca_note(struct hca *hca, struct hca_ctx *ctx, const char *call, int err, const char *fmt, ...)
{
	struct hca_ctx none = {.hca = hca, .func = &hca->func[0]};
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&hca->lock);
	trace_call(ctx ? ctx : &none, call, err, " %s", text);
	pthread_mutex_unlock(&hca->lock);
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

bool hca_obj_used(struct hca_obj *obj)
{
	bool used;

	pthread_mutex_lock(&obj->ctx->hca->lock);
	used = obj->refs != 0;
	pthread_mutex_unlock(&obj->ctx->hca->lock);
	return used;
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
