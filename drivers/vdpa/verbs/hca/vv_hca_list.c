/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <infiniband/verbs.h>

#include "vv_hca_list.h"

static int by_name(const void *a, const void *b)
{
	return strverscmp(a, b);
}

int vv_hca_list(char (**names)[VV_HCA_NAME_MAX], unsigned int *n)
{
	struct ibv_device **list;
	int count, i;

	errno = 0;
	list = ibv_get_device_list(&count);
	if (!list)
		return errno ? -errno : -EIO;
	*names = calloc(count ? (size_t)count : 1, sizeof((*names)[0]));
	if (!*names) {
		ibv_free_device_list(list);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++)
		snprintf((*names)[i], VV_HCA_NAME_MAX, "%s", ibv_get_device_name(list[i]));
	ibv_free_device_list(list);
	qsort(*names, (size_t)count, sizeof((*names)[0]), by_name);
	*n = (unsigned int)count;
	return 0;
}

/* The first line of a file of the device's; NULL: there is none. */
static char *attribute(const char *ibdev, const char *name, char *line, int size)
{
	char path[128];
	char *got;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/infiniband/%s/%s", ibdev, name);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	got = fgets(line, size, f);
	fclose(f);
	return got;
}

uint64_t vv_hca_nic(const char *ibdev)
{
	unsigned int word[4];
	char line[64];

	if (!attribute(ibdev, "sys_image_guid", line, sizeof(line)) ||
	    sscanf(line, "%4x:%4x:%4x:%4x", &word[0], &word[1], &word[2], &word[3]) != 4)
		return 0;
	return (uint64_t)word[0] << 48 | (uint64_t)word[1] << 32 | (uint64_t)word[2] << 16 |
	       word[3];
}

void vv_hca_pci_ids(const char *ibdev, uint32_t *vendor, uint32_t *device)
{
	char line[64];

	*vendor = *device = 0;
	if (attribute(ibdev, "device/vendor", line, sizeof(line)))
		*vendor = (uint32_t)strtoul(line, NULL, 16);
	if (attribute(ibdev, "device/device", line, sizeof(line)))
		*device = (uint32_t)strtoul(line, NULL, 16);
}
