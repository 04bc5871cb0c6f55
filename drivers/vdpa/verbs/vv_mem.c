/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vv_mem.h"

struct vv_mem {
	struct vv_obj key;
	unsigned int n;
	struct vv_region regions[VV_REGIONS_MAX];
	struct vv_mr mrs[VV_REGIONS_MAX];
};

static int key_create(struct vv_hca *hca, struct vv_mem *mem, const struct vv_mem_plan *plan)
{
	struct vv_klm *klm = calloc(plan->entries, sizeof(*klm));
	uint32_t keys[VV_REGIONS_MAX];
	unsigned int i;
	int err;

	if (!klm)
		return -ENOMEM;
	for (i = 0; i < mem->n; i++)
		keys[i] = mem->mrs[i].key;
	vv_mem_plan_fill(plan, mem->regions, mem->n, keys, vv_hca_null_key(hca), klm);
	err = vv_mkey_create(hca, plan->start, plan->len, klm, plan->entries, plan->log_entry,
			     &mem->key);
	free(klm);
	return err;
}

int vv_mem_create(struct vv_hca *hca, const struct vv_region *regions, unsigned int n,
		  struct vv_mem **mem, char *why, size_t why_len)
{
	struct vv_mem *m = calloc(1, sizeof(*m));
	struct vv_mem_plan plan;
	unsigned int i;
	int err;

	if (!m) {
		snprintf(why, why_len, "memory: out of memory");
		return -ENOMEM;
	}
	if (n <= VV_REGIONS_MAX)
		memcpy(m->regions, regions, n * sizeof(*regions));
	err = n <= VV_REGIONS_MAX ? vv_mem_plan(m->regions, n, &plan) : -E2BIG;
	if (err) {
		snprintf(why, why_len, "memory: %s (%u regions)",
			 err == -E2BIG ? "too fragmented" : "regions empty or overlapping", n);
		goto fail;
	}
	m->n = n;
	for (i = 0; i < n && !err; i++)
		err = vv_mr_create(hca, m->regions[i].hva, m->regions[i].size, m->regions[i].gpa,
				   &m->mrs[i]);
	if (!err)
		err = key_create(hca, m, &plan);
	if (err) {
		snprintf(why, why_len, "memory: %s", vv_hca_error(hca));
		goto fail;
	}
	*mem = m;
	return 0;
fail:
	vv_mem_destroy(m);
	return err;
}

void vv_mem_destroy(struct vv_mem *mem)
{
	unsigned int i;

	if (!mem)
		return;
	vv_obj_destroy(&mem->key);
	for (i = mem->n; i-- > 0;)
		vv_mr_destroy(&mem->mrs[i]);
	free(mem);
}

uint32_t vv_mem_key(const struct vv_mem *mem)
{
	return mem->key.id;
}

const struct vv_region *vv_mem_regions(const struct vv_mem *mem, unsigned int *n)
{
	*n = mem->n;
	return mem->regions;
}

int vv_mem_find(const struct vv_mem *mem, const void *hva, uint64_t len, uint64_t *gpa)
{
	return vv_mem_gpa(mem->regions, mem->n, hva, len, gpa);
}
