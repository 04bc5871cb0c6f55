/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

struct parse {
	struct link_options *o;
	char *error;
};

static __attribute__((format(printf, 2, 3))) int refuse(const struct parse *p, const char *format,
							...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error, LINK_ERROR_MAX, format, args);
	va_end(args);
	return -EINVAL;
}

static int parse_number(const struct parse *p, const char *name, const char *text, uint64_t min,
			uint64_t max, uint64_t *out)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v < min || v > max)
		return refuse(p, "%s=%s: a number from %" PRIu64 " to %" PRIu64 " is wanted", name,
			      text, min, max);
	*out = v;
	return 0;
}

static int parse_text(const struct parse *p, const char *name, const char *text, size_t max,
		      char *out)
{
	if (text[0] == '\0')
		return refuse(p, "%s is empty", name);
	if (strlen(text) > max)
		return refuse(p, "%s \"%s\" is longer than %zu characters", name, text, max);
	strcpy(out, text);
	return 0;
}

static int memif_option(const struct parse *p, const char *name, const char *value)
{
	struct link_options *o = p->o;
	uint64_t v = 0;
	int err;

	if (strcmp(name, "role") == 0) {
		if (strcmp(value, "server") != 0 && strcmp(value, "client") != 0)
			return refuse(p, "role=%s: server or client is wanted", value);
		o->role = value[0] == 's' ? LINK_SERVER : LINK_CLIENT;
		return 0;
	}
	if (strcmp(name, "id") == 0) {
		err = parse_number(p, name, value, 0, UINT32_MAX, &v);
		o->id = (uint32_t)v;
		return err;
	}
	if (strcmp(name, "ring-size") == 0) {
		err = parse_number(p, name, value, 16, 16384, &v);
		if (err == 0 && (v & (v - 1)) != 0)
			err = refuse(p, "ring-size=%s is not a power of two", value);
		o->ring_size = (uint32_t)v;
		return err;
	}
	if (strcmp(name, "buffer-size") == 0) {
		err = parse_number(p, name, value, 128, 16384, &v);
		o->buffer_size = (uint32_t)v;
		return err;
	}
	if (strcmp(name, "secret") == 0)
		return parse_text(p, name, value, LINK_SECRET_MAX, o->secret);
	return refuse(
	    p, "unknown option \"%s\"; memif has role, id, ring-size, buffer-size, secret", name);
}

static int pcap_option(const struct parse *p, const char *name, const char *value)
{
	struct link_options *o = p->o;
	uint64_t v = 0;
	int err = 0;

	if (strcmp(name, "rx") == 0)
		return parse_text(p, name, value, sizeof(o->rx) - 1, o->rx);
	if (strcmp(name, "tx") == 0)
		return parse_text(p, name, value, sizeof(o->tx) - 1, o->tx);
	if (strcmp(name, "loop") == 0) {
		if (strcmp(value, "infinite") != 0)
			err = parse_number(p, name, value, 1, UINT32_MAX, &v);
		o->loops = (uint32_t)v;
		return err;
	}
	if (strcmp(name, "rate") == 0) {
		o->recorded = strcmp(value, "recorded") == 0;
		if (!o->recorded && strcmp(value, "max") != 0)
			err = parse_number(p, name, value, 1, 1000000000, &v);
		o->rate = v;
		return err;
	}
	return refuse(p, "unknown option \"%s\"; pcap has rx, tx, loop, rate", name);
}

/* "NAME=VALUE,NAME=VALUE..."; text is changed. */
static int parse_options(const struct parse *p, char *text,
			 int (*option)(const struct parse *p, const char *name, const char *value))
{
	char *save = NULL;

	for (char *item = strtok_r(text, ",", &save); item != NULL;
	     item = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(item, '=');
		int err;

		if (equals == NULL)
			return refuse(p, "\"%s\" is not OPTION=VALUE", item);
		*equals = '\0';
		err = option(p, item, equals + 1);
		if (err)
			return err;
	}
	return 0;
}

static int parse_tap(const struct parse *p, char *rest)
{
	if (rest == NULL || strpbrk(rest, ",/% ") != NULL)
		return refuse(p, "tap:NAME is wanted, the name of a network device");
	return parse_text(p, "the device's name", rest, LINK_NAME_MAX, p->o->path);
}

static int parse_socket(const struct parse *p, char *rest)
{
	char *comma = rest != NULL ? strchr(rest, ',') : NULL;
	int err;

	if (comma != NULL)
		*comma++ = '\0';
	if (rest == NULL)
		return refuse(p, "the path of a socket is wanted behind the colon");
	err = parse_text(p, "the socket's path", rest, LINK_SOCKET_MAX, p->o->path);
	if (err || comma == NULL)
		return err;
	if (p->o->kind == LINK_WIRE)
		return refuse(p, "wire:PATH has no options (\"%s\")", comma);
	return parse_options(p, comma, memif_option);
}

static int parse_pcap(const struct parse *p, char *rest)
{
	int err = parse_options(p, rest != NULL ? rest : (char[]){""}, pcap_option);

	if (err == 0 && p->o->rx[0] == '\0' && p->o->tx[0] == '\0')
		err = refuse(p, "pcap needs rx=FILE or tx=FILE");
	return err;
}

int link_parse(const char *spec, struct link_options *options, char error[LINK_ERROR_MAX])
{
	static const struct {
		const char *name;
		enum link_kind kind;
		int (*parse)(const struct parse *p, char *rest);
	} kinds[] = {
	    {"tap",   LINK_TAP,   parse_tap   },
	    {"memif", LINK_MEMIF, parse_socket},
	    {"pcap",  LINK_PCAP,  parse_pcap  },
	    {"wire",  LINK_WIRE,  parse_socket},
	};
	struct link_options o = {.ring_size = 1024, .buffer_size = 2048, .loops = 1};
	struct parse p = {.o = &o, .error = error};
	char text[256], *rest;

	if (strlen(spec) >= sizeof(text))
		return refuse(&p, "a port's specification is at most %zu characters long",
			      sizeof(text) - 1);
	strcpy(text, spec);
	rest = strchr(text, ':');
	if (rest != NULL)
		*rest++ = '\0';
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int err;

		if (strcmp(text, kinds[i].name) != 0)
			continue;
		o.kind = kinds[i].kind;
		o.role = o.kind == LINK_WIRE ? LINK_EITHER : LINK_SERVER;
		err = kinds[i].parse(&p, rest);
		if (err == 0 && options != NULL)
			*options = o;
		return err;
	}
	return refuse(&p, "\"%s\" is no kind of port: tap, memif, pcap and wire are", text);
}
