/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for a file that DPDK's build makes; mlx5_prm.h gets along without its contents. */
