/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"
#include "file.h"
#include "parent_json.h"
#include "say.h"

/* No daemon is asked: hosts are compared where their lists have been brought together. */
int ctl_baseline(struct ctl *ctl)
{
	json_t *documents = json_array(), *document, *common;
	struct vdpad_error error;
	int err = 0;

	for (int i = 0; !err && i < ctl->n_words; i++) {
		err = ctl_file_read(ctl->words[i], "mgmtdev", &document);
		if (!err)
			json_array_append_new(documents, document);
	}
	if (!err) {
		err = vdpad_parent_baseline(documents, &common, &error);
		if (err)
			ctl_fail("%s", error.text);
	}
	json_decref(documents);
	return err ? err : ctl_show(ctl, common);
}
