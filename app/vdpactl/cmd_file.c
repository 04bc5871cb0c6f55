/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "print.h"
#include "say.h"
#include "words.h"

/* Always JSON: it is for dev state load. */
int ctl_dev_state_save(struct ctl *ctl)
{
	json_t *result;
	int err = ctl_call(&ctl->client, "dev.state.save",
			   json_pack("{s:s}", "name", ctl->words[0]), &result);

	if (err)
		return err;
	ctl_print_json(result, ctl->options.pretty);
	json_decref(result);
	return 0;
}

/* A saved state has the name of the device it was saved from; here it may have another. */
int ctl_dev_state_load(struct ctl *ctl)
{
	json_t *document, *states, *result = NULL;
	int err = ctl_file_read(ctl->words[1], "state", &document);

	if (err)
		return err;
	states = json_object_get(document, "state");
	if (json_object_size(states) != 1)
		err = ctl_fail("%s: the states of %zu devices; one is wanted", ctl->words[1],
			       json_object_size(states));
	else
		err = ctl_call(&ctl->client, "dev.state.load",
			       json_pack("{s:s, s:O}", "name", ctl->words[0], "state",
					 json_object_iter_value(json_object_iter(states))),
			       &result);
	json_decref(document);
	if (!err && ctl->options.json)
		return ctl_show(ctl, result);
	json_decref(result);
	return err;
}

/* "NAME: mgmtdev M compatible false", and the reasons below. */
static bool print_compat(const json_t *compat)
{
	const char *name;
	json_t *verdict, *reason;
	bool all = true;
	size_t i;

	json_object_foreach((json_t *)compat, name, verdict)
	{
		bool yes = json_is_true(json_object_get(verdict, "compatible"));
		const char *mgmtdev = json_string_value(json_object_get(verdict, "mgmtdev"));

		printf("%s: mgmtdev %s compatible %s\n", name, mgmtdev ? mgmtdev : "-",
		       yes ? "true" : "false");
		json_array_foreach(json_object_get(verdict, "reasons"), i, reason)
			printf("  %s\n", json_is_string(reason) ? json_string_value(reason) : "-");
		all = all && yes;
	}
	return all;
}

static bool is_compatible(const json_t *compat)
{
	const char *name;
	json_t *verdict;

	json_object_foreach((json_t *)compat, name, verdict)
		if (!json_is_true(json_object_get(verdict, "compatible")))
			return false;
	return true;
}

int ctl_dev_compat(struct ctl *ctl)
{
	json_t *device, *params, *result, *compat, *allow = json_array();
	bool good;
	int err = 0;

	for (int i = 2; !err && i < ctl->n_words; i += 2) {
		if (!ctl_matches(ctl->words[i], "allow"))
			err = ctl_fail("%s: \"allow mac_table\" may follow", ctl->words[i]);
		else if (i + 1 == ctl->n_words)
			err = ctl_fail("%s: a value is wanted after it", ctl->words[i]);
		else if (json_array_append_new(allow, json_string(ctl->words[i + 1])))
			err = ctl_fail("%s: not text in UTF-8", ctl->words[i + 1]);
	}
	if (!err)
		err = ctl_file_read(ctl->words[0], "dev", &device);
	if (err) {
		json_decref(allow);
		return err;
	}
	/* An older daemon's answer has no place for choices: none, none said. */
	params = json_pack("{s:o, s:s}", "device", device, "mgmtdev", ctl->words[1]);
	if (params && json_array_size(allow))
		json_object_set(params, "allow", allow);
	json_decref(allow);
	err = ctl_call(&ctl->client, "dev.compat", params, &result);
	if (err)
		return err;
	compat = json_object_get(result, "compat");
	good = is_compatible(compat);
	if (ctl->options.json)
		ctl_print_json(result, ctl->options.pretty);
	else
		print_compat(compat);
	json_decref(result);
	return good ? 0 : ctl_fail("%s cannot be made again on %s", ctl->words[0], ctl->words[1]);
}
