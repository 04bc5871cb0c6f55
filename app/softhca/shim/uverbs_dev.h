/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel driver says about a function and its port in plain verbs terms. The answers are
 * those of a ConnectX-6 Dx with one Ethernet port up at 100 Gb/s, without the verbs objects that
 * the model does not have (it has DevX only), hence without their limits.
 *
 * Pure functions of what the launcher said (nic_env).
 */
#ifndef SOFTHCA_SHIM_UVERBS_DEV_H
#define SOFTHCA_SHIM_UVERBS_DEV_H

#include <stdbool.h>
#include <stdint.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>

/* GIDs: two are there, in a table with room for more. */
enum { UVERBS_GIDS = 2, UVERBS_GID_TABLE = 8, UVERBS_COMP_VECTORS = 8, UVERBS_PORTS = 1 };
enum { UVERBS_MAX_CQE = (1 << 22) - 1 };
enum { UVERBS_MAX_SRQ_WR = (1 << 15) - 1, UVERBS_MAX_SRQ_SGE = 31 };

void uverbs_dev_attr(unsigned int function, struct ib_uverbs_ex_query_device_resp *attr);
void uverbs_port_attr(unsigned int function, bool up, struct ib_uverbs_query_port_resp_ex *attr);
/* index < UVERBS_GIDS */
void uverbs_gid(unsigned int function, unsigned int index, struct ib_uverbs_gid_entry *entry);
/* The Ethernet address behind a destination: -EINVAL, -ENETUNREACH. */
int uverbs_ah_resolve(const struct ib_uverbs_global_route *grh, bool is_global, uint8_t port,
		      uint8_t mac[6]);

#endif
