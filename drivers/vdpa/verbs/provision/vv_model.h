/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Models: sets of features with a name, from files NAME.ini of a directory (rte_cfgfile):
 *
 *	[model]
 *	description = what a Linux guest of 2022 uses
 *	features = CSUM GUEST_CSUM ...
 *	features = ... VERSION_1
 *
 * Lines of features add up, as one is 255 characters at most. What features need is in the model.
 * Threads: any; files are read at each call.
 */
#ifndef VV_MODEL_H
#define VV_MODEL_H

#include "vv_request.h"

struct vv_model {
	char name[VV_MODEL_NAME_MAX];
	char description[128];
	struct vv_features features;
};

/* Where models are: $VDPA_VERBS_MODELS, or where the package has put them. */
const char *vv_model_dir(void);

/* -ENOENT: no such model (why has those there are); -EINVAL: the file, and what is wrong in it. */
int vv_model_read(const char *dir, const char *name, struct vv_model *model, char *why,
		  size_t why_len);
/* In the order of names. Files with faults are passed over, and said on errors (may be NULL). */
int vv_model_each(const char *dir, void (*visit)(void *arg, const struct vv_model *model),
		  void (*errors)(void *arg, const char *why), void *arg);
/* Fill request->model_features if it names a model. */
int vv_model_resolve(const char *dir, struct vv_request *request, char *why, size_t why_len);

#endif
