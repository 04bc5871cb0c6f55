/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "command.h"
#include "file.h"
#include "say.h"
#include "words.h"

/* People see that nothing was said, programs what there is now. */
static int change(struct ctl *ctl, const char *method, json_t *params)
{
	json_t *result;
	int err = ctl_call(&ctl->client, method, params, &result);

	if (err)
		return err;
	if (ctl->options.json)
		return ctl_show(ctl, result);
	json_decref(result);
	return 0;
}

static int change_pairs(struct ctl *ctl, const char *method, int n_words, char **words)
{
	json_t *params = json_object();
	int err = ctl_pairs(n_words, words, params);

	if (!err)
		return change(ctl, method, params);
	json_decref(params);
	return err;
}

/*
 * Devices as "dev show -j" prints them, one request each: those before one that cannot be made
 * stay, and however many there are, no request is too long for the daemon.
 */
static int add_from_file(struct ctl *ctl)
{
	json_t *document, *result, *all, *device;
	const char *name;
	int err = ctl_file_read(ctl->options.file, "dev", &document);

	if (err)
		return err;
	all = json_pack("{s:{}}", "dev");
	json_object_foreach(json_object_get(document, "dev"), name, device)
	{
		err = ctl_call(&ctl->client, "dev.add", json_pack("{s:{s:O}}", "dev", name, device),
			       &result);
		if (err)
			break;
		json_object_update(json_object_get(all, "dev"), json_object_get(result, "dev"));
		json_decref(result);
	}
	json_decref(document);
	if (ctl->options.json)
		return ctl_show(ctl, all), err;
	json_decref(all);
	return err;
}

int ctl_dev_add(struct ctl *ctl)
{
	if (ctl->options.file && ctl->n_words)
		return ctl_fail("%s: with -f the file says it all", ctl->words[0]);
	if (ctl->options.file)
		return add_from_file(ctl);
	if (!ctl->n_words)
		return ctl_fail(
		    "words are missing (vdpactl dev add name NAME mgmtdev MGMTDEV [WORD "
		    "VALUE ...] | -f FILE)");
	return change_pairs(ctl, "dev.add", ctl->n_words, ctl->words);
}

int ctl_dev_set(struct ctl *ctl)
{
	return change_pairs(ctl, "dev.set", ctl->n_words, ctl->words);
}

int ctl_dev_del(struct ctl *ctl)
{
	return change(ctl, "dev.del", json_pack("{s:s}", "name", ctl->words[0]));
}

int ctl_dev_retry(struct ctl *ctl)
{
	return change(ctl, "dev.retry", json_pack("{s:s}", "name", ctl->words[0]));
}
