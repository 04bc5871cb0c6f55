/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "config.h"

enum { ARGS_MAX = 128 };

/* "0,2-5": the CPUs that we may use. */
static void allowed_cpus(char *text, size_t size)
{
	size_t len = 0;
	cpu_set_t set;
	int cpu, end;

	snprintf(text, size, "0");
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE && len < size; cpu = end + 1) {
		end = cpu;
		if (!CPU_ISSET(cpu, &set))
			continue;
		while (end + 1 < CPU_SETSIZE && CPU_ISSET(end + 1, &set))
			end++;
		len += snprintf(text + len, size - len, "%s%d-%d", len ? "," : "", cpu, end);
	}
}

int vdpad_eal_args(const struct vdpad_config *config, struct vdpad_eal *eal,
		   struct vdpad_error *error)
{
	char cpus[256], *word, *rest = NULL;
	int n;

	*eal = (struct vdpad_eal){.argv = calloc(ARGS_MAX + 1, sizeof(char *))};
	allowed_cpus(cpus, sizeof(cpus));
	if (config->eal[0])
		n = asprintf(&eal->text, "vdpad %s", config->eal);
	else /* librte_vhost has notes on rings, 40 bytes a descriptor; only what is used counts */
		n = asprintf(&eal->text,
			     "vdpad --no-huge -m 512 --no-pci --no-shconf --lcores 0@(%s) "
			     "--file-prefix vdpad --iova-mode va",
			     cpus);
	if (n < 0)
		eal->text = NULL;
	if (!eal->argv || n < 0) {
		vdpad_eal_destroy(eal);
		return vdpad_fail(error, ENOMEM, "", "no memory");
	}
	for (word = strtok_r(eal->text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (eal->argc == ARGS_MAX) {
			vdpad_eal_destroy(eal);
			return vdpad_fail(error, EINVAL, "eal", "eal: more than %d arguments",
					  ARGS_MAX);
		}
		eal->argv[eal->argc++] = word;
	}
	return 0;
}

void vdpad_eal_destroy(struct vdpad_eal *eal)
{
	free(eal->argv);
	free(eal->text);
	*eal = (struct vdpad_eal){.argc = 0};
}

int vdpad_eal_start(const struct vdpad_eal *eal, struct vdpad_error *error)
{
	if (rte_eal_init(eal->argc, eal->argv) >= 0)
		return 0;
	return vdpad_fail(error, EIO, "eal",
			  "EAL does not start: %s (lines above; its arguments are eal = ... of the "
			  "file)",
			  rte_strerror(rte_errno));
}
