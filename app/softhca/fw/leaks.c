/* SPDX-License-Identifier: BSD-3-Clause */
#include "leaks.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <inttypes.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "hca_priv.h"
#include "symbol.h"

/* Frames told of one origin; frames of backtrace() itself, at most. */
enum { FRAMES_TOLD = 4, ORIGIN_OWN = 8 };

void origin_warm_up(void)
{
	void *frame[2];

	backtrace(frame, 2);
}

__attribute__((noinline)) void origin_here(struct origin *origin)
{
	void *caller = __builtin_return_address(0), *frame[ORIGIN_FRAMES + ORIGIN_OWN];
	int n = backtrace(frame, ORIGIN_FRAMES + ORIGIN_OWN), own = 0;

	/* Sanitizers have a backtrace() of their own, with frames of its own. */
	while (own < n && frame[own] != caller)
		own++;
	n = own < n ? n - own : 0;
	origin->n = n < ORIGIN_FRAMES ? (unsigned int)n : ORIGIN_FRAMES;
	memcpy(origin->frame, frame + own, origin->n * sizeof(frame[0]));
	if (prctl(PR_GET_NAME, origin->thread))
		origin->thread[0] = '\0';
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

/* The way from the program to the device is the same for all. */
static bool is_ours(const char *library)
{
	static const char *const skipped[] = {"libsofthca.so", "libibverbs.so", "libmlx5.so",
					      "libmlx5-rdmav"};

	for (unsigned int i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
		if (library && !strncmp(library, skipped[i], strlen(skipped[i])))
			return true;
	return false;
}

/*
 * " < LIBRARY FUNCTION+OFFSET" of one frame; the library only if it is not *last, which it becomes.
 * *last NULL: the first frame of a text, nothing of ours. False: not to be told.
 */
static bool frame_text(void *frame, const char **last, char *text, size_t len)
{
	/* A return address may be that of the next function already. */
	uintptr_t at = (uintptr_t)frame - 1;
	struct link_map *map = NULL;
	const char *library, *file, *arrow = *last ? " < " : "", *space = " ";
	char name[96];
	size_t offset;
	Dl_info info;

	if (!dladdr1((void *)at, &info, (void **)&map, RTLD_DL_LINKMAP) || !info.dli_fname ||
	    !map) {
		snprintf(text, len, "%s%p", arrow, frame);
		return *last != NULL;
	}
	library = base_name(info.dli_fname);
	if (!*last && is_ours(library))
		return false;
	if (*last && !strcmp(*last, library))
		library = space = "";
	else
		*last = library;
	/* The program itself has no name in the map. */
	file = map->l_name[0] ? map->l_name : "/proc/self/exe";
	if (info.dli_sname)
		snprintf(text, len, "%s%s%s%s+0x%zx", arrow, library, space, info.dli_sname,
			 (size_t)((uintptr_t)frame - (uintptr_t)info.dli_saddr));
	else if (symbol_find(file, at - map->l_addr, name, sizeof(name), &offset))
		snprintf(text, len, "%s%s%s%s+0x%zx", arrow, library, space, name, offset + 1);
	else
		snprintf(text, len, "%s%s+0x%zx", arrow, library,
			 (size_t)((uintptr_t)frame - map->l_addr));
	return true;
}

void origin_text(const struct origin *origin, char *text, size_t len)
{
	const char *library = NULL;
	unsigned int i, told = 0;
	size_t at = 0;

	snprintf(text, len, "unknown");
	for (i = 0; i < origin->n && told < FRAMES_TOLD && at < len; i++) {
		if (!frame_text(origin->frame[i], &library, text + at, len - at))
			continue;
		at += strlen(text + at);
		told++;
	}
}

/* Objects are leaked in rows: looking names up once will do. */
static bool same_place(const struct origin *a, const struct origin *b)
{
	return a->n == b->n && !memcmp(a->frame, b->frame, a->n * sizeof(a->frame[0]));
}

void leaks_name(struct hca_ctx *ctx)
{
	const struct hca_obj *last = NULL;
	struct hca_obj *obj;

	/* Nobody else has to do with this context any more. */
	TAILQ_FOREACH(obj, &ctx->objs, in_ctx)
	{
		if (!obj->origin || obj->origin_text)
			continue;
		if (last && same_place(last->origin, obj->origin)) {
			obj->origin_text = strdup(last->origin_text);
			continue;
		}
		obj->origin_text = malloc(ORIGIN_TEXT);
		if (obj->origin_text) {
			origin_text(obj->origin, obj->origin_text, ORIGIN_TEXT);
			last = obj;
		}
	}
}

static const char *place(const struct hca_obj *obj)
{
	return obj->origin_text ? obj->origin_text : "unknown";
}

static bool same_creator(const struct hca_obj *a, const struct hca_obj *b)
{
	return a->type == b->type && !strcmp(a->made_by, b->made_by) &&
	       !strcmp(place(a), place(b)) &&
	       !strcmp(a->origin ? a->origin->thread : "", b->origin ? b->origin->thread : "");
}

static bool is_first(const struct hca_ctx *ctx, const struct hca_obj *obj)
{
	const struct hca_obj *o;

	TAILQ_FOREACH_REVERSE(o, &ctx->objs, obj_list, in_ctx)
	if (same_creator(o, obj))
		return o == obj;
	return true;
}

static void report_group(const struct hca_ctx *ctx, const struct hca_obj *first)
{
	const struct hca_obj *o;
	unsigned int n = 0;

	TAILQ_FOREACH(o, &ctx->objs, in_ctx)
	n += same_creator(o, first);
	fprintf(stderr, "softhca:   %u %s by %s in thread '%s': %s\n", n,
		obj_type_name(first->type), first->made_by, first->origin ? first->origin->thread : "?", place(first));
	TAILQ_FOREACH_REVERSE(o, &ctx->objs, obj_list, in_ctx)
	if (same_creator(o, first))
		fprintf(stderr, "softhca:     %s 0x%x, command %" PRIu64 "\n",
			obj_type_name(o->type), o->id, o->made_at);
}

void leaks_report(struct hca_ctx *ctx)
{
	const struct hca_obj *obj;
	unsigned int n = 0;

	TAILQ_FOREACH(obj, &ctx->objs, in_ctx)
	n++;
	if (!n)
		return;
	fprintf(stderr, "softhca: context %u of function %u is closed with %u objects alive:\n",
		ctx->uid, ctx->func->index, n);
	TAILQ_FOREACH_REVERSE(obj, &ctx->objs, obj_list, in_ctx)
	if (is_first(ctx, obj))
		report_group(ctx, obj);
}
