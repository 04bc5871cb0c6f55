/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_ini.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

#include "launch.h"

struct reader {
	struct launch_ini *ini;
	launch_ini_take *take;
	void *arg;
};

int launch_ini_complain(struct launch_ini *ini, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	launch_complain("%s:%u: %s", ini->path, ini->line, what);
	ini->failed = true;
	return -EINVAL;
}

/* Lines as inih asks for them; none after the first error. */
static char *read_line(char *line, int len, void *arg)
{
	struct launch_ini *ini = ((struct reader *)arg)->ini;

	if (ini->failed || !fgets(line, len, ini->file))
		return NULL;
	ini->line++;
	if (strlen(line) == (size_t)len - 1 && line[len - 2] != '\n') {
		launch_ini_complain(ini, "longer than %d characters", len - 2);
		return NULL;
	}
	return line;
}

/* For inih: 1 is success. */
static int take(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *reader = arg;

	if (!reader->ini->failed && reader->take(reader->arg, section, name, value))
		reader->ini->failed = true;
	return !reader->ini->failed;
}

int launch_ini_read(struct launch_ini *ini, const char *option, launch_ini_take *taker, void *arg)
{
	struct reader reader = {.ini = ini, .take = taker, .arg = arg};
	int line;

	ini->file = fopen(ini->path, "re");
	if (!ini->file) {
		launch_complain("--%s: %s: %s", option, ini->path, strerror(errno));
		return -EINVAL;
	}
	errno = 0;
	line = ini_parse_stream(read_line, &reader, take, &reader);
	if (ferror(ini->file)) {
		launch_complain("--%s: %s: %s", option, ini->path, strerror(errno));
		ini->failed = true;
	} else if (line && !ini->failed) {
		ini->line = line > 0 ? (unsigned int)line : ini->line;
		launch_ini_complain(ini, "neither [SECTION] nor KEY = VALUE");
	}
	fclose(ini->file);
	ini->file = NULL;
	return ini->failed ? -EINVAL : 0;
}
