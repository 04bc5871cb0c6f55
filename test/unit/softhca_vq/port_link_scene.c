/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port_link_scene.h"

struct net net;
unsigned int scene_threads = 1, scene_delay_drop_ms = 20000;
static char dir[64];

int scene_make_dir(void **state)
{
	strcpy(dir, "/tmp/vv_port.XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

int scene_remove_dir(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

const char *scene_path(const char *name)
{
	static char text[4][128];
	static unsigned int next;
	char *p = text[next++ % 4];

	snprintf(p, sizeof(text[0]), "%s/%s", dir, name);
	return p;
}

void scene_start_guests(unsigned int guests, const char *uplink, const char *rep0)
{
	struct dp_link_config links[2] = {{.representor = -1}, {.representor = 0}};
	struct rig_options o = {.threads = scene_threads,
				.ports = guests,
				.delay_drop_ms = scene_delay_drop_ms,
				.n_links = 1,
				.links = links};

	if (uplink != NULL)
		strcpy(links[0].spec, uplink);
	if (rep0 != NULL)
		strcpy(links[1].spec, rep0);
	o.n_links = (uplink != NULL) + (rep0 != NULL);
	if (uplink == NULL)
		o.links = &links[1];
	net_create(&net, &o);
}

void scene_start(const char *uplink, const char *rep0)
{
	scene_start_guests(2, uplink, rep0);
}

static void write_words(FILE *f, const uint32_t *words, unsigned int n)
{
	assert_int_equal(fwrite(words, 4, n, f), n);
}

void scene_write_capture(const char *name, unsigned int frames)
{
	const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	write_words(f, head, 6);
	for (uint32_t i = 0; i < frames; i++) {
		uint32_t len = 60 + 37 * i % 9000, record[4] = {1000, i, len, len};
		uint8_t frame[RIG_FRAME_MAX];

		rig_frame(frame, len, 2, 1, i);
		write_words(f, record, 4);
		assert_int_equal(fwrite(frame, 1, len, f), len);
	}
	fclose(f);
}
