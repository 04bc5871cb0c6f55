/* SPDX-License-Identifier: BSD-3-Clause */
/* Command for keys made of other keys. */
#include <errno.h>
#include <stdlib.h>

#include "vv_hca_priv.h"
#include "../prm/prm_mkey.h"

int vv_mkey_create(struct vv_hca *hca, uint64_t start, uint64_t len, const struct vv_klm *klm,
		   unsigned int n, unsigned int log_entry, struct vv_obj *mkey)
{
	unsigned int padded = (n + 3) & ~3u, i;
	size_t in_len = PRM_SZ(create_mkey_in) + padded * PRM_SZ(klm);
	uint8_t out[PRM_SZ(create_mkey_out)];
	uint8_t *in, *entry;
	void *mkc;
	int err;

	if (n == 0 || n > VV_KLM_MAX)
		return vv_hca_fail(hca, -E2BIG, "create mkey: %u entries, %d at most", n,
				   VV_KLM_MAX);
	in = calloc(1, in_len);
	if (!in)
		return vv_hca_fail(hca, -ENOMEM, "create mkey: out of memory");
	mkc = PRM_AT(create_mkey_in, in, memory_key_mkey_entry);

	PRM_SET(create_mkey_in, in, opcode, PRM_OP_CREATE_MKEY);
	PRM_SET(create_mkey_in, in, translations_octword_actual_size, padded);
	PRM_SET(mkc, mkc, access_mode_1_0,
		log_entry ? PRM_ACCESS_MODE_KLM_FBS : PRM_ACCESS_MODE_KLM);
	PRM_SET(mkc, mkc, log_page_size, log_entry);
	PRM_SET(mkc, mkc, lw, 1);
	PRM_SET(mkc, mkc, lr, 1);
	PRM_SET(mkc, mkc, qpn, 0xffffff); /* any */
	PRM_SET(mkc, mkc, pd, hca->pdn);
	PRM_SET(mkc, mkc, start_addr, start);
	PRM_SET(mkc, mkc, len, len);
	PRM_SET(mkc, mkc, translations_octword_size, padded);

	entry = in + PRM_SZ(create_mkey_in);
	for (i = 0; i < n; i++, entry += PRM_SZ(klm)) {
		PRM_SET(klm, entry, byte_count, klm[i].bytes);
		PRM_SET(klm, entry, mkey, klm[i].key);
		PRM_SET(klm, entry, address, klm[i].addr);
	}

	err = vv_cmd_create(hca, "create mkey", in, in_len, out, sizeof(out), &mkey->obj);
	if (!err) /* the low byte is ours to choose, and zero */
		mkey->id = PRM_GET(create_mkey_out, out, mkey_index) << 8;
	free(in);
	return err;
}
