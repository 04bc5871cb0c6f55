/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes wrong, as one line on standard error: "vdpactl: ...". */
#ifndef VDPACTL_SAY_H
#define VDPACTL_SAY_H

/* Line ends in it become "; ", and what a terminal would obey, or is
 * no UTF-8, becomes '?'. Returns -EINVAL. */
int ctl_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
