/* SPDX-License-Identifier: BSD-3-Clause */
/* Behind rte_pmd_vdpa_verbs.h: what the rest of the driver tells it. */
#ifndef VV_PMD_H
#define VV_PMD_H

/* Why the probe on this thread failed; "": it did not. Copied. */
void vv_pmd_probe_error(const char *why);

#endif
