/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "command.h"
#include "print.h"
#include "say.h"
#include "words.h"

int ctl_show(struct ctl *ctl, json_t *result)
{
	if (!result)
		return ctl_fail("no memory");
	if (ctl->options.json)
		ctl_print_json(result, ctl->options.pretty);
	else
		ctl_print_text(result);
	json_decref(result);
	return 0;
}

int ctl_ask(struct ctl *ctl, const char *method, json_t *params)
{
	json_t *result;
	int err = ctl_call(&ctl->client, method, params, &result);

	return err ? err : ctl_show(ctl, result);
}

/* With -j there is JSON whatever happens, as with iproute2's vdpa: the section, empty. */
static int ask_section(struct ctl *ctl, const char *method, const char *section, json_t *params)
{
	int err = ctl_ask(ctl, method, params);

	if (err && ctl->options.json)
		ctl_show(ctl, json_pack("{s:{}}", section));
	return err;
}

/* The first word, if there is one, by this name. */
static json_t *named(const struct ctl *ctl, const char *key)
{
	return ctl->n_words ? json_pack("{s:s}", key, ctl->words[0]) : json_object();
}

int ctl_mgmtdev_show(struct ctl *ctl)
{
	return ask_section(ctl, "mgmtdev.show", "mgmtdev", named(ctl, "mgmtdev"));
}

int ctl_dev_show(struct ctl *ctl)
{
	return ask_section(ctl, "dev.show", "dev", named(ctl, "name"));
}

int ctl_dev_config_show(struct ctl *ctl)
{
	return ask_section(ctl, "dev.config.show", "config", named(ctl, "name"));
}

int ctl_dev_vstats_show(struct ctl *ctl)
{
	json_t *params = json_object();
	char *name[] = {"name", ctl->words[0]};
	int err = ctl_pairs(2, name, params);

	if (!err)
		err = ctl_pairs(ctl->n_words - 1, ctl->words + 1, params);
	if (err) {
		json_decref(params);
		return err;
	}
	return ask_section(ctl, "dev.vstats.show", "vstats", params);
}

int ctl_model_show(struct ctl *ctl)
{
	return ask_section(ctl, "model.show", "model", named(ctl, "model"));
}

int ctl_daemon_show(struct ctl *ctl)
{
	return ask_section(ctl, "daemon.show", "daemon", json_object());
}

int ctl_dev_dump(struct ctl *ctl)
{
	const char *name;
	json_t *result, *text;
	int err = ctl_call(&ctl->client, "dev.dump", named(ctl, "name"), &result);

	if (err)
		return err;
	if (ctl->options.json)
		return ctl_show(ctl, result);
	/* Lines as they are, for a file or a report. */
	json_object_foreach(json_object_get(result, "dump"), name, text)
		if (json_is_string(text))
			fputs(json_string_value(text), stdout);
	json_decref(result);
	return 0;
}
