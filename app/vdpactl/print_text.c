/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "print.h"

/* Where a thing's line ends although no array follows: after what iproute2 shows of it. */
static const struct {
	const char *section, *after;
} line_ends[] = {
    {"dev", "max_vq_size"},
};

static bool ends_line(const char *section, const char *key)
{
	for (unsigned int i = 0; i < sizeof(line_ends) / sizeof(line_ends[0]); i++)
		if (!strcmp(section, line_ends[i].section) && !strcmp(key, line_ends[i].after))
			return true;
	return false;
}

/* Twice the same names are of no use to people; the mask is shown. */
static bool is_repetition(const json_t *thing, const char *key, const json_t *value)
{
	return !strcmp(key, "supported_features") &&
	       json_equal(value, json_object_get(thing, "dev_features"));
}

static void print_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void print_scalar(const json_t *value)
{
	if (json_is_string(value))
		print_plain(json_string_value(value));
	else if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		printf("%g", json_real_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", stdout);
	else
		putchar('-');
}

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static bool has_only_scalars(const json_t *array)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
		if (!is_scalar(item))
			return false;
	return true;
}

static void print_members(const char *section, const json_t *thing, unsigned int depth,
			  bool in_line);

static void start_line(unsigned int depth)
{
	printf("\n%*s", (int)(2 * depth), "");
}

static void print_array(const char *section, const char *key, const json_t *array,
			unsigned int depth)
{
	const json_t *item;
	size_t i;

	start_line(depth);
	print_plain(key);
	if (has_only_scalars(array)) {
		json_array_foreach(array, i, item)
		{
			putchar(' ');
			print_scalar(item);
		}
		return;
	}
	json_array_foreach(array, i, item)
	{
		if (json_is_object(item)) {
			print_members(section, item, depth + 1, false);
			continue;
		}
		putchar(' ');
		if (is_scalar(item)) {
			print_scalar(item);
			continue;
		}
		for (size_t j = 0; j < json_array_size(item); j++) {
			fputs(j ? "-" : "", stdout);
			print_scalar(json_array_get(item, j));
		}
	}
}

/* in_line: something is there already that the first scalars go behind. */
static void print_members(const char *section, const json_t *thing, unsigned int depth,
			  bool in_line)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)thing, key, value)
	{
		if (is_repetition(thing, key, value))
			continue;
		if (json_is_array(value)) {
			print_array(section, key, value, depth);
		} else if (json_is_object(value)) {
			start_line(depth);
			print_plain(key);
			print_members(section, value, depth + 1, true);
		} else {
			if (in_line)
				putchar(' ');
			else
				start_line(depth);
			print_plain(key);
			putchar(' ');
			print_scalar(value);
		}
		in_line = is_scalar(value) && !ends_line(section, key);
	}
}

static void print_thing(const char *section, const char *name, const json_t *thing)
{
	const json_t *item;
	size_t i;

	if (json_is_array(thing)) {
		json_array_foreach(thing, i, item)
			print_thing(section, name, item);
		return;
	}
	print_plain(name);
	putchar(':');
	if (json_is_object(thing)) {
		/* The parent's own line has its name alone. */
		print_members(section, thing, 1, strcmp(section, "mgmtdev") != 0);
	} else {
		putchar(' ');
		print_scalar(thing);
	}
	putchar('\n');
}

static bool has_named_things(const json_t *section)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)section, key, value)
		if (is_scalar(value))
			return false;
	return true;
}

void ctl_print_text(const json_t *result)
{
	const char *section, *name;
	json_t *value, *thing;

	json_object_foreach((json_t *)result, section, value)
	{
		if (!json_is_object(value) || !has_named_things(value)) {
			print_thing(section, section, value);
			continue;
		}
		json_object_foreach(value, name, thing)
			print_thing(section, name, thing);
	}
}
