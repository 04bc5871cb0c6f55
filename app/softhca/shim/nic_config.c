/* SPDX-License-Identifier: BSD-3-Clause */
#include "nic_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char file[] = "nic.cfg";

static int config_path(char path[PATH_MAX], const char *tree)
{
	return snprintf(path, PATH_MAX, "%s/%s", tree, file) < PATH_MAX ? 0 : -EOVERFLOW;
}

int nic_config_write(struct nic_config *cfg, const char *tree)
{
	char path[PATH_MAX];
	int fd, rc = config_path(path, tree);
	ssize_t n;

	if (rc)
		return rc;
	cfg->magic = NIC_CONFIG_MAGIC;
	cfg->version = NIC_CONFIG_VERSION;
	cfg->size = sizeof(*cfg);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	n = write(fd, cfg, sizeof(*cfg));
	if (n != (ssize_t)sizeof(*cfg))
		rc = n < 0 ? -errno : -ENOSPC;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

static bool terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool config_valid(const struct nic_config *cfg)
{
	if (cfg->magic != NIC_CONFIG_MAGIC || cfg->version != NIC_CONFIG_VERSION ||
	    cfg->size != sizeof(*cfg) || !shape_valid(&cfg->shape) || cfg->n_links > DP_LINKS_MAX)
		return false;
	for (uint32_t i = 0; i < cfg->n_links; i++)
		if (!terminated(cfg->links[i].spec, sizeof(cfg->links[i].spec)))
			return false;
	return terminated(cfg->trace, sizeof(cfg->trace)) &&
	       terminated(cfg->stat, sizeof(cfg->stat)) &&
	       terminated(cfg->fail, sizeof(cfg->fail)) &&
	       terminated(cfg->latency, sizeof(cfg->latency)) &&
	       terminated(cfg->profile.name, sizeof(cfg->profile.name)) &&
	       terminated(cfg->profile.fw_version, sizeof(cfg->profile.fw_version));
}

int nic_config_read(struct nic_config *cfg, const char *tree)
{
	char path[PATH_MAX], more;
	int fd, rc = config_path(path, tree);

	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, cfg, sizeof(*cfg)) != (ssize_t)sizeof(*cfg) || read(fd, &more, 1) != 0 ||
	    !config_valid(cfg))
		rc = -EINVAL;
	close(fd);
	return rc;
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

void nic_config_hca(const struct nic_config *cfg, struct hca_config *hca)
{
	*hca = (struct hca_config){
	    .functions = shape_functions(&cfg->shape),
	    .threads = cfg->threads,
	    .delay_drop_ms = cfg->delay_drop_ms,
	    .wire_loopback = cfg->wire_loopback,
	    .leaks = cfg->leaks,
	    .seed = cfg->seed,
	    .trace_path = text_or_null(cfg->trace),
	    .stat_path = text_or_null(cfg->stat),
	    .fail = text_or_null(cfg->fail),
	    .latency = text_or_null(cfg->latency),
	    .profile = &cfg->profile,
	    .func = cfg->func,
	    .links = cfg->links,
	    .n_links = cfg->n_links,
	};
}
