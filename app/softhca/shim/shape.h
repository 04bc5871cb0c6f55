/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of the NIC: which of its functions are physical, which virtual, which sub-functions,
 * and how the host names them. Functions are numbered PFs first, then VFs, then SFs; function N is
 * the verbs device mlx5_N. VFs and SFs belong to the PFs in blocks of equal size.
 *
 * Threads: no state. Errors: none; the shape has been checked by shape_valid.
 */
#ifndef SOFTHCA_SHIM_SHAPE_H
#define SOFTHCA_SHIM_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

/* Plain data: part of the file that the launcher writes. */
struct shape {
	uint32_t pfs, vfs, sfs;
};

enum shape_kind { SHAPE_PF, SHAPE_VF, SHAPE_SF };

struct shape_function {
	enum shape_kind kind;
	unsigned int parent; /* the PF's number; a PF's own */
	unsigned int number; /* VF: among those of its PF, from 0; SF: among all, from 1 */
	char bdf[13];        /* SF: that of its PF */
	char aux[32];        /* SF: its name on the auxiliary bus, else empty */
};

/* At least one PF and at most HCA_FUNCS_MAX functions. */
bool shape_valid(const struct shape *shape);
unsigned int shape_functions(const struct shape *shape);
void shape_function(const struct shape *shape, unsigned int function, struct shape_function *f);
/* How many VFs a PF has, and the function number of the first (if there is one). */
unsigned int shape_vfs_of(const struct shape *shape, unsigned int pf, unsigned int *first);
/* PCI device id of a VF, given its PF's. */
uint16_t shape_vf_device(uint16_t pf_device);

#endif
