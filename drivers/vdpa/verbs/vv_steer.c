/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "vv_steer.h"

/* Entries of the table: the more, the more even with a number that is no power of two. */
#define TABLE_LOG_MAX 7

static const struct vv_flow_class all_frames = {.priority = 7};

static const struct vv_flow_class classes[] = {
    {.priority = 7},
    {		  .ip = 4,	      .priority = 6},
    {			.ip = 6, .priority = 6},
    { .ip = 4,       .l4 = IPPROTO_TCP, .priority = 5},
    { .ip = 4,       .l4 = IPPROTO_UDP, .priority = 5},
    { .ip = 6,       .l4 = IPPROTO_TCP, .priority = 5},
    {  .ip = 6,       .l4 = IPPROTO_UDP, .priority = 5},
};

enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

enum { QUEUES_MAX = 1 << TABLE_LOG_MAX };

struct vv_steer {
	struct vv_hca *hca; /* borrowed from the device */
	struct vv_obj td, tis;
	struct vv_obj rqt;
	bool spread;                 /* as rqt was made */
	uint32_t queues[QUEUES_MAX]; /* what rqt refers to */
	unsigned int n;
	struct vv_obj tirs[CLASSES];
	struct vv_rule rules[CLASSES];
};

int vv_steer_create(struct vv_hca *hca, struct vv_steer **steer)
{
	struct vv_steer *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->hca = hca;
	err = vv_td_create(hca, &s->td);
	if (!err)
		err = vv_tis_create(hca, s->td.id, &s->tis);
	if (err) {
		vv_steer_destroy(s);
		return err;
	}
	*steer = s;
	return 0;
}

void vv_steer_destroy(struct vv_steer *steer)
{
	if (!steer)
		return;
	vv_steer_clear(steer);
	vv_obj_destroy(&steer->tis);
	vv_obj_destroy(&steer->td);
	free(steer);
}

uint32_t vv_steer_tisn(const struct vv_steer *steer)
{
	return steer->tis.id;
}

void vv_steer_clear(struct vv_steer *steer)
{
	unsigned int i;

	for (i = CLASSES; i-- > 0;) {
		vv_rule_destroy(&steer->rules[i]);
		vv_obj_destroy(&steer->tirs[i]);
	}
	vv_obj_destroy(&steer->rqt);
	steer->n = 0;
}

static unsigned int table_size(const struct vv_steer *s, unsigned int n, bool spread)
{
	unsigned int log = vv_hca_caps(s->hca)->log_max_rqt_size;

	if (!spread)
		return n; /* one */
	return 1u << (log < TABLE_LOG_MAX ? log : TABLE_LOG_MAX);
}

static int receive_start(struct vv_steer *s, const uint32_t *queues, unsigned int n, bool spread)
{
	const struct vv_flow_class *cls = spread ? classes : &all_frames;
	unsigned int count = spread ? CLASSES : 1, i;
	int err = vv_rqt_create(s->hca, queues, n, table_size(s, n, spread), &s->rqt);

	for (i = 0; i < count && !err; i++) {
		err = vv_tir_create(s->hca, &cls[i], s->td.id, s->rqt.id, &s->tirs[i]);
		if (!err)
			err = vv_rule_create(s->hca, &cls[i], &s->tirs[i], &s->rules[i]);
	}
	if (err)
		vv_steer_clear(s);
	s->spread = spread;
	return err;
}

int vv_steer_set(struct vv_steer *steer, const uint32_t *queues, unsigned int n, bool spread)
{
	unsigned int size;
	int err;

	if (n == 0) {
		vv_steer_clear(steer);
		return 0;
	}
	if (n > QUEUES_MAX)
		n = QUEUES_MAX;
	if (steer->rqt.obj && steer->spread != spread)
		vv_steer_clear(steer);
	if (n == steer->n && !memcmp(queues, steer->queues, n * sizeof(*queues)))
		return 0;
	if (steer->rqt.obj) {
		size = table_size(steer, n, spread);
		err = vv_rqt_modify(steer->hca, &steer->rqt, queues, n < size ? n : size, size);
	} else {
		err = receive_start(steer, queues, n, spread);
	}
	if (err)
		return err;
	memcpy(steer->queues, queues, n * sizeof(*queues));
	steer->n = n;
	return 0;
}
