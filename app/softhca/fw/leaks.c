/* SPDX-License-Identifier: BSD-3-Clause */
#include "leaks.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "hca_priv.h"

/* Frames told of one origin. */
enum { FRAMES_TOLD = 4 };

void origin_warm_up(void)
{
	void *frame[2];

	backtrace(frame, 2);
}

void origin_here(struct origin *origin)
{
	int n = backtrace(origin->frame, ORIGIN_FRAMES);

	origin->n = n > 0 ? (unsigned int)n : 0;
	if (prctl(PR_GET_NAME, origin->thread))
		origin->thread[0] = '\0';
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

/* The way from the program to the device is the same for all; sanitizers watch backtrace(). */
static bool is_ours(const char *library)
{
	static const char *const skipped[] = {"libsofthca.so", "libibverbs.so", "libmlx5.so",
					      "libmlx5-rdmav", "libasan.so",	"libtsan.so"};

	for (unsigned int i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
		if (library && !strncmp(library, skipped[i], strlen(skipped[i])))
			return true;
	return false;
}

static int frame_text(void *frame, bool skip, char *text, size_t len)
{
	/* A return address may be that of the next function already. */
	void *at = (char *)frame - 1;
	const char *library;
	Dl_info info;

	if (!dladdr(at, &info) || !info.dli_fname)
		return skip ? 0 : snprintf(text, len, "%p", frame);
	library = base_name(info.dli_fname);
	if (skip && is_ours(library))
		return 0;
	if (info.dli_sname)
		return snprintf(text, len, "%s %s+0x%zx", library, info.dli_sname,
				(size_t)((char *)frame - (char *)info.dli_saddr));
	return snprintf(text, len, "%s+0x%zx", library,
			(size_t)((char *)frame - (char *)info.dli_fbase));
}

void origin_text(const struct origin *origin, char *text, size_t len)
{
	unsigned int i, told = 0;
	size_t at = 0;

	text[0] = '\0';
	for (i = 0; i < origin->n && told < FRAMES_TOLD; i++) {
		char frame[128];

		if (frame_text(origin->frame[i], told == 0, frame, sizeof(frame)) <= 0)
			continue;
		if (at < len)
			at += (size_t)snprintf(text + at, len - at, "%s%s", told ? " < " : "", frame);
		told++;
	}
	if (!told)
		snprintf(text, len, "unknown");
}

void leaks_name(struct hca_ctx *ctx)
{
	struct hca_obj *obj;

	/* Nobody else has to do with this context any more. */
	TAILQ_FOREACH(obj, &ctx->objs, in_ctx)
	{
		if (!obj->origin || obj->origin_text)
			continue;
		obj->origin_text = malloc(ORIGIN_TEXT);
		if (obj->origin_text)
			origin_text(obj->origin, obj->origin_text, ORIGIN_TEXT);
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
	fprintf(stderr, "softhca:   %u %s by %s in thread '%s': %s\n", n, obj_type_name(first->type),
		first->made_by, first->origin ? first->origin->thread : "?", place(first));
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
