/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "steer_fake.h"

static const char *const names[FAKE_KINDS] = {
    "td", "tis", "rqt", "tir", "table", "group", "entry", "matcher", "rule",
};

void fake_init(struct vv_hca *hca)
{
	memset(hca, 0, sizeof(*hca));
	hca->caps.max_ft_level = 64;
	hca->caps.log_max_ft_size = 16;
	hca->caps.log_max_ft_dests = 4;
	hca->caps.log_max_rqt_size = 7;
	hca->next_id = 1;
}

void fake_mark(struct vv_hca *hca)
{
	hca->log[0] = 0;
	hca->logged = 0;
	hca->asked = 0;
}

unsigned int fake_live(const struct vv_hca *hca, enum fake_kind kind)
{
	const struct fake_object *o;
	unsigned int n = 0;

	for (o = hca->objects; o; o = o->next)
		n += o->kind == kind;
	return n;
}

unsigned int fake_live_all(const struct vv_hca *hca)
{
	unsigned int kind, n = 0;

	for (kind = 0; kind < FAKE_KINDS; kind++)
		n += fake_live(hca, kind);
	return n;
}

/* ---- objects ---- */

static void note(struct vv_hca *hca, char verb, enum fake_kind kind)
{
	size_t room = sizeof(hca->log) - hca->logged;
	int n = snprintf(hca->log + hca->logged, room, "%s%c%s", hca->logged ? " " : "", verb,
			 names[kind]);

	assert_true(n > 0 && (size_t)n < room);
	hca->logged += n;
	if (hca->after)
		hca->after(hca->arg);
}

static int asked(struct vv_hca *hca)
{
	unsigned int n = ++hca->asked;

	if (n == hca->fail_at[0] || n == hca->fail_at[1] || (hca->fail_from && n >= hca->fail_from))
		return -EREMOTEIO;
	return 0;
}

static struct fake_object *of_kind(const void *handle, enum fake_kind kind)
{
	struct fake_object *o = (struct fake_object *)handle;

	assert_non_null(o);
	assert_int_equal(o->kind, kind);
	return o;
}

static struct fake_object *by_id(const struct vv_hca *hca, uint32_t id, enum fake_kind kind)
{
	struct fake_object *o;

	for (o = hca->objects; o; o = o->next)
		if (o->kind == kind && o->id == id)
			return o;
	fail_msg("there is no %s %u", names[kind], id);
	return NULL;
}

/* To be filled; it counts when published. */
static struct fake_object *object_new(struct vv_hca *hca, enum fake_kind kind)
{
	struct fake_object *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	o->kind = kind;
	o->id = hca->next_id++;
	return o;
}

static void use(struct fake_object *o, unsigned int n, struct fake_object *used)
{
	if (o->uses[n])
		o->uses[n]->users--;
	o->uses[n] = used;
	used->users++;
}

static void publish(struct vv_hca *hca, struct fake_object *o)
{
	o->next = hca->objects;
	hca->objects = o;
	note(hca, '+', o->kind);
}

static void publish_obj(struct vv_hca *hca, struct fake_object *o, struct vv_obj *obj)
{
	assert_null(obj->obj); /* or it is lost */
	publish(hca, o);
	*obj = (struct vv_obj){.obj = (struct mlx5dv_devx_obj *)o, .id = o->id};
}

/* Objects do not know their NIC; there is one a test. */
static struct vv_hca *the_hca;

static void object_destroy(struct fake_object *o)
{
	struct fake_object **at = &the_hca->objects;
	enum fake_kind kind = o->kind;
	unsigned int i;

	if (o->users)
		fail_msg("%s %u is destroyed, %u refer to it", names[kind], o->id, o->users);
	while (*at && *at != o)
		at = &(*at)->next;
	assert_non_null(*at);
	*at = o->next;
	for (i = 0; i < 3; i++)
		if (o->uses[i])
			o->uses[i]->users--;
	free(o);
	note(the_hca, '-', kind);
}

const struct vv_hca_caps *vv_hca_caps(const struct vv_hca *hca)
{
	return &hca->caps;
}

void vv_obj_destroy(struct vv_obj *obj)
{
	struct fake_object *o = (struct fake_object *)obj->obj;

	if (o)
		object_destroy(o);
	*obj = (struct vv_obj){0};
}

/* ---- transmit side ---- */

int vv_td_create(struct vv_hca *hca, struct vv_obj *td)
{
	int err = asked(hca);

	the_hca = hca;
	if (!err)
		publish_obj(hca, object_new(hca, FAKE_TD), td);
	return err;
}

int vv_tis_create(struct vv_hca *hca, uint32_t td, struct vv_obj *tis)
{
	struct fake_object *o;
	int err = asked(hca);

	if (err)
		return err;
	o = object_new(hca, FAKE_TIS);
	use(o, 0, by_id(hca, td, FAKE_TD));
	publish_obj(hca, o, tis);
	return 0;
}

/* ---- where frames end ---- */

static void list_set(struct fake_object *o, const uint32_t *queues, unsigned int n)
{
	unsigned int i;

	assert_true(n > 0 && n <= o->max && !(n & (n - 1)));
	for (i = 0; i < n; i++)
		o->queues[i] = queues[i];
	o->n = n;
}

int vv_rqt_create(struct vv_hca *hca, const uint32_t *queues, unsigned int n, unsigned int max,
		  struct vv_obj *rqt)
{
	struct fake_object *o;
	int err = asked(hca);

	if (err)
		return err;
	assert_true(max <= 1u << hca->caps.log_max_rqt_size && max <= FAKE_QUEUES_MAX);
	o = object_new(hca, FAKE_RQT);
	o->max = max;
	list_set(o, queues, n);
	publish_obj(hca, o, rqt);
	return 0;
}

int vv_rqt_modify(struct vv_hca *hca, struct vv_obj *rqt, const uint32_t *queues, unsigned int n)
{
	int err = asked(hca);

	if (err)
		return err;
	list_set(of_kind(rqt->obj, FAKE_RQT), queues, n);
	note(hca, '~', FAKE_RQT);
	return 0;
}

int vv_tir_create(struct vv_hca *hca, const struct vv_hash *hash, uint32_t td, uint32_t rqt,
		  struct vv_obj *tir)
{
	struct fake_object *o;
	int err = asked(hca);

	if (err)
		return err;
	o = object_new(hca, FAKE_TIR);
	o->hash = *hash;
	use(o, 0, by_id(hca, rqt, FAKE_RQT));
	use(o, 1, by_id(hca, td, FAKE_TD));
	publish_obj(hca, o, tir);
	return 0;
}

int vv_tir_modify(struct vv_hca *hca, struct vv_obj *tir, const struct vv_hash *hash, uint32_t rqt)
{
	struct fake_object *o = of_kind(tir->obj, FAKE_TIR);
	int err = asked(hca);

	if (err)
		return err;
	assert_true(hash || rqt);
	if (hash)
		o->hash = *hash;
	if (rqt)
		use(o, 0, by_id(hca, rqt, FAKE_RQT));
	note(hca, '~', FAKE_TIR);
	return 0;
}

/* ---- flow tables ---- */

int vv_ft_create(struct vv_hca *hca, unsigned int level, unsigned int log_size, struct vv_obj *ft)
{
	struct fake_object *o;
	int err = asked(hca);

	if (err)
		return err;
	assert_true(level > 0 && level < hca->caps.max_ft_level);
	assert_true(log_size <= hca->caps.log_max_ft_size);
	o = object_new(hca, FAKE_TABLE);
	o->level = level;
	o->log_size = log_size;
	publish_obj(hca, o, ft);
	return 0;
}

int vv_fg_create(struct vv_hca *hca, const struct vv_obj *ft, const struct vv_match *mask,
		 uint32_t first, uint32_t last, struct vv_obj *fg)
{
	struct fake_object *table = of_kind(ft->obj, FAKE_TABLE), *o;
	int err = asked(hca);

	if (err)
		return err;
	assert_true(first <= last && last < 1u << table->log_size);
	for (o = hca->objects; o; o = o->next)
		if (o->kind == FAKE_GROUP && o->uses[0] == table)
			assert_true(last < o->first || first > o->last);
	o = object_new(hca, FAKE_GROUP);
	o->mask = *mask;
	o->first = first;
	o->last = last;
	use(o, 0, table);
	publish_obj(hca, o, fg);
	return 0;
}

/* As a mask: bytes in a fixed order, so that it can be combined bit by bit. */
struct bits {
	uint8_t b[11];
};

static struct bits to_bits(const struct vv_match *m)
{
	struct bits r;

	memcpy(r.b, m->dmac, 6);
	r.b[6] = m->tagged;
	r.b[7] = m->vid >> 8;
	r.b[8] = m->vid & 0xff;
	r.b[9] = m->ip_version;
	r.b[10] = m->ip_protocol;
	return r;
}

static bool matches(const struct vv_match *mask, const struct vv_match *value,
		    const struct vv_match *frame)
{
	struct bits m = to_bits(mask), v = to_bits(value), f = to_bits(frame);
	unsigned int i;

	for (i = 0; i < sizeof(m.b); i++)
		if ((f.b[i] & m.b[i]) != v.b[i])
			return false;
	return true;
}

/* Firmware compares all of the value: bits beyond the mask could never match. */
static void check_value(const struct vv_match *mask, const struct vv_match *value)
{
	assert_true(matches(mask, value, value));
}

static void check_dest(struct fake_object *o, const struct vv_dest *dest, unsigned int level)
{
	o->dest = dest->kind;
	if (dest->kind == VV_DEST_DROP)
		return;
	use(o, 1, of_kind(dest->obj->obj, dest->kind == VV_DEST_TIR ? FAKE_TIR : FAKE_TABLE));
	if (dest->kind == VV_DEST_TABLE)
		assert_true(o->uses[1]->level > level);
}

int vv_fte_create(struct vv_hca *hca, const struct vv_obj *ft, const struct vv_obj *fg,
		  uint32_t index, const struct vv_match *value, const struct vv_dest *dest,
		  struct vv_obj *fte)
{
	struct fake_object *table = of_kind(ft->obj, FAKE_TABLE);
	struct fake_object *group = of_kind(fg->obj, FAKE_GROUP), *o;
	int err = asked(hca);

	if (err)
		return err;
	assert_ptr_equal(group->uses[0], table);
	assert_in_range(index, group->first, group->last);
	for (o = hca->objects; o; o = o->next)
		if (o->kind == FAKE_ENTRY && o->uses[0] == group && o->index == index)
			fail_msg("index %u is taken", index);
	check_value(&group->mask, value);
	o = object_new(hca, FAKE_ENTRY);
	o->index = index;
	o->value = *value;
	use(o, 0, group);
	check_dest(o, dest, table->level);
	publish_obj(hca, o, fte);
	return 0;
}

/* ---- root rules ---- */

int vv_matcher_create(struct vv_hca *hca, const struct vv_match *mask, uint8_t priority,
		      struct vv_matcher *matcher)
{
	struct fake_object *o;
	int err = asked(hca);

	if (err)
		return err;
	o = object_new(hca, FAKE_MATCHER);
	o->mask = *mask;
	o->priority = priority;
	publish(hca, o);
	*matcher = (struct vv_matcher){.matcher = (struct mlx5dv_flow_matcher *)o, .mask = *mask};
	return 0;
}

void vv_matcher_destroy(struct vv_matcher *matcher)
{
	if (matcher->matcher)
		object_destroy(of_kind(matcher->matcher, FAKE_MATCHER));
	*matcher = (struct vv_matcher){0};
}

static bool same_rule(const struct fake_object *rule, const struct fake_object *matcher,
		      const struct vv_match *value)
{
	struct bits a = to_bits(&rule->value), b = to_bits(value);
	struct bits mask_a = to_bits(&rule->uses[0]->mask), mask_b = to_bits(&matcher->mask);

	return rule->uses[0]->priority == matcher->priority &&
	       !memcmp(&mask_a, &mask_b, sizeof(mask_a)) && !memcmp(&a, &b, sizeof(a));
}

int vv_rule_create(struct vv_hca *hca, const struct vv_matcher *matcher,
		   const struct vv_match *value, const struct vv_dest *dest, struct vv_rule *rule)
{
	struct fake_object *m = of_kind(matcher->matcher, FAKE_MATCHER), *o;
	int err = asked(hca);

	if (err)
		return err;
	assert_null(rule->flow);
	check_value(&m->mask, value);
	/* The kernel takes both for one rule with two destinations, if these differ. */
	for (o = hca->objects; o; o = o->next)
		if (o->kind == FAKE_RULE && same_rule(o, m, value) &&
		    o->uses[1] == (struct fake_object *)dest->obj->obj)
			fail_msg("the rule is there");
	o = object_new(hca, FAKE_RULE);
	o->value = *value;
	use(o, 0, m);
	check_dest(o, dest, 0);
	publish(hca, o);
	rule->flow = (struct ibv_flow *)o;
	return 0;
}

void vv_rule_destroy(struct vv_rule *rule)
{
	if (rule->flow)
		object_destroy(of_kind(rule->flow, FAKE_RULE));
	*rule = (struct vv_rule){0};
}

/* ---- what becomes of a frame ---- */

/* One of the rules that count; the others are the same but for where they lead. */
static const struct fake_object *root_find(const struct vv_hca *hca, const struct vv_match *frame)
{
	const struct fake_object *o, *best = NULL;

	for (o = hca->objects; o; o = o->next) {
		if (o->kind != FAKE_RULE || !matches(&o->uses[0]->mask, &o->value, frame))
			continue;
		if (best && best->uses[0]->priority == o->uses[0]->priority &&
		    !same_rule(best, o->uses[0], &o->value))
			fail_msg("two rules of one priority match");
		if (!best || o->uses[0]->priority < best->uses[0]->priority)
			best = o;
	}
	return best;
}

static const struct fake_object *
table_find(const struct vv_hca *hca, const struct fake_object *table, const struct vv_match *frame)
{
	const struct fake_object *o, *best = NULL;

	for (o = hca->objects; o; o = o->next)
		if (o->kind == FAKE_ENTRY && o->uses[0]->uses[0] == table &&
		    (!best || o->index < best->index) &&
		    matches(&o->uses[0]->mask, &o->value, frame))
			best = o;
	return best;
}

/* From a rule to a TIR, or NULL. */
static const struct fake_object *follow(const struct vv_hca *hca, const struct fake_object *rule,
					const struct vv_match *frame)
{
	const struct fake_object *at = rule;

	while (at && at->dest == VV_DEST_TABLE)
		at = table_find(hca, at->uses[1], frame);
	return at && at->dest == VV_DEST_TIR ? at->uses[1] : NULL;
}

static void take(const struct fake_object *tir, struct fake_verdict *verdict)
{
	if (verdict->taken)
		fail_msg("a frame comes twice");
	verdict->taken = true;
	verdict->n = 1;
	if (tir->hash.ip) {
		verdict->hash = tir->hash;
		verdict->n = tir->uses[0]->n;
	}
	memcpy(verdict->queues, tir->uses[0]->queues, verdict->n * sizeof(verdict->queues[0]));
}

void fake_receive_in(const struct vv_hca *hca, uint32_t td, const struct fake_frame *frame,
		     struct fake_verdict *verdict)
{
	struct vv_match m = {
	    .tagged = frame->tagged,
	    .vid = frame->tagged ? frame->vid : 0,
	    .ip_version = frame->ip_version,
	    .ip_protocol = frame->ip_protocol,
	};
	const struct fake_object *rule, *o, *tir;

	memset(verdict, 0, sizeof(*verdict));
	memcpy(m.dmac, frame->dmac, sizeof(m.dmac));
	rule = root_find(hca, &m);
	for (o = hca->objects; rule && o; o = o->next) {
		if (o->kind != FAKE_RULE || !same_rule(o, rule->uses[0], &rule->value))
			continue;
		tir = follow(hca, o, &m);
		if (tir && (!td || tir->uses[1]->id == td))
			take(tir, verdict);
	}
}

void fake_receive(const struct vv_hca *hca, const struct fake_frame *frame,
		  struct fake_verdict *verdict)
{
	fake_receive_in(hca, 0, frame, verdict);
}
