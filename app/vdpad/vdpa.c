/* SPDX-License-Identifier: BSD-3-Clause */
#include "vdpa.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_vdpa.h>

/* "A, B, C"; what does not fit is left out. Returns their number. */
static unsigned int list(char *text, size_t size)
{
	struct rte_dev_iterator it;
	struct rte_device *dev;
	unsigned int n = 0;
	size_t len = 0;

	text[0] = 0;
	RTE_DEV_FOREACH(dev, "class=vdpa", &it)
	{
		len += snprintf(text + len, size - len, "%s%s", n ? ", " : "", rte_dev_name(dev));
		if (len >= size)
			len = size - 1;
		n++;
	}
	return n;
}

int vdpad_vdpa_find(const char *name, struct vdpad_vdpa *device, struct vdpad_error *error)
{
	struct vdpad_vdpa d = {.vdpa = rte_vdpa_find_device_by_name(name)};
	char names[768];

	if (!d.vdpa) {
		if (list(names, sizeof(names)))
			return vdpad_fail(error, ENODEV, "",
					  "%s: no such vDPA device; there are: %s", name, names);
		return vdpad_fail(error, ENODEV, "",
				  "%s: there are no vDPA devices at all. Is a driver loaded (-d "
				  "librte_vdpa_verbs.so), is a device asked for (--vdev "
				  "vdpa_verbs0,ibdev=mlx5_0 or -a ADDRESS,class=vdpa), and did it "
				  "start (lines above)?",
				  name);
	}
	if (rte_vdpa_get_queue_num(d.vdpa, &d.pairs) ||
	    rte_vdpa_get_features(d.vdpa, &d.features) ||
	    rte_vdpa_get_protocol_features(d.vdpa, &d.protocol_features))
		return vdpad_fail(error, EIO, "", "%s: the device does not say what it can do",
				  name);
	*device = d;
	return 0;
}
