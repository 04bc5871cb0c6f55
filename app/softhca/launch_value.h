/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of `softhca run` whose values have a structure of their own. Each call takes the text
 * behind the option and puts what it says into the configuration; -EINVAL: said why, in one line.
 */
#ifndef SOFTHCA_LAUNCH_VALUE_H
#define SOFTHCA_LAUNCH_VALUE_H

#include "shim/nic_config.h"

/* pf=N,vf=N,sf=N */
int launch_shape(const char *text, struct shape *shape);
/* N,mac=XX:XX:XX:XX:XX:XX,vlan=N,spoof-check=on|off,mtu=N; the function's bit is set in *given. */
int launch_function(const char *text, struct nic_config *cfg, uint64_t *given);
/* uplink=KIND:ARGUMENTS or repN=KIND:ARGUMENTS */
int launch_port(const char *text, struct nic_config *cfg);
/* 0,2-3 */
int launch_cpus(const char *text, struct nic_config *cfg);

#endif
