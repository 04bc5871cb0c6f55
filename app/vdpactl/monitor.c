/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates: two looks at all counters, an interval apart by the daemon's own clock. What was not there
 * at the first look, or counts from the beginning again, has no rate.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "print.h"
#include "say.h"

enum { LINES_MIN = 8 };

/* Columns of the table, with the counters that are one by kind of queue. */
static const struct column {
	const char *head, *counters[3];
} columns[] = {
    {"DESC/S",  {"received_desc"}                                                        },
    {"DONE/S",  {"completed_desc"}                                                       },
    {"KICKS/S", {"relayed_kicks"}                                                        },
    {"CALLS/S", {"calls"}                                                                },
    {"CMDS/S",  {"control_commands"}                                                     },
    {"ERR/S",   {"completion_errors", "bad_descriptor_errors", "control_commands_refused"}},
};

struct screen {
	unsigned int lines, used, left_out; /* lines: 0: any number */
};

enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* Of a queue that tell what it is, not what it did. */
static bool is_counter(const char *key, const json_t *value)
{
	return json_is_integer(value) && strcmp(key, "queue_index") && strcmp(key, "size") &&
	       strcmp(key, "base");
}

/* {"received_desc": 12.5, ...} per second; what queue has and before had. NULL: no memory. */
static json_t *rates_of(const json_t *queue, const json_t *before, double seconds)
{
	json_t *rates = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)queue, key, value)
	{
		const json_t *was = json_object_get(before, key);
		json_int_t more;

		if (!is_counter(key, value) || !json_is_integer(was))
			continue;
		more = json_integer_value(value) - json_integer_value(was);
		if (more >= 0)
			json_object_set_new(rates, key, json_real((double)more / seconds));
	}
	return rates;
}

static const json_t *queue_of(const json_t *device, json_int_t index)
{
	const json_t *queue;
	size_t i;

	json_array_foreach(json_object_get(device, "queues"), i, queue)
		if (json_integer_value(json_object_get(queue, "queue_index")) == index)
			return queue;
	return NULL;
}

/* Into each queue of now its "rates". */
static void add_rates(json_t *now, const json_t *before, double seconds)
{
	json_t *device, *queue;
	const char *name;
	size_t i;

	json_object_foreach(json_object_get(now, "dev"), name, device)
	{
		const json_t *was = json_object_get(json_object_get(before, "dev"), name);

		json_array_foreach(json_object_get(device, "queues"), i, queue)
		{
			const json_t *index = json_object_get(queue, "queue_index");
			const json_t *old = queue_of(was, json_integer_value(index));

			json_object_set_new(queue, "rates", rates_of(queue, old, seconds));
		}
	}
	json_object_set_new(now, "interval_s", json_real(seconds));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

/* Rates fill columns: in thousands and millions what is too long. */
static void print_rate(double rate)
{
	if (rate >= 1e9)
		printf(" %7.2fG", rate / 1e9);
	else if (rate >= 1e6)
		printf(" %7.2fM", rate / 1e6);
	else if (rate >= 1e4)
		printf(" %7.1fk", rate / 1e3);
	else
		printf(" %8.0f", rate);
}

static bool is_set_up(const json_t *queue)
{
	return strcmp(text_of(queue, "state"), "absent") != 0;
}

static void print_queue(const char *name, const json_t *device, const json_t *queue)
{
	const json_t *rates = json_object_get(queue, "rates"), *rate;
	json_int_t index = json_integer_value(json_object_get(queue, "queue_index"));

	printf("%-16s %-9s %4s %3lld %-10s", name, text_of(device, "status"),
	       text_of(device, "link"), (long long)index, text_of(queue, "queue_type"));
	for (unsigned int i = 0; i < N_COLUMNS; i++) {
		double sum = 0;
		bool any = false;

		for (unsigned int c = 0; c < 3 && columns[i].counters[c]; c++) {
			rate = json_object_get(rates, columns[i].counters[c]);
			sum += json_number_value(rate);
			any = any || rate;
		}
		if (any)
			print_rate(sum);
		else
			printf(" %8s", "-");
	}
	putchar('\n');
}

/* Lines that a terminal has room for, 0: any number. */
static unsigned int terminal_lines(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		return 0;
	return size.ws_row > LINES_MIN ? size.ws_row : LINES_MIN;
}

/* Lines left out are counted. */
static bool has_room(struct screen *screen)
{
	if (!screen->lines || ++screen->used < screen->lines)
		return true;
	screen->left_out++;
	return false;
}

static void print_device(struct screen *screen, const char *name, const json_t *device)
{
	const json_t *queue;
	bool any = false;
	size_t i;

	json_array_foreach(json_object_get(device, "queues"), i, queue)
	{
		if (!is_set_up(queue))
			continue;
		any = true;
		if (has_room(screen))
			print_queue(name, device, queue);
	}
	if (!any && has_room(screen))
		printf("%-16s %-9s %4s\n", name, text_of(device, "status"),
		       text_of(device, "link"));
}

static void print_table(const json_t *monitor)
{
	struct screen screen = {.lines = terminal_lines(), .used = 3};
	json_t *devices = json_object_get(monitor, "dev"), *device;
	const char *name;

	if (screen.lines)
		fputs("\033[H\033[J", stdout);
	printf("%zu devices, rates of %.1f s\n", json_object_size(devices),
	       json_number_value(json_object_get(monitor, "interval_s")));
	printf("%-16s %-9s %4s %3s %-10s", "DEVICE", "STATUS", "LINK", "Q", "TYPE");
	for (unsigned int i = 0; i < N_COLUMNS; i++)
		printf(" %8s", columns[i].head);
	putchar('\n');
	json_object_foreach(devices, name, device)
		print_device(&screen, name, device);
	if (screen.left_out)
		printf("... and %u more lines\n", screen.left_out);
	/* A block by itself, for who reads a file of them. */
	if (!screen.lines)
		putchar('\n');
}

static int look(struct ctl *ctl, json_t **monitor)
{
	json_t *result;
	int err = ctl_call(&ctl->client, "monitor", json_object(), &result);

	if (err)
		return err;
	*monitor = json_incref(json_object_get(result, "monitor"));
	json_decref(result);
	return *monitor ? 0 : ctl_fail("%s: what is there does not answer as vdpad does",
				       ctl->client.path);
}

static json_int_t time_of(const json_t *monitor)
{
	return json_integer_value(json_object_get(monitor, "time_ns"));
}

static void wait_s(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds,
			     .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

	nanosleep(&t, NULL);
}

int ctl_monitor(struct ctl *ctl)
{
	json_t *before = NULL, *now;
	unsigned long n = 0;
	int err = look(ctl, &before);

	while (!err && (!ctl->options.count || n < ctl->options.count)) {
		wait_s(ctl->options.interval_s);
		err = look(ctl, &now);
		if (err)
			break;
		if (time_of(now) > time_of(before))
			add_rates(now, before, (double)(time_of(now) - time_of(before)) / 1e9);
		if (ctl->options.json)
			ctl_show(ctl, json_pack("{s:O}", "monitor", now));
		else
			print_table(now);
		json_decref(before);
		before = now;
		n++;
		err = ctl_print_flush();
	}
	json_decref(before);
	return err;
}
