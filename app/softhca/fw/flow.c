/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "flow.h"
#include "flow_counter.h"
#include "flow_table.h"
#include "hca_priv.h"
#include "trace.h"

enum { TABLE_NIC_RX = 0, FLOW_SEQ_BITS = 48 /* below the priority */ };

/* ---- parts of one entry ---- */

static bool is_part(const struct flow *a, const struct flow *b)
{
	const struct matcher *m = a->matcher, *n = b->matcher;

	return m->priority == n->priority && m->match.l4 == n->match.l4 &&
	       !memcmp(&m->match.mask, &n->match.mask, sizeof(m->match.mask)) &&
	       !memcmp(&a->value, &b->value, sizeof(a->value));
}

/* Another part of the entry, with the same destination. */
static struct flow *twin(const struct flow *flow)
{
	struct flow *other;

	LIST_FOREACH(other, &flow->obj.ctx->func->flows, in_func)
	if (other != flow && other->order == flow->order && other->dest == flow->dest)
		return other;
	return NULL;
}

/* As the datapath has it. */
static void fill_entry(const struct flow *flow, struct dp_rx_entry *entry)
{
	*entry = (struct dp_rx_entry){.order = flow->order, .counter = flow->counter};
	entry->mask = flow->matcher->match.mask;
	entry->value = flow->value;
	if (flow->leads)
		flow_entry_lead(entry, flow->dest);
}

/* Find the parts there are, if the flow may be one of them; it has its place then. */
static int join(struct flow *flow, const struct hca_flow_attr *attr, const char **why)
{
	struct hca *hca = flow->obj.ctx->hca;
	struct flow *other, *first = NULL;
	unsigned int n = 0;

	LIST_FOREACH(other, &flow->obj.ctx->func->flows, in_func)
	{
		if (!is_part(flow, other))
			continue;
		first = other;
		n++;
	}
	flow->tag = attr->tag;
	flow->order =
	    (uint64_t)flow->matcher->priority << FLOW_SEQ_BITS | (first ? 0 : hca->flow_seq++);
	flow->leads = flow->dest;
	if (!first)
		return 0;
	flow->order = first->order;
	*why = "a rule that is the same otherwise drops, or does not";
	if (first->drop != flow->drop)
		return -EEXIST;
	*why = "a rule that is the same otherwise has another tag";
	if (attr->has_tag && first->tag != attr->tag)
		return -EEXIST;
	*why = "there are as many rules of the kind as an entry has destinations";
	if (n >= DP_RX_WAYS_MAX)
		return -EINVAL;
	*why = "";
	flow->tag = first->tag;
	flow->leads = flow->dest && !twin(flow);
	return 0;
}

static int publish(struct flow *flow)
{
	struct hca_ctx *ctx = flow->obj.ctx;
	struct dp_rx_entry entry;
	int err;

	fill_entry(flow, &entry);
	dp_lock(ctx->hca->dp);
	err = dp_entry_add(ctx->func->port, NULL, &entry, &flow->entry);
	dp_unlock(ctx->hca->dp);
	if (!err)
		LIST_INSERT_HEAD(&ctx->func->flows, flow, in_func);
	return err;
}

void flow_fini(struct hca_obj *obj)
{
	struct flow *flow = (struct flow *)obj, *heir;
	struct dp *dp = obj->ctx->hca->dp;
	struct dp_rx_entry entry;

	if (!flow->entry)
		return;
	LIST_REMOVE(flow, in_func);
	heir = flow->leads ? twin(flow) : NULL;
	dp_lock(dp);
	if (heir) {
		heir->leads = true;
		fill_entry(heir, &entry);
		dp_entry_set(heir->entry, &entry);
	}
	dp_entry_remove(flow->entry);
	dp_unlock(dp);
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
	err = flow_mask_parse(attr->mask, attr->mask_len, attr->criteria_enable, &matcher->match,
			      why);
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
	const struct hca_obj *dest = attr->dest, *counter = attr->counter;

	*why = "a rule has one of: a destination, drop, default miss";
	if (!!dest + attr->drop + attr->default_miss != 1)
		return -EINVAL;
	*why = "destination is no TIR or flow table of this context";
	if (dest && ((dest->type != OBJ_TIR && dest->type != OBJ_FLOW_TABLE) || dest->ctx != ctx))
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
	int err = flow_value_parse(attr->value, attr->value_len, &flow->matcher->match,
				   &flow->value, why);

	if (!err)
		err = obj_use(&flow->obj, &flow->matcher->obj);
	if (!err && attr->dest)
		err = obj_use(&flow->obj, attr->dest);
	if (!err && attr->counter)
		err = obj_use(&flow->obj, attr->counter);
	if (err)
		return err;
	flow->dest = attr->dest;
	flow->drop = attr->drop;
	if (attr->counter)
		flow->counter =
		    &((struct flow_counter *)attr->counter)->counters[attr->counter_offset];
	return join(flow, attr, why);
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
	err = flow_fill(flow, attr, why);
	if (!err)
		err = publish(flow);
	if (err) {
		obj_discard(obj);
		return err;
	}
	obj_publish(obj, "create_flow");
	*out = flow;
	return 0;
}

/* What the rule does, as the trace has it. */
static void flow_text(const struct hca_flow_attr *attr, char *text, size_t len)
{
	const struct hca_obj *dest = attr->dest;

	if (dest)
		snprintf(text, len, " %s=0x%x", dest->type == OBJ_FLOW_TABLE ? "table" : "tir",
			 dest->id);
	else if (attr->drop)
		snprintf(text, len, " drop");
	else
		snprintf(text, len, "%s", attr->default_miss ? " default_miss" : "");
}

int hca_flow_create(struct hca_matcher *matcher, const struct hca_flow_attr *attr,
		    struct hca_flow **flow)
{
	struct matcher *m = (struct matcher *)matcher;
	struct hca *hca = m->obj.ctx->hca;
	struct flow *f = NULL;
	const char *why = "";
	struct call call;
	char text[32];
	int err = 0;

	call_begin(&call, hca, "create_flow");
	if (hca_inject(hca, "create_flow"))
		err = -ENOMEM;
	if (!err)
		err = flow_make(m, attr, &f, &why);
	if (!err)
		*flow = (struct hca_flow *)f;
	flow_text(attr, text, sizeof(text));
	trace_call(m->obj.ctx, "create_flow", err, " matcher=0x%x%s counter=0x%x+%u id=0x%x%s%s",
		   m->obj.id, text, attr->counter ? attr->counter->id : 0, attr->counter_offset,
		   err ? 0 : f->obj.id, err ? " refused: " : "", err ? why : "");
	call_end(&call, err);
	return err;
}

int hca_flow_destroy(struct hca_flow *flow)
{
	return destroy((struct hca_obj *)flow, "destroy_flow");
}
