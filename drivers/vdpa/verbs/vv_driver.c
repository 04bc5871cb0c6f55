/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual device vdpa_verbs<N>: probe and remove. A vdev and not a PCI driver, because the
 * kernel's driver keeps the function; the NIC is named by its verbs name.
 */
#include <errno.h>
#include <stdio.h>

#include <bus_vdev_driver.h>
#include <rte_eal.h>

#include "vv_args.h"
#include "vv_dev.h"
#include "vv_log.h"
#include "vv_ops.h"
#include "vv_pmd.h"
#include "vv_telemetry.h"

static int shares(void *arg, struct vv_dev *dev)
{
	(void)arg;
	vv_dev_shares(dev);
	return 0;
}

static int make(struct rte_vdev_device *vdev, char *why, size_t why_len)
{
	const char *name = rte_vdev_device_name(vdev);
	struct vv_args args;
	struct vv_dev *dev;
	int err;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		snprintf(why, why_len, "not in a secondary process");
		return -ENOTSUP;
	}
	err = vv_args_parse(rte_vdev_device_args(vdev), &args, why, why_len);
	if (!err)
		err = vv_dev_create(name, &args, &dev, why, why_len);
	if (err)
		return err;
	err = vv_ops_register(&vdev->device, dev);
	if (err) {
		snprintf(why, why_len, "librte_vhost does not take it (%d)", -err);
		vv_dev_destroy(dev);
		return err;
	}
	vv_ops_each(shares, NULL);
	if (!vv_dev_link_up(dev))
		VV_LOG(WARNING,
		       "%s: the port's link is down, and guests will see it down: is there a cable, "
		       "is the function's network interface up (ip link set DEV up)?",
		       name);
	VV_LOG(INFO, "%s: probed: %s, %u queue pairs (features 0x%llx)", name, args.ibdev,
	       vv_dev_offer(dev)->pairs, (unsigned long long)vv_dev_offer(dev)->features);
	return 0;
}

static int probe(struct rte_vdev_device *vdev)
{
	char why[1024] = "";
	int err = make(vdev, why, sizeof(why));

	vv_pmd_probe_error(why);
	if (err)
		VV_LOG(ERR, "%s: probe: %s", rte_vdev_device_name(vdev), why);
	/* What EAL takes for "is there already", and tells nobody. */
	return err == -EEXIST ? -EADDRINUSE : err;
}

static int removed(struct rte_vdev_device *vdev)
{
	return vv_ops_unregister(&vdev->device);
}

static struct rte_vdev_driver driver = {
    .probe = probe,
    .remove = removed,
};

RTE_INIT(telemetry)
{
	vv_telemetry_register();
}

RTE_PMD_REGISTER_VDEV(vdpa_verbs, driver);
RTE_PMD_REGISTER_PARAM_STRING(vdpa_verbs,
			      "ibdev=<name> address=<mac> mtu=<bytes> max_vqp=<pairs> "
			      "max_vq_size=<n> mac_table_size=<n> "
			      "mode=transitional|modern|legacy trust=on|off cvq_core=<cpu> "
			      "device_features=<mask> model=<name> "
			      "features_default=on|off|inherited <feature>=on|off "
			      "packed=on|off offloads=on|off cvq=on|off");
RTE_LOG_REGISTER(vv_logtype, pmd.vdpa.verbs, NOTICE);
