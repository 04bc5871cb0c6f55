/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "call.h"
#include "latency.h"

enum shape { FIXED, UNIFORM, NORMAL };

struct item {
	char command[32]; /* empty: the class counts */
	enum latency_class class;
	enum shape shape;
	uint64_t a, b; /* ns; UNIFORM: from, to; NORMAL: mean, standard deviation */
};

struct latency {
	unsigned int n;
	struct item item[];
};

static const char *const class_names[] = {
    [LATENCY_CREATE] = "create",   [LATENCY_MODIFY] = "modify", [LATENCY_QUERY] = "query",
    [LATENCY_DESTROY] = "destroy", [LATENCY_OTHER] = "other",   [LATENCY_ANY] = "any",
};

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

static const uint64_t time_max = 60ull * 1000000000u;

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

enum latency_class latency_class(const char *command)
{
	static const struct {
		const char *prefix;
		enum latency_class class;
	} prefixes[] = {
	    {"create_", LATENCY_CREATE},   {"alloc_", LATENCY_CREATE},
	    {"reg_", LATENCY_CREATE},	   {"open_", LATENCY_CREATE},
	    {"modify_", LATENCY_MODIFY},   {"query_", LATENCY_QUERY},
	    {"destroy", LATENCY_DESTROY},  {"dealloc_", LATENCY_DESTROY},
	    {"dereg_", LATENCY_DESTROY},   {"close_", LATENCY_DESTROY},
	};
	size_t len = strlen(command);
	unsigned int i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (begins(command, prefixes[i].prefix))
			return prefixes[i].class;
	/* rst2init_qp and its kind */
	if (len > 3 && !strcmp(command + len - 3, "_qp"))
		return LATENCY_MODIFY;
	return LATENCY_OTHER;
}

/* One time at the beginning of text. 0: *rest is what follows it. */
static int parse_time(const char *text, uint64_t *ns, const char **rest)
{
	double value = 0, digit = 1;
	const char *end = text;
	unsigned int i;

	/* strtod() would depend on the program's locale. */
	while (isdigit((unsigned char)*end))
		value = value * 10 + (*end++ - '0');
	if (end != text && *end == '.')
		while (isdigit((unsigned char)*++end))
			value += (*end - '0') * (digit /= 10);
	if (end == text)
		return -EINVAL;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(end, units[i].name, len) || isalpha((unsigned char)end[len]))
			continue;
		value *= (double)units[i].ns;
		if (!(value <= (double)time_max))
			return -ERANGE;
		*ns = (uint64_t)(value + 0.5);
		*rest = end + len;
		return 0;
	}
	return -EINVAL;
}

static int parse_times(const char *text, struct item *item)
{
	const char *rest;
	int err = parse_time(text, &item->a, &rest);

	if (err || !*rest)
		return err;
	item->shape = *rest == '~' ? NORMAL : UNIFORM;
	if (*rest != '~' && *rest != '-')
		return -EINVAL;
	err = parse_time(rest + 1, &item->b, &rest);
	if (!err && (*rest || (item->shape == UNIFORM && item->b < item->a)))
		err = -EINVAL;
	return err;
}

static bool parse_class(const char *name, struct item *item)
{
	unsigned int i;

	if (!*name || strlen(name) >= sizeof(item->command))
		return false;
	for (i = 0; i < sizeof(class_names) / sizeof(class_names[0]); i++) {
		if (!strcasecmp(name, class_names[i])) {
			item->class = (enum latency_class)i;
			return true;
		}
	}
	if (!call_known(name))
		return false;
	for (i = 0; name[i]; i++)
		item->command[i] = (char)tolower((unsigned char)name[i]);
	return true;
}

static __attribute__((format(printf, 3, 4))) int refuse(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (why && len)
		vsnprintf(why, len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* text: a copy that is ours. */
static int parse_item(char *text, struct item *item, char *why, size_t len)
{
	char *equals = strchr(text, '=');
	int err;

	if (!equals)
		return refuse(why, len, "'%s' is not CLASS=TIME", text);
	*equals = '\0';
	if (!parse_class(text, item))
		return refuse(why, len,
			      "'%s' is neither create, modify, query, destroy, other or any nor a "
			      "command (--trace shows their names)",
			      text);
	err = parse_times(equals + 1, item);
	if (err == -ERANGE)
		return refuse(why, len, "%s=%s: more than 60s", text, equals + 1);
	if (err)
		return refuse(why, len,
			      "%s=%s: not a time like 100us, 1ms-3ms (even) or 1ms~200us (normal)",
			      text, equals + 1);
	return 0;
}

int latency_parse(const char *text, struct latency **out, char *why, size_t why_len)
{
	struct latency *plan;
	char *copy, *at, *next;
	size_t n = 1;
	int err = 0;

	*out = NULL;
	if (!text || !*text)
		return 0;
	for (const char *p = text; *p; p++)
		n += *p == ',';
	plan = calloc(1, sizeof(*plan) + n * sizeof(plan->item[0]));
	copy = strdup(text);
	if (!plan || !copy) {
		free(plan);
		free(copy);
		refuse(why, why_len, "out of memory");
		return -ENOMEM;
	}
	for (at = copy; !err && at; at = next) {
		next = strchr(at, ',');
		if (next)
			*next++ = '\0';
		err = parse_item(at, &plan->item[plan->n++], why, why_len);
	}
	free(copy);
	if (err)
		free(plan);
	else
		*out = plan;
	return err;
}

void latency_free(struct latency *plan)
{
	free(plan);
}

/* splitmix64: any state will do, and the same state gives the same numbers everywhere. */
static uint64_t next_random(struct latency_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* In [0, 1) */
static double unit(struct latency_rng *rng)
{
	return (double)(next_random(rng) >> 11) * 0x1p-53;
}

static uint64_t draw(const struct item *item, struct latency_rng *rng)
{
	double x = -6;
	unsigned int i;

	switch (item->shape) {
	case UNIFORM:
		return item->a + (uint64_t)((double)(item->b - item->a) * unit(rng) + 0.5);
	case NORMAL:
		/* The sum of twelve has a variance of 1; no library of mathematics is needed. */
		for (i = 0; i < 12; i++)
			x += unit(rng);
		x = (double)item->a + (double)item->b * x;
		return x > 0 ? (uint64_t)(x + 0.5) : 0;
	default:
		return item->a;
	}
}

/* How well an item fits: 0 not at all, 3 by name. */
static int fit(const struct item *item, const char *command, enum latency_class class)
{
	if (item->command[0])
		return strcmp(item->command, command) ? 0 : 3;
	if (item->class == LATENCY_ANY)
		return 1;
	return item->class == class ? 2 : 0;
}

uint64_t latency_draw(const struct latency *plan, const char *command, struct latency_rng *rng)
{
	const struct item *best = NULL;
	enum latency_class class;
	int best_fit = 0;
	unsigned int i;

	if (!plan)
		return 0;
	class = latency_class(command);
	for (i = 0; i < plan->n; i++) {
		int f = fit(&plan->item[i], command, class);

		if (f > best_fit) {
			best_fit = f;
			best = &plan->item[i];
		}
	}
	return best ? draw(best, rng) : 0;
}
