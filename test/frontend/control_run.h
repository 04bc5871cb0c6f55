/* SPDX-License-Identifier: BSD-3-Clause */
/* The modes of the command that are about the control queue; devices are connected. */
#ifndef FRONTEND_CONTROL_RUN_H
#define FRONTEND_CONTROL_RUN_H

#include "options.h"
#include "traffic.h"

/* 0: all statements were as expected; 1: not so; -errno: no run, said why. */
int fe_run_script(const struct fe_options *o, struct fe_dev *dev, struct fe_dev *peer);
int fe_run_control_bench(const struct fe_options *o, struct fe_dev *dev);

/* The statements of a file again and again, in a thread, from start to stop. */
struct fe_commands;
int fe_commands_start(const struct fe_options *o, struct fe_dev *dev,
		      struct fe_commands **commands);
/* As fe_run_script; says how many statements it were. */
int fe_commands_stop(struct fe_commands *commands);

#endif
