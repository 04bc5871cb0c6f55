/* SPDX-License-Identifier: BSD-3-Clause */
/* Which words do what: a tree of commands, from the table in command.c. */
#ifndef VDPACTL_COMMAND_H
#define VDPACTL_COMMAND_H

#include "client.h"
#include "options.h"

struct ctl {
	struct ctl_options options;
	struct ctl_client client;
	int n_words; /* what is left of them after the command's own */
	char **words;
};

struct ctl_command {
	const char *name, *alias;
	const char *help; /* begins with a line "Usage: ..." */
	const struct ctl_command *sub; /* ends with one without a name */
	int (*run)(struct ctl *ctl);   /* of those without sub */
	const char *instead;  /* of sub, if no word follows */
	bool helps;           /* if no word follows and there is none instead */
	unsigned int options; /* enum ctl_option: those it takes */
	int min_words, max_words; /* of what is left; -1: any */
};

/* All of it. 0: done, also if that was help. */
int ctl_command_run(struct ctl *ctl);

/* cmd_show.c */
int ctl_mgmtdev_show(struct ctl *ctl);
int ctl_dev_show(struct ctl *ctl);
int ctl_dev_config_show(struct ctl *ctl);
int ctl_dev_vstats_show(struct ctl *ctl);
int ctl_dev_dump(struct ctl *ctl);
int ctl_model_show(struct ctl *ctl);
int ctl_daemon_show(struct ctl *ctl);
/* cmd_change.c */
int ctl_dev_add(struct ctl *ctl);
int ctl_dev_del(struct ctl *ctl);
int ctl_dev_set(struct ctl *ctl);
int ctl_dev_retry(struct ctl *ctl);
/* cmd_file.c */
int ctl_dev_state_save(struct ctl *ctl);
int ctl_dev_state_load(struct ctl *ctl);
int ctl_dev_compat(struct ctl *ctl);
/* cmd_baseline.c */
int ctl_baseline(struct ctl *ctl);
/* monitor.c */
int ctl_monitor(struct ctl *ctl);

/* What they share: print a result as the options say, and let it go (NULL: no memory). */
int ctl_show(struct ctl *ctl, json_t *result);
/* Ask for it and print it. */
int ctl_ask(struct ctl *ctl, const char *method, json_t *params);

#endif
