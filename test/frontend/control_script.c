/* SPDX-License-Identifier: BSD-3-Clause */
#include "script_step.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config_space.h"
#include "feature_names.h"
#include "log.h"
#include "stop.h"

static const struct {
	const char *name, *usage;
	fe_step *step;
} steps[] = {
    /* clang-format off */
    {"wire", "wire [to=WHO] [src=MAC] [vlan=N] [kind=K] [flow=N] [len=N] [mss=N]", fe_step_wire},
    {"flows", "flows N [kinds=K,..] [vlan=N] [to=WHO] expect rss|below=N|queue=N|none",
     fe_step_flows},
    {"calls", "calls N [to=WHO] expect soonest=US|median=US", fe_step_calls},
    {"marker", "marker auto|quiet", fe_step_marker},
    {"config", "config [len=N] [FIELD=VALUE..]", fe_step_config},
    {"wait-config", "wait-config FIELD=VALUE..", fe_step_wait_config},
    {"features", "features [has=A,B] [lacks=A,B] [offered=MASK]", fe_step_features},
    {"write-config", "write-config mac=ADDRESS [by=BYTES]", fe_step_write_config},
    {"framing", "framing joined|linux|bytes|random", fe_step_framing},
    {"flood", "flood N COMMAND", fe_step_flood},
    {"hostile", "hostile NAME", fe_step_hostile},
    {"reset", "reset", fe_step_reset},
    {"pause", "pause", fe_step_pause},
    {"reconnect", "reconnect", fe_step_reconnect},
    {"move", "move SOCKET", fe_step_move},
    {"check", "check STATEMENT, or check clear", fe_step_check},
    {"injector", "injector COMMAND LINE with one %u", fe_step_injector},
    {"inject", "inject COMMAND", fe_step_inject},
    {"run", "run COMMAND LINE", fe_step_run},
    /* clang-format on */
};

void fe_script_say(struct fe_script *s, const char *fmt, ...)
{
	size_t room = sizeof(s->text) - s->text_len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(s->text + s->text_len, room, fmt, args);
	va_end(args);
	if (n > 0)
		s->text_len += (size_t)n < room ? (size_t)n : room - 1;
}

bool fe_script_expects(const struct fe_words *expect, const char *word)
{
	for (unsigned int i = 0; i < expect->n; i++)
		if (strcmp(expect->word[i], word) == 0)
			return true;
	return false;
}

/* The receiver's address is what its configuration says, where it says so. */
static void read_mac(struct fe_script *s)
{
	struct fe_dev *dev = s->cfg->dev;
	uint8_t bytes[FE_CONFIG_LEN];

	memcpy(s->scout.mac, s->cfg->mac, FE_MAC_LEN);
	if (!s->cfg->traffic && dev->features & FE_BIT(VIRTIO_NET_F_MAC) &&
	    !fe_dev_read_config(dev, sizeof(bytes), bytes))
		memcpy(s->scout.mac, bytes, FE_MAC_LEN);
}

void fe_script_forget(struct fe_script *s)
{
	memset(&s->rss, 0, sizeof(s->rss));
	read_mac(s);
}

/* What the driver has to remember of a command that was accepted. */
static void remember(struct fe_script *s)
{
	const uint8_t *b = s->command.bytes;

	if (s->command.len < 2 || s->answer.ack != VIRTIO_NET_OK)
		return;
	if (b[0] == VIRTIO_NET_CTRL_MQ && b[1] == VIRTIO_NET_CTRL_MQ_RSS_CONFIG)
		s->rss = s->next_rss;
	else if (b[0] == VIRTIO_NET_CTRL_MQ)
		memset(&s->rss, 0, sizeof(s->rss));
	if (b[0] == VIRTIO_NET_CTRL_MAC && b[1] == VIRTIO_NET_CTRL_MAC_ADDR_SET)
		memcpy(s->scout.mac, b + 2, FE_MAC_LEN);
}

int fe_script_polled(struct fe_script *s)
{
	struct fe_answer *answer;
	int err = 0;

	if (!s->cfg->peer || !s->cfg->peer->control) {
		fe_sleep_ms(s->cfg->dead_ms);
		return fe_dev_service(s->cfg->dev);
	}
	answer = malloc(sizeof(*answer));
	if (!answer)
		return -ENOMEM;
	/* The first may be under way past our queue already. */
	s->nothing.len = 2;
	for (unsigned int i = 0; !err && i < 3; i++)
		err = fe_ctrl_run(s->cfg->peer->control, &s->nothing, FE_CTRL_SLEEP,
				  s->cfg->limit_ms, answer);
	free(answer);
	return err;
}

/* No answer comes, though the queue is looked at. */
static int run_dead(struct fe_script *s)
{
	unsigned int slot;
	int err = fe_ctrl_post(s->control, &s->command, &slot);

	if (err)
		return err;
	fe_ctrl_publish(s->control);
	err = fe_script_polled(s);
	if (err)
		return err;
	if (fe_ring_has_used(s->control->q.ring)) {
		err = fe_ctrl_take(s->control, &slot, &s->answer);
		return err == 1 ? 0 : err;
	}
	return -ETIMEDOUT;
}

int fe_script_command(struct fe_script *s, const struct fe_words *expect)
{
	const char *result = fe_words_value(expect, "result");
	bool dead = fe_script_expects(expect, "dead");
	char text[600];
	int err;

	err = dead ? run_dead(s)
		   : fe_ctrl_run(s->control, &s->command, FE_CTRL_SLEEP, s->cfg->limit_ms,
				 &s->answer);
	if (err == -ETIMEDOUT) {
		fe_script_say(s, "no answer");
		return dead ? 0 : 1;
	}
	if (err == -ENOMSG || err == -EPROTO) {
		fe_script_say(s, err == -ENOMSG ? "answered without a call"
						: "a wrong buffer, or more written than said");
		return 1;
	}
	if (err)
		return err;
	fe_answer_text(&s->answer, text, sizeof(text));
	fe_script_say(s, "%s", text);
	remember(s);
	if (dead)
		return 1;
	if (result) {
		const char *got = strchr(text, ' ');

		if (!got || strcmp(got + 1, result) != 0)
			return 1;
	}
	text[strcspn(text, " ")] = '\0';
	if (fe_script_expects(expect, "any"))
		return strcmp(text, "ok") != 0 && strcmp(text, "err") != 0;
	return expect->n == 0 ? strcmp(text, "ok") != 0 : !fe_script_expects(expect, text);
}

/* Cuts "expect ..." off the end. */
static void cut_expectation(struct fe_words *w, struct fe_words *expect)
{
	unsigned int at;

	expect->n = 0;
	for (at = 0; at < w->n && strcmp(w->word[at], "expect") != 0; at++)
		;
	for (unsigned int i = at + 1; i < w->n; i++)
		expect->word[expect->n++] = w->word[i];
	w->n = at;
}

static int dispatch(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const char *why = NULL;
	int err;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].name, w->word[0]) != 0)
			continue;
		fe_words_drop(w, 1);
		err = steps[i].step(s, w, expect);
		if (err == -EINVAL)
			fe_script_say(s, "%susage: %s", s->text_len ? "; " : "", steps[i].usage);
		return err;
	}
	err = fe_command_parse(w, &s->command, &s->next_rss, &why);
	if (err || w->n > 0) {
		fe_script_say(s, why ? "usage: %s" : "no such statement; vfront --help=control",
			      why);
		return -EINVAL;
	}
	return fe_script_command(s, expect);
}

int fe_script_statement(struct fe_script *s, const char *line)
{
	struct fe_words w, expect;
	char *copy = strdup(line);
	int err;

	if (!copy)
		return -ENOMEM;
	s->text_len = 0;
	s->text[0] = '\0';
	err = fe_words_split(copy, &w) ? -EINVAL : 0;
	if (!err && w.n > 0) {
		s->rest = line + strspn(line, " \t") + strlen(w.word[0]);
		s->rest += strspn(s->rest, " \t");
		cut_expectation(&w, &expect);
		err = w.n > 0 ? dispatch(s, &w, &expect) : -EINVAL;
	}
	free(copy);
	return err;
}

static void tell(const struct fe_script *s, unsigned int number, const char *line, int err)
{
	const char *verdict = err == 0 ? "ok" : err == 1 ? "WRONG" : "ERROR";
	FILE *out = s->cfg->out ? s->cfg->out : err ? stderr : NULL;

	if (!out)
		return;
	fprintf(out, "%s %u: %s", verdict, number, line);
	if (s->text_len > 0)
		fprintf(out, ": %s", s->text);
	if (err < 0 && err != -EINVAL)
		fprintf(out, ": %s", strerror(-err));
	fputc('\n', out);
	fflush(out);
}

static int run_lines(struct fe_script *s, struct fe_script_result *result)
{
	char *line = NULL;
	size_t room = 0;
	unsigned int number = 0;
	int err = 0;

	while (!err && !fe_stop_requested && getline(&line, &room, s->cfg->in) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		number++;
		if (line[strspn(line, " \t")] == '\0' || line[strspn(line, " \t")] == '#')
			continue;
		err = fe_script_statement(s, line);
		tell(s, number, line, err);
		result->statements++;
		result->wrong += err != 0;
		if (err == 1 && s->cfg->go_on)
			err = 0;
	}
	free(line);
	return err == 1 ? 0 : err;
}

static int service(void *arg)
{
	struct fe_script *s = arg;
	int err = fe_dev_service(s->cfg->dev);

	return err || !s->cfg->peer ? err : fe_dev_service(s->cfg->peer);
}

int fe_script_run(const struct fe_script_config *cfg, struct fe_script_result *result)
{
	struct fe_script *s = calloc(1, sizeof(*s));
	const char *path;
	int err;

	*result = (struct fe_script_result){0};
	if (!s)
		return -ENOMEM;
	s->cfg = cfg;
	path = cfg->dev->cfg.path;
	s->control = cfg->dev->control;
	s->control->idle = cfg->traffic ? NULL : service;
	s->control->idle_arg = s;
	if (cfg->peer && cfg->peer->control) {
		cfg->peer->control->idle = service;
		cfg->peer->control->idle_arg = s;
	}
	s->scout.from = cfg->peer ? cfg->peer : cfg->dev;
	s->scout.to = cfg->dev;
	s->scout.limit_ms = cfg->limit_ms;
	memcpy(s->scout.from_mac, cfg->peer_mac, FE_MAC_LEN);
	fe_script_forget(s);
	err = run_lines(s, result);
	s->control->idle = NULL;
	cfg->dev->cfg.path = path; /* it may be ours */
	for (unsigned int i = 0; i < s->checks; i++)
		free(s->check[i]);
	free(s);
	return err;
}
