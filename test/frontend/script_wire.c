/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps about what arrives of frames on the wire. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "script_step.h"
#include "toeplitz.h"

enum { FLOWS_MAX = 1000, CALLS_MAX = 100, GSO_LEN = 8054 };

static int who(const struct fe_script *s, const char *text, uint8_t mac[FE_MAC_LEN])
{
	if (!text || strcmp(text, "mine") == 0)
		memcpy(mac, s->scout.mac, FE_MAC_LEN);
	else if (strcmp(text, "all") == 0)
		memset(mac, 0xff, FE_MAC_LEN);
	else
		return fe_mac_parse(text, mac);
	return 0;
}

static int number(const struct fe_words *w, const char *name, uint64_t otherwise, uint64_t max,
		  uint64_t *value)
{
	const char *text = fe_words_value(w, name);

	*value = otherwise;
	return text ? fe_word_number(text, max, value) : 0;
}

/* A probe as the words say. */
static int describe(const struct fe_script *s, const struct fe_words *w, struct fe_probe *p)
{
	const char *src = fe_words_value(w, "src"), *vlan = fe_words_value(w, "vlan"),
		   *kind = fe_words_value(w, "kind");
	uint64_t id = 0, flow, len, mss;

	memset(p, 0, sizeof(*p));
	memcpy(p->src, s->scout.from_mac, FE_MAC_LEN);
	p->kind = FE_PROBE_UDP4;
	if (who(s, fe_words_value(w, "to"), p->dst) || (src && fe_mac_parse(src, p->src)) ||
	    (vlan && fe_word_number(vlan, UINT16_MAX, &id)) ||
	    number(w, "flow", 0, UINT32_MAX, &flow) || number(w, "mss", 0, 9000, &mss) ||
	    number(w, "len", mss ? GSO_LEN : FE_PROBE_LEN_MIN, FE_FRAME_LONGEST, &len) ||
	    len < FE_PROBE_LEN_MIN || mss % 8 != 0 ||
	    (kind && fe_probe_kind_parse(kind, strlen(kind), &p->kind)))
		return -EINVAL;
	p->vlan = vlan ? (int)id : -1;
	p->flow = (uint32_t)flow;
	p->len = (uint32_t)len;
	p->mss = (uint32_t)mss;
	if (p->mss && p->kind == FE_PROBE_UDP4)
		p->kind = FE_PROBE_TCP4;
	return 0;
}

int fe_step_wire(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const struct fe_sighting *first = NULL;
	struct fe_probe probe;
	unsigned int seen;
	uint64_t queue;
	int err;

	if (describe(s, w, &probe))
		return -EINVAL;
	fe_scout_begin(&s->scout);
	err = fe_scout_probe(&s->scout, &probe);
	if (!err)
		err = fe_scout_settle(&s->scout);
	if (err == -ETIMEDOUT)
		fe_script_say(s, "no marker arrives (is nothing let through? `marker quiet`)");
	if (err)
		return err == -ETIMEDOUT ? 1 : err;
	seen = fe_scout_seen(&s->scout, probe.number, &first);
	if (seen)
		fe_script_say(s, "queue %u, %u frames, the first of %u bytes", first->pair, seen,
			      first->len);
	else
		fe_script_say(s, "none");
	if (fe_script_expects(expect, "none"))
		return seen != 0;
	if (fe_script_expects(expect, "whole"))
		return seen != 1 || !first->gso_type || first->len != probe.len;
	if (fe_script_expects(expect, "segments"))
		return seen < 2 || first->gso_type;
	if (seen != 1 || first->len != probe.len)
		return 1;
	if (!fe_words_value(expect, "queue"))
		return expect->n > 0 && !fe_script_expects(expect, "any") ? -EINVAL : 0;
	if (fe_word_number(fe_words_value(expect, "queue"), UINT16_MAX, &queue))
		return -EINVAL;
	return first->pair != queue;
}

int fe_step_marker(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	if (w->n != 1)
		return -EINVAL;
	s->scout.quiet = strcmp(w->word[0], "quiet") == 0;
	return s->scout.quiet || strcmp(w->word[0], "auto") == 0 ? 0 : -EINVAL;
}

/* The kinds of `kinds=`, or all. */
static int pick_kinds(const struct fe_words *w, enum fe_probe_kind *kinds, unsigned int *n)
{
	const char *text = fe_words_value(w, "kinds");

	for (*n = 0; !text && *n < FE_PROBE_KINDS; ++*n)
		kinds[*n] = (enum fe_probe_kind) * n;
	while (text) {
		size_t len = strcspn(text, ",");

		if (*n == FE_PROBE_KINDS || fe_probe_kind_parse(text, len, &kinds[*n]))
			return -EINVAL;
		++*n;
		text = text[len] ? text + len + 1 : NULL;
	}
	return 0;
}

/* Where it must be: a queue, UINT_MAX none, or any below a limit. */
struct place {
	bool rss, none, below;
	uint64_t queue;
};

static int parse_place(const struct fe_words *expect, struct place *p)
{
	*p = (struct place){.rss = fe_script_expects(expect, "rss"),
			    .none = fe_script_expects(expect, "none"),
			    .below = fe_words_value(expect, "below")};
	if (p->rss || p->none)
		return 0;
	return fe_word_number(fe_words_value(expect, p->below ? "below" : "queue"), FE_MAX_PAIRS,
			      &p->queue);
}

static bool right_place(const struct fe_script *s, const struct place *p,
			const struct fe_probe *probe, unsigned int seen,
			const struct fe_sighting *at)
{
	uint8_t frame[FE_FRAME_LONGEST];
	struct virtio_net_hdr hdr;

	if (p->none)
		return seen == 0;
	if (seen != 1)
		return false;
	if (p->below)
		return at->pair < p->queue;
	if (!p->rss)
		return at->pair == p->queue;
	fe_probe_build(probe, frame, &hdr);
	return at->pair == fe_rss_queue(&s->rss, frame, probe->len);
}

/* A number of flows, one frame each; all of those of a `below` must get some. */
int fe_step_flows(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	static struct fe_probe probe[FLOWS_MAX];
	unsigned int by_queue[FE_MAX_PAIRS] = {0}, wrong = 0, kinds_n;
	enum fe_probe_kind kinds[FE_PROBE_KINDS];
	struct place place;
	uint64_t n;
	int err = 0;

	if (w->n == 0 || fe_word_number(w->word[0], FLOWS_MAX, &n) || parse_place(expect, &place) ||
	    pick_kinds(w, kinds, &kinds_n))
		return -EINVAL;
	fe_scout_begin(&s->scout);
	for (unsigned int i = 0; !err && i < n; i++) {
		if (describe(s, w, &probe[i]))
			return -EINVAL;
		probe[i].kind = kinds[i % kinds_n];
		probe[i].flow = i;
		err = fe_scout_probe(&s->scout, &probe[i]);
	}
	if (!err)
		err = fe_scout_settle(&s->scout);
	if (err)
		return err == -ETIMEDOUT ? 1 : err;
	for (unsigned int i = 0; i < n; i++) {
		const struct fe_sighting *at = NULL;
		unsigned int seen = fe_scout_seen(&s->scout, probe[i].number, &at);

		if (seen)
			by_queue[at->pair]++;
		if (right_place(s, &place, &probe[i], seen, at))
			continue;
		if (wrong++ == 0)
			fe_script_say(s, "flow %u (%s) %s, queue %u; ", i,
				      fe_probe_kind_name(probe[i].kind),
				      seen ? "is wrong" : "did not arrive", seen ? at->pair : 0);
	}
	fe_script_say(s, "%u of %u wrong; by queue", wrong, (unsigned int)n);
	for (unsigned int q = 0; q < s->cfg->dev->cfg.pairs; q++) {
		fe_script_say(s, " %u", by_queue[q]);
		if (place.below && q < place.queue && by_queue[q] == 0)
			wrong++;
	}
	return wrong != 0;
}

/* From before the frame is sent until the receive queue calls, in *us; -ETIMEDOUT: it does not. */
static int time_call(struct fe_script *s, struct fe_probe *probe, uint64_t *us)
{
	struct fe_queue *q = fe_dev_rxq(s->cfg->dev, 0);
	struct pollfd pfd = {.fd = q->call, .events = POLLIN};
	const struct fe_sighting *at;
	uint64_t since;
	int err;

	fe_scout_begin(&s->scout);
	fe_queue_take_call(q);
	fe_ring_irq_enable(q->ring);
	since = fe_now_ns();
	err = fe_scout_probe(&s->scout, probe);
	if (!err && poll(&pfd, 1, (int)s->cfg->limit_ms) <= 0)
		err = -ETIMEDOUT;
	*us = (fe_now_ns() - since) / 1000;
	fe_ring_irq_disable(q->ring);
	/* It may have been for an older frame. */
	while (!err && fe_scout_seen(&s->scout, probe->number, &at) == 0) {
		err = fe_scout_look(&s->scout);
		if (!err && (fe_now_ns() - since) / 1000000 > s->cfg->limit_ms)
			err = -ETIMEDOUT;
	}
	return err;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Frames one by one, and how long after each the call comes. A busy machine makes it later: the
 * soonest one is what to hold against an upper limit. That it is not early is said by the median,
 * as the first calls may be for markers.
 */
int fe_step_calls(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const char *soonest = fe_words_value(expect, "soonest"),
		   *median = fe_words_value(expect, "median");
	uint64_t n, us[CALLS_MAX], limit;
	struct fe_probe probe;
	int err;

	if (w->n == 0 || fe_word_number(w->word[0], CALLS_MAX, &n) || n == 0 ||
	    !soonest == !median || fe_word_number(soonest ? soonest : median, UINT32_MAX, &limit) ||
	    describe(s, w, &probe))
		return -EINVAL;
	err = fe_scout_settle(&s->scout);
	for (uint64_t i = 0; !err && i < n; i++)
		err = time_call(s, &probe, &us[i]);
	if (err) {
		fe_script_say(s, "no call");
		return err == -ETIMEDOUT ? 1 : err;
	}
	qsort(us, n, sizeof(us[0]), ascending);
	fe_script_say(s, "the soonest after %u us, half of them after %u us", (unsigned int)us[0],
		      (unsigned int)us[n / 2]);
	return soonest ? us[0] > limit : us[n / 2] < limit;
}
