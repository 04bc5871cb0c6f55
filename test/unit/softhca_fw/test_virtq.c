/* SPDX-License-Identifier: BSD-3-Clause */
/* VIRTIO_NET_Q and its counters: every refusal, the state machine, queries, the datapath's view. */
#include <errno.h>
#include <string.h>

#include "fw/mem.h"
#include "fw/qp.h"
#include "fw/virtq.h"
#include "rig.h"

struct bad {
	enum field_id field;
	uint64_t value;
	enum syndrome why;
};

static const struct bad bad_any[] = {
    {FLD(virtio_net_q, state),               1,                                 SYND(VQ_STATE_AT_CREATE)},
    {FLD(virtio_net_q, modify_field_select), 1,                                 SYND(NOT_MODELLED)      },
    {FLD(virtio_net_q, dirty_bitmap_dump_enable), 1,                            SYND(NOT_MODELLED)      },
    {FLD(virtio_net_q, dirty_bitmap_size),   8,                                 SYND(NOT_MODELLED)      },
    {FLD(virtio_net_q, dirty_bitmap_mkey),   1,                                 SYND(NOT_MODELLED)      },
    {FLD(virtio_net_q, tisn_or_qpn),         0x66,                              SYND(NO_SUCH_OBJECT)    },
    {FLD(virtio_q,     virtio_q_type),       2,                                 SYND(VQ_TYPE)           },
    {FLD(virtio_q,     queue_size),          0,                                 SYND(VQ_SIZE)           },
    {FLD(virtio_q,     queue_size),          32769,                             SYND(VQ_SIZE)           },
    {FLD(virtio_q,     queue_index),         256,                               SYND(VQ_INDEX)          },
    {FLD(virtio_q,     desc_addr),           0,                                 SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     available_addr),      0,                                 SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     used_addr),           0,                                 SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     used_addr),           RIG_IOVA + RING_AT + 64 * 16 - 4,  SYND(VQ_ADDR_OVERLAP)   },
    {FLD(virtio_q,     available_addr),      RIG_IOVA + RING_AT,                SYND(VQ_ADDR_OVERLAP)   },
    {FLD(virtio_q,     used_addr),           RIG_IOVA + RING_AT + 0x1000,       SYND(VQ_ADDR_OVERLAP)   },
    {FLD(virtio_q,     desc_addr),           RIG_IOVA + RING_AT + 8,            SYND(VQ_ADDR_ALIGN)     },
    {FLD(virtio_q,     used_addr),           RIG_IOVA + RING_AT + 2,            SYND(VQ_ADDR_ALIGN)     },
    {FLD(virtio_q,     desc_addr),           RIG_IOVA - 16,                     SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     desc_addr),           RIG_IOVA + RIG_MEM - 64 * 16 + 16, SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     desc_addr),           UINT64_MAX - 15,                   SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     used_addr),           RIG_IOVA + RIG_MEM,                SYND(VQ_ADDR_RANGE)     },
    {FLD(virtio_q,     pd),                  0,				 SYND(NO_SUCH_OBJECT)    },
    {FLD(virtio_q,     virtio_q_mkey),       0x77700,                           SYND(NO_SUCH_OBJECT)    },
    {FLD(virtio_q,     queue_period_mode),   3,                                 SYND(VQ_PERIOD_MODE)    },
    {FLD(virtio_q,     umem_1_id),           0,                                 SYND(NO_SUCH_OBJECT)    },
    {FLD(virtio_q,     umem_3_id),           0x99,                              SYND(NO_SUCH_OBJECT)    },
    {FLD(virtio_q,     umem_1_size),         64 * 64 + 4096 - 1,                SYND(UMEM_SIZE)         },
    {FLD(virtio_q,     umem_2_size),         0,                                 SYND(UMEM_SIZE)         },
    {FLD(virtio_q,     umem_3_size),         RIG_MEM,                           SYND(UMEM_RANGE)        },
    {FLD(virtio_q,     umem_2_offset),       RIG_MEM,                           SYND(UMEM_RANGE)        },
    {FLD(virtio_q,     umem_2_offset),       0x40,                              SYND(UMEM_ALIGN)        },
    {FLD(virtio_q,     event_mode),          2,                                 SYND(VQ_EVENT_MODE)     },
    {FLD(virtio_q,     event_mode),          1,                                 SYND(NO_SUCH_OBJECT)    }, /* QP 0 */
    {FLD(virtio_q,     event_qpn_or_msix),   3,                                 SYND(VQ_EVENT_MODE)     },
    {FLD(virtio_q,     counter_set_id),      0x88,                              SYND(NO_SUCH_OBJECT)    },
    {FLD(virtio_q,     full_emulation),      1,                                 SYND(NOT_MODELLED)      },
    {FLD(virtio_q,     offload_type),        1,                                 SYND(NOT_MODELLED)      },
    {FLD(virtio_q,     doorbell_stride_idx), 1,                                 SYND(NOT_MODELLED)      },
    {FLD(virtio_q,     desc_group_mkey),     1,                                 SYND(NOT_MODELLED)      },
};

static const struct bad bad_split[] = {
    {FLD(virtio_q, queue_size),     63,                                  SYND(VQ_SIZE)      },
    {FLD(virtio_q, available_addr), RIG_IOVA + RING_AT + 1,              SYND(VQ_ADDR_ALIGN)},
    {FLD(virtio_q, used_addr),      RIG_IOVA + RIG_MEM - 6 - 8 * 64 + 2, SYND(VQ_ADDR_RANGE)},
    {FLD(virtio_q, available_addr), RIG_IOVA + RIG_MEM - 6 - 2 * 64 + 2, SYND(VQ_ADDR_RANGE)},
};

static const struct bad bad_packed[] = {
    {FLD(virtio_q,     available_addr),     RIG_IOVA + RING_AT + 2, SYND(VQ_ADDR_ALIGN)  },
    {FLD(virtio_net_q, hw_available_index), 0x8040,                 SYND(VQ_PACKED_INDEX)},
    {FLD(virtio_net_q, hw_used_index),      64,                     SYND(VQ_PACKED_INDEX)},
};

static void try_bad(struct rig *rig, const struct hca_obj *tis, bool packed, const struct bad *bad,
		    unsigned int n)
{
	uint32_t refs = tis->refs;
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < n; i++) {
		good_virtq(rig, &mb, tis);
		mb_set(&mb, FLD(virtio_q, virtio_q_type), packed);
		mb_set(&mb, bad[i].field, bad[i].value);
		mb_create_refused(&mb, rig->a, bad[i].why);
		assert_int_equal(tis->refs, refs);
	}
}

#define TRY(rig, tis, packed, bad) try_bad(rig, tis, packed, bad, sizeof(bad) / sizeof((bad)[0]))

static void create_virtq_bad_field_refused(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td);
	uint32_t key0, rkey;
	struct mbox mb;

	TRY(rig, tis, false, bad_any);
	TRY(rig, tis, true, bad_any);
	TRY(rig, tis, false, bad_split);
	TRY(rig, tis, true, bad_packed);
	assert_int_equal(rig->hca->func[0].virtqueues, 0);
	good_virtq(rig, &mb, tis);
	mb_create_refused(&mb, rig->b, SYND(NO_SUCH_OBJECT));
	/* The last bytes of the key are good. */
	mb_set(&mb, FLD(virtio_q, desc_addr), RIG_IOVA + RIG_MEM - 64 * 16);
	mb_create(&mb, rig->a);
	/* What DPDK's driver does when a guest asks for packed: split, and no addresses. */
	mb_set(&mb, FLD(virtio_q, desc_addr), 0);
	mb_set(&mb, FLD(virtio_q, available_addr), 0);
	mb_set(&mb, FLD(virtio_q, used_addr), 0);
	mb_create_refused(&mb, rig->a, SYND(VQ_ADDR_RANGE));
	/* Also where the guest has memory at address 0. */
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, RIG_MEM, 0, 1, &key0, &rkey), 0);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), key0);
	mb_create_refused(&mb, rig->a, SYND(VQ_ADDR_OVERLAP));
	/* There, a ring at 0 is as good as any. */
	mb_set(&mb, FLD(virtio_q, available_addr), 0x1000);
	mb_set(&mb, FLD(virtio_q, used_addr), 0x2000);
	mb_create(&mb, rig->a);
}

static void create_virtq_key_checked(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *holed;
	uint32_t pd2, ro, key2, rkey;
	struct mbox mb;

	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), hca_null_mkey(rig->hca));
	mb_create_refused(&mb, rig->a, SYND(VQ_NULL_MKEY));
	/* Another protection domain; no write access. */
	assert_int_equal(hca_pd_alloc(rig->a, &pd2), 0);
	assert_int_equal(hca_mr_reg(rig->a, pd2, rig->mem, RIG_MEM, RIG_IOVA, 1, &key2, &rkey), 0);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), key2);
	mb_create_refused(&mb, rig->a, SYND(VQ_MKEY_PD));
	assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, RIG_MEM, RIG_IOVA, 0, &ro, &rkey),
			 0);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), ro);
	mb_create_refused(&mb, rig->a, SYND(VQ_RING_RIGHTS));
	/* A hole under the used ring. */
	good_mkey(rig, &mb);
	mb.n_tail = 0;
	mb.in_len = mb.desc->in_len;
	mb_key(&mb, RING_AT + 0x2000, rig->key, RIG_IOVA);
	mb_key(&mb, RIG_MEM - RING_AT - 0x2000, hca_null_mkey(rig->hca), 0);
	holed = mb_create(&mb, rig->a);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), holed->id << 8);
	mb_create_refused(&mb, rig->a, SYND(VQ_ADDR_RANGE));
	mb_set(&mb, FLD(virtio_q, used_addr), RIG_IOVA + RING_AT + 0x800);
	mb_create(&mb, rig->a);
}

static void create_virtq_event_qp_checked(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *cq, *sw, *fw;
	struct mbox mb;

	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, cq);
	sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	fw = mb_create(&mb, rig->a);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), fw->id);
	mb_create_refused(&mb, rig->a, SYND(VQ_EVENT_QP)); /* RST */
	connect_qps(fw, sw);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), sw->id);
	mb_create_refused(&mb, rig->a, SYND(VQ_EVENT_QP)); /* has a receive queue */
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), fw->id);
	mb_set(&mb, FLD(virtio_net_q, tisn_or_qpn), 0x66);
	mb_create_refused(&mb, rig->a, SYND(NO_SUCH_OBJECT));
	assert_int_equal(((struct qp *)fw)->state, QP_RTS); /* a refusal leaves it alone */
	mb_set(&mb, FLD(virtio_net_q, tisn_or_qpn), tis->id);
	destroy(mb_create(&mb, rig->a));
	/* The end of a queue breaks its QP; reset makes it good again. */
	assert_int_equal(((struct qp *)fw)->state, QP_ERR);
	qp_to(fw, "2rst_qp", 0);
	qp_to(sw, "2rst_qp", 0);
	connect_qps(fw, sw);
	mb_create(&mb, rig->a);
}

static void create_virtq_attr_reaches_datapath(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj;
	struct mbox mb;
	struct vq *vq;

	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, virtio_q_type), 1);
	mb_set(&mb, FLD(virtio_q, queue_size), 63);
	mb_set(&mb, FLD(virtio_q, queue_index), 5);
	mb_set(&mb, FLD(virtio_net_q, mrg_rxbuf), 1);
	mb_set(&mb, FLD(virtio_net_q, hw_available_index), 0x8003);
	mb_set(&mb, FLD(virtio_net_q, hw_used_index), 0x803e);
	obj = mb_create(&mb, rig->a);
	assert_null(double_vq(0, 5)); /* not before RDY */
	set_state(obj, VQ_RDY);
	vq = double_vq(0, 5);
	assert_non_null(vq);
	assert_true(vq->attr.packed);
	assert_int_equal(vq->attr.size, 63);
	assert_int_equal(vq->attr.flags, VQ_F_VERSION_1 | VQ_F_MRG_RXBUF);
	assert_int_equal(vq->attr.avail_index, 0x8003);
	assert_int_equal(vq->attr.used_index, 0x803e);
	assert_int_equal(vq->attr.desc_addr, RIG_IOVA + RING_AT);
	assert_int_equal(vq->attr.driver_addr, RIG_IOVA + RING_AT + 0x1000);
	assert_int_equal(vq->attr.device_addr, RIG_IOVA + RING_AT + 0x2000);
	assert_int_equal(vq->attr.mem->n, 1);
	destroy(obj);
	assert_null(double_vq(0, 5));
}

static void modify_virtq_transitions(void **state)
{
	static const int allowed[4][4] = {
	    [VQ_INIT] = {[VQ_RDY] = 1},
	    [VQ_RDY] = {[VQ_SUSPEND] = 1},
	    [VQ_SUSPEND] = {[VQ_RDY] = 1},
	};
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj;
	struct mbox mb;
	unsigned int from, to;

	for (from = VQ_INIT; from <= VQ_ERR; from++) {
		for (to = 0; to < 16; to++) {
			obj = queue_in(rig, tis, (enum vq_state)from);
			assert_int_equal(state_of(obj), from);
			request_state(&mb, to);
			if (to <= VQ_ERR && allowed[from][to]) {
				mb_modify(&mb, obj);
				assert_int_equal(state_of(obj), to);
			} else {
				mb_modify_refused(&mb, rig->a, obj, SYND(VQ_TRANSITION));
				assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x9);
				assert_int_equal(state_of(obj), from);
			}
			destroy(obj);
		}
	}
}

static void start_virtq_datapath_fails_stays_init(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_INIT);
	struct mbox mb;

	double_dp->fail_start = -EFAULT;
	request_state(&mb, VQ_RDY);
	mb_modify_refused(&mb, rig->a, obj, SYND(VQ_START));
	assert_int_equal(state_of(obj), VQ_INIT);
	assert_int_equal(double_vqs(), 0);
	set_state(obj, VQ_RDY);
}

static void query_virtq_live_fields(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = queue_in(rig, tis, VQ_RDY);
	struct vq *vq = double_vq(0, 0);
	struct mbox mb;

	vq->status.avail_index = 0x1234;
	vq->status.used_index = 0x1230;
	set_state(obj, VQ_SUSPEND);
	mb_begin(&mb, "query_virtio_net_q");
	mb_query(&mb, obj);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, state)), VQ_SUSPEND);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, hw_available_index)), 0x1234);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, hw_used_index)), 0x1230);
	assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, desc_addr)), RIG_IOVA + RING_AT);
	assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, error_type)), 0);
	vq->status.state = VQ_RDY;
	double_error(vq, VQ_ERROR_BAD_BUFFER);
	mb_query(&mb, obj);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, state)), VQ_ERR);
	assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, error_type)), VQ_ERROR_BAD_BUFFER);
	assert_int_equal(rig->hca->stat->queue_errors, 1);
}

static uint64_t received(struct hca_obj *ctr)
{
	struct mbox mb;

	mb_begin(&mb, "query_virtio_q_counters");
	mb_query(&mb, ctr);
	return mb_answer(&mb, 0x80, FLD(virtio_q_counters, received_desc));
}

static void query_counters_live_and_past(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *ctr, *obj;
	struct mbox mb, query;
	struct vq *vq;

	ctr = make(&mb, rig->a, "create_virtio_q_counters");
	assert_int_equal(received(ctr), 0);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, counter_set_id), ctr->id);
	obj = mb_create(&mb, rig->a);
	mb_create_refused(&mb, rig->a, SYND(VQ_COUNTERS_SHARED));
	mb_begin(&query, "query_virtio_q_counters");
	mb_modify_refused(&query, rig->a, ctr, SYND(VQ_COUNTERS_STATE));
	set_state(obj, VQ_RDY);
	vq = double_vq(0, 0);
	vq->status.received_desc = 1000;
	vq->status.bad_desc_errors = 3;
	assert_int_equal(received(ctr), 1000);
	set_state(obj, VQ_SUSPEND);
	mb_modify_refused(&query, rig->a, ctr, SYND(VQ_COUNTERS_STATE));
	destroy(obj);
	assert_int_equal(received(ctr), 1000);
	/* They go on with the next queue. */
	obj = mb_create(&mb, rig->a);
	set_state(obj, VQ_RDY);
	vq = double_vq(0, 0);
	vq->status.received_desc = 5;
	double_error(vq, VQ_ERROR_CQ);
	assert_int_equal(received(ctr), 1005);
	mb_query(&query, ctr);
	assert_int_equal(mb_answer(&query, 0x80, FLD(virtio_q_counters, error_cqes)), 1);
	assert_int_equal(mb_answer(&query, 0x80, FLD(virtio_q_counters, bad_desc_errors)), 3);
}

static void create_virtq_limit_per_function(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj = NULL;
	struct mbox mb;
	unsigned int i;

	good_virtq(rig, &mb, tis);
	for (i = 0; i < 256; i++) {
		mb_set(&mb, FLD(virtio_q, queue_index), i);
		obj = mb_create(&mb, rig->a);
	}
	mb_create_refused(&mb, rig->a, SYND(VQ_TOO_MANY));
	assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x8);
	destroy(obj);
	mb_create(&mb, rig->a);
}

/* A queue straight on a memory region does not hold the region; its memory is revoked. */
static void dereg_mr_under_queue_revoked(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td);

	queue_in(rig, tis, VQ_RDY);
	assert_ptr_equal(double_vq(0, 0)->attr.mem->segs[0].hva, rig->mem);
	assert_int_equal(hca_mr_dereg(rig->a, rig->key), 0);
	assert_null(double_vq(0, 0)->attr.mem->segs[0].hva);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(create_virtq_bad_field_refused),
	    T(create_virtq_key_checked),
	    T(create_virtq_event_qp_checked),
	    T(create_virtq_attr_reaches_datapath),
	    T(modify_virtq_transitions),
	    T(start_virtq_datapath_fails_stays_init),
	    T(query_virtq_live_fields),
	    T(query_counters_live_and_past),
	    T(create_virtq_limit_per_function),
	    T(dereg_mr_under_queue_revoked),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
