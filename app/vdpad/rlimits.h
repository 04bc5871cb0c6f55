/* SPDX-License-Identifier: BSD-3-Clause */
/* What the process may have of the system, raised as far as it is let. */
#ifndef VDPAD_RLIMITS_H
#define VDPAD_RLIMITS_H

/* Said, if little. At the beginning. */
void vdpad_rlimits_raise(void);

#endif
