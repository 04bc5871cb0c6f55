/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for DPDK's header of that name, which mlx5_prm.h includes for rdma-core's types. */
#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>
