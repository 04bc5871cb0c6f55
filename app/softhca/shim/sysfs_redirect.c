/* SPDX-License-Identifier: BSD-3-Clause */
/* Which paths of a program are ours, and where they lead. */
#include "sysfs.h"

#include <stdio.h>
#include <string.h>

#include "../fw/hca_ident.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The rest of path behind prefix if path is prefix or lies below it, else NULL. */
static const char *below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) || (path[n] != '\0' && path[n] != '/'))
		return NULL;
	return path + n;
}

static bool is_our_bdf(const char *rest, const struct shape *shape)
{
	char bdf[13];

	if (*rest != '/')
		return false;
	/* Those with a PCI address of their own. */
	for (unsigned int f = 0; f < shape->pfs + shape->vfs; f++) {
		hca_ident_bdf(f, bdf);
		if (!strncmp(rest + 1, bdf, 12) && (rest[13] == '\0' || rest[13] == '/'))
			return true;
	}
	return false;
}

bool sysfs_redirect(const char *tree, const struct shape *shape, const char *path, char *out,
		    size_t out_len)
{
	static const char *const whole[] = {
	    "/sys/class/infiniband",
	    "/sys/class/infiniband_verbs",
	    "/sys/bus/auxiliary/devices",
	    "/dev/infiniband",
	};
	static const char pci[] = "/sys/bus/pci/devices";
	const char *rest = NULL, *inside = NULL;
	size_t a, b, c;

	if (!path || path[0] != '/' || (path[1] != 's' && path[1] != 'd'))
		return false;
	for (unsigned int i = 0; !rest && i < ARRAY_SIZE(whole); i++) {
		rest = below(path, whole[i]);
		inside = whole[i];
	}
	if (!rest) {
		rest = below(path, pci);
		inside = pci;
		if (!rest || !is_our_bdf(rest, shape))
			return false;
	}
	if (!strncmp(inside, "/sys", 4))
		inside += 4;
	a = strlen(tree);
	b = strlen(inside);
	c = strlen(rest);
	if (a + b + c + 1 > out_len)
		return false;
	memcpy(out, tree, a);
	memcpy(out + a, inside, b);
	memcpy(out + a + b, rest, c + 1);
	return true;
}

static long number_at(const char *s)
{
	long n = 0;

	if (*s == '\0')
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > 100000)
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

int sysfs_uverbs_function(const char *path, unsigned int functions)
{
	static const char node[] = "/dev/infiniband/uverbs";
	char cdev[32];
	long n = -1;

	if (!path)
		return -1;
	if (!strncmp(path, node, sizeof(node) - 1)) {
		n = number_at(path + sizeof(node) - 1);
	} else {
		int len = snprintf(cdev, sizeof(cdev), "/dev/char/%u:", HCA_UVERBS_MAJOR);

		if (!strncmp(path, cdev, (size_t)len))
			n = number_at(path + len) - HCA_UVERBS_MINOR_0;
	}
	return n >= 0 && n < (long)functions ? (int)n : -1;
}
