/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

static json_t *load(const char *path, const char *name, json_error_t *why)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	json_t *document;

	if (!f) {
		ctl_fail("%s: %s", path, strerror(errno));
		return NULL;
	}
	errno = 0;
	document = json_loadf(f, JSON_REJECT_DUPLICATES, why);
	if (ferror(f))
		ctl_fail("%s: it cannot be read: %s", name, strerror(errno ? errno : EIO));
	else if (!document && why->position == 0 && why->line <= 1 && feof(f))
		ctl_fail("%s: it is empty", name);
	else if (!document)
		ctl_fail("%s: line %d: not JSON: %s", name, why->line, why->text);
	if (f != stdin)
		fclose(f);
	return document;
}

int ctl_file_read(const char *path, const char *section, json_t **document)
{
	const char *name = strcmp(path, "-") ? path : "standard input";
	json_error_t why;

	*document = load(path, name, &why);
	if (!*document)
		return -EINVAL;
	if (json_object_size(json_object_get(*document, section)))
		return 0;
	json_decref(*document);
	*document = NULL;
	return ctl_fail("%s: nothing in it is a \"%s\": it must be {\"%s\": {NAME: ...}}, as "
			"vdpactl prints it",
			name, section, section);
}
