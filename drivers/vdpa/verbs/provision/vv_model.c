/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cfgfile.h>

#include "vv_line.h"
#include "vv_model.h"
#include "vv_provisioned.h"

#define SUFFIX ".ini"

const char *vv_model_dir(void)
{
	const char *dir = secure_getenv("VDPA_VERBS_MODELS");

	return dir && *dir ? dir : VV_MODEL_DIR;
}

/* The name of a file in the directory, and of nothing else. */
static bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len < VV_MODEL_NAME_MAX && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		   len;
}

static int fail(char *why, size_t why_len, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static int fail(char *why, size_t why_len, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_len, fmt, args);
	va_end(args);
	vv_line_clean(why);
	return -code;
}

/* ---- one file ---- */

static int features_add(struct vv_model *m, char *words, char *why, size_t why_len)
{
	char *word, *rest = NULL;
	unsigned int bit;

	for (word = strtok_r(words, " \t,", &rest); word; word = strtok_r(NULL, " \t,", &rest)) {
		if (vv_feature_find(word, &bit))
			return fail(why, why_len, EINVAL, "model %s: not a feature (%s)", m->name,
				    word);
		vv_features_set(&m->features, bit, true);
	}
	return 0;
}

static int entry_take(struct vv_model *m, struct rte_cfgfile_entry *e, char *why, size_t why_len)
{
	size_t max = sizeof(m->description) - 1;

	if (!strcmp(e->name, "features"))
		return features_add(m, e->value, why, why_len);
	if (strcmp(e->name, "description"))
		return fail(why, why_len, EINVAL,
			    "model %s: unknown key (%s); known: description, features", m->name,
			    e->name);
	memcpy(m->description, e->value, strnlen(e->value, max));
	return 0;
}

static int section_take(struct vv_model *m, struct rte_cfgfile *file, char *why, size_t why_len)
{
	int n = rte_cfgfile_section_num_entries(file, "model"), i, err = 0;
	struct rte_cfgfile_entry *entries;

	if (n < 0)
		return fail(why, why_len, EINVAL, "model %s: its file has no section [model]",
			    m->name);
	if (rte_cfgfile_num_sections(file, NULL, 0) != 1)
		return fail(why, why_len, EINVAL,
			    "model %s: its file has other sections than [model]", m->name);
	entries = calloc(n + 1, sizeof(*entries));
	if (!entries)
		return fail(why, why_len, ENOMEM, "model %s: out of memory", m->name);
	n = rte_cfgfile_section_entries(file, "model", entries, n);
	for (i = 0; i < n && !err; i++)
		err = entry_take(m, &entries[i], why, why_len);
	free(entries);
	return err;
}

static int file_read(const char *path, struct vv_model *m, char *why, size_t why_len)
{
	struct rte_cfgfile *file = rte_cfgfile_load(path, 0);
	char cause[256];
	int err;

	if (!file)
		return fail(why, why_len, EINVAL, "model %s: not an INI file (%s)", m->name, path);
	err = section_take(m, file, why, why_len);
	rte_cfgfile_close(file);
	if (err)
		return err;
	if (vv_features_is_empty(m->features))
		return fail(why, why_len, EINVAL, "model %s: there are no features in it", m->name);
	if (vv_features_check(m->features, cause, sizeof(cause)))
		return fail(why, why_len, EINVAL, "model %s: %s", m->name, cause);
	return 0;
}

/* ---- the directory ---- */

static int is_model_file(const struct dirent *entry)
{
	char name[VV_MODEL_NAME_MAX];
	size_t len = strlen(entry->d_name), suffix = strlen(SUFFIX);

	if (len <= suffix || strcmp(entry->d_name + len - suffix, SUFFIX) ||
	    len - suffix >= sizeof(name))
		return 0;
	memcpy(name, entry->d_name, len - suffix);
	name[len - suffix] = 0;
	return name_is_valid(name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Names of the models there are; for each, what visit says first that is not 0. */
static int names_each(const char *dir, int (*visit)(void *arg, const char *name), void *arg)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_model_file, by_name), i, stop = 0;

	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(SUFFIX)] = 0;
		if (!stop)
			stop = visit(arg, name);
		free(entries[i]);
	}
	free(entries);
	return stop;
}

struct list {
	char text[256];
	size_t at;
};

static int list_add(void *arg, const char *name)
{
	struct list *l = arg;
	int n = snprintf(l->text + l->at, sizeof(l->text) - l->at, "%s%s", l->at ? ", " : "", name);

	if ((size_t)n >= sizeof(l->text) - l->at) {
		l->text[l->at] = 0;
		return 1;
	}
	l->at += n;
	return 0;
}

static int not_there(const char *dir, const char *name, char *why, size_t why_len)
{
	struct list list = {.at = 0};

	list.text[0] = 0;
	if (names_each(dir, list_add, &list) < 0 || !list.at)
		return fail(why, why_len, ENOENT, "model: no such model (%s), there are none in %s",
			    name, dir);
	return fail(why, why_len, ENOENT, "model: no such model (%s), there are: %s", name,
		    list.text);
}

int vv_model_read(const char *dir, const char *name, struct vv_model *model, char *why,
		  size_t why_len)
{
	char path[PATH_MAX];
	struct vv_model m;
	int err;

	memset(&m, 0, sizeof(m));
	if (!name_is_valid(name) ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s" SUFFIX, dir, name) >= sizeof(path) ||
	    access(path, F_OK))
		return not_there(dir, name, why, why_len);
	snprintf(m.name, sizeof(m.name), "%s", name);
	err = file_read(path, &m, why, why_len);
	if (!err)
		*model = m;
	return err;
}

struct each {
	const char *dir;
	void (*visit)(void *arg, const struct vv_model *model);
	void (*errors)(void *arg, const char *why);
	void *arg;
};

static int each_visit(void *arg, const char *name)
{
	struct each *e = arg;
	struct vv_model model;
	char why[512];

	if (!vv_model_read(e->dir, name, &model, why, sizeof(why)))
		e->visit(e->arg, &model);
	else if (e->errors)
		e->errors(e->arg, why);
	return 0;
}

int vv_model_each(const char *dir, void (*visit)(void *arg, const struct vv_model *model),
		  void (*errors)(void *arg, const char *why), void *arg)
{
	struct each e = {.dir = dir, .visit = visit, .errors = errors, .arg = arg};

	return names_each(dir, each_visit, &e);
}

int vv_model_resolve(const char *dir, struct vv_request *request, char *why, size_t why_len)
{
	struct vv_model model;
	int err;

	if (!request->model[0] || request->has_mask)
		return 0;
	err = vv_model_read(dir, request->model, &model, why, why_len);
	if (!err)
		request->model_features = model.features;
	return err;
}
