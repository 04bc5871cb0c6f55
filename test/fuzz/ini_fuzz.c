/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon's configuration file (config.h) of any bytes: taken whole, with values that are what
 * they must be, or refused with a reason.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_log.h>

#include "config.h"
#include "fuzz_input.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static bool ends_within(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static void is_sound(const struct vdpad_config *c)
{
	json_t *object;

	CHECK(c->state_dir[0] == '/' && ends_within(c->state_dir, sizeof(c->state_dir)));
	CHECK(c->socket_dir[0] == '/' && ends_within(c->socket_dir, sizeof(c->socket_dir)));
	CHECK(c->rpc[0] == '/' && ends_within(c->rpc, sizeof(c->rpc)));
	CHECK(ends_within(c->models, sizeof(c->models)) && ends_within(c->eal, sizeof(c->eal)));
	CHECK(!(c->rpc_mode & ~0777u) && !(c->socket_mode & ~0777u));
	for (unsigned int i = 0; i < c->n_devices; i++) {
		CHECK(vdpad_name_is_valid(c->devices[i].name));
		CHECK(c->devices[i].mgmtdev[0]);
		for (unsigned int j = 0; j < i; j++)
			CHECK(strcmp(c->devices[i].name, c->devices[j].name));
		object = vdpad_spec_json(&c->devices[i]);
		CHECK(object);
		json_decref(object);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct vdpad_config config;
	struct vdpad_error error = {0};
	char path[32];
	int err;

	rte_log_set_global_level(RTE_LOG_EMERG);
	if (fd < 0)
		fd = memfd_create("ini", MFD_CLOEXEC);
	CHECK(fd >= 0 && !ftruncate(fd, 0));
	CHECK(pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(&config, 0xa5, sizeof(config));
	err = vdpad_config_read(path, &config, &error);
	if (err) {
		CHECK(err < 0 && error.code == -err && error.text[0]);
		return 0;
	}
	is_sound(&config);
	vdpad_config_destroy(&config);
	return 0;
}
