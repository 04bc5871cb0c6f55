/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "flow.h"
#include "flow_counter.h"
#include "hca_priv.h"
#include "trace.h"

enum { TABLE_NIC_RX = 0 };

/* ---- rules into the datapath ---- */

struct rx_build {
	struct dp_rx_rule *rules;
	struct dp_tir *tirs;
	const struct tir **of; /* tirs[i] is made of *of[i] */
	unsigned int n_tirs;
};

static int build_tir(struct rx_build *b, const struct tir *tir, const struct dp_tir **out)
{
	struct dp_tir *t;
	unsigned int i;

	for (i = 0; i < b->n_tirs; i++) {
		if (b->of[i] == tir) {
			*out = &b->tirs[i];
			return 0;
		}
	}
	t = &b->tirs[b->n_tirs];
	t->queues = calloc(tir->rqt->n, sizeof(struct vq *));
	if (!t->queues)
		return -ENOMEM;
	b->of[b->n_tirs++] = tir;
	memcpy(t->key, tir->key, sizeof(t->key));
	t->hash_fields = tir->hash_fields;
	t->symmetric = tir->symmetric;
	t->block_self_uc = tir->block_self_uc;
	t->block_self_mc = tir->block_self_mc;
	t->n = tir->rqt->n;
	for (i = 0; i < t->n; i++)
		t->queues[i] = tir->rqt->queues[i]->vq;
	*out = t;
	return 0;
}

static int build(struct rx_build *b, const struct flow_rule_list *list)
{
	unsigned int i;
	int err;

	b->rules = calloc(list->n, sizeof(*b->rules));
	b->tirs = calloc(list->n, sizeof(*b->tirs));
	b->of = calloc(list->n, sizeof(*b->of));
	if (!b->rules || !b->tirs || !b->of)
		return -ENOMEM;
	for (i = 0; i < list->n; i++) {
		const struct flow *flow = list->rule[i];

		b->rules[i].mask = flow->matcher->mask;
		b->rules[i].value = flow->value;
		b->rules[i].counter = flow->counter;
		err = flow->tir ? build_tir(b, flow->tir, &b->rules[i].tir) : 0;
		if (err)
			return err;
	}
	return 0;
}

int rx_update_locked(struct hca_function *func)
{
	struct rx_build b = {0};
	int err = 0;

	if (func->rules.n)
		err = build(&b, &func->rules);
	if (!err)
		err = dp_port_set_rx(func->port, b.rules, func->rules.n);
	while (b.n_tirs)
		free(b.tirs[--b.n_tirs].queues);
	free(b.of);
	free(b.tirs);
	free(b.rules);
	return err;
}

int rx_update(struct hca_function *func)
{
	struct dp *dp = func->hca->dp;
	int err;

	dp_lock(dp);
	err = rx_update_locked(func);
	dp_unlock(dp);
	return err;
}

/* ---- the list of a function ---- */

static bool before(const struct flow *a, const struct flow *b)
{
	if (a->matcher->priority != b->matcher->priority)
		return a->matcher->priority < b->matcher->priority;
	return a->seq < b->seq;
}

static int link_rule(struct hca_function *func, struct flow *flow)
{
	struct flow_rule_list *l = &func->rules;
	struct flow **rule = realloc(l->rule, (l->n + 1) * sizeof(*rule));
	unsigned int i;

	if (!rule)
		return -ENOMEM;
	l->rule = rule;
	for (i = l->n; i && before(flow, rule[i - 1]); i--)
		rule[i] = rule[i - 1];
	rule[i] = flow;
	l->n++;
	flow->linked = true;
	return 0;
}

static void unlink_rule(struct hca_function *func, struct flow *flow)
{
	struct flow_rule_list *l = &func->rules;
	unsigned int i;

	for (i = 0; l->rule[i] != flow; i++)
		;
	l->n--;
	memmove(&l->rule[i], &l->rule[i + 1], (l->n - i) * sizeof(*l->rule));
	flow->linked = false;
	if (!l->n) {
		free(l->rule);
		l->rule = NULL;
	}
}

void flow_fini(struct hca_obj *obj)
{
	struct hca_function *func = obj->ctx->func;
	struct flow *flow = (struct flow *)obj;

	if (!flow->linked)
		return;
	unlink_rule(func, flow);
	if (rx_update(func)) {
		/* The old rules may name queues that are about to go: better none. */
		dp_lock(obj->ctx->hca->dp);
		dp_port_set_rx(func->port, NULL, 0);
		dp_unlock(obj->ctx->hca->dp);
	}
}

/* ---- what the front door asks ---- */

static int matcher_make(struct hca_ctx *ctx, const struct hca_matcher_attr *attr,
			struct matcher **out, const char **why)
{
	struct matcher *matcher;
	struct hca_obj *obj;
	int err;

	*why = "only the NIC's receive table (ft_type 0) is modelled";
	if (attr->ft_type != TABLE_NIC_RX)
		return -EOPNOTSUPP;
	*why = "";
	err = obj_new(ctx, OBJ_MATCHER, sizeof(*matcher), &obj);
	if (err)
		return err;
	matcher = (struct matcher *)obj;
	matcher->priority = attr->priority;
	err = flow_mask_parse(attr->mask, attr->mask_len, attr->criteria_enable, &matcher->mask,
			      &matcher->l4, why);
	if (err) {
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "create_matcher");
	*out = matcher;
	return 0;
}

int hca_matcher_create(struct hca_ctx *ctx, const struct hca_matcher_attr *attr,
		       struct hca_matcher **matcher)
{
	struct hca *hca = ctx->hca;
	struct matcher *m = NULL;
	const char *why = "";
	struct call call;
	int err = 0;

	call_begin(&call, hca, "create_matcher");
	if (hca_inject(hca, "create_matcher"))
		err = -ENOMEM;
	if (!err)
		err = matcher_make(ctx, attr, &m, &why);
	if (!err)
		*matcher = (struct hca_matcher *)m;
	trace_call(ctx, "create_matcher", err, " priority=%u criteria=0x%x id=0x%x%s%s",
		   attr->priority, attr->criteria_enable, err ? 0 : m->obj.id,
		   err ? " refused: " : "", err ? why : "");
	call_end(&call, err);
	return err;
}

/* Both kinds of handle are objects. */
static int destroy(struct hca_obj *obj, const char *name)
{
	struct hca_ctx *ctx = obj->ctx;
	uint32_t id = obj->id;
	struct call call;
	int err;

	call_begin(&call, ctx->hca, name);
	err = obj_destroy(obj);
	trace_call(ctx, name, err, " id=0x%x", id);
	call_end(&call, err);
	return err;
}

int hca_matcher_destroy(struct hca_matcher *matcher)
{
	return destroy((struct hca_obj *)matcher, "destroy_matcher");
}

/* One destination, and objects that can be what they are given for. */
static int check_flow(const struct hca_ctx *ctx, const struct hca_flow_attr *attr, const char **why)
{
	const struct hca_obj *tir = attr->tir, *counter = attr->counter;

	*why = "a rule has one of: a TIR, drop, default miss";
	if (!!tir + attr->drop + attr->default_miss != 1)
		return -EINVAL;
	*why = "destination is no TIR of this context";
	if (tir && (tir->type != OBJ_TIR || tir->ctx != ctx))
		return -EINVAL;
	*why = "counter is no flow counter of this context";
	if (counter && (counter->type != OBJ_FLOW_COUNTER || counter->ctx != ctx))
		return -EINVAL;
	*why = "counter_offset is beyond the bulk";
	if (counter ? attr->counter_offset >= ((const struct flow_counter *)counter)->n
		    : attr->counter_offset != 0)
		return -EINVAL;
	*why = "";
	return 0;
}

static int flow_fill(struct flow *flow, const struct hca_flow_attr *attr, const char **why)
{
	int err = flow_value_parse(attr->value, attr->value_len, flow->matcher, &flow->value, why);

	if (!err)
		err = obj_use(&flow->obj, &flow->matcher->obj);
	if (!err && attr->tir)
		err = obj_use(&flow->obj, attr->tir);
	if (!err && attr->counter)
		err = obj_use(&flow->obj, attr->counter);
	if (err)
		return err;
	flow->tir = (struct tir *)attr->tir;
	if (attr->counter)
		flow->counter =
		    &((struct flow_counter *)attr->counter)->counters[attr->counter_offset];
	return 0;
}

static int flow_make(struct matcher *matcher, const struct hca_flow_attr *attr, struct flow **out,
		     const char **why)
{
	struct hca_ctx *ctx = matcher->obj.ctx;
	struct hca_obj *obj;
	struct flow *flow;
	int err = check_flow(ctx, attr, why);

	if (err)
		return err;
	err = obj_new(ctx, OBJ_FLOW, sizeof(*flow), &obj);
	if (err)
		return err;
	flow = (struct flow *)obj;
	flow->matcher = matcher;
	flow->seq = ctx->hca->flow_seq++;
	err = flow_fill(flow, attr, why);
	if (!err)
		err = link_rule(ctx->func, flow);
	if (!err)
		err = rx_update(ctx->func);
	if (err) {
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "create_flow");
	*out = flow;
	return 0;
}

static const char *flow_action(const struct hca_flow_attr *attr)
{
	return attr->drop ? " drop" : attr->default_miss ? " default_miss" : "";
}

int hca_flow_create(struct hca_matcher *matcher, const struct hca_flow_attr *attr,
		    struct hca_flow **flow)
{
	struct matcher *m = (struct matcher *)matcher;
	struct hca *hca = m->obj.ctx->hca;
	struct flow *f = NULL;
	const char *why = "";
	struct call call;
	int err = 0;

	call_begin(&call, hca, "create_flow");
	if (hca_inject(hca, "create_flow"))
		err = -ENOMEM;
	if (!err)
		err = flow_make(m, attr, &f, &why);
	if (!err)
		*flow = (struct hca_flow *)f;
	trace_call(m->obj.ctx, "create_flow", err,
		   " matcher=0x%x tir=0x%x counter=0x%x+%u%s id=0x%x%s%s", m->obj.id,
		   attr->tir ? attr->tir->id : 0, attr->counter ? attr->counter->id : 0,
		   attr->counter_offset, flow_action(attr), err ? 0 : f->obj.id,
		   err ? " refused: " : "", err ? why : "");
	call_end(&call, err);
	return err;
}

int hca_flow_destroy(struct hca_flow *flow)
{
	return destroy((struct hca_obj *)flow, "destroy_flow");
}
