/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "syndrome.h"

static const struct syndrome_info infos[] = {
#define S(name, number, status, text) {SYND_##name, ST_##status, #name, #status, text},
#include "syndrome.def"
#undef S
};

const struct syndrome_info *syndrome_info(enum syndrome s)
{
	size_t i;

	for (i = 0; i < sizeof(infos) / sizeof(infos[0]); i++)
		if (infos[i].number == s)
			return &infos[i];
	return NULL;
}
