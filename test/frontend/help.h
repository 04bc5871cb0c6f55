/* SPDX-License-Identifier: BSD-3-Clause */
/* What --help prints. */
#ifndef FRONTEND_HELP_H
#define FRONTEND_HELP_H

extern const char fe_help[];

#endif
