/* SPDX-License-Identifier: BSD-3-Clause */
/* CQs, QPs, TISs, RQTs, TIRs: good and bad creation, states, references, owners, the end. */
#include <errno.h>

#include "fw/qp.h"
#include "fw/tir.h"
#include "rig.h"

struct bad {
	enum field_id field;
	uint64_t value;
	enum syndrome why;
};

static void create_cq_bad_field_refused(void **state)
{
	struct rig *rig = *state;
	static const struct bad bad[] = {
	    {FLD(create_cq_in, cq_umem_valid),  0,               SYND(UMEM_MISSING)  },
	    {FLD(create_cq_in, cq_umem_id),     0x77,            SYND(NO_SUCH_OBJECT)},
	    {FLD(create_cq_in, cq_umem_offset), RIG_MEM - 64,    SYND(UMEM_RANGE)    },
	    {FLD(create_cq_in, cq_umem_offset), UINT64_MAX - 63, SYND(UMEM_RANGE)    },
	    {FLD(create_cq_in, cq_umem_offset), 8,               SYND(UMEM_ALIGN)    },
	    {FLD(cqc,          dbr_umem_valid), 0,               SYND(UMEM_MISSING)  },
	    {FLD(cqc,          dbr_umem_id),    0x77,            SYND(NO_SUCH_OBJECT)},
	    {FLD(cqc,          dbr_addr),       RIG_MEM,         SYND(UMEM_RANGE)    },
	    {FLD(cqc,          dbr_addr),       4,               SYND(UMEM_ALIGN)    },
	    {FLD(cqc,          log_cq_size),    23,              SYND(CQ_SIZE)       },
	    {FLD(cqc,          log_cq_size),    22,              SYND(UMEM_RANGE)    },
	    {FLD(cqc,          cqe_sz),         2,               SYND(CQE_SIZE)      },
	    {FLD(cqc,          c_eqn),          9,               SYND(CQ_EQN)        },
	    {FLD(cqc,          uar_page),       0,               SYND(NO_SUCH_OBJECT)},
	    {FLD(cqc,          cqe_comp_en),    1,               SYND(NOT_MODELLED)  },
	    {FLD(cqc,          cq_period),      1,               SYND(NOT_MODELLED)  },
	};
	uint32_t ro;
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_cq(rig, &mb);
		mb_set(&mb, bad[i].field, bad[i].value);
		mb_create_refused(&mb, rig->a, bad[i].why);
	}
	assert_int_equal(hca_umem_reg(rig->a, rig->mem, RIG_MEM, 0, &ro), 0);
	good_cq(rig, &mb);
	mb_set(&mb, FLD(create_cq_in, cq_umem_id), ro);
	mb_create_refused(&mb, rig->a, SYND(UMEM_READ_ONLY));
	/* Everything it names belongs to another context. */
	good_cq(rig, &mb);
	mb_create_refused(&mb, rig->b, SYND(NO_SUCH_OBJECT));
	mb_create_refused(&mb, rig->other, SYND(NO_SUCH_OBJECT));
	assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x5);
}

static void create_qp_bad_field_refused(void **state)
{
	struct rig *rig = *state;
	static const struct bad sw[] = {
	    {FLD(qpc,          st),             3,            SYND(QP_TYPE)       },
	    {FLD(qpc,          no_sq),          0,            SYND(QP_SQ)         },
	    {FLD(qpc,          cqn_snd),        1,            SYND(QP_SQ)         },
	    {FLD(qpc,          rq_type),        1,            SYND(QP_RQ_TYPE)    },
	    {FLD(qpc,          ts_format),      3,            SYND(QP_TS_FORMAT)  },
	    {FLD(qpc,          pd),             0,            SYND(NO_SUCH_OBJECT)},
	    {FLD(qpc,          uar_page),       0,            SYND(NO_SUCH_OBJECT)},
	    {FLD(qpc,          cqn_rcv),        1,            SYND(NO_SUCH_OBJECT)},
	    {FLD(create_qp_in, wq_umem_valid),  0,            SYND(UMEM_MISSING)  },
	    {FLD(qpc,          dbr_umem_valid), 0,            SYND(UMEM_MISSING)  },
	    {FLD(create_qp_in, wq_umem_offset), RIG_MEM - 64, SYND(UMEM_RANGE)    },
	    {FLD(create_qp_in, wq_umem_offset), 32,           SYND(UMEM_ALIGN)    },
	    {FLD(qpc,          log_rq_stride),  7,            SYND(NONE)          }, /* 16 WQEs of 2 KiB still fit */
	    {FLD(qpc,          dbr_addr),       RIG_MEM - 4,  SYND(UMEM_RANGE)    },
	    {FLD(qpc,          dbr_addr),       12,           SYND(UMEM_ALIGN)    },
	    {FLD(qpc,          log_sq_size),    1,            SYND(NOT_MODELLED)  },
	    {FLD(qpc,          state),          1,            SYND(NOT_MODELLED)  },
	};
	static const struct bad fw[] = {
	    {FLD(qpc, cqn_rcv),        0x400, SYND(QP_FW_FIELDS)  },
	    {FLD(qpc, dbr_umem_valid), 1,     SYND(QP_FW_FIELDS)  },
	    {FLD(qpc, dbr_addr),       8,     SYND(QP_FW_FIELDS)  },
	    {FLD(qpc, log_rq_size),    1,     SYND(QP_FW_FIELDS)  },
	    {FLD(qpc, pd),             0,     SYND(NO_SUCH_OBJECT)},
	};
	struct hca_obj *cq;
	struct mbox mb;
	unsigned int i;

	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	for (i = 0; i < sizeof(sw) / sizeof(sw[0]); i++) {
		good_sw_qp(rig, &mb, cq);
		mb_set(&mb, sw[i].field, sw[i].value);
		if (sw[i].why == SYND(NONE))
			mb_create(&mb, rig->a);
		else
			mb_create_refused(&mb, rig->a, sw[i].why);
	}
	for (i = 0; i < sizeof(fw) / sizeof(fw[0]); i++) {
		good_fw_qp(rig, &mb);
		mb_set(&mb, fw[i].field, fw[i].value);
		mb_create_refused(&mb, rig->a, fw[i].why);
	}
	good_sw_qp(rig, &mb, cq);
	mb_create_refused(&mb, rig->b, SYND(NO_SUCH_OBJECT));
}

static void begin_step(struct mbox *mb, const char *command, uint32_t remote)
{
	mb_begin(mb, command);
	if (mb->desc->opcode == 0x502 || mb->desc->opcode == 0x503)
		mb_set(mb, FLD(ads, vhca_port_num), 1);
	if (mb->desc->opcode == 0x502)
		mb_set(mb, FLD(qpc, pm_state), 3);
	if (mb->desc->opcode == 0x503) {
		mb_set(mb, FLD(ads, fl), 1);
		mb_set(mb, FLD(qpc, mtu), 1);
		mb_set(mb, FLD(qpc, remote_qpn), remote);
	}
}

/* Every command in every state. */
static void modify_qp_transitions(void **state)
{
	struct rig *rig = *state;
	static const char *const cmd[] = {"rst2init_qp", "init2rtr_qp", "rtr2rts_qp", "2err_qp",
					  "2rst_qp"};
	/* The state that command i leads to from state j, or -1: refused. */
	static const int to[5][QP_STATE_N] = {
	    [0] = {[QP_RST] = QP_INIT, [QP_INIT] = -1,     [QP_RTR] = -1,     [QP_RTS] = -1, [QP_ERR] = -1},
	    [1] = {[QP_RST] = -1,      [QP_INIT] = QP_RTR, [QP_RTR] = -1,     [QP_RTS] = -1, [QP_ERR] = -1},
	    [2] = {[QP_RST] = -1,      [QP_INIT] = -1,     [QP_RTR] = QP_RTS, [QP_RTS] = -1, [QP_ERR] = -1},
	    [3] = {QP_ERR,             QP_ERR,             QP_ERR,            QP_ERR,        QP_ERR       },
	    [4] = {QP_RST,             QP_RST,             QP_RST,            QP_RST,        QP_RST       },
	};
	static const char *const way[] = {"rst2init_qp", "init2rtr_qp", "rtr2rts_qp"};
	struct hca_obj *obj, *remote;
	struct mbox mb;
	unsigned int i, j, k;

	good_fw_qp(rig, &mb);
	remote = mb_create(&mb, rig->a);
	obj = mb_create(&mb, rig->a);
	for (i = 0; i < 5; i++) {
		for (j = 0; j < QP_STATE_N; j++) {
			qp_to(obj, "2rst_qp", 0);
			for (k = 0; k < j && j < QP_ERR; k++)
				qp_to(obj, way[k], remote->id);
			if (j == QP_ERR)
				qp_to(obj, "2err_qp", 0);
			assert_int_equal(((struct qp *)obj)->state, j);
			begin_step(&mb, cmd[i], remote->id);
			if (to[i][j] < 0) {
				mb_modify_refused(&mb, rig->a, obj, SYND(QP_STATE));
				assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x10);
				assert_int_equal(((struct qp *)obj)->state, j);
			} else {
				mb_modify(&mb, obj);
				assert_int_equal(((struct qp *)obj)->state, to[i][j]);
			}
		}
	}
}

static void modify_qp_bad_field_refused(void **state)
{
	struct rig *rig = *state;
	static const struct bad init[] = {
	    {FLD(ads,          vhca_port_num),  0, SYND(QP_PATH)     },
	    {FLD(ads,          vhca_port_num),  2, SYND(QP_PATH)     },
	    {FLD(qpc,          pm_state),       0, SYND(QP_PM_STATE) },
	    {FLD(qpc,          pd),             1, SYND(QP_FIELDS)   },
	    {FLD(modify_qp_in, opt_param_mask), 1, SYND(NOT_MODELLED)},
	};
	static const struct bad rtr[] = {
	    {FLD(ads, fl),            0,     SYND(QP_LOOPBACK) },
	    {FLD(ads, grh),           1,     SYND(NOT_MODELLED)},
	    {FLD(ads, vhca_port_num), 0,     SYND(QP_PATH)     },
	    {FLD(qpc, mtu),           0,     SYND(QP_PATH)     },
	    {FLD(qpc, mtu),           6,     SYND(QP_PATH)     },
	    {FLD(qpc, remote_qpn),    0x777, SYND(QP_REMOTE)   },
	    {FLD(qpc, cqn_rcv),       1,     SYND(QP_FIELDS)   },
	};
	struct hca_obj *qp, *foreign;
	uint32_t pd_b;
	struct mbox mb;
	unsigned int i;

	good_fw_qp(rig, &mb);
	qp = mb_create(&mb, rig->a);
	for (i = 0; i < sizeof(init) / sizeof(init[0]); i++) {
		begin_step(&mb, "rst2init_qp", 0);
		mb_set(&mb, init[i].field, init[i].value);
		mb_modify_refused(&mb, rig->a, qp, init[i].why);
	}
	qp_to(qp, "rst2init_qp", 0);
	for (i = 0; i < sizeof(rtr) / sizeof(rtr[0]); i++) {
		begin_step(&mb, "init2rtr_qp", qp->id);
		mb_set(&mb, rtr[i].field, rtr[i].value);
		mb_modify_refused(&mb, rig->a, qp, rtr[i].why);
	}
	/* The other end must be the context's own. */
	assert_int_equal(hca_pd_alloc(rig->b, &pd_b), 0);
	good_fw_qp(rig, &mb);
	mb_set(&mb, FLD(qpc, pd), pd_b);
	foreign = mb_create(&mb, rig->b);
	begin_step(&mb, "init2rtr_qp", foreign->id);
	mb_modify_refused(&mb, rig->a, qp, SYND(QP_REMOTE));
}

static void create_tis_checks(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td);
	struct mbox mb;

	good_tis(rig, &mb, td);
	mb_set(&mb, FLD(tisc, transport_domain), td->id + 1);
	mb_create_refused(&mb, rig->a, SYND(NO_SUCH_OBJECT));
	good_tis(rig, &mb, td);
	mb_create_refused(&mb, rig->b, SYND(NO_SUCH_OBJECT));
	mb_set(&mb, FLD(tisc, lag_tx_port_affinity), 2);
	mb_create_refused(&mb, rig->a, SYND(TIS_PORT));
	mb_set(&mb, FLD(tisc, lag_tx_port_affinity), 0);
	mb_set(&mb, FLD(tisc, underlay_qpn), 1);
	mb_create_refused(&mb, rig->a, SYND(NOT_MODELLED));
	assert_int_equal(hca_obj_destroy(td), -EBUSY);
	destroy(tis);
	destroy(td);
	assert_int_equal(hca_obj_destroy(NULL), 0);
}

static void create_rqt_checks(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *rx, *tx, *rqt;
	struct mbox mb;

	good_virtq(rig, &mb, tis);
	rx = mb_create(&mb, rig->a);
	mb_set(&mb, FLD(virtio_q, queue_index), 1);
	tx = mb_create(&mb, rig->a);

	good_rqt(&mb, rx, 4);
	rqt = mb_create(&mb, rig->a);
	assert_int_equal(rx->refs, 1);
	assert_int_equal(((struct rqt *)rqt)->n, 4);
	assert_int_equal(hca_obj_destroy(rx), -EBUSY);

	good_rqt(&mb, rx, 4);
	mb_set(&mb, FLD(rqtc, list_q_type), 0);
	mb_create_refused(&mb, rig->a, SYND(RQT_TYPE));
	good_rqt(&mb, rx, 3);
	mb_create_refused(&mb, rig->a, SYND(RQT_SIZE));
	good_rqt(&mb, rx, 4);
	mb_set(&mb, FLD(rqtc, rqt_actual_size), 0);
	mb_create_refused(&mb, rig->a, SYND(RQT_SIZE));
	good_rqt(&mb, rx, 4);
	mb_set(&mb, FLD(rqtc, rqt_max_size), 2);
	mb_create_refused(&mb, rig->a, SYND(RQT_SIZE));
	mb_set(&mb, FLD(rqtc, rqt_max_size), 4096);
	mb_create_refused(&mb, rig->a, SYND(RQT_SIZE));
	good_rqt(&mb, rx, 4);
	mb_set(&mb, FLD(rqtc, rqt_actual_size), 8);
	mb_create_refused(&mb, rig->a, SYND(RQT_LIST));
	good_rqt(&mb, tx, 1);
	mb_create_refused(&mb, rig->a, SYND(RQT_QUEUE));
	good_rqt(&mb, rx, 1);
	mb_create_refused(&mb, rig->b, SYND(NO_SUCH_OBJECT));
	assert_int_equal(rx->refs, 1);
	destroy(rqt);
	destroy(rx);
}

static void modify_rqt_swaps_references(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *q[2], *rqt;
	struct mbox mb;

	good_virtq(rig, &mb, tis);
	q[0] = mb_create(&mb, rig->a);
	mb_set(&mb, FLD(virtio_q, queue_index), 2);
	q[1] = mb_create(&mb, rig->a);
	good_rqt(&mb, q[0], 2);
	rqt = mb_create(&mb, rig->a);

	mb_begin(&mb, "modify_rqt");
	mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 1);
	mb_set(&mb, FLD(rqtc, list_q_type), 1);
	mb_queue(&mb, q[1]->id);
	mb_queue(&mb, 0x4444);
	mb_modify_refused(&mb, rig->a, rqt, SYND(NO_SUCH_OBJECT));
	assert_int_equal(q[0]->refs, 1);
	assert_int_equal(q[1]->refs, 0);

	mb_begin(&mb, "modify_rqt");
	mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 1);
	mb_set(&mb, FLD(rqtc, list_q_type), 1);
	mb_queue(&mb, q[1]->id);
	mb_modify(&mb, rqt);
	assert_int_equal(q[0]->refs, 0);
	assert_int_equal(q[1]->refs, 1);
	assert_int_equal(((struct rqt *)rqt)->n, 1);
	mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 3);
	mb_modify_refused(&mb, rig->a, rqt, SYND(RQT_MODIFY));
	mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 1);
	mb_set(&mb, FLD(rqtc, rqt_max_size), 8);
	mb_modify_refused(&mb, rig->a, rqt, SYND(RQT_SIZE));
	destroy(q[0]);
	assert_int_equal(hca_obj_destroy(q[1]), -EBUSY);
	/* Left to the context's end: the table is older than what it uses. */
}

static void create_tir_checks(void **state)
{
	struct rig *rig = *state;
	static const struct bad bad[] = {
	    {FLD(tirc,                 disp_type),           0,    SYND(TIR_DISP)       },
	    {FLD(tirc,                 inline_rqn),          5,    SYND(TIR_DISP)       },
	    {FLD(tirc,                 transport_domain),    0x44, SYND(NO_SUCH_OBJECT) },
	    {FLD(tirc,                 indirect_table),      0x44, SYND(NO_SUCH_OBJECT) },
	    {FLD(tirc,                 rx_hash_fn),          1,    SYND(TIR_HASH_FN)    },
	    {FLD(rx_hash_field_select, selected_fields),     0x10, SYND(TIR_HASH_FIELDS)},
	    {FLD(tirc,                 lro_enable_mask),     1,    SYND(NOT_MODELLED)   },
	    {FLD(tirc,                 tunneled_offload_en), 1,    SYND(NOT_MODELLED)   },
	};
	struct hca_obj *td, *tis = make_tis(rig, &td), *vq, *rqt, *rqt2, *tir;
	struct mbox mb;
	unsigned int i;

	good_virtq(rig, &mb, tis);
	vq = mb_create(&mb, rig->a);
	good_rqt(&mb, vq, 1);
	rqt = mb_create(&mb, rig->a);
	rqt2 = mb_create(&mb, rig->a);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_tir(&mb, td, rqt);
		mb_set(&mb, bad[i].field, bad[i].value);
		mb_create_refused(&mb, rig->a, bad[i].why);
	}
	good_tir(&mb, td, rqt);
	mb_set(&mb, FLD(tirc, self_lb_block), 2);
	tir = mb_create(&mb, rig->a);
	assert_true(((struct tir *)tir)->attr.block_self_mc);
	assert_false(((struct tir *)tir)->attr.block_self_uc);
	assert_int_equal(hca_obj_destroy(rqt), -EBUSY);

	mb_begin(&mb, "modify_tir");
	mb_modify_refused(&mb, rig->a, tir, SYND(TIR_MODIFY));
	mb_set(&mb, FLD(modify_tir_in, modify_bitmask), 1); /* LRO */
	mb_modify_refused(&mb, rig->a, tir, SYND(TIR_MODIFY));
	mb_set(&mb, FLD(modify_tir_in, modify_bitmask), 1 << 4 | 1 << 1);
	mb_set(&mb, FLD(tirc, self_lb_block), 1);
	mb_set(&mb, FLD(tirc, indirect_table), rqt2->id);
	mb_modify(&mb, tir);
	assert_true(((struct tir *)tir)->attr.block_self_uc);
	assert_false(((struct tir *)tir)->attr.block_self_mc);
	destroy(rqt);
	assert_int_equal(hca_obj_destroy(rqt2), -EBUSY);
	assert_int_equal(hca_obj_destroy(td), -EBUSY);
}

static void destroy_used_busy(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *cq, *sw, *fw, *td, *tis = make_tis(rig, &td), *mkey, *vq, *ctr;
	struct mbox mb;

	good_cq(rig, &mb);
	cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, cq);
	sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	fw = mb_create(&mb, rig->a);
	connect_qps(fw, sw);
	good_mkey(rig, &mb);
	mkey = mb_create(&mb, rig->a);
	ctr = make(&mb, rig->a, "create_virtio_q_counters");
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), fw->id);
	mb_set(&mb, FLD(virtio_q, virtio_q_mkey), mkey->id << 8);
	mb_set(&mb, FLD(virtio_q, counter_set_id), ctr->id);
	vq = mb_create(&mb, rig->a);
	assert_int_equal(hca_obj_destroy(cq), -EBUSY);
	assert_int_equal(hca_obj_destroy(fw), -EBUSY);
	assert_int_equal(hca_obj_destroy(mkey), -EBUSY);
	assert_int_equal(hca_obj_destroy(tis), -EBUSY);
	assert_int_equal(hca_obj_destroy(ctr), -EBUSY);
	assert_int_equal(hca_umem_dereg(rig->a, rig->umem), -EBUSY);
	/* The other end of a QP may go; DPDK's driver destroys it first. */
	destroy(sw);
	destroy(cq);
	destroy(vq);
	destroy(fw);
	destroy(mkey);
	destroy(ctr);
	assert_int_equal(rig->hca->stat->objects[HCA_STAT_QP], 0);
	assert_int_equal(rig->hca->stat->objects_made[HCA_STAT_QP], 2);
}

static void create_numbers_not_reused_soon(void **state)
{
	struct rig *rig = *state;
	struct hca_obj *a, *b;
	uint32_t first;
	struct mbox mb;
	unsigned int i;

	a = make(&mb, rig->a, "alloc_transport_domain");
	first = a->id;
	for (i = 0; i < 40; i++) {
		destroy(a);
		a = make(&mb, rig->a, "alloc_transport_domain");
		assert_int_not_equal(a->id, first);
	}
	b = make(&mb, rig->a, "alloc_transport_domain");
	assert_int_not_equal(a->id, b->id);
}

static void create_too_many_lim(void **state)
{
	struct rig *rig = *state;
	struct mbox mb;
	unsigned int i;

	mb_begin(&mb, "alloc_transport_domain");
	for (i = 0; i < 1 << 12; i++)
		mb_create(&mb, rig->a);
	mb_create_refused(&mb, rig->a, SYND(TOO_MANY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    T(create_cq_bad_field_refused), T(create_qp_bad_field_refused),
	    T(modify_qp_transitions),       T(modify_qp_bad_field_refused),
	    T(create_tis_checks),           T(create_rqt_checks),
	    T(modify_rqt_swaps_references), T(create_tir_checks),
	    T(destroy_used_busy),           T(create_numbers_not_reused_soon),
	    T(create_too_many_lim),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
