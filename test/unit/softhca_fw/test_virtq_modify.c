/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be modified of a queue, and when - and that a refusal changes nothing. */
#include <errno.h>
#include <string.h>

#include "fw/virtq.h"
#include "rig.h"

enum { OTHER_RING = 0x20000 };

/* All that SEL_GUEST names, to values other than those of good_virtq. */
static void guest_fields(struct rig *rig, struct mbox *mb, uint64_t more)
{
	select_fields(mb, SEL_GUEST | more);
	mb_set(mb, FLD(virtio_q, desc_addr), RIG_IOVA + OTHER_RING);
	mb_set(mb, FLD(virtio_q, available_addr), RIG_IOVA + OTHER_RING + 0x1000);
	mb_set(mb, FLD(virtio_q, used_addr), RIG_IOVA + OTHER_RING + 0x2000);
	mb_set(mb, FLD(virtio_net_q, hw_available_index), 0x8011);
	mb_set(mb, FLD(virtio_net_q, hw_used_index), 0x8012);
	mb_set(mb, FLD(virtio_q, virtio_q_type), 1);
	mb_set(mb, FLD(virtio_q, virtio_q_mkey), rig->key);
	mb_set(mb, FLD(virtio_net_q, tx_csum), 1);
	mb_set(mb, FLD(virtio_net_q, guest_tso6), 1);
	if (more & SEL_STATE)
		mb_set(mb, FLD(virtio_net_q, state), VQ_RDY);
}

static void expect_guest_fields(const struct vq *vq)
{
	assert_int_equal(vq->attr.desc_addr, RIG_IOVA + OTHER_RING);
	assert_int_equal(vq->attr.driver_addr, RIG_IOVA + OTHER_RING + 0x1000);
	assert_int_equal(vq->attr.device_addr, RIG_IOVA + OTHER_RING + 0x2000);
	assert_int_equal(vq->attr.avail_index, 0x8011);
	assert_int_equal(vq->attr.used_index, 0x8012);
	assert_true(vq->attr.packed);
	/* Version 1 was selected and is not set. */
	assert_int_equal(vq->attr.flags, VQ_F_CSUM | VQ_F_GUEST_TSO6);
}

/* As good_virtq, but with nothing of the guest. */
static struct hca_obj *make_incomplete(struct rig *rig, struct hca_obj *tis)
{
	struct mbox mb;

	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), 0);
	mb_set(&mb, FLD(virtio_q, desc_addr), 0);
	mb_set(&mb, FLD(virtio_q, available_addr), 0);
	mb_set(&mb, FLD(virtio_q, used_addr), 0);
	return mb_create(&mb, rig->a);
}

static void modify_bad_select_refused(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_INIT);
	struct mbox mb;
	unsigned int bit;

	select_fields(&mb, 0);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_MODIFY_NOTHING));
	for (bit = 1; bit < 64; bit++) {
		if (bit >= 3 && bit <= 13)
			continue;
		request_state(&mb, VQ_RDY);
		mb_set(&mb, FLD(virtio_net_q, modify_field_select), 1ull << bit | 1);
		mb_modify_refused(&mb, rig->a, obj,
				  bit == 14 ? SYND(VQ_MODIFY_EXT) : SYND(VQ_MODIFY_UNKNOWN));
	}
	request_state(&mb, VQ_RDY);
	mb_set(&mb, FLD(virtio_q, queue_index), 3);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_MODIFY_INDEX));
	assert_int_equal(state_of(obj), VQ_INIT);
}

/* A field that is set without its bit; and each bit allows its own fields. */
static void modify_unselected_field_refused(void **state)
{
	static const struct {
		uint16_t field;
		uint64_t select;
	} f[] = {
	    {FLD(virtio_net_q, dirty_bitmap_mkey),        SEL_DIRTY_PARAMS},
	    {FLD(virtio_net_q, dirty_bitmap_size),        SEL_DIRTY_PARAMS},
	    {FLD(virtio_net_q, dirty_bitmap_addr),        SEL_DIRTY_PARAMS},
	    {FLD(virtio_net_q, vhost_log_page),           SEL_DIRTY_PARAMS},
	    {FLD(virtio_net_q, dirty_bitmap_dump_enable), SEL_DIRTY_ENABLE},
	    {FLD(virtio_q,     queue_period_mode),        SEL_PERIOD      },
	    {FLD(virtio_q,     queue_period_us),          SEL_PERIOD      },
	    {FLD(virtio_q,     queue_max_count),          SEL_PERIOD      },
	    {FLD(virtio_q,     desc_addr),                SEL_ADDRS       },
	    {FLD(virtio_q,     used_addr),                SEL_ADDRS       },
	    {FLD(virtio_q,     available_addr),           SEL_ADDRS       },
	    {FLD(virtio_net_q, hw_available_index),       SEL_AVAIL       },
	    {FLD(virtio_net_q, hw_used_index),            SEL_USED        },
	    {FLD(virtio_q,     virtio_q_type),            SEL_TYPE        },
	    {FLD(virtio_q,     virtio_version_1_0),       SEL_VERSION     },
	    {FLD(virtio_q,     virtio_q_mkey),            SEL_MKEY        },
	    {FLD(virtio_net_q, tso_ipv4),                 SEL_FEATURES    },
	    {FLD(virtio_net_q, tso_ipv6),                 SEL_FEATURES    },
	    {FLD(virtio_net_q, tx_csum),                  SEL_FEATURES    },
	    {FLD(virtio_net_q, rx_csum),                  SEL_FEATURES    },
	    {FLD(virtio_net_q, guest_tso4),               SEL_FEATURES    },
	    {FLD(virtio_net_q, guest_tso6),               SEL_FEATURES    },
	    {FLD(virtio_net_q, guest_ecn),                SEL_FEATURES    },
	    {FLD(virtio_net_q, host_ecn),                 SEL_FEATURES    },
	    {FLD(virtio_net_q, mrg_rxbuf),                SEL_FEATURES    },
	    {FLD(virtio_q,     event_mode),               SEL_EVENT       },
	    {FLD(virtio_q,     event_qpn_or_msix),        SEL_EVENT       },
	    {FLD(virtio_q,     queue_size),               0               },
	    {FLD(virtio_q,     counter_set_id),           0               },
	    {FLD(virtio_q,     pd),                       0               },
	    {FLD(virtio_q,     umem_2_size),              0               },
	    {FLD(virtio_net_q, tisn_or_qpn),              0               },
	};
	const uint64_t all = SEL_GUEST | SEL_PERIOD | SEL_DIRTY_PARAMS | SEL_DIRTY_ENABLE;
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_INIT);
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		select_fields(&mb, all & ~f[i].select);
		mb_set(&mb, f[i].field, 1);
		mb_modify_refused(&mb, rig->a, obj, SYND(VQ_MODIFY_EXTRA));
	}
}

/* One bit alone changes its fields and leaves the others. */
static void modify_each_bit_in_init(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td);
	unsigned int bit;
	struct mbox mb;
	struct vq *vq;

	for (bit = 6; bit <= 13; bit++) {
		struct hca_obj *obj = queue_in(rig, tis, VQ_INIT);
		uint64_t s = 1ull << bit;

		select_fields(&mb, s);
		if (s == SEL_ADDRS) {
			mb_set(&mb, FLD(virtio_q, desc_addr), RIG_IOVA + OTHER_RING);
			mb_set(&mb, FLD(virtio_q, available_addr), RIG_IOVA + OTHER_RING + 0x1000);
			mb_set(&mb, FLD(virtio_q, used_addr), RIG_IOVA + OTHER_RING + 0x2000);
		}
		if (s == SEL_AVAIL)
			mb_set(&mb, FLD(virtio_net_q, hw_available_index), 0x17);
		if (s == SEL_USED)
			mb_set(&mb, FLD(virtio_net_q, hw_used_index), 0x18);
		if (s == SEL_TYPE)
			mb_set(&mb, FLD(virtio_q, virtio_q_type), 1);
		if (s == SEL_MKEY)
			mb_set(&mb, FLD(virtio_q, virtio_q_mkey), rig->key);
		if (s == SEL_FEATURES)
			mb_set(&mb, FLD(virtio_net_q, mrg_rxbuf), 1);
		mb_modify(&mb, obj);
		set_state(obj, VQ_RDY);
		vq = double_vq(0, 0);
		assert_int_equal(vq->attr.desc_addr,
				 RIG_IOVA + (s == SEL_ADDRS ? OTHER_RING : RING_AT));
		assert_int_equal(vq->attr.avail_index, s == SEL_AVAIL ? 0x17 : 0);
		assert_int_equal(vq->attr.used_index, s == SEL_USED ? 0x18 : 0);
		assert_int_equal(vq->attr.packed, s == SEL_TYPE);
		assert_int_equal(vq->attr.flags, (s == SEL_VERSION ? 0 : VQ_F_VERSION_1) |
						     (s == SEL_FEATURES ? VQ_F_MRG_RXBUF : 0));
		destroy(obj);
	}
}

static void modify_each_feature(void **state)
{
	static const struct {
		uint16_t field;
		uint32_t flag;
	} bits[] = {
	    {FLD(virtio_net_q, tso_ipv4),   VQ_F_HOST_TSO4 },
	    {FLD(virtio_net_q, tso_ipv6),   VQ_F_HOST_TSO6 },
	    {FLD(virtio_net_q, tx_csum),    VQ_F_CSUM      },
	    {FLD(virtio_net_q, rx_csum),    VQ_F_GUEST_CSUM},
	    {FLD(virtio_net_q, guest_tso4), VQ_F_GUEST_TSO4},
	    {FLD(virtio_net_q, guest_tso6), VQ_F_GUEST_TSO6},
	    {FLD(virtio_net_q, guest_ecn),  VQ_F_GUEST_ECN },
	    {FLD(virtio_net_q, host_ecn),   VQ_F_HOST_ECN  },
	    {FLD(virtio_net_q, mrg_rxbuf),  VQ_F_MRG_RXBUF },
	};
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_SUSPEND);
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		select_fields(&mb, SEL_FEATURES);
		mb_set(&mb, bits[i].field, 1);
		mb_modify(&mb, obj);
		set_state(obj, VQ_RDY);
		assert_int_equal(double_vq(0, 0)->attr.flags, VQ_F_VERSION_1 | bits[i].flag);
		set_state(obj, VQ_SUSPEND);
	}
}

/* Which fields in which state; what is refused has changed nothing. */
static void modify_fields_by_state(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td);
	unsigned int s, bit;
	struct mbox mb, before, after;

	for (s = VQ_INIT; s <= VQ_ERR; s++) {
		struct hca_obj *obj = queue_in(rig, tis, (enum vq_state)s);

		for (bit = 5; bit <= 13; bit++) {
			virtq_query_into(obj, &before);
			select_fields(&mb, 1ull << bit);
			if (bit == 5)
				mb_set(&mb, FLD(virtio_q, queue_period_us), 77);
			if (bit == 6) {
				mb_set(&mb, FLD(virtio_q, desc_addr), RIG_IOVA + OTHER_RING);
				mb_set(&mb, FLD(virtio_q, available_addr),
				       RIG_IOVA + OTHER_RING + 0x1000);
				mb_set(&mb, FLD(virtio_q, used_addr),
				       RIG_IOVA + OTHER_RING + 0x2000);
			}
			if (bit == 11)
				mb_set(&mb, FLD(virtio_q, virtio_q_mkey), rig->key);
			if (s == VQ_INIT || s == VQ_SUSPEND) {
				mb_modify(&mb, obj);
				continue;
			}
			mb_modify_refused(&mb, rig->a, obj, SYND(VQ_MODIFY_STATE));
			virtq_query_into(obj, &after);
			assert_memory_equal(before.out, after.out, sizeof(before.out));
		}
		destroy(obj);
	}
}

/* Made at probe, filled when the guest comes: fields first, or with the state in one command. */
static void modify_incomplete_to_running(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj;
	struct mbox mb;
	int together;

	for (together = 0; together < 2; together++) {
		obj = make_incomplete(rig, tis);
		request_state(&mb, VQ_RDY);
		mb_modify_refused(&mb, rig->a, obj, SYND(VQ_INCOMPLETE));
		assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x9);
		/* Addresses alone do not make it complete. */
		select_fields(&mb, SEL_ADDRS);
		mb_set(&mb, FLD(virtio_q, desc_addr), 0x123450);
		mb_modify(&mb, obj);
		request_state(&mb, VQ_RDY);
		mb_modify_refused(&mb, rig->a, obj, SYND(VQ_INCOMPLETE));
		/* With a key they are looked at. */
		select_fields(&mb, SEL_MKEY);
		mb_set(&mb, FLD(virtio_q, virtio_q_mkey), rig->key);
		mb_modify_refused(&mb, rig->a, obj, SYND(VQ_ADDR_RANGE));
		guest_fields(rig, &mb, together ? SEL_STATE : 0);
		mb_modify(&mb, obj);
		assert_int_equal(state_of(obj), together ? VQ_RDY : VQ_INIT);
		if (!together)
			set_state(obj, VQ_RDY);
		expect_guest_fields(double_vq(0, 0));
		destroy(obj);
		assert_int_equal(double_vqs(), 0);
	}
}

/* An incomplete queue may be listed for receiving before it can. */
static void modify_incomplete_in_rqt_gets_frames(void **state)
{
	static const uint8_t none[64];
	struct hca_matcher_attr attr = {.mask = none, .mask_len = sizeof(none)};
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = make_incomplete(rig, tis), *rqt;
	struct dp_port *port = &double_dp->ports[0];
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct vq *first;
	struct mbox mb;

	good_rqt(&mb, obj, 2);
	rqt = mb_create(&mb, rig->a);
	good_tir(&mb, td, rqt);
	assert_int_equal(hca_matcher_create(rig->a, &attr, &matcher), 0);
	assert_int_equal(flow_to(matcher, none, 64, mb_create(&mb, rig->a), &flow), 0);
	assert_null(port->rules[0].queues[0]);
	request_state(&mb, VQ_RDY);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_INCOMPLETE));
	guest_fields(rig, &mb, SEL_STATE);
	mb_modify(&mb, obj);
	first = double_vq(0, 0);
	assert_ptr_equal(port->rules[0].queues[1], first);
	/* And a changed queue takes the place of the old one. */
	set_state(obj, VQ_SUSPEND);
	select_fields(&mb, SEL_FEATURES);
	mb_modify(&mb, obj);
	assert_ptr_equal(port->rules[0].queues[1], first);
	request_state(&mb, VQ_RDY);
	mb_modify(&mb, obj);
	assert_int_equal(double_vqs(), 1);
	assert_ptr_equal(port->rules[0].queues[1], double_vq(0, 0));
	assert_int_equal(double_vq(0, 0)->attr.flags, 0);
}

/* Checks of creation, on the result of the modification. */
static void modify_result_is_checked(void **state)
{
	static const struct {
		uint64_t select;
		uint16_t field;
		uint64_t value;
		enum syndrome why;
	} bad[] = {
	    {SEL_ADDRS,            FLD(virtio_q,     desc_addr),                RIG_IOVA, SYND(VQ_ADDR_RANGE)  },
	    {SEL_MKEY,             FLD(virtio_q,     virtio_q_mkey),            0x77700,  SYND(NO_SUCH_OBJECT) },
	    {SEL_TYPE,             FLD(virtio_q,     virtio_q_type),            2,        SYND(VQ_TYPE)        },
	    {SEL_TYPE | SEL_AVAIL, FLD(virtio_net_q, hw_available_index),       64,       SYND(NONE)           },
	    {SEL_EVENT,            FLD(virtio_q,     event_mode),               2,        SYND(VQ_EVENT_MODE)  },
	    {SEL_EVENT,            FLD(virtio_q,     event_mode),               1,        SYND(NO_SUCH_OBJECT) },
	    {SEL_PERIOD,           FLD(virtio_q,     queue_period_mode),        3,        SYND(VQ_PERIOD_MODE) },
	    {SEL_DIRTY_ENABLE,     FLD(virtio_net_q, dirty_bitmap_dump_enable), 1,
	     SYND(VQ_DIRTY_PARAMS)									     },
	    {SEL_DIRTY_PARAMS,     FLD(virtio_net_q, dirty_bitmap_size),        1,        SYND(VQ_DIRTY_PARAMS)},
	};
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj;
	struct mbox mb, before, after;
	uint32_t refs;
	unsigned int i, s;

	for (s = VQ_INIT; s <= VQ_SUSPEND; s += VQ_SUSPEND) {
		obj = queue_in(rig, tis, (enum vq_state)s);
		refs = tis->refs;
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			virtq_query_into(obj, &before);
			select_fields(&mb, bad[i].select);
			mb_set(&mb, bad[i].field, bad[i].value);
			if (bad[i].why == SYND(NONE)) {
				/* Good for a split ring, not for the packed one it becomes. */
				mb_modify(&mb, obj);
				select_fields(&mb, SEL_TYPE);
				mb_set(&mb, FLD(virtio_q, virtio_q_type), 1);
				mb_modify_refused(&mb, rig->a, obj, SYND(VQ_PACKED_INDEX));
				continue;
			}
			mb_modify_refused(&mb, rig->a, obj, bad[i].why);
			virtq_query_into(obj, &after);
			assert_memory_equal(before.out, after.out, sizeof(before.out));
			assert_int_equal(tis->refs, refs);
		}
		destroy(obj);
	}
}

/* The index that was taken out of the ring by then, unless another is given. */
static void modify_in_suspend_keeps_indices(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *ctr, *obj;
	struct mbox mb;
	struct vq *vq;

	ctr = make(&mb, rig->a, "create_virtio_q_counters");
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, counter_set_id), ctr->id);
	obj = mb_create(&mb, rig->a);
	set_state(obj, VQ_RDY);
	vq = double_vq(0, 0);
	vq->status.avail_index = 0x300;
	vq->status.used_index = 0x300;
	vq->status.received_desc = 0x300;
	set_state(obj, VQ_SUSPEND);
	select_fields(&mb, SEL_ADDRS | SEL_USED);
	mb_set(&mb, FLD(virtio_q, desc_addr), RIG_IOVA + OTHER_RING);
	mb_set(&mb, FLD(virtio_q, available_addr), RIG_IOVA + OTHER_RING + 0x1000);
	mb_set(&mb, FLD(virtio_q, used_addr), RIG_IOVA + OTHER_RING + 0x2000);
	mb_set(&mb, FLD(virtio_net_q, hw_used_index), 0x2ff);
	mb_modify(&mb, obj);
	virtq_query_into(obj, &mb);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, hw_available_index)), 0x300);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, hw_used_index)), 0x2ff);
	assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, desc_addr)), RIG_IOVA + OTHER_RING);
	assert_int_equal(state_of(obj), VQ_SUSPEND);
	set_state(obj, VQ_RDY);
	assert_int_equal(double_vqs(), 1);
	vq = double_vq(0, 0);
	assert_int_equal(vq->attr.avail_index, 0x300);
	assert_int_equal(vq->attr.used_index, 0x2ff);
	assert_int_equal(vq->attr.desc_addr, RIG_IOVA + OTHER_RING);
	vq->status.received_desc = 5;
	mb_begin(&mb, "query_virtio_q_counters");
	mb_query(&mb, ctr);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_q_counters, received_desc)), 0x305);
	/* Unchanged, the same queue goes on. */
	set_state(obj, VQ_SUSPEND);
	set_state(obj, VQ_RDY);
	assert_ptr_equal(double_vq(0, 0), vq);
}

/* The other event QP carries the notifications from then on. */
static void modify_event_qp(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *cq, *sw, *fw, *obj;
	struct mbox mb;
	struct vq *vq;

	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, cq);
	sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	fw = mb_create(&mb, rig->a);
	obj = queue_in(rig, tis, VQ_INIT);
	select_fields(&mb, SEL_EVENT);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), fw->id);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_EVENT_QP)); /* RST */
	connect_qps(fw, sw);
	mb_modify(&mb, obj);
	assert_int_equal(hca_obj_destroy(fw), -EBUSY);
	set_state(obj, VQ_RDY);
	vq = double_vq(0, 0);
	assert_int_equal(double_notify(vq), -EAGAIN); /* connected, no credit yet */
	set_state(obj, VQ_SUSPEND);
	select_fields(&mb, SEL_EVENT);
	mb_modify(&mb, obj);
	destroy(fw);
	set_state(obj, VQ_RDY);
	assert_false(double_vq(0, 0)->attr.flags & VQ_F_EVENTS);
}

/* A combined command whose start fails has not changed the fields either. */
static void modify_start_fails_fields_stay(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_INIT);
	struct mbox mb, before, after;

	virtq_query_into(obj, &before);
	guest_fields(rig, &mb, SEL_STATE);
	double_dp->fail_start = -EFAULT;
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_START));
	virtq_query_into(obj, &after);
	assert_memory_equal(before.out, after.out, sizeof(before.out));
	set_state(obj, VQ_RDY);
	assert_int_equal(double_vq(0, 0)->attr.desc_addr, RIG_IOVA + RING_AT);
	/* Also when it is the transition that is wrong. */
	set_state(obj, VQ_SUSPEND);
	virtq_query_into(obj, &before);
	guest_fields(rig, &mb, SEL_STATE);
	mb_set(&mb, FLD(virtio_net_q, state), VQ_INIT);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_TRANSITION));
	virtq_query_into(obj, &after);
	assert_memory_equal(before.out, after.out, sizeof(before.out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(modify_bad_select_refused),
	    T(modify_unselected_field_refused),
	    T(modify_each_bit_in_init),
	    T(modify_each_feature),
	    T(modify_fields_by_state),
	    T(modify_incomplete_to_running),
	    T(modify_incomplete_in_rqt_gets_frames),
	    T(modify_result_is_checked),
	    T(modify_in_suspend_keeps_indices),
	    T(modify_event_qp),
	    T(modify_start_fails_fields_stay),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
