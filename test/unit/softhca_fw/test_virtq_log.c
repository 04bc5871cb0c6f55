/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be modified of a queue while it lives: moderation, and the dirty log in any state. */
#include <errno.h>
#include <string.h>

#include "fw/virtq.h"
#include "rig.h"

enum { BITMAP_AT = 0x30000, BITMAP_LEN = 0x100 };

static void modify_period_reaches_datapath(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_SUSPEND);
	const struct vq_moderation *m = &double_vq(0, 0)->moderation;
	struct mbox mb;

	assert_int_equal(m->period_us, 0);
	select_fields(&mb, SEL_PERIOD);
	mb_set(&mb, FLD(virtio_q, queue_period_mode), 2);
	mb_set(&mb, FLD(virtio_q, queue_period_us), 77);
	mb_set(&mb, FLD(virtio_q, queue_max_count), 9);
	mb_modify(&mb, obj);
	assert_int_equal(m->period_us, 77);
	assert_int_equal(m->max_count, 9);
	assert_true(m->from_last);
	virtq_query_into(obj, &mb);
	assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, queue_period_us)), 77);
	destroy(obj);
	/* As given at creation. */
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, queue_period_mode), 1);
	mb_set(&mb, FLD(virtio_q, queue_period_us), 0xfff);
	obj = mb_create(&mb, rig->a);
	set_state(obj, VQ_RDY);
	m = &double_vq(0, 0)->moderation;
	assert_int_equal(m->period_us, 0xfff);
	assert_false(m->from_last);
}

static void dirty_params(struct rig *rig, struct mbox *mb, uint64_t select)
{
	select_fields(mb, select);
	mb_set(mb, FLD(virtio_net_q, dirty_bitmap_mkey), rig->key);
	mb_set(mb, FLD(virtio_net_q, dirty_bitmap_addr), RIG_IOVA + BITMAP_AT);
	mb_set(mb, FLD(virtio_net_q, dirty_bitmap_size), BITMAP_LEN);
}

static void enable_log(struct hca_obj *obj, int on)
{
	struct mbox mb;

	select_fields(&mb, SEL_DIRTY_ENABLE);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_dump_enable), (uint64_t)on);
	mb_modify(&mb, obj);
}

static void modify_dirty_log_while_running(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_RDY);
	struct vq *vq = double_vq(0, 0);
	struct mbox mb;

	dirty_params(rig, &mb, SEL_DIRTY_PARAMS);
	mb_modify(&mb, obj);
	assert_false(vq->log.on);
	enable_log(obj, 1);
	assert_true(vq->log.on);
	assert_int_equal(vq->log.addr, RIG_IOVA + BITMAP_AT);
	assert_int_equal(vq->log.size, BITMAP_LEN);
	assert_int_equal(vq->log.log_page, 12);
	assert_int_equal(vq->log.mem->segs[0].iova, RIG_IOVA);
	set_state(obj, VQ_SUSPEND);
	/* Another bitmap, and a queue made anew for other reasons, which keeps it. */
	dirty_params(rig, &mb, SEL_DIRTY_PARAMS | SEL_FEATURES);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_addr), RIG_IOVA + BITMAP_AT + 0x1000);
	mb_set(&mb, FLD(virtio_net_q, vhost_log_page), 16);
	mb_modify(&mb, obj);
	assert_int_equal(vq->log.addr, RIG_IOVA + BITMAP_AT + 0x1000);
	set_state(obj, VQ_RDY);
	vq = double_vq(0, 0);
	assert_true(vq->log.on);
	assert_int_equal(vq->log.log_page, 16);
	enable_log(obj, 0);
	assert_false(vq->log.on);
	/* If the datapath refuses it, nothing has changed. */
	double_dp->fail_log = -EFAULT;
	select_fields(&mb, SEL_DIRTY_ENABLE);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_dump_enable), 1);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_DIRTY_PARAMS));
	virtq_query_into(obj, &mb);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, dirty_bitmap_dump_enable)), 0);
	enable_log(obj, 1);
}

static void modify_dirty_log_memory_checked(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_RDY), *mkey;
	uint32_t pd2, key2, ro, rkey;
	struct mbox mb;

	dirty_params(rig, &mb, SEL_DIRTY_PARAMS);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_size), 0);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_DIRTY_PARAMS));
	dirty_params(rig, &mb, SEL_DIRTY_PARAMS);
	mb_set(&mb, FLD(virtio_net_q, vhost_log_page), 11);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_DIRTY_PARAMS));
	dirty_params(rig, &mb, SEL_DIRTY_PARAMS);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_addr), RIG_IOVA + RIG_MEM - BITMAP_LEN + 1);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_ADDR_RANGE));
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_addr), UINT64_MAX - 5);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_ADDR_RANGE));
	dirty_params(rig, &mb, SEL_DIRTY_PARAMS);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_mkey), hca_null_mkey(rig->hca));
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_NULL_MKEY));
	assert_int_equal(hca_pd_alloc(rig->a, &pd2), 0);
	assert_int_equal(hca_mr_reg(rig->a, pd2, rig->mem, RIG_MEM, RIG_IOVA, 1, &key2, &rkey), 0);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_mkey), key2);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_MKEY_PD));
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, RIG_MEM, RIG_IOVA, 0, &ro, &rkey),
			 0);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_mkey), ro);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_RING_RIGHTS));
	/* An indirect key stays as long as the queue knows it. */
	good_mkey(rig, &mb);
	mkey = mb_create(&mb, rig->a);
	dirty_params(rig, &mb, SEL_DIRTY_PARAMS | SEL_DIRTY_ENABLE);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_mkey), mkey->id << 8);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_dump_enable), 1);
	mb_modify(&mb, obj);
	assert_int_equal(hca_obj_destroy(mkey), -EBUSY);
	select_fields(&mb, SEL_DIRTY_PARAMS | SEL_DIRTY_ENABLE);
	mb_modify(&mb, obj);
	assert_false(double_vq(0, 0)->log.on);
	destroy(mkey);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(modify_period_reaches_datapath),
	    T(modify_dirty_log_while_running),
	    T(modify_dirty_log_memory_checked),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
