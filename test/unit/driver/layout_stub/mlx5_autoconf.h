/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for the file that DPDK's build writes; mlx5_prm.h needs nothing of it here. */
