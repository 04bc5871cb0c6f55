/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory as the requests of queue pairs name it: keys, checked, as pieces of the program. */
#include <errno.h>
#include <string.h>

#include "../vq/guard.h"
#include "hca_priv.h"
#include "mem.h"
#include "rdma.h"

/* Only the program's memory is touched under these guards. */
static bool any(struct guard *guard, const void *addr)
{
	return true;
}

int rdma_add_raw(struct rdma_pieces *p, uint8_t *ptr, uint32_t len)
{
	if (!len)
		return 0;
	if (p->n == RDMA_PIECES_MAX)
		return -E2BIG;
	p->piece[p->n++] = (struct rdma_piece){.ptr = ptr, .len = len};
	p->len += len;
	return 0;
}

int rdma_add(struct rdma_pieces *p, const struct rdma_qp *qp, uint32_t key, uint64_t addr,
	     uint64_t len, uint32_t need)
{
	struct hca_obj *obj = obj_find(qp->obj->ctx, OBJ_MKEY, key >> 8);
	const struct mkey *mkey = (struct mkey *)obj;
	unsigned int i;
	int err = 0;

	if (!len)
		return 0;
	if (!obj || mkey_key(mkey) != key || mkey->pdn != qp->attr.pdn)
		return -EACCES;
	if ((mkey->access & need) != need || mkey_covers(mkey, addr, len, false))
		return -EACCES;
	for (i = 0; !err && len && i < mkey->n_segs; i++) {
		const struct dp_seg *s = &mkey->segs[i];
		uint64_t n;

		if (addr - s->iova >= s->len)
			continue;
		n = s->len - (addr - s->iova);
		if (n > len)
			n = len;
		err = rdma_add_raw(p, s->hva + (addr - s->iova), (uint32_t)n);
		addr += n;
		len -= n;
	}
	return err;
}

static void copy(const struct rdma_pieces *to, const struct rdma_pieces *from)
{
	unsigned int t = 0, f = 0;
	uint32_t t_off = 0, f_off = 0;

	while (f < from->n && t < to->n) {
		const struct rdma_piece *src = &from->piece[f], *dst = &to->piece[t];
		uint32_t n = src->len - f_off;

		if (n > dst->len - t_off)
			n = dst->len - t_off;
		memmove(dst->ptr + t_off, src->ptr + f_off, n);
		t_off += n;
		f_off += n;
		if (f_off == src->len) {
			f++;
			f_off = 0;
		}
		if (t_off == dst->len) {
			t++;
			t_off = 0;
		}
	}
}

int rdma_copy(const struct rdma_pieces *to, const struct rdma_pieces *from)
{
	struct guard guard = {.blame = any};

	if (sigsetjmp(guard.env, 0))
		return -EFAULT;
	guard_enter(&guard);
	copy(to, from);
	guard_leave();
	return 0;
}

int rdma_copy_in(void *to, const void *user, uint32_t len)
{
	struct guard guard = {.blame = any};

	if (sigsetjmp(guard.env, 0))
		return -EFAULT;
	guard_enter(&guard);
	memcpy(to, user, len);
	guard_leave();
	return 0;
}

int rdma_atomic(void *user, bool swap, uint64_t operand, uint64_t compare, uint64_t *old)
{
	struct guard guard = {.blame = any};
	uint64_t *word = user, value;

	if (sigsetjmp(guard.env, 0))
		return -EFAULT;
	guard_enter(&guard);
	if (swap) {
		value = compare;
		__atomic_compare_exchange_n(word, &value, operand, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
	} else {
		value = __atomic_fetch_add(word, operand, __ATOMIC_SEQ_CST);
	}
	guard_leave();
	*old = value;
	return 0;
}
