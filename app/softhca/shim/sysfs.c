/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tree as a kernel with mlx5_core and mlx5_ib has it. Devices nest, all else are links:
 *
 *   devices/pci0000:3a/0000:3a:00.0/        the root port
 *     0000:3b:00.0/                         a PF: vendor, device, ..., virtfn0 -> its first VF
 *       infiniband/mlx5_0/                  node_guid, ports/1/..., device -> the function
 *       infiniband_verbs/uverbs0/           ibdev, dev, abi_version, device -> the function
 *       mlx5_core.sf.1/                     an SF: sfnum, infiniband/, infiniband_verbs/
 *     0000:3b:00.1/                         a VF: as a PF, physfn -> its PF
 *   bus/pci/devices/BDF, bus/auxiliary/devices/mlx5_core.sf.N, class/infiniband/mlx5_N,
 *   class/infiniband_verbs/uverbsN          -> the above
 *   dev/infiniband/uverbsN                  a plain file that stands for the device node
 *
 * One knowing difference: the modalias of an SF is that of a PCI function. libibverbs without RDMA
 * netlink, which the shim refuses, finds its provider by nothing else.
 */
#include "sysfs.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fw/hca_ident.h"
#include "sysfs_tree.h"

/* libibverbs and libmlx5 check these two versions of the interface. */
#define UVERBS_ABI      "6"
#define MLX5_UVERBS_ABI "1"

#define ROOT_PORT "devices/pci0000:3a/0000:3a:00.0"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a function's files are made of. */
struct maker {
	struct tree tree;
	const struct nic_config *cfg;
	unsigned int function;
	struct shape_function f;
	char dir[96]; /* of the device, below the root */
	char up[64];  /* from a directory two below the device's to the root */
	uint16_t device_id;
	char cpu_mask[320], cpu_list[256];
};

static void guid_text(unsigned int function, char text[20])
{
	uint64_t guid = hca_ident_guid(function);

	snprintf(text, 20, "%04x:%04x:%04x:%04x", (unsigned int)(guid >> 48) & 0xffff,
		 (unsigned int)(guid >> 32) & 0xffff, (unsigned int)(guid >> 16) & 0xffff,
		 (unsigned int)guid & 0xffff);
}

/* ---- the processors near the NIC ---- */

/* The first line of a file of the host, or false. */
static bool host_line(char *line, size_t len, int node, const char *name)
{
	char path[96];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/%s", node, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, (int)len, f) != NULL;
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static void all_cpus(char *mask, size_t mask_len, char *list, size_t list_len)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	size_t n = 0;

	if (cpus < 1)
		cpus = 1;
	if (cpus > NIC_CPUS_MAX)
		cpus = NIC_CPUS_MAX;
	snprintf(list, list_len, cpus == 1 ? "0" : "0-%ld", cpus - 1);
	for (long word = (cpus - 1) / 32; word >= 0; word--) {
		long bits = cpus - word * 32;
		uint32_t m = bits >= 32 ? UINT32_MAX : (1u << bits) - 1;

		n += (size_t)snprintf(mask + n, mask_len - n, "%08x%s", m, word ? "," : "");
	}
}

/* A node that the host does not have is near to all processors. */
static void near_cpus(struct maker *m)
{
	int node = m->cfg->numa_node;

	if (node < 0 || !host_line(m->cpu_mask, sizeof(m->cpu_mask), node, "cpumap") ||
	    !host_line(m->cpu_list, sizeof(m->cpu_list), node, "cpulist"))
		all_cpus(m->cpu_mask, sizeof(m->cpu_mask), m->cpu_list, sizeof(m->cpu_list));
}

/* ---- devices on their buses ---- */

static int make_pf_links(struct maker *m)
{
	unsigned int first, n = shape_vfs_of(&m->cfg->shape, m->function, &first);
	char count[16], total[16], id[8], offset[16], target[32], bdf[13];
	int rc;

	snprintf(count, sizeof(count), "%u", n);
	/* As many as there are, or could be: at least what the NICs of the kind ship with. */
	snprintf(total, sizeof(total), "%u", n > 8 ? n : 8);
	snprintf(id, sizeof(id), "%x", shape_vf_device(m->device_id));
	snprintf(offset, sizeof(offset), "%u", n ? first - m->function : 1);

	const struct tree_attr attrs[] = {
	    {"sriov_numvfs",            count },
	    {"sriov_totalvfs",          total },
	    {"sriov_vf_device",         id    },
	    {"sriov_offset",            offset},
	    {"sriov_stride",            "1"   },
	    {"sriov_drivers_autoprobe", "1"   },
	};

	rc = tree_attrs(&m->tree, m->dir, attrs, ARRAY_SIZE(attrs));
	for (unsigned int i = 0; !rc && i < n; i++) {
		hca_ident_bdf(first + i, bdf);
		snprintf(target, sizeof(target), "../%s", bdf);
		rc = tree_link(&m->tree, target, "%s/virtfn%u", m->dir, i);
	}
	return rc;
}

static int make_vf_links(struct maker *m)
{
	char target[32], bdf[13];

	hca_ident_bdf(m->f.parent, bdf);
	snprintf(target, sizeof(target), "../%s", bdf);
	return tree_link(&m->tree, target, "%s/physfn", m->dir);
}

static void modalias_text(const struct maker *m, char *text, size_t len)
{
	snprintf(text, len, "pci:v%08Xd%08Xsv%08Xsd%08Xbc02sc00i00", HCA_PCI_VENDOR, m->device_id,
		 HCA_PCI_VENDOR, m->device_id);
}

static int make_pci(struct maker *m)
{
	char vendor[8], device[8], uevent[320], modalias[80], numa[16], target[128];
	char resource[512] = "";
	int rc;

	snprintf(vendor, sizeof(vendor), "0x%04x", HCA_PCI_VENDOR);
	snprintf(device, sizeof(device), "0x%04x", m->device_id);
	modalias_text(m, modalias, sizeof(modalias));
	snprintf(uevent, sizeof(uevent),
		 "DRIVER=mlx5_core\nPCI_CLASS=20000\nPCI_ID=%04X:%04X\n"
		 "PCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s\nMODALIAS=%s",
		 HCA_PCI_VENDOR, m->device_id, HCA_PCI_VENDOR, m->device_id, m->f.bdf, modalias);
	snprintf(numa, sizeof(numa), "%d", m->cfg->numa_node);
	/* No register space that could be mapped: all lines are empty. */
	for (unsigned int i = 0; i < 7; i++)
		strcat(resource, i < 6 ? "0x0000000000000000 0x0000000000000000 "
					 "0x0000000000000000\n"
				       : "0x0000000000000000 0x0000000000000000 "
					 "0x0000000000000000");

	const struct tree_attr attrs[] = {
	    {"vendor",           vendor     },
	    {"device",           device     },
	    {"subsystem_vendor", vendor     },
	    {"subsystem_device", device     },
	    {"class",            "0x020000" },
	    {"revision",         "0x00"     },
	    {"modalias",         modalias   },
	    {"uevent",           uevent     },
	    {"resource",         resource   },
	    {"enable",           "1"        },
	    {"irq",              "0"        },
	    {"numa_node",        numa       },
	    {"local_cpus",       m->cpu_mask},
	    {"local_cpulist",    m->cpu_list},
	    {"roce_enable",      "1"        },
	};

	rc = tree_dir(&m->tree, "%s", m->dir);
	if (!rc)
		rc = tree_attrs(&m->tree, m->dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = tree_link(&m->tree, "../../../../bus/pci/drivers/mlx5_core", "%s/driver",
			       m->dir);
	if (!rc)
		rc = tree_link(&m->tree, "../../../../bus/pci", "%s/subsystem", m->dir);
	if (!rc)
		rc = m->f.kind == SHAPE_PF ? make_pf_links(m) : make_vf_links(m);
	snprintf(target, sizeof(target), "../../../%s", m->dir);
	if (!rc)
		rc = tree_link(&m->tree, target, "bus/pci/devices/%s", m->f.bdf);
	snprintf(target, sizeof(target), "../../../../%s", m->dir);
	if (!rc)
		rc = tree_link(&m->tree, target, "bus/pci/drivers/mlx5_core/%s", m->f.bdf);
	return rc;
}

static int make_sf(struct maker *m)
{
	char number[16], modalias[80], target[128];
	int rc;

	snprintf(number, sizeof(number), "%u", m->f.number);
	modalias_text(m, modalias, sizeof(modalias));

	const struct tree_attr attrs[] = {
	    {"sfnum",    number						   },
	    {"modalias", modalias					   },
	    {"uevent",	 "DRIVER=mlx5_core.sf\nMODALIAS=auxiliary:mlx5_core.sf"},
	};

	rc = tree_dir(&m->tree, "%s", m->dir);
	if (!rc)
		rc = tree_attrs(&m->tree, m->dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = tree_link(&m->tree, "../../../../../bus/auxiliary/drivers/mlx5_core.sf",
			       "%s/driver", m->dir);
	if (!rc)
		rc = tree_link(&m->tree, "../../../../../bus/auxiliary", "%s/subsystem", m->dir);
	snprintf(target, sizeof(target), "../../../%s", m->dir);
	if (!rc)
		rc = tree_link(&m->tree, target, "bus/auxiliary/devices/%s", m->f.aux);
	return rc;
}

/* ---- the verbs devices on them ---- */

static int make_port(struct maker *m)
{
	char dir[160], guid[20], gid[48];
	int rc;

	static const struct tree_attr attrs[] = {
	    {"state",          "4: ACTIVE"          },
	    {"phys_state",     "5: LinkUp"          },
	    {"link_layer",     "Ethernet"           },
	    {"rate",           "100 Gb/sec (4X EDR)"},
	    {"lid",            "0x0"                },
	    {"lid_mask_count", "0"                  },
	    {"sm_lid",         "0x0"                },
	    {"sm_sl",          "0"                  },
	    {"cap_mask",       "0x04010000"         },
	    {"pkeys/0",        "0xffff"             },
	};

	snprintf(dir, sizeof(dir), "%s/infiniband/mlx5_%u/ports/1", m->dir, m->function);
	guid_text(m->function, guid);
	snprintf(gid, sizeof(gid), "fe80:0000:0000:0000:%s", guid);
	rc = tree_dir(&m->tree, "%s/pkeys", dir);
	if (!rc)
		rc = tree_dir(&m->tree, "%s/gids", dir);
	if (!rc)
		rc = tree_dir(&m->tree, "%s/gid_attrs/types", dir);
	if (!rc)
		rc = tree_dir(&m->tree, "%s/gid_attrs/ndevs", dir);
	if (!rc)
		rc = tree_attrs(&m->tree, dir, attrs, ARRAY_SIZE(attrs));
	for (unsigned int i = 0; !rc && i < 2; i++) {
		rc = tree_file(&m->tree, gid, "%s/gids/%u", dir, i);
		if (!rc)
			rc = tree_file(&m->tree, i ? "RoCE v2" : "IB/RoCE v1",
				       "%s/gid_attrs/types/%u", dir, i);
	}
	return rc;
}

/* The link from a class directory to a device's child. */
static int make_class(struct maker *m, const char *class, const char *child)
{
	char target[192];
	int rc;

	snprintf(target, sizeof(target), "../../%s/%s/%s", m->dir, class, child);
	rc = tree_link(&m->tree, target, "class/%s/%s", class, child);
	if (!rc)
		rc = tree_link(&m->tree, "../..", "%s/%s/%s/device", m->dir, class, child);
	snprintf(target, sizeof(target), "%s/class/%s", m->up, class);
	if (!rc)
		rc = tree_link(&m->tree, target, "%s/%s/%s/subsystem", m->dir, class, child);
	return rc;
}

static int make_ibdev(struct maker *m)
{
	char dir[160], guid[20], image_guid[20], name[24], type[16];
	int rc;

	snprintf(name, sizeof(name), "mlx5_%u", m->function);
	snprintf(dir, sizeof(dir), "%s/infiniband/%s", m->dir, name);
	guid_text(m->function, guid);
	guid_text(0, image_guid);
	snprintf(type, sizeof(type), "MT%u", m->device_id);

	const struct tree_attr attrs[] = {
	    {"node_type",      "1: CA"                   },
	    {"node_guid",      guid                      },
	    {"sys_image_guid", image_guid                },
	    {"node_desc",      "softhca"                 },
	    {"fw_ver",         m->cfg->profile.fw_version},
	    {"hca_type",       type                      },
	    {"hw_rev",         "0"                       },
	    {"board_id",       "softhca"                 },
	};

	rc = tree_dir(&m->tree, "%s", dir);
	if (!rc)
		rc = tree_attrs(&m->tree, dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = make_class(m, "infiniband", name);
	if (!rc)
		rc = make_port(m);
	return rc;
}

static int make_uverbs(struct maker *m)
{
	char dir[160], ibdev[24], dev[24], name[24];
	int rc;

	snprintf(name, sizeof(name), "uverbs%u", m->function);
	snprintf(dir, sizeof(dir), "%s/infiniband_verbs/%s", m->dir, name);
	snprintf(ibdev, sizeof(ibdev), "mlx5_%u", m->function);
	snprintf(dev, sizeof(dev), "%u:%u", HCA_UVERBS_MAJOR, HCA_UVERBS_MINOR_0 + m->function);

	const struct tree_attr attrs[] = {
	    {"ibdev",       ibdev          },
	    {"dev",         dev            },
	    {"abi_version", MLX5_UVERBS_ABI},
	};

	rc = tree_dir(&m->tree, "%s", dir);
	if (!rc)
		rc = tree_attrs(&m->tree, dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = make_class(m, "infiniband_verbs", name);
	if (!rc)
		rc = tree_file(&m->tree, "softhca", "dev/infiniband/%s", name);
	return rc;
}

/* ---- the whole ---- */

static int make_function(struct maker *m, unsigned int function)
{
	uint16_t pf_device = m->cfg->profile.pci_device;
	int rc;

	m->function = function;
	shape_function(&m->cfg->shape, function, &m->f);
	/* An SF has no id of its own; what asks for one is given the PF's. */
	m->device_id = m->f.kind == SHAPE_VF ? shape_vf_device(pf_device) : pf_device;
	if (m->f.kind == SHAPE_SF) {
		snprintf(m->dir, sizeof(m->dir), ROOT_PORT "/%s/%s", m->f.bdf, m->f.aux);
		snprintf(m->up, sizeof(m->up), "../../../../../../..");
		rc = make_sf(m);
	} else {
		snprintf(m->dir, sizeof(m->dir), ROOT_PORT "/%s", m->f.bdf);
		snprintf(m->up, sizeof(m->up), "../../../../../..");
		rc = make_pci(m);
	}
	if (!rc)
		rc = make_ibdev(m);
	if (!rc)
		rc = make_uverbs(m);
	return rc;
}

int sysfs_tree_make(const char *tree, const struct nic_config *cfg, char *what, size_t what_len)
{
	static const char *const dirs[] = {
	    "bus/pci/devices",
	    "bus/pci/drivers/mlx5_core",
	    "bus/auxiliary/devices",
	    "bus/auxiliary/drivers/mlx5_core.sf",
	    "class/infiniband",
	    "class/infiniband_verbs",
	    "dev/infiniband",
	};
	struct maker m = {.tree = {.root = tree, .what = what, .what_len = what_len}, .cfg = cfg};
	int rc = 0;

	near_cpus(&m);
	for (unsigned int i = 0; !rc && i < ARRAY_SIZE(dirs); i++)
		rc = tree_dir(&m.tree, "%s", dirs[i]);
	if (!rc)
		rc = tree_file(&m.tree, UVERBS_ABI, "class/infiniband_verbs/abi_version");
	/* Shared memory lists the newest first, and programs list devices as they find them. */
	for (unsigned int f = shape_functions(&cfg->shape); !rc && f > 0; f--)
		rc = make_function(&m, f - 1);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)!remove(path);
	return 0;
}

void sysfs_tree_remove(const char *tree)
{
	nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
