/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator asks of a new device, word by word: device arguments, INI sections, JSON and
 * command lines all end here, so that they know the same words and say the same of wrong ones.
 *
 *	device_features MASK   exactly these bits            } one of the two,
 *	model NAME             those of a model (vv_model.h) } or the parent's
 *	features_default on|off|inherited                      the set to begin with, when neither is
 *	                                                       given: all the parent supports, none
 *	                                                       but the mandatory ones, or what it has
 *	                                                       (beside one of the two only a note)
 *	FEATURE on|off         one bit on top, by name ("csum off", "bit_60 on")
 *	mac A (or address A), mtu N, max_vqp N (or queues N), max_vq_size N, mac_table_size N,
 *	mode transitional|modern|legacy, trust on|off, cvq_core N (-1: any)
 *
 * "mtu" and "mac" are attributes and features: on and off mean the feature. Pure functions.
 */
#ifndef VV_REQUEST_H
#define VV_REQUEST_H

#include "vv_parent.h"

enum vv_features_default { VV_INHERITED, VV_DEFAULT_ON, VV_DEFAULT_OFF, VV_FEATURES_DEFAULT_N };

const char *vv_features_default_name(enum vv_features_default which);

enum { VV_MODEL_NAME_MAX = 32, VV_MTU_MIN = 68, VV_MTU_MAX = 9216, VV_VQ_SIZE_MAX = 32768 };

struct vv_request {
	bool has_mask;
	struct vv_features mask;
	char model[VV_MODEL_NAME_MAX];     /* "": none */
	struct vv_features model_features; /* what the name stands for: vv_model_resolve() */
	bool has_default;
	enum vv_features_default features_default;
	struct vv_features on, off; /* no bit in both */

	uint32_t attrs; /* 1u << enum vv_attr: those that are asked for */
	uint8_t mac[6];
	uint16_t mtu;
	uint32_t max_vqp, max_vq_size, mac_table_size;
	enum vv_mode mode;
	bool trust;
	int cvq_core;
};

void vv_request_init(struct vv_request *r); /* asks for nothing */

/*
 * One word and its value. -EINVAL: no such word, not a value of it, or given twice; -ERANGE: out of
 * what it can be (mtu below 68). why: one line that names both and what is allowed.
 */
int vv_request_set(struct vv_request *r, const char *key, const char *value, char *why,
		   size_t why_len);

/* Is it a word of a request, as a tool asks to know what is its own? */
bool vv_request_knows(const char *key);

#endif
