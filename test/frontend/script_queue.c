/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps about the queue itself: floods, hostile rings, resets, failures of the firmware. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "control_hostile.h"
#include "script_step.h"

enum { INJECTIONS_MAX = 200 };

int fe_step_framing(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	return w->n == 1 ? fe_framing_parse(w->word[0], &s->control->cfg.framing) : -EINVAL;
}

/* Takes all answers there are; how many, or -errno. */
static int harvest(struct fe_script *s, unsigned int *ok, unsigned int *refused)
{
	unsigned int slot;
	int got, n = 0;

	while ((got = fe_ctrl_take(s->control, &slot, &s->answer)) > 0) {
		*ok += s->answer.ack == VIRTIO_NET_OK;
		*refused += s->answer.ack != VIRTIO_NET_OK;
		n++;
	}
	return got < 0 ? got : n;
}

/* As many under way as there is room for, until all are answered. */
int fe_step_flood(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	unsigned int posted = 0, ok = 0, refused = 0, slot;
	uint64_t n, started;
	const char *why;
	int err = 0;

	if (w->n < 2 || fe_word_number(w->word[0], 100000000, &n))
		return -EINVAL;
	fe_words_drop(w, 1);
	if (fe_command_parse(w, &s->command, &s->next_rss, &why) || w->n > 0)
		return -EINVAL;
	started = fe_now_ns();
	while (err >= 0 && ok + refused < n) {
		unsigned int before = posted;

		while (posted < n && fe_ctrl_post(s->control, &s->command, &slot) == 0)
			posted++;
		if (posted != before)
			fe_ctrl_publish(s->control);
		err = harvest(s, &ok, &refused);
		if (err == 0)
			err = fe_ctrl_wait(s->control, FE_CTRL_SLEEP, s->cfg->limit_ms);
	}
	fe_script_say(s, "%u ok, %u not, %u us", ok, refused,
		      (unsigned int)((fe_now_ns() - started) / 1000));
	if (err < 0)
		return err == -ETIMEDOUT || err == -ENOMSG ? 1 : err;
	return fe_script_expects(expect, "err")   ? ok != 0
	       : fe_script_expects(expect, "any") ? 0
						  : refused != 0;
}

int fe_step_hostile(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	unsigned int slot;
	bool completed;
	int err;

	if (w->n != 1)
		return -EINVAL;
	err = fe_ctrl_hostile(s->control, &s->cfg->dev->mem, w->word[0], &completed);
	if (err == -ENOENT)
		for (unsigned int i = 0; fe_ctrl_hostile_name(s->control->cfg.layout, i); i++)
			fe_script_say(s, "%s ", fe_ctrl_hostile_name(s->control->cfg.layout, i));
	if (err)
		return err == -ENOENT ? -EINVAL : err;
	if (!completed) {
		fe_script_say(s, "nothing to complete");
		return fe_script_polled(s);
	}
	err = fe_ctrl_wait(s->control, FE_CTRL_SLEEP, s->cfg->limit_ms);
	if (!err)
		err = fe_ctrl_take(s->control, &slot, &s->answer);
	if (err != 1) {
		fe_script_say(s, err == -ETIMEDOUT ? "not completed" : "wrongly completed");
		return 1;
	}
	fe_script_say(s, "completed with length %u", s->answer.used_len);
	return s->answer.used_len != 0;
}

int fe_step_reset(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	int err;

	if (w->n > 0)
		return -EINVAL;
	err = fe_dev_reset(s->cfg->dev);
	if (!err)
		err = fe_dev_start_again(s->cfg->dev);
	if (!err)
		fe_script_forget(s);
	return err;
}

/* What the guest does not notice: all rings are taken away and given back where they were. */
int fe_step_pause(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	struct fe_dev *dev = s->cfg->dev;
	int err;

	if (w->n > 0)
		return -EINVAL;
	/* What has been used is taken first, so that positions can be compared. */
	err = fe_scout_settle(&s->scout);
	if (!err)
		err = fe_dev_stop(dev);
	if (!err)
		err = fe_scout_look(&s->scout);
	if (!err && !fe_dev_bases_agree(dev))
		return 1;
	return err ? err : fe_dev_start_again(dev);
}

int fe_step_reconnect(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	int err;

	if (w->n > 0)
		return -EINVAL;
	err = fe_dev_reset(s->cfg->dev);
	fe_dev_disconnect(s->cfg->dev);
	if (!err)
		err = fe_dev_connect(s->cfg->dev);
	if (!err) {
		s->changes_seen = s->cfg->dev->config_changes;
		fe_script_forget(s);
	}
	return err;
}

/* What a migration is to the rings: taken from one back-end, given to another, as they are. */
int fe_step_move(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	struct fe_dev *dev = s->cfg->dev;
	uint64_t features = dev->features;
	int err;

	if (w->n != 1 || strlen(w->word[0]) >= sizeof(s->socket))
		return -EINVAL;
	err = fe_scout_settle(&s->scout);
	if (!err)
		err = fe_dev_stop(dev);
	if (!err)
		err = fe_scout_look(&s->scout);
	if (!err && !fe_dev_bases_agree(dev))
		return 1;
	if (err)
		return err;
	fe_dev_disconnect(dev);
	strcpy(s->socket, w->word[0]);
	dev->cfg.path = s->socket;
	/* The guest is not asked again, so it takes nothing that was not there before. */
	dev->cfg.welcome &= features;
	err = fe_dev_connect(dev);
	if (err)
		return err;
	s->changes_seen = dev->config_changes;
	fe_script_say(s, "features %#" PRIx64, dev->features);
	return dev->features != features;
}

int fe_step_check(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	if (w->n == 0)
		return -EINVAL;
	if (strcmp(w->word[0], "clear") == 0) {
		while (s->checks > 0)
			free(s->check[--s->checks]);
		return 0;
	}
	if (s->checks == FE_SCRIPT_CHECKS)
		return -E2BIG;
	s->check[s->checks] = strdup(s->rest);
	return s->check[s->checks++] ? 0 : -ENOMEM;
}

int fe_step_injector(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const char *at = strstr(s->rest, "%u");

	if (!at || strchr(at + 1, '%') || strchr(s->rest, '%') != at ||
	    strlen(s->rest) >= sizeof(s->injector))
		return -EINVAL;
	strcpy(s->injector, s->rest);
	return 0;
}

static int shell(struct fe_script *s, const char *line)
{
	int status = system(line);

	if (status)
		fe_script_say(s, "%s: status %#x ", line, (unsigned int)status);
	return status != 0;
}

static int arm(struct fe_script *s, unsigned int n)
{
	const char *at = strstr(s->injector, "%u");
	char line[sizeof(s->injector) + 16];

	snprintf(line, sizeof(line), "%.*s%u%s", (int)(at - s->injector), s->injector, n, at + 2);
	return shell(s, line);
}

static int run_checks(struct fe_script *s)
{
	for (unsigned int i = 0; i < s->checks; i++) {
		int err = fe_script_statement(s, s->check[i]);

		if (err) {
			fe_script_say(s, " (check \"%s\")", s->check[i]);
			return err;
		}
	}
	return 0;
}

/*
 * The command, while the first, the second, ... firmware command from its start on fails: refused
 * each time, with everything as the checks say, until there are no so many. The failure that is
 * then left over hits the next firmware command.
 */
int fe_step_inject(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	struct fe_command *command;
	struct fe_rss rss;
	unsigned int n;
	const char *why;
	int err = 0;

	if (!s->injector[0] || fe_command_parse(w, &s->command, &s->next_rss, &why) || w->n > 0)
		return -EINVAL;
	/* Checks may be commands. */
	command = malloc(sizeof(*command));
	if (!command)
		return -ENOMEM;
	*command = s->command;
	rss = s->next_rss;
	for (n = 1; !err && n <= INJECTIONS_MAX; n++) {
		const struct fe_words any = {1, {(char *)"any"}};

		err = arm(s, n);
		s->command = *command;
		s->next_rss = rss;
		if (!err)
			err = fe_script_command(s, &any);
		if (err || s->answer.ack == VIRTIO_NET_OK)
			break;
		err = run_checks(s);
	}
	if (!err)
		s->text_len = 0;
	fe_script_say(s, "%srefused %u times", err ? " " : "", n - 1);
	free(command);
	if (!err && n > INJECTIONS_MAX)
		err = 1;
	if (!err && fe_words_value(expect, "refused"))
		err = strtoul(fe_words_value(expect, "refused"), NULL, 0) > n - 1;
	return err;
}

int fe_step_run(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	return w->n == 0 ? -EINVAL : shell(s, s->rest);
}
