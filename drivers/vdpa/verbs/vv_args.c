/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_kvargs.h>

#include "provision/vv_model.h"
#include "vv_args.h"

#define KNOWN                                                                                      \
	"ibdev=NAME (required), address=XX:XX:XX:XX:XX:XX, mtu=N, max_vqp=N (or queues=N), "       \
	"max_vq_size=N, mac_table_size=N, mode=transitional|modern|legacy, trust=on|off, "         \
	"cvq_core=N, device_features=MASK, model=NAME, features_default=on|off|inherited, "        \
	"FEATURE=on|off (csum=off), packed=on|off, offloads=on|off, cvq=on|off"

static int ibdev_parse(const char *value, struct vv_args *args)
{
	if (!*value || strlen(value) >= sizeof(args->ibdev))
		return -EINVAL;
	strcpy(args->ibdev, value);
	return 0;
}

static int switch_parse(const char *value, enum vv_switch *to)
{
	if (!strcmp(value, "on"))
		*to = VV_ON;
	else if (!strcmp(value, "off"))
		*to = VV_OFF;
	else
		return -EINVAL;
	return 0;
}

static int packed_parse(const char *value, struct vv_args *args)
{
	return switch_parse(value, &args->packed);
}

static int offloads_parse(const char *value, struct vv_args *args)
{
	return switch_parse(value, &args->offloads);
}

static int cvq_parse(const char *value, struct vv_args *args)
{
	return switch_parse(value, &args->cvq);
}

/* Those that are not of a request. */
static const struct {
	const char *key;
	int (*parse)(const char *value, struct vv_args *args);
} known[] = {
    {"ibdev",    ibdev_parse   },
    {"packed",   packed_parse  },
    {"offloads", offloads_parse},
    {"cvq",      cvq_parse     },
};

enum { KNOWN_N = sizeof(known) / sizeof(known[0]) };

static int own_parse(unsigned int i, const char *value, struct vv_args *args, unsigned int *seen,
		     char *why, size_t why_len)
{
	if (*seen & 1u << i) {
		snprintf(why, why_len, "devargs: %s: given twice", known[i].key);
		return -EINVAL;
	}
	*seen |= 1u << i;
	if (known[i].parse(value, args)) {
		snprintf(why, why_len, "devargs: bad value (%s=%s); known: " KNOWN, known[i].key,
			 value);
		return -EINVAL;
	}
	return 0;
}

static int request_parse(const char *key, const char *value, struct vv_args *args, char *why,
			 size_t why_len)
{
	char cause[512];
	int err;

	if (!strcmp(key, "mac")) {
		snprintf(why, why_len,
			 "devargs: mac= is a word of DPDK's own: say address=%s, or MAC=on|off for "
			 "the feature",
			 value);
		return -EINVAL;
	}
	if (!vv_request_knows(key)) {
		snprintf(why, why_len, "devargs: unknown argument (%s); known: " KNOWN, key);
		return -EINVAL;
	}
	err = vv_request_set(&args->request, key, value, cause, sizeof(cause));
	if (err)
		snprintf(why, why_len, "devargs: %s", cause);
	return err;
}

static int pair_parse(const struct rte_kvargs_pair *pair, struct vv_args *args, unsigned int *seen,
		      char *why, size_t why_len)
{
	const char *value = pair->value ? pair->value : "";
	unsigned int i;

	for (i = 0; i < KNOWN_N && strcmp(pair->key, known[i].key); i++)
		;
	if (i < KNOWN_N)
		return own_parse(i, value, args, seen, why, why_len);
	return request_parse(pair->key, value, args, why, why_len);
}

int vv_args_parse(const char *args, struct vv_args *parsed, char *why, size_t why_len)
{
	struct vv_args a;
	struct rte_kvargs *kv;
	unsigned int seen = 0, i;
	int err = 0;

	memset(&a, 0, sizeof(a));
	vv_request_init(&a.request);
	kv = rte_kvargs_parse(args ? args : "", NULL);
	if (!kv) {
		snprintf(why, why_len, "devargs: not a list of key=value (%s)", args ? args : "");
		return -EINVAL;
	}
	for (i = 0; i < kv->count && !err; i++)
		err = pair_parse(&kv->pairs[i], &a, &seen, why, why_len);
	rte_kvargs_free(kv);
	if (err)
		return err;
	if (!a.ibdev[0]) {
		snprintf(why, why_len, "devargs: ibdev is missing; known: " KNOWN);
		return -EINVAL;
	}
	err = vv_model_resolve(vv_model_dir(), &a.request, why, why_len);
	if (!err)
		*parsed = a;
	return err;
}
