/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of `softhca run`: read, checked one by one and against each other, and turned into
 * what the library is told (shim/nic_config.h).
 */
#ifndef SOFTHCA_LAUNCH_OPTIONS_H
#define SOFTHCA_LAUNCH_OPTIONS_H

#include "shim/nic_config.h"

struct launch_options {
	struct nic_config cfg;
	char **command; /* borrowed from argv */
};

/* 0: go on; 1: the help was printed; -EINVAL: said why. */
int launch_options_parse(int argc, char **argv, struct launch_options *options);

#endif
