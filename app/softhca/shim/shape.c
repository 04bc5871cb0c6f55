/* SPDX-License-Identifier: BSD-3-Clause */
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include "../fw/hca.h"
#include "../fw/hca_ident.h"

bool shape_valid(const struct shape *s)
{
	return s->pfs >= 1 && s->pfs <= HCA_FUNCS_MAX && s->vfs <= HCA_FUNCS_MAX &&
	       s->sfs <= HCA_FUNCS_MAX && shape_functions(s) <= HCA_FUNCS_MAX;
}

unsigned int shape_functions(const struct shape *s)
{
	return s->pfs + s->vfs + s->sfs;
}

/* The first of n children that belongs to a parent. */
static unsigned int block(unsigned int n, unsigned int parents, unsigned int parent)
{
	return (parent * n + parents - 1) / parents;
}

unsigned int shape_vfs_of(const struct shape *s, unsigned int pf, unsigned int *first)
{
	*first = s->pfs + block(s->vfs, s->pfs, pf);
	return s->pfs + block(s->vfs, s->pfs, pf + 1) - *first;
}

void shape_function(const struct shape *s, unsigned int function, struct shape_function *f)
{
	unsigned int i;

	memset(f, 0, sizeof(*f));
	if (function < s->pfs) {
		f->kind = SHAPE_PF;
		f->parent = function;
		hca_ident_bdf(function, f->bdf);
	} else if (function < s->pfs + s->vfs) {
		i = function - s->pfs;
		f->kind = SHAPE_VF;
		f->parent = i * s->pfs / s->vfs;
		f->number = i - block(s->vfs, s->pfs, f->parent);
		hca_ident_bdf(function, f->bdf);
	} else {
		i = function - s->pfs - s->vfs;
		f->kind = SHAPE_SF;
		f->parent = i * s->pfs / s->sfs;
		f->number = i + 1;
		hca_ident_bdf(f->parent, f->bdf);
		snprintf(f->aux, sizeof(f->aux), "mlx5_core.sf.%u", f->number);
	}
}

/* Up to ConnectX-6 each device has a VF id of its own, the next number; later ones share one. */
uint16_t shape_vf_device(uint16_t pf_device)
{
	switch (pf_device) {
	case 0x1013:
	case 0x1015:
	case 0x1017:
	case 0x1019:
	case 0x101b:
	case 0xa2d2:
		return pf_device + 1;
	default:
		return 0x101e;
	}
}
