/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

enum { LOCAL_WRITE = 1 };

void rig_make(struct rig *rig, const char *fail)
{
	rig_make_profile(rig, fail, NULL);
}

void rig_make_profile(struct rig *rig, const char *fail, const struct hca_profile *profile)
{
	struct hca_config cfg = {.functions = 2, .threads = 1, .fail = fail, .profile = profile};
	int fd;

	memset(rig, 0, sizeof(*rig));
	rig->trace = strdup("/tmp/softhca_fw_test.XXXXXX");
	fd = mkstemp(rig->trace);
	assert_true(fd >= 0);
	close(fd);
	cfg.trace_path = rig->trace;
	rig->mem = mmap(NULL, RIG_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(rig->mem, MAP_FAILED);
	assert_int_equal(hca_create(&cfg, &rig->hca), 0);
	assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->a), 0);
	assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->b), 0);
	assert_int_equal(hca_ctx_open(rig->hca, 1, &rig->other), 0);
}

void rig_fill(struct rig *rig)
{
	uint32_t rkey;

	assert_int_equal(hca_pd_alloc(rig->a, &rig->pd), 0);
	assert_int_equal(
	    hca_mr_reg(rig->a, rig->pd, rig->mem, RIG_MEM, RIG_IOVA, LOCAL_WRITE, &rig->key, &rkey),
	    0);
	assert_int_equal(hca_umem_reg(rig->a, rig->mem, RIG_MEM, LOCAL_WRITE, &rig->umem), 0);
	assert_int_equal(hca_uar_alloc(rig->a, rig->uar_page, &rig->uar), 0);
}

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig_make(rig, NULL);
	rig_fill(rig);
	*state = rig;
	return 0;
}

void rig_end(struct rig *rig)
{
	hca_ctx_close(rig->a);
	hca_ctx_close(rig->b);
	hca_ctx_close(rig->other);
	assert_int_equal(stat_objects(rig), 0);
	assert_int_equal(rig->hca->pinned_pages, 0);
	assert_int_equal(double_vqs(), 0);
	assert_int_equal(rig->hca->ev.waiting, 0);
	assert_int_equal(rig->hca->ev.pending, 0);
	assert_true(SLIST_EMPTY(&rig->hca->ev.subs));
	hca_destroy(rig->hca);
	munmap(rig->mem, RIG_MEM);
	remove(rig->trace);
	free(rig->trace);
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;

	rig_end(rig);
	free(rig);
	return 0;
}

struct hca_obj *queue_in(struct rig *rig, struct hca_obj *tis, enum vq_state s)
{
	struct hca_obj *obj;
	struct mbox mb;

	good_virtq(rig, &mb, tis);
	obj = mb_create(&mb, rig->a);
	if (s != VQ_INIT)
		set_state(obj, VQ_RDY);
	if (s == VQ_SUSPEND)
		set_state(obj, VQ_SUSPEND);
	if (s == VQ_ERR)
		double_error(double_vq(0, 0), VQ_ERROR_BAD_DESC);
	return obj;
}
