/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_kvargs.h>

#include "vv_args.h"

#define KNOWN                                                                                      \
	"ibdev=NAME (required), queues=N, packed=on|off, offloads=on|off, "                        \
	"mac=XX:XX:XX:XX:XX:XX, mtu=N, trust=on|off, cvq=on|off, cvq_core=N"

static int ibdev_parse(const char *value, struct vv_args *args)
{
	if (!*value || strlen(value) >= sizeof(args->ibdev))
		return -EINVAL;
	strcpy(args->ibdev, value);
	return 0;
}

static int number_parse(const char *value, unsigned long min, unsigned long max, unsigned long *to)
{
	char *end;
	unsigned long n;

	if (*value < '0' || *value > '9') /* strtoul takes signs and blanks */
		return -EINVAL;
	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || *end || n < min || n > max)
		return -EINVAL;
	*to = n;
	return 0;
}

static int queues_parse(const char *value, struct vv_args *args)
{
	unsigned long n;
	int err = number_parse(value, 1, 0xffff, &n);

	if (!err)
		args->queues = n;
	return err;
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

static int nibble_parse(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* An address a device can have: of one, and not zero. */
static int mac_parse(const char *value, struct vv_args *args)
{
	uint8_t mac[6], any = 0;
	unsigned int i;
	int high, low;

	if (strlen(value) != 6 * 3 - 1)
		return -EINVAL;
	for (i = 0; i < 6; i++, value += 3) {
		high = nibble_parse(value[0]);
		low = nibble_parse(value[1]);
		if (high < 0 || low < 0 || (i < 5 && value[2] != ':'))
			return -EINVAL;
		mac[i] = high << 4 | low;
		any |= mac[i];
	}
	if (!any || mac[0] & 1)
		return -EINVAL;
	memcpy(args->mac, mac, 6);
	return 0;
}

static int mtu_parse(const char *value, struct vv_args *args)
{
	unsigned long n;
	int err = number_parse(value, VV_MTU_MIN, VV_MTU_MAX, &n);

	if (!err)
		args->mtu = n;
	return err;
}

static int trust_parse(const char *value, struct vv_args *args)
{
	return switch_parse(value, &args->trust);
}

static int cvq_parse(const char *value, struct vv_args *args)
{
	return switch_parse(value, &args->cvq);
}

static int cvq_core_parse(const char *value, struct vv_args *args)
{
	unsigned long n;
	int err = number_parse(value, 0, CPU_SETSIZE - 1, &n);

	if (!err)
		args->cvq_core = n;
	return err;
}

static const struct {
	const char *key;
	int (*parse)(const char *value, struct vv_args *args);
} known[] = {
    {"ibdev",    ibdev_parse   },
    {"queues",   queues_parse  },
    {"packed",   packed_parse  },
    {"offloads", offloads_parse},
    {"mac",      mac_parse     },
    {"mtu",      mtu_parse     },
    {"trust",    trust_parse   },
    {"cvq",      cvq_parse     },
    {"cvq_core", cvq_core_parse},
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
	struct vv_args a = {.cvq_core = -1};
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
