/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for DPDK's header of that name: mlx5_prm.h wants the types of rdma-core from it. */
#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>
