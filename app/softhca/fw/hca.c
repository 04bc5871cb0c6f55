/* SPDX-License-Identifier: BSD-3-Clause */
/* The NIC and its contexts; the door for mailbox commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call.h"
#include "cmd.h"
#include "ctl.h"
#include "event.h"
#include "fail.h"
#include "hca_ident.h"
#include "hca_priv.h"
#include "mem.h"
#include "profile.h"
#include "trace.h"

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

static int functions_init(struct hca *hca, const struct hca_config *cfg)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < cfg->functions; i++)
		err = func_init(hca, i, cfg->func ? &cfg->func[i] : NULL);
	return err;
}

/* Under dp_lock. */
static int func_start(struct hca_function *func, const struct hca_func_config *cfg)
{
	struct dp_port_policy policy = {
		.vlan = cfg ? cfg->vlan : 0,
		.spoof_check = cfg && cfg->spoof_check,
		.mtu = func->mtu,
	};
	int err;

	func->port = dp_port(func->hca->dp, func->index);
	err = dp_port_set_mac(func->port, func->mac);
	return err ? err : dp_port_set_policy(func->port, &policy);
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
	int err;

	err = dp_create(&dp, &hca->dp);
	if (err)
		return err;
	dp_lock(hca->dp);
	for (i = 0; !err && i < cfg->functions; i++)
		err = func_start(&hca->func[i], cfg->func ? &cfg->func[i] : NULL);
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
	sem_init(&hca->slots, 0, LATENCY_SLOTS);
	hca->began_ns = call_now_ns();
	hca->rng.state = cfg->seed ? cfg->seed : hca->began_ns;
	hca->leaks = cfg->leaks;
	hca->track = cfg->leaks || cfg->trace_path;
	if (hca->track)
		origin_warm_up();
	TAILQ_INIT(&hca->ev.cqs);
	SLIST_INIT(&hca->ev.subs);
	TAILQ_INIT(&hca->rdma_qps);
	hca->functions = cfg->functions;
	err = profile_take(&hca->profile, cfg->profile);
	if (!err)
		err = fail_parse(cfg->fail, &hca->fail);
	if (!err)
		err = latency_parse(cfg->latency, &hca->latency, NULL, 0);
	if (!err)
		err = functions_init(hca, cfg);
	if (!err)
		err = trace_open(hca, cfg);
	if (!err)
		err = ctl_open(hca, cfg);
	if (!err)
		err = mkey_null_create(hca);
	/* Last: its threads call back. */
	if (!err)
		err = start(hca, cfg);
	if (!err)
		err = ctl_start(hca);
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
	ctl_stop(hca);
	if (hca->dp)
		dp_destroy(hca->dp);
	mkey_null_destroy(hca);
	obj_tables_free(hca);
	ctl_close(hca);
	trace_close(hca);
	fail_free(hca->fail);
	latency_free(hca->latency);
	sem_destroy(&hca->slots);
	pthread_mutex_destroy(&hca->lock);
	free(hca);
}

void hca_process_ends(struct hca *hca)
{
	pthread_mutex_lock(&hca->lock);
	hca->process_ends = true;
	pthread_mutex_unlock(&hca->lock);
}

/*
 * As Linux's mlx5_ib does: the port loops frames back from the function's second context on, as
 * each has a transport domain.
 */
static void count_contexts(struct hca_function *func, int n)
{
	bool before = func->contexts > 1, now;

	func->contexts += (unsigned int)n;
	now = func->contexts > 1;
	if (now == before)
		return;
	dp_lock(func->hca->dp);
	dp_port_set_loopback(func->port, now);
	dp_unlock(func->hca->dp);
}

int hca_ctx_open(struct hca *hca, unsigned int function, struct hca_ctx **out)
{
	struct hca_ctx *ctx;
	struct call call;
	int err = 0;

	if (function >= hca->functions)
		return -ENODEV;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->hca = hca;
	ctx->func = &hca->func[function];
	TAILQ_INIT(&ctx->objs);
	call_begin(&call, hca, "open_context");
	ctx->uid = ++hca->contexts_made;
	if (hca_inject(hca, "open_context"))
		err = -ENOMEM;
	trace_call(ctx, "open_context", err, " ");
	if (!err) {
		count_contexts(ctx->func, 1);
		STAT_ADD(hca, objects[HCA_STAT_CTX], 1);
		STAT_ADD(hca, objects_made[HCA_STAT_CTX], 1);
		*out = ctx;
	}
	call_end(&call, err);
	if (err)
		free(ctx);
	return err;
}

void hca_ctx_close(struct hca_ctx *ctx)
{
	struct hca *hca;
	struct call call;
	unsigned int leaked;

	if (!ctx)
		return;
	hca = ctx->hca;
	if (hca->track)
		leaks_name(ctx);
	if (hca->leaks)
		leaks_report(ctx);
	call_begin(&call, hca, "close_context");
	leaked = obj_destroy_all(ctx);
	count_contexts(ctx->func, -1);
	trace_call(ctx, "close_context", 0, " leaked=%u", leaked);
	STAT_ADD(hca, objects[HCA_STAT_CTX], -1);
	call_end(&call, 0);
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
	struct call call;
	int err;

	call_begin(&call, ctx->hca, cmd_name(&cmd));
	err = cmd_execute(&cmd, verb, obj, made);
	call_end(&call, err);
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
	struct call call;
	uint32_t id;
	int err;

	if (!obj)
		return 0;
	ctx = obj->ctx;
	id = obj->id;
	type = obj_type_name(obj->type);
	call_begin(&call, ctx->hca, "destroy");
	ctx->hca->commands++;
	STAT_ADD(ctx->hca, commands, 1);
	err = obj_destroy(obj);
	if (err)
		STAT_ADD(ctx->hca, commands_refused, 1);
	trace_call(ctx, "destroy", err, " %s 0x%x", type, id);
	call_end(&call, err);
	return err;
}

uint32_t hca_eqn(struct hca_ctx *ctx, uint32_t vector)
{
	(void)ctx;
	(void)vector;
	return LIM_EQN;
}
