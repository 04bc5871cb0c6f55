/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open_all: open every RDMA device with DevX and print how many there are and the resident memory
 * of the process then, in KiB.
 */
#include <stdio.h>
#include <stdlib.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

static long rss_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

int main(void)
{
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};
	struct ibv_device **devices;
	int n = 0;

	devices = ibv_get_device_list(&n);
	for (int i = 0; i < n; i++) {
		if (!mlx5dv_open_device(devices[i], &attr)) {
			perror(ibv_get_device_name(devices[i]));
			return 1;
		}
	}
	printf("%d %ld\n", n, rss_kib());
	return 0;
}
