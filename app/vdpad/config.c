/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rte_cfgfile passes over what it does not understand and cuts what is too long. So the lines are
 * looked at here first (check_lines), and what it has read of them is taken after that.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <rte_cfgfile.h>

#include "provision/vv_model.h"

enum {
	LINE_MAX_BYTES = CFG_VALUE_LEN - 1,
	SECTIONS_MAX = 2048,
};

void vdpad_config_init(struct vdpad_config *config)
{
	*config = (struct vdpad_config){
	    .state_dir = "/var/lib/vdpad",
	    .socket_dir = "/run/vdpad",
	    .rpc = "/run/vdpad/rpc.sock",
	    .rpc_mode = 0660,
	    .socket_mode = 0660,
	    .rpc_group = (gid_t)-1,
	    .socket_group = (gid_t)-1,
	    .log = "notice",
	};
	snprintf(config->models, sizeof(config->models), "%s", vv_model_dir());
}

void vdpad_config_destroy(struct vdpad_config *config)
{
	free(config->devices);
	config->devices = NULL;
	config->n_devices = 0;
}

/* ---- [daemon] ---- */

static int set_path(const char *word, const char *value, char *path, size_t size,
		    struct vdpad_error *error)
{
	if (value[0] != '/' || strlen(value) >= size)
		return vdpad_fail(error, EINVAL, word,
				  "%s %.128s: a path from / on is wanted, of less than %zu bytes",
				  word, value, size);
	strcpy(path, value);
	return 0;
}

static int set_mode(const char *word, const char *value, mode_t *mode, struct vdpad_error *error)
{
	char *end;
	unsigned long n = strtoul(value, &end, 8);

	if (!isdigit((unsigned char)value[0]) || *end || n > 0777)
		return vdpad_fail(error, EINVAL, word,
				  "%s %.32s: permissions in octal are wanted, such as 0660", word,
				  value);
	*mode = n;
	return 0;
}

static int set_group(const char *word, const char *value, gid_t *group, struct vdpad_error *error)
{
	char buffer[4096], *end;
	struct group found, *g;
	unsigned long n = strtoul(value, &end, 10);

	if (isdigit((unsigned char)value[0]) && !*end && n < (gid_t)-1) {
		*group = n;
		return 0;
	}
	if (getgrnam_r(value, &found, buffer, sizeof(buffer), &g) || !g)
		return vdpad_fail(error, EINVAL, word, "%s %.64s: there is no such group", word,
				  value);
	*group = g->gr_gid;
	return 0;
}

static int set_switch(const char *word, const char *value, bool *on, struct vdpad_error *error)
{
	*on = !strcmp(value, "on");
	if (*on || !strcmp(value, "off"))
		return 0;
	return vdpad_fail(error, EINVAL, word, "%s %.64s: on or off is wanted", word, value);
}

static int set_log(const char *word, const char *value, char log[16], struct vdpad_error *error)
{
	static const char *const levels[] = {"warning", "notice", "info", "debug"};

	for (unsigned int i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!strcmp(value, levels[i])) {
			strcpy(log, value);
			return 0;
		}
	}
	return vdpad_fail(error, EINVAL, word, "%s %.64s: warning, notice, info or debug is wanted",
			  word, value);
}

int vdpad_config_set(struct vdpad_config *c, const char *word, const char *value,
		     struct vdpad_error *error)
{
	if (!strcmp(word, "state_dir"))
		return set_path(word, value, c->state_dir, sizeof(c->state_dir), error);
	if (!strcmp(word, "socket_dir"))
		return set_path(word, value, c->socket_dir, sizeof(c->socket_dir), error);
	if (!strcmp(word, "socket_mode"))
		return set_mode(word, value, &c->socket_mode, error);
	if (!strcmp(word, "socket_group"))
		return set_group(word, value, &c->socket_group, error);
	if (!strcmp(word, "rpc"))
		return set_path(word, value, c->rpc, sizeof(c->rpc), error);
	if (!strcmp(word, "rpc_mode"))
		return set_mode(word, value, &c->rpc_mode, error);
	if (!strcmp(word, "rpc_group"))
		return set_group(word, value, &c->rpc_group, error);
	if (!strcmp(word, "models"))
		return set_path(word, value, c->models, sizeof(c->models), error);
	if (!strcmp(word, "log"))
		return set_log(word, value, c->log, error);
	if (!strcmp(word, "status"))
		return set_switch(word, value, &c->status, error);
	if (!strcmp(word, "narrow"))
		return set_switch(word, value, &c->narrow, error);
	if (!strcmp(word, "eal")) {
		snprintf(c->eal, sizeof(c->eal), "%s", value);
		return 0;
	}
	return vdpad_fail(
	    error, EINVAL, word,
	    "%.64s: no such word; there are state_dir, socket_dir, socket_mode, "
	    "socket_group, rpc, rpc_mode, rpc_group, models, eal, log, status and narrow",
	    word);
}

/* ---- lines ---- */

/* text is cut where the comment begins, and of space at both ends. */
static char *content(char *text)
{
	char *end = strchr(text, '#');

	/* As rte_cfgfile has it. */
	if (!end || (end > text && end[-1] == '\\'))
		end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* NULL: nothing is wrong with it. */
static const char *fault(char *line, size_t len, bool *in_section)
{
	char *text, *end;

	if (strlen(line) != len)
		return "a byte 0";
	if (len > LINE_MAX_BYTES)
		return "too long, 255 bytes are allowed";
	text = content(line);
	if (!text[0])
		return NULL;
	if (text[0] == '[') {
		end = strchr(text, ']');
		*in_section = true;
		return end && !end[1] ? NULL : "not a [section]";
	}
	if (!*in_section)
		return "it comes before the first [section]";
	end = strchr(text, '=');
	if (!end || end == text)
		return "not WORD = VALUE";
	return end[1] ? NULL : "a value is missing";
}

static int check_lines(const char *file, FILE *f, struct vdpad_error *error)
{
	struct stat st;
	bool in_section = false;
	const char *wrong = NULL;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	/* It is read a second time. */
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode))
		return vdpad_fail(error, EINVAL, "", "%s: not a regular file", file);
	while (!wrong && (len = getline(&line, &size, f)) >= 0) {
		number++;
		wrong = fault(line, len, &in_section);
	}
	free(line);
	if (ferror(f))
		return vdpad_fail(error, EIO, "", "%s: %s", file, strerror(errno));
	return wrong ? vdpad_fail(error, EINVAL, "", "%s: line %u: %s", file, number, wrong) : 0;
}

/* ---- sections ---- */

/* Puts file and section before what was said. */
static int where(const char *file, const char *section, struct vdpad_error *error)
{
	struct vdpad_error e = *error;

	return vdpad_fail(error, e.code, e.word, "%s: [%s]: %s", file, section, e.text);
}

static int take_daemon(const struct rte_cfgfile_entry *entries, int n, struct vdpad_config *config,
		       struct vdpad_error *error)
{
	int i, j, err;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++) {
			if (!strcmp(entries[i].name, entries[j].name))
				return vdpad_fail(error, EINVAL, entries[i].name, "%s: given twice",
						  entries[i].name);
		}
		err = vdpad_config_set(config, entries[i].name, entries[i].value, error);
		if (err)
			return err;
	}
	return 0;
}

static int take_device(const char *name, const struct rte_cfgfile_entry *entries, int n,
		       struct vdpad_config *config, struct vdpad_error *error)
{
	json_t *words = json_object(), *value;
	struct vdpad_spec *devices, spec;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < (unsigned int)n; i++) {
		value = json_string(entries[i].value);
		if (json_object_get(words, entries[i].name))
			err = vdpad_fail(error, EINVAL, entries[i].name, "%s: given twice",
					 entries[i].name);
		else if (json_object_set(words, entries[i].name, value))
			err =
			    vdpad_fail(error, EINVAL, entries[i].name, "it is not a text in UTF-8");
		json_decref(value);
	}
	if (!err)
		err = vdpad_spec_parse_named(name, words, &spec, error);
	json_decref(words);
	if (err)
		return err;
	for (i = 0; i < config->n_devices; i++) {
		if (!strcmp(config->devices[i].name, name))
			return vdpad_fail(error, EINVAL, "name", "there are two sections of it");
	}
	if (!spec.mgmtdev[0])
		return vdpad_fail(error, EINVAL, "mgmtdev", "mgmtdev is missing");
	devices = reallocarray(config->devices, config->n_devices + 1, sizeof(*devices));
	if (!devices)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	config->devices = devices;
	config->devices[config->n_devices++] = spec;
	return 0;
}

static int take_section(struct rte_cfgfile *ini, int index, bool *had_daemon,
			struct vdpad_config *config, const char *file, struct vdpad_error *error)
{
	char section[CFG_NAME_LEN] = "";
	int n = rte_cfgfile_section_num_entries_by_index(ini, section, index);
	struct rte_cfgfile_entry *entries;
	int err;

	if (n < 0)
		return vdpad_fail(error, EIO, "", "%s: it cannot be read", file);
	entries = calloc(n + 1, sizeof(*entries));
	if (!entries)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	rte_cfgfile_section_entries_by_index(ini, index, section, entries, n);
	if (!strcmp(section, "daemon") && !*had_daemon) {
		*had_daemon = true;
		err = take_daemon(entries, n, config, error);
	} else if (!strncmp(section, "dev ", 4)) {
		err = take_device(section + 4 + strspn(section + 4, " \t"), entries, n, config,
				  error);
	} else {
		err =
		    vdpad_fail(error, EINVAL, "", "there are one [daemon] and sections [dev NAME]");
	}
	free(entries);
	return err ? where(file, section, error) : 0;
}

int vdpad_config_read(const char *file, struct vdpad_config *config, struct vdpad_error *error)
{
	const struct rte_cfgfile_parameters hash = {.comment_character = '#'};
	struct rte_cfgfile *ini;
	bool had_daemon = false;
	FILE *f = fopen(file, "re");
	int err, i, n;

	vdpad_config_init(config);
	if (!f)
		return vdpad_fail(error, errno, "", "%s: %s", file, strerror(errno));
	err = check_lines(file, f, error);
	fclose(f);
	if (err)
		return err;
	ini = rte_cfgfile_load_with_params(file, 0, &hash);
	if (!ini)
		return vdpad_fail(error, EINVAL, "", "%s: not a file of [sections] (line above)",
				  file);
	n = rte_cfgfile_num_sections(ini, NULL, 0);
	if (n > SECTIONS_MAX)
		err =
		    vdpad_fail(error, EINVAL, "", "%s: more than %d sections", file, SECTIONS_MAX);
	for (i = 0; !err && i < n; i++)
		err = take_section(ini, i, &had_daemon, config, file, error);
	rte_cfgfile_close(ini);
	if (err)
		vdpad_config_destroy(config);
	return err;
}
