/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory regions, umems and keys: limits, ranges, flattening, and what happens when memory goes. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fw/mem.h"
#include "rig.h"

enum { LW = 1 };

static const struct mkey *key_of(struct hca_obj *obj)
{
	return (const struct mkey *)obj;
}

static void reg_mr_bad_arguments(void **state)
{
	struct rig *rig = *state;
	uint32_t lkey, rkey, other_pd;

	assert_int_equal(hca_pd_alloc(rig->b, &other_pd), 0);
	assert_int_equal(hca_mr_reg(rig->a, other_pd, rig->mem, 4096, 0, LW, &lkey, &rkey),
			 -EINVAL);
	assert_int_equal(hca_mr_reg(rig->a, 0, rig->mem, 4096, 0, LW, &lkey, &rkey), -EINVAL);
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, 0, 0, LW, &lkey, &rkey), -EINVAL);
	assert_int_equal(
	    hca_mr_reg(rig->a, rig->pd, rig->mem, 4096, UINT64_MAX - 100, LW, &lkey, &rkey),
	    -EINVAL);
	assert_int_equal(
	    hca_mr_reg(rig->a, rig->pd, (void *)(UINTPTR_MAX - 100), 4096, 0, LW, &lkey, &rkey),
	    -EINVAL);
	assert_int_equal(hca_mr_dereg(rig->b, rig->key), -ENOENT);
	assert_int_equal(hca_mr_dereg(rig->a, rig->key + 1), -ENOENT);
}

static void reg_mr_hole_efault(void **state)
{
	struct rig *rig = *state;
	uint32_t lkey, rkey, umem;
	uint8_t *p = mmap(NULL, 4 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 2 * 4096, 4096);
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, p, 4 * 4096, 0, LW, &lkey, &rkey), -EFAULT);
	assert_int_equal(hca_umem_reg(rig->a, p, 4 * 4096, LW, &umem), -EFAULT);
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, p + 1, 2 * 4096, 0, LW, &lkey, &rkey),
			 -EFAULT);
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, p + 1, 2 * 4096 - 1, 0, LW, &lkey, &rkey), 0);
	munmap(p, 2 * 4096);
	munmap(p + 3 * 4096, 4096);
}

/* In a child without CAP_IPC_LOCK: pages of regions and umems count together, and come back. */
static void memlock_child(void)
{
	struct rlimit limit = {.rlim_cur = 8 * 4096, .rlim_max = 8 * 4096};
	uint32_t pd, lkey, rkey, lkey2, umem;
	struct rig rig;

	rig_make(&rig, NULL);
	unlink(rig.trace);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	if (!geteuid())
		assert_int_equal(setuid(65534), 0);
	assert_int_equal(hca_pd_alloc(rig.a, &pd), 0);
	assert_int_equal(hca_mr_reg(rig.a, pd, rig.mem, 9 * 4096, 0, LW, &lkey, &rkey), -ENOMEM);
	assert_int_equal(hca_mr_reg(rig.a, pd, rig.mem, 6 * 4096, 0, LW, &lkey, &rkey), 0);
	assert_int_equal(hca_umem_reg(rig.a, rig.mem, 3 * 4096, LW, &umem), -ENOMEM);
	assert_int_equal(hca_umem_reg(rig.a, rig.mem, 2 * 4096, LW, &umem), 0);
	assert_int_equal(hca_mr_reg(rig.a, pd, rig.mem, 1, 0, LW, &lkey2, &rkey), -ENOMEM);
	assert_int_equal(hca_umem_dereg(rig.a, umem), 0);
	/* Two bytes in two pages are two pages. */
	assert_int_equal(hca_mr_reg(rig.a, pd, rig.mem + 4095, 2, 0, LW, &lkey2, &rkey), 0);
	assert_int_equal(hca_mr_reg(rig.a, pd, rig.mem, 1, 0, LW, &lkey2, &rkey), -ENOMEM);
}

static void reg_beyond_rlimit_enomem(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		memlock_child();
		_exit(42);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void free_used_busy(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *mkey, *cq;
	struct mbox mb;

	assert_int_equal(hca_pd_free(rig->a, rig->pd), -EBUSY);
	assert_int_equal(hca_pd_free(rig->b, rig->pd), -ENOENT);
	good_mkey(rig, &mb);
	mkey = mb_create(&mb, rig->a);
	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	assert_int_equal(hca_umem_dereg(rig->a, rig->umem), -EBUSY);
	assert_int_equal(hca_uar_free(rig->a, rig->uar), -EBUSY);
	destroy(cq);
	assert_int_equal(hca_umem_dereg(rig->a, rig->umem), 0);
	assert_int_equal(hca_uar_free(rig->a, rig->uar), 0);
	assert_int_equal(hca_mr_dereg(rig->a, rig->key), 0);
	assert_int_equal(hca_pd_free(rig->a, rig->pd), -EBUSY);
	destroy(mkey);
	assert_int_equal(hca_pd_free(rig->a, rig->pd), 0);
}

static void create_klm_flattened(void **state)
{
	struct rig *rig = *state;
	uint32_t key2, rkey;
	struct hca_obj *obj;
	const struct mkey *k;
	struct mbox mb;

	assert_int_equal(
	    hca_mr_reg(rig->a, rig->pd, rig->mem + 0x8000, 0x4000, 0x555000, LW, &key2, &rkey), 0);
	good_mkey(rig, &mb);
	mb.n_tail = 0;
	mb.in_len = mb.desc->in_len;
	mb_set(&mb, FLD(mkc, start_addr), 0x40000000);
	mb_set(&mb, FLD(mkc, len), 0x9000);
	mb_set(&mb, FLD(mkc, mkey_7_0), 0xab);
	mb_key(&mb, 0x1000, rig->key, RIG_IOVA + 0x2000); /* goes on with the next: one segment */
	mb_key(&mb, 0x1000, rig->key, RIG_IOVA + 0x3000);
	mb_key(&mb, 0x3000, hca_null_mkey(rig->hca), 0x1234); /* hole */
	mb_key(&mb, 0x4000, key2, 0x555000);
	mb_key(&mb, 0, 0, 0); /* padding */
	obj = mb_create(&mb, rig->a);
	k = key_of(obj);
	assert_int_equal(mkey_key(k), obj->id << 8 | 0xab);
	assert_int_equal(k->n_segs, 3);
	assert_int_equal(k->mem->n, 3);
	assert_int_equal(k->segs[0].iova, 0x40000000);
	assert_int_equal(k->segs[0].len, 0x2000);
	assert_ptr_equal(k->segs[0].hva, rig->mem + 0x2000);
	assert_null(k->segs[1].hva);
	assert_int_equal(k->segs[1].len, 0x3000);
	assert_int_equal(k->segs[2].iova, 0x40005000);
	assert_ptr_equal(k->segs[2].hva, rig->mem + 0x8000);
	assert_true(k->segs[2].local_write);

	assert_int_equal(mkey_covers(k, 0x40000000, 0x2000, true), 0);
	assert_int_equal(mkey_covers(k, 0x40001fff, 2, false), -EFAULT);
	assert_int_equal(mkey_covers(k, 0x40005000, 0x4000, false), 0);
	assert_int_equal(mkey_covers(k, 0x40005000, 0x4001, false), -EFAULT);
	assert_int_equal(mkey_covers(k, 0x3fffffff, 2, false), -EFAULT);
}

/* The key's length cuts the last entry. */
static void create_klm_shorter_than_entries(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;
	const struct mkey *k;

	good_mkey(rig, &mb);
	mb_set(&mb, FLD(mkc, len), 0x1800);
	k = key_of(mb_create(&mb, rig->a));
	assert_int_equal(k->n_segs, 1);
	assert_int_equal(k->segs[0].len, 0x1800);
	good_mkey(rig, &mb);
	mb_set(&mb, FLD(mkc, len), RIG_MEM + 1);
	mb_create_refused(&mb, rig->a, SYND(MKEY_LENGTH));
}

static void create_fbs_flattened(void **state)
{
	struct rig *rig = *state;
	const struct mkey *k;
	struct mbox mb;

	good_mkey(rig, &mb);
	mb.n_tail = 0;
	mb.in_len = mb.desc->in_len;
	mb_set(&mb, FLD(mkc, access_mode_1_0), 3);
	mb_set(&mb, FLD(mkc, log_page_size), 13);
	mb_set(&mb, FLD(mkc, start_addr), 0);
	mb_set(&mb, FLD(mkc, len), 0x8000);
	mb_key(&mb, 0x2000, rig->key, RIG_IOVA + 0x6000);
	mb_key(&mb, 0x2000, hca_null_mkey(rig->hca), 0);
	mb_key(&mb, 0, rig->key, RIG_IOVA + 0x2000); /* byte_count may be left out */
	mb_key(&mb, 0x2000, rig->key, RIG_IOVA);
	k = key_of(mb_create(&mb, rig->a));
	assert_int_equal(k->n_segs, 4);
	assert_int_equal(k->segs[2].iova, 0x4000);
	assert_ptr_equal(k->segs[2].hva, rig->mem + 0x2000);
	assert_ptr_equal(k->segs[3].hva, rig->mem);
}

struct bad_mkey {
	enum field_id field;
	uint64_t value;
	enum syndrome why;
};

static void create_mkey_bad_field_refused(void **state)
{
	struct rig *rig = *state;
	static const struct bad_mkey bad[] = {
	    {FLD(mkc,            access_mode_1_0),                  0,               SYND(MKEY_MODE)        },
	    {FLD(mkc,            access_mode_1_0),                  1,               SYND(MKEY_MODE)        },
	    {FLD(mkc,            access_mode_4_2),                  1,               SYND(NOT_MODELLED)     },
	    {FLD(mkc,            qpn),			      0,               SYND(MKEY_QPN)         },
	    {FLD(mkc,            lr),			       0,               SYND(MKEY_RIGHTS)      },
	    {FLD(mkc,            a),				1,               SYND(MKEY_RIGHTS)      },
	    {FLD(mkc,            rw),			       1,               SYND(MKEY_RIGHTS)      },
	    {FLD(mkc,            log_page_size),                    12,              SYND(KLM_LOG_PAGE_SIZE)},
	    {FLD(mkc,            len),			      0,               SYND(MKEY_LENGTH)      },
	    {FLD(mkc,            start_addr),                       UINT64_MAX - 10, SYND(MKEY_LENGTH)      },
	    {FLD(mkc,            pd),			       0x999,           SYND(NO_SUCH_OBJECT)   },
	    {FLD(mkc,            translations_octword_size),        0,               SYND(MKEY_LIST)        },
	    {FLD(create_mkey_in, translations_octword_actual_size), 0,               SYND(MKEY_LIST)        },
	    {FLD(create_mkey_in, translations_octword_actual_size), 2,               SYND(MKEY_LIST)        },
	    {FLD(mkc,            umr_en),                           1,               SYND(NOT_MODELLED)     },
	    {FLD(mkc,            bsf_en),                           1,               SYND(NOT_MODELLED)     },
	    {FLD(create_mkey_in, pg_access),                        1,               SYND(NOT_MODELLED)     },
	    {FLD(create_mkey_in, mkey_umem_id),                     1,               SYND(NOT_MODELLED)     },
	};
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_mkey(rig, &mb);
		mb_set(&mb, bad[i].field, bad[i].value);
		mb_create_refused(&mb, rig->a, bad[i].why);
	}
}

struct bad_entry {
	uint32_t bytes, key; /* key 0: that of the rig */
	uint64_t addr;
	enum syndrome why;
};

static void try_entry(struct rig *rig, const struct bad_entry *e, unsigned int log_size)
{
	struct mbox mb;

	good_mkey(rig, &mb);
	mb.n_tail = 0;
	mb.in_len = mb.desc->in_len;
	mb_set(&mb, FLD(mkc, len), 0x1000);
	if (log_size) {
		mb_set(&mb, FLD(mkc, access_mode_1_0), 3);
		mb_set(&mb, FLD(mkc, log_page_size), log_size);
	}
	mb_key(&mb, e->bytes, e->key ? e->key : rig->key, e->addr);
	mb_create_refused(&mb, rig->a, e->why);
}

static void create_mkey_bad_entry_refused(void **state)
{
	struct rig *rig = *state;
	static const struct bad_entry klm[] = {
	    {0,           0,        RIG_IOVA,                   SYND(KLM_ENTRY_SIZE)},
	    {0x80000001u, 0,        RIG_IOVA,                   SYND(KLM_ENTRY_SIZE)},
	    {0x80000000u, 0,        RIG_IOVA,                   SYND(KLM_RANGE)     }, /* 2 GiB is legal, but not there */
	    {0x1000,      0,        RIG_IOVA - 1,               SYND(KLM_RANGE)     },
	    {0x1000,      0,        RIG_IOVA + RIG_MEM - 0xfff, SYND(KLM_RANGE)     },
	    {0x1000,      0,        0,                          SYND(KLM_RANGE)     },
	    {0x1000,      0xdead00, RIG_IOVA,                   SYND(NO_SUCH_OBJECT)},
	    {0x800,       0,        RIG_IOVA,                   SYND(MKEY_LENGTH)   },
	};
	static const struct bad_entry fbs[] = {
	    {0x1000, 0, RIG_IOVA + RIG_MEM - 0xfff, SYND(KLM_RANGE)     },
	    {0x800,  0, RIG_IOVA,                   SYND(FBS_ENTRY_SIZE)},
	};
	static const struct bad_entry small = {0x800, 0, RIG_IOVA, SYND(FBS_LOG_PAGE_SIZE)};
	unsigned int i;

	for (i = 0; i < sizeof(klm) / sizeof(klm[0]); i++)
		try_entry(rig, &klm[i], 0);
	for (i = 0; i < sizeof(fbs) / sizeof(fbs[0]); i++)
		try_entry(rig, &fbs[i], 12);
	try_entry(rig, &small, 11);
}

static void create_mkey_entry_key_checked(void **state)
{
	struct rig *rig = *state;
	uint32_t pd2, ro, key2, pd_b, key_b, rkey;
	struct bad_entry e = {0x1000, 0, RIG_IOVA, SYND(KLM_INDIRECT)};
	struct hca_obj *inner;
	struct mbox mb;

	good_mkey(rig, &mb);
	inner = mb_create(&mb, rig->a);
	e.key = mkey_key(key_of(inner));
	try_entry(rig, &e, 0);
	/* Of another context: not there at all. */
	assert_int_equal(hca_pd_alloc(rig->b, &pd_b), 0);
	assert_int_equal(hca_mr_reg(rig->b, pd_b, rig->mem, 4096, RIG_IOVA, LW, &key_b, &rkey), 0);
	e.key = key_b;
	e.why = SYND(NO_SUCH_OBJECT);
	try_entry(rig, &e, 0);
	/* Of another protection domain. */
	assert_int_equal(hca_pd_alloc(rig->a, &pd2), 0);
	assert_int_equal(hca_mr_reg(rig->a, pd2, rig->mem, 4096, RIG_IOVA, LW, &key2, &rkey), 0);
	e.key = key2;
	e.why = SYND(KLM_PD);
	try_entry(rig, &e, 0);
	/* Read-only below, writable above. */
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, 4096, RIG_IOVA, 0, &ro, &rkey), 0);
	e.key = ro;
	e.why = SYND(KLM_RIGHTS);
	try_entry(rig, &e, 0);
}

/* Padding is at the end only. */
static void create_klm_hole_in_list_refused(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;

	good_mkey(rig, &mb);
	mb_key(&mb, 0, 0, 0);
	mb_key(&mb, 0x1000, rig->key, RIG_IOVA);
	mb_create_refused(&mb, rig->a, SYND(KLM_ENTRY_SIZE));
}

static void dereg_mr_revoked_in_keys(void **state)
{
	struct rig *rig = *state;
	const struct mkey *k;
	struct mbox mb;

	good_mkey(rig, &mb);
	k = key_of(mb_create(&mb, rig->a));
	assert_ptr_equal(k->mem->segs[0].hva, rig->mem);
	assert_int_equal(hca_mr_dereg(rig->a, rig->key), 0);
	assert_null(k->mem->segs[0].hva);
	assert_int_equal(mkey_covers(k, RIG_IOVA, 1, false), -EFAULT);
	assert_int_equal(hca_mr_dereg(rig->a, rig->key), -ENOENT);
}

static void alloc_var_watched(void **state)
{
	struct rig *rig = *state;
	uint32_t id, id2;

	assert_int_equal(hca_var_alloc(rig->a, NULL, &id), -EINVAL);
	assert_int_equal(hca_var_alloc(rig->a, rig->var_page, &id), 0);
	assert_int_not_equal(id, 0);
	assert_ptr_equal(double_dp->ports[0].words[0], rig->var_page);
	assert_int_equal(hca_var_alloc(rig->other, rig->var_page, &id2), 0);
	assert_ptr_equal(double_dp->ports[1].words[0], rig->var_page);
	assert_int_equal(hca_var_free(rig->b, id), -ENOENT);
	assert_int_equal(hca_var_free(rig->a, id), 0);
	assert_null(double_dp->ports[0].words[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(reg_mr_bad_arguments),
	    T(reg_mr_hole_efault),
	    cmocka_unit_test(reg_beyond_rlimit_enomem),
	    T(free_used_busy),
	    T(create_klm_flattened),
	    T(create_klm_shorter_than_entries),
	    T(create_fbs_flattened),
	    T(create_mkey_bad_field_refused),
	    T(create_mkey_bad_entry_refused),
	    T(create_mkey_entry_key_checked),
	    T(create_klm_hole_in_list_refused),
	    T(dereg_mr_revoked_in_keys),
	    T(alloc_var_watched),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
