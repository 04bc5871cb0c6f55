/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_kvargs.h>

#include "vv_args.h"

#define KNOWN "ibdev=NAME (required), queues=N, packed=on|off, offloads=on|off"

static int ibdev_parse(const char *value, struct vv_args *args)
{
	if (!*value || strlen(value) >= sizeof(args->ibdev))
		return -EINVAL;
	strcpy(args->ibdev, value);
	return 0;
}

static int queues_parse(const char *value, struct vv_args *args)
{
	char *end;
	unsigned long n;

	if (*value < '0' || *value > '9') /* strtoul takes signs and blanks */
		return -EINVAL;
	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || *end || n == 0 || n > 0xffff)
		return -EINVAL;
	args->queues = n;
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

static const struct {
	const char *key;
	int (*parse)(const char *value, struct vv_args *args);
} known[] = {
    {"ibdev",    ibdev_parse   },
    {"queues",   queues_parse  },
    {"packed",   packed_parse  },
    {"offloads", offloads_parse},
};

enum { KNOWN_N = sizeof(known) / sizeof(known[0]) };

static int pair_parse(const char *key, const char *value, struct vv_args *args, unsigned int *seen,
		      char *why, size_t why_len)
{
	unsigned int i;

	for (i = 0; i < KNOWN_N && strcmp(key, known[i].key); i++)
		;
	if (i == KNOWN_N) {
		snprintf(why, why_len, "devargs: unknown argument (%s); known: " KNOWN, key);
		return -EINVAL;
	}
	if (*seen & 1u << i) {
		snprintf(why, why_len, "devargs: given twice (%s)", key);
		return -EINVAL;
	}
	*seen |= 1u << i;
	if (known[i].parse(value ? value : "", args)) {
		snprintf(why, why_len, "devargs: bad value (%s=%s); known: " KNOWN, key,
			 value ? value : "");
		return -EINVAL;
	}
	return 0;
}

int vv_args_parse(const char *args, struct vv_args *parsed, char *why, size_t why_len)
{
	struct vv_args a = {0};
	struct rte_kvargs *kv;
	unsigned int seen = 0, i;
	int err = 0;

	kv = rte_kvargs_parse(args ? args : "", NULL);
	if (!kv) {
		snprintf(why, why_len, "devargs: not a list of key=value (%s)", args ? args : "");
		return -EINVAL;
	}
	for (i = 0; i < kv->count && !err; i++)
		err = pair_parse(kv->pairs[i].key, kv->pairs[i].value, &a, &seen, why, why_len);
	rte_kvargs_free(kv);
	if (err)
		return err;
	if (!a.ibdev[0]) {
		snprintf(why, why_len, "devargs: ibdev is missing; known: " KNOWN);
		return -EINVAL;
	}
	*parsed = a;
	return 0;
}
