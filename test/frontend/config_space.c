/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_space.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum form { DECIMAL, HEX, MAC };

static const struct field {
	const char *name;
	unsigned int at, len;
	enum form form;
} fields[] = {
    {"mac",		  0,  6, MAC    },
    {"status",	       6,  2, DECIMAL},
    {"max_virtqueue_pairs",  8,  2, DECIMAL},
    {"mtu",		  10, 2, DECIMAL},
    {"speed",		12, 4, DECIMAL},
    {"duplex",	       16, 1, DECIMAL},
    {"rss_max_key_size",     17, 1, DECIMAL},
    {"rss_max_table_length", 18, 2, DECIMAL},
    {"supported_hash_types", 20, 4, HEX    },
};

#define COUNT (sizeof(fields) / sizeof(fields[0]))

static const struct field *find(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].at + fields[i].len <= len ? &fields[i] : NULL;
	return NULL;
}

int fe_config_field(const uint8_t *bytes, size_t len, const char *name, uint64_t *value)
{
	const struct field *f = find(name, len);

	if (!f)
		return -ENOENT;
	*value = 0;
	for (unsigned int i = 0; i < f->len; i++)
		*value = *value << 8 | bytes[f->at + (f->form == MAC ? i : f->len - 1 - i)];
	return 0;
}

int fe_config_text(const uint8_t *bytes, size_t len, const char *name, char *text, size_t room)
{
	const struct field *f = find(name, len);
	uint64_t value;

	if (!f)
		return -ENOENT;
	fe_config_field(bytes, len, name, &value);
	if (f->form == MAC)
		snprintf(text, room, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
			 bytes[3], bytes[4], bytes[5]);
	else
		snprintf(text, room, f->form == HEX ? "%#" PRIx64 : "%" PRIu64, value);
	return 0;
}

const char *fe_config_name(unsigned int i)
{
	return i < COUNT ? fields[i].name : NULL;
}
