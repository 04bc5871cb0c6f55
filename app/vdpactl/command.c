/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "help.h"
#include "say.h"
#include "words.h"

/* In the order in which beginnings of words are taken: iproute2's come first. */

static const struct ctl_command mgmtdev_commands[] = {
    {.name = "show", .alias = "list", .help = ctl_help_mgmtdev, .run = ctl_mgmtdev_show,
     .max_words = 1},
    {0},
};

static const struct ctl_command config_commands[] = {
    {.name = "show", .help = ctl_help_dev_config, .run = ctl_dev_config_show, .max_words = 1},
    {0},
};

static const struct ctl_command vstats_commands[] = {
    {.name = "show", .help = ctl_help_dev_vstats, .run = ctl_dev_vstats_show, .min_words = 1,
     .max_words = 3},
    {0},
};

static const struct ctl_command state_commands[] = {
    {.name = "save", .help = ctl_help_dev_state, .run = ctl_dev_state_save, .min_words = 1,
     .max_words = 1},
    {.name = "load", .help = ctl_help_dev_state, .run = ctl_dev_state_load, .min_words = 2,
     .max_words = 2},
    {0},
};

static const struct ctl_command dev_commands[] = {
    {.name = "show", .alias = "list", .help = ctl_help_dev_show, .run = ctl_dev_show,
     .max_words = 1},
    {.name = "add", .help = ctl_help_dev_add, .run = ctl_dev_add, .options = CTL_FILE,
     .max_words = -1},
    {.name = "del", .help = ctl_help_dev_del, .run = ctl_dev_del, .min_words = 1,
     .max_words = 1},
    {.name = "config", .help = ctl_help_dev_config, .sub = config_commands, .instead = "show"},
    {.name = "vstats", .help = ctl_help_dev_vstats, .sub = vstats_commands},
    {.name = "set", .help = ctl_help_dev_set, .run = ctl_dev_set, .min_words = 1,
     .max_words = -1},
    {.name = "state", .help = ctl_help_dev_state, .sub = state_commands},
    {.name = "compat", .help = ctl_help_dev_compat, .run = ctl_dev_compat, .min_words = 2,
     .max_words = -1},
    {.name = "dump", .help = ctl_help_dev_dump, .run = ctl_dev_dump, .min_words = 1,
     .max_words = 1},
    {.name = "retry", .help = ctl_help_dev_retry, .run = ctl_dev_retry, .min_words = 1,
     .max_words = 1},
    {0},
};

static const struct ctl_command model_commands[] = {
    {.name = "show", .alias = "list", .help = ctl_help_model, .run = ctl_model_show,
     .max_words = 1},
    {0},
};

static const struct ctl_command daemon_commands[] = {
    {.name = "show", .help = ctl_help_daemon, .run = ctl_daemon_show},
    {0},
};

static const struct ctl_command objects[] = {
    {.name = "mgmtdev", .help = ctl_help_mgmtdev, .sub = mgmtdev_commands, .helps = true},
    {.name = "dev", .help = ctl_help_dev, .sub = dev_commands, .instead = "show"},
    {.name = "model", .help = ctl_help_model, .sub = model_commands, .instead = "show"},
    {.name = "daemon", .help = ctl_help_daemon, .sub = daemon_commands, .instead = "show"},
    {.name = "baseline", .help = ctl_help_baseline, .run = ctl_baseline, .min_words = 1,
     .max_words = -1},
    {.name = "monitor", .help = ctl_help_monitor, .run = ctl_monitor,
     .options = CTL_COUNT | CTL_INTERVAL},
    {0},
};

static const struct ctl_command root = {
    .help = ctl_help, .sub = objects, .helps = true};

static int show_help(const struct ctl_command *command)
{
	fputs(command->help, stdout);
	return 0;
}

static const struct ctl_command *find(const struct ctl_command *commands, const char *word)
{
	for (; commands->name; commands++)
		if (ctl_matches(word, commands->name) ||
		    (commands->alias && ctl_matches(word, commands->alias)))
			return commands;
	return NULL;
}

/* "show, add, del" */
static const char *names(const struct ctl_command *commands, char *text, size_t size)
{
	size_t len = 0;

	for (*text = 0; commands->name && len < size; commands++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
					commands->name);
	return text;
}

static int check_options(const struct ctl *ctl, const struct ctl_command *command)
{
	unsigned int wrong = ctl->options.given & ~command->options;

	if (wrong & CTL_FILE)
		return ctl_fail("-f: only dev add takes a file by it");
	if (wrong & CTL_COUNT)
		return ctl_fail("-n: only monitor takes a count");
	if (wrong & CTL_INTERVAL)
		return ctl_fail("-i: only monitor takes an interval");
	return 0;
}

static int fail_usage(const struct ctl_command *command, const char *what)
{
	const char *usage = command->help + strlen("Usage: ");

	return ctl_fail("%s (%.*s)", what, (int)strcspn(usage, "\n"), usage);
}

static int check_words(const struct ctl *ctl, const struct ctl_command *command)
{
	char text[128];

	if (ctl->n_words < command->min_words)
		return fail_usage(command, "words are missing");
	if (command->max_words < 0 || ctl->n_words <= command->max_words)
		return 0;
	snprintf(text, sizeof(text), "%s: one word too many", ctl->words[command->max_words]);
	return fail_usage(command, text);
}

static int run(struct ctl *ctl, const struct ctl_command *command)
{
	int err;

	/* Not for a device of that name: it has the word "name" before it, or another one. */
	if (ctl->options.help || (ctl->n_words == 1 && !strcmp(ctl->words[0], "help")))
		return show_help(command);
	err = check_options(ctl, command);
	if (!err)
		err = check_words(ctl, command);
	return err ? err : command->run(ctl);
}

int ctl_command_run(struct ctl *ctl)
{
	const struct ctl_command *command = &root, *next;
	char text[128];
	const char *word;

	while (!command->run) {
		word = ctl->n_words ? ctl->words[0] : command->instead;
		if (!ctl->n_words && ctl->options.help)
			return show_help(command);
		if (!word && command->helps)
			return show_help(command);
		if (!word)
			return fail_usage(command, "words are missing");
		next = find(command->sub, word);
		if (!next && ctl_matches(word, "help"))
			return show_help(command);
		if (!next)
			return ctl_fail("%s \"%s\" not found (there are %s; see vdpactl help)",
					command == &root ? "Object" : "Command", word,
					names(command->sub, text, sizeof(text)));
		if (ctl->n_words) {
			ctl->n_words--;
			ctl->words++;
		}
		command = next;
	}
	return run(ctl, command);
}
