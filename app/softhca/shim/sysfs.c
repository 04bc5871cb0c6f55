/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories of a function and their links, as a kernel with mlx5_core and mlx5_ib has them:
 *
 *   bus/pci/devices/BDF/            vendor, device, ..., driver -> ../../drivers/mlx5_core
 *   class/infiniband/mlx5_N/        node_guid, ports/1/..., device -> PCI function
 *   class/infiniband_verbs/uverbsN/ ibdev, dev, abi_version, device -> PCI function
 *   dev/infiniband/uverbsN          a plain file that stands for the device node
 */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fw/hca_ident.h"

/* libibverbs and libmlx5 check these two versions of the interface. */
#define UVERBS_ABI      "6"
#define MLX5_UVERBS_ABI "1"

struct tree {
	const char *root;
	char *what;
	size_t what_len;
};

static __attribute__((format(printf, 3, 0))) int tree_path(const struct tree *t, char *path,
							   const char *fmt, va_list ap)
{
	int n = snprintf(path, PATH_MAX, "%s/", t->root);

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (vsnprintf(path + n, (size_t)(PATH_MAX - n), fmt, ap) >= PATH_MAX - n)
		return -ENAMETOOLONG;
	snprintf(t->what, t->what_len, "%s", path);
	return 0;
}

/* Make a directory and those above it, up to the root. */
static __attribute__((format(printf, 2, 3))) int tree_dir(const struct tree *t, const char *fmt,
							  ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tree_path(t, path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	for (char *p = path + strlen(t->root) + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*p = c;
		if (c == '\0')
			return 0;
	}
}

static int file_write(const char *path, const char *content, mode_t mode)
{
	size_t len = strlen(content);
	int rc = 0, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	if (write(fd, content, len) != (ssize_t)len)
		rc = errno ? -errno : -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

/* Write one attribute; the newline that sysfs has at its end is added. */
static __attribute__((format(printf, 3, 4))) int
tree_file(const struct tree *t, const char *content, const char *fmt, ...)
{
	char path[PATH_MAX], line[1024];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tree_path(t, path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	snprintf(line, sizeof(line), "%s\n", content);
	return file_write(path, line, 0644);
}

static __attribute__((format(printf, 3, 4))) int tree_link(const struct tree *t, const char *target,
							   const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = tree_path(t, path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	return symlink(target, path) ? -errno : 0;
}

static void guid_text(uint64_t guid, char text[20])
{
	snprintf(text, 20, "%04x:%04x:%04x:%04x", (unsigned int)(guid >> 48) & 0xffff,
		 (unsigned int)(guid >> 32) & 0xffff, (unsigned int)(guid >> 16) & 0xffff,
		 (unsigned int)guid & 0xffff);
}

struct attr {
	const char *name, *content;
};

static int tree_attrs(const struct tree *t, const char *dir, const struct attr *attrs,
		      unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int rc = tree_file(t, attrs[i].content, "%s/%s", dir, attrs[i].name);

		if (rc)
			return rc;
	}
	return 0;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void pci_cpus(char *mask, size_t mask_len, char *list, size_t list_len)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	size_t n = 0;

	if (cpus < 1)
		cpus = 1;
	if (cpus > 1024)
		cpus = 1024;
	snprintf(list, list_len, cpus == 1 ? "0" : "0-%ld", cpus - 1);
	for (long word = (cpus - 1) / 32; word >= 0; word--) {
		long bits = cpus - word * 32;
		uint32_t m = bits >= 32 ? UINT32_MAX : (1u << bits) - 1;

		n += (size_t)snprintf(mask + n, mask_len - n, "%08x%s", m, word ? "," : "");
	}
}

static int make_pci(const struct tree *t, unsigned int function)
{
	char bdf[13], dir[64], vendor[8], device[8], uevent[256], modalias[80];
	char cpu_mask[320], cpu_list[32], resource[512] = "";
	bool numa = access("/sys/devices/system/node/node0", F_OK) == 0;
	int rc;

	hca_ident_bdf(function, bdf);
	snprintf(dir, sizeof(dir), "bus/pci/devices/%s", bdf);
	snprintf(vendor, sizeof(vendor), "0x%04x", HCA_PCI_VENDOR);
	snprintf(device, sizeof(device), "0x%04x", HCA_PCI_DEVICE);
	snprintf(uevent, sizeof(uevent),
		 "DRIVER=mlx5_core\nPCI_CLASS=20000\nPCI_ID=%04X:%04X\n"
		 "PCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s",
		 HCA_PCI_VENDOR, HCA_PCI_DEVICE, HCA_PCI_VENDOR, HCA_PCI_DEVICE, bdf);
	snprintf(modalias, sizeof(modalias), "pci:v%08Xd%08Xsv%08Xsd%08Xbc02sc00i00",
		 HCA_PCI_VENDOR, HCA_PCI_DEVICE, HCA_PCI_VENDOR, HCA_PCI_DEVICE);
	pci_cpus(cpu_mask, sizeof(cpu_mask), cpu_list, sizeof(cpu_list));
	/* No register space that could be mapped: all lines are empty. */
	for (unsigned int i = 0; i < 7; i++)
		strcat(resource, i < 6 ? "0x0000000000000000 0x0000000000000000 "
					 "0x0000000000000000\n"
				       : "0x0000000000000000 0x0000000000000000 "
					 "0x0000000000000000");

	const struct attr attrs[] = {
	    {"vendor",           vendor           },
	    {"device",           device           },
	    {"subsystem_vendor", vendor           },
	    {"subsystem_device", device           },
	    {"class",            "0x020000"       },
	    {"revision",         "0x00"           },
	    {"modalias",         modalias         },
	    {"uevent",           uevent           },
	    {"resource",         resource         },
	    {"enable",           "1"              },
	    {"irq",              "0"              },
	    {"numa_node",        numa ? "0" : "-1"},
	    {"local_cpus",       cpu_mask         },
	    {"local_cpulist",    cpu_list         },
	    {"sriov_numvfs",     "0"              },
	    {"sriov_totalvfs",   "0"              },
	    {"roce_enable",      "1"              },
	};

	rc = tree_dir(t, "%s/infiniband/mlx5_%u", dir, function);
	if (!rc)
		rc = tree_dir(t, "%s/infiniband_verbs/uverbs%u", dir, function);
	if (!rc)
		rc = tree_attrs(t, dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = tree_link(t, "../../drivers/mlx5_core", "%s/driver", dir);
	if (!rc)
		rc = tree_link(t, "../../../pci", "%s/subsystem", dir);
	return rc;
}

static int make_port(const struct tree *t, unsigned int function)
{
	char dir[80], guid[20], gid[48];
	int rc;

	static const struct attr attrs[] = {
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

	snprintf(dir, sizeof(dir), "class/infiniband/mlx5_%u/ports/1", function);
	guid_text(hca_ident_guid(function), guid);
	snprintf(gid, sizeof(gid), "fe80:0000:0000:0000:%s", guid);
	rc = tree_dir(t, "%s/pkeys", dir);
	if (!rc)
		rc = tree_dir(t, "%s/gids", dir);
	if (!rc)
		rc = tree_dir(t, "%s/gid_attrs/types", dir);
	if (!rc)
		rc = tree_dir(t, "%s/gid_attrs/ndevs", dir);
	if (!rc)
		rc = tree_attrs(t, dir, attrs, ARRAY_SIZE(attrs));
	for (unsigned int i = 0; !rc && i < 2; i++) {
		rc = tree_file(t, gid, "%s/gids/%u", dir, i);
		if (!rc)
			rc = tree_file(t, i ? "RoCE v2" : "IB/RoCE v1", "%s/gid_attrs/types/%u",
				       dir, i);
	}
	return rc;
}

static int make_ibdev(const struct tree *t, unsigned int function)
{
	char bdf[13], dir[64], guid[20], target[64];
	int rc;

	hca_ident_bdf(function, bdf);
	snprintf(dir, sizeof(dir), "class/infiniband/mlx5_%u", function);
	snprintf(target, sizeof(target), "../../../bus/pci/devices/%s", bdf);
	guid_text(hca_ident_guid(function), guid);

	const struct attr attrs[] = {
	    {"node_type",      "1: CA"       },
            {"node_guid",      guid          },
            {"sys_image_guid", guid          },
	    {"node_desc",      "softhca"     },
            {"fw_ver",         HCA_FW_VERSION},
            {"hca_type",       "MT4125"      },
	    {"hw_rev",         "0"           },
            {"board_id",       "softhca"     },
	};

	rc = tree_dir(t, "%s", dir);
	if (!rc)
		rc = tree_attrs(t, dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = tree_link(t, target, "%s/device", dir);
	if (!rc)
		rc = make_port(t, function);
	return rc;
}

static int make_uverbs(const struct tree *t, unsigned int function)
{
	char bdf[13], dir[64], target[64], ibdev[24], dev[24];
	int rc;

	hca_ident_bdf(function, bdf);
	snprintf(dir, sizeof(dir), "class/infiniband_verbs/uverbs%u", function);
	snprintf(target, sizeof(target), "../../../bus/pci/devices/%s", bdf);
	snprintf(ibdev, sizeof(ibdev), "mlx5_%u", function);
	snprintf(dev, sizeof(dev), "%u:%u", HCA_UVERBS_MAJOR, HCA_UVERBS_MINOR_0 + function);

	const struct attr attrs[] = {
	    {"ibdev",       ibdev          },
	    {"dev",         dev            },
	    {"abi_version", MLX5_UVERBS_ABI},
	};

	rc = tree_dir(t, "%s", dir);
	if (!rc)
		rc = tree_attrs(t, dir, attrs, ARRAY_SIZE(attrs));
	if (!rc)
		rc = tree_link(t, target, "%s/device", dir);
	if (!rc)
		rc = tree_file(t, "softhca", "dev/infiniband/uverbs%u", function);
	return rc;
}

int sysfs_tree_make(const char *tree, unsigned int functions, char *what, size_t what_len)
{
	static const char *const dirs[] = {
	    "bus/pci/devices",  "bus/pci/drivers/mlx5_core", "bus/auxiliary/devices",
	    "class/infiniband", "class/infiniband_verbs",    "dev/infiniband",
	};
	struct tree t = {.root = tree, .what = what, .what_len = what_len};
	int rc = 0;

	for (unsigned int i = 0; !rc && i < ARRAY_SIZE(dirs); i++)
		rc = tree_dir(&t, "%s", dirs[i]);
	if (!rc)
		rc = tree_file(&t, UVERBS_ABI, "class/infiniband_verbs/abi_version");
	for (unsigned int f = 0; !rc && f < functions; f++) {
		rc = make_pci(&t, f);
		if (!rc)
			rc = make_ibdev(&t, f);
		if (!rc)
			rc = make_uverbs(&t, f);
	}
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

/* The rest of path behind prefix if path is prefix or lies below it, else NULL. */
static const char *below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) || (path[n] != '\0' && path[n] != '/'))
		return NULL;
	return path + n;
}

static bool is_our_bdf(const char *rest, unsigned int functions)
{
	char bdf[13];

	if (*rest != '/')
		return false;
	for (unsigned int f = 0; f < functions; f++) {
		hca_ident_bdf(f, bdf);
		if (!strncmp(rest + 1, bdf, 12) && (rest[13] == '\0' || rest[13] == '/'))
			return true;
	}
	return false;
}

bool sysfs_redirect(const char *tree, unsigned int functions, const char *path, char *out,
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
		if (!rest || !is_our_bdf(rest, functions))
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
