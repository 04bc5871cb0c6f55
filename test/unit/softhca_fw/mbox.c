/* SPDX-License-Identifier: BSD-3-Clause */
/* Mailboxes of rig.h: filled by field, sent, and good ones of every kind. */
#include <errno.h>
#include <string.h>

#include "rig.h"

void mb_begin(struct mbox *mb, const char *command)
{
	unsigned int i;

	memset(mb, 0, sizeof(*mb));
	for (i = 0; i < cmd_table_n; i++)
		if (!strcmp(cmd_table[i].name, command))
			mb->desc = &cmd_table[i];
	assert_non_null(mb->desc);
	mb->in_len = mb->desc->in_len;
	mb->out_len = mb->desc->out_len;
	field_set(mb->in, 0, FLD(cmd_hdr, opcode), mb->desc->opcode);
	field_set(mb->in, 0, FLD(cmd_hdr, op_mod), mb->desc->obj_type);
}

static uint32_t base_of(const struct mbox *mb, enum field_id field)
{
	unsigned int i;

	for (i = 0; i < mb->desc->n_parts; i++)
		if (mb->desc->part[i].layout == fields[field].layout)
			return mb->desc->part[i].base;
	fail_msg("%s has no %s", mb->desc->name, layouts[fields[field].layout].name);
	return 0;
}

void mb_set(struct mbox *mb, enum field_id field, uint64_t value)
{
	field_set(mb->in, base_of(mb, field), field, value);
}

uint64_t mb_get(const struct mbox *mb, enum field_id field)
{
	return field_get(mb->in, base_of(mb, field), field);
}

void mb_key(struct mbox *mb, uint32_t byte_count, uint32_t key, uint64_t address)
{
	uint32_t base = (uint32_t)mb->in_len * 8;

	field_set(mb->in, base, FLD(klm, byte_count), byte_count);
	field_set(mb->in, base, FLD(klm, mkey), key);
	field_set(mb->in, base, FLD(klm, address), address);
	mb->in_len += 16;
	mb->n_tail++;
	mb_set(mb, FLD(create_mkey_in, translations_octword_actual_size), mb->n_tail);
	mb_set(mb, FLD(mkc, translations_octword_size), mb->n_tail);
}

void mb_queue(struct mbox *mb, uint32_t id)
{
	field_set(mb->in, (uint32_t)mb->in_len * 8, FLD(rq_num, rq_num), id);
	mb->in_len += 4;
	mb->n_tail++;
	mb_set(mb, FLD(rqtc, rqt_actual_size), mb->n_tail);
}

uint64_t mb_answer(const struct mbox *mb, uint32_t base, enum field_id field)
{
	return field_get(mb->out, base, field);
}

struct hca_obj *mb_create(struct mbox *mb, struct hca_ctx *ctx)
{
	struct hca_obj *obj = NULL;
	int err = hca_obj_create(ctx, mb->in, mb->in_len, mb->out, mb->out_len, &obj);

	if (err)
		fail_msg("%s: %d, syndrome 0x%x", mb->desc->name, err,
			 (unsigned int)mb_answer(mb, 0, FLD(out_hdr, syndrome)));
	assert_non_null(obj);
	assert_int_equal(mb_answer(mb, 0, FLD(out_hdr, status)), 0);
	if (mb->desc->id_field)
		assert_int_equal(mb_answer(mb, 0, mb->desc->id_field), obj->id);
	return obj;
}

static void set_id(struct mbox *mb, const struct hca_obj *obj)
{
	if (mb->desc->id_field)
		mb_set(mb, mb->desc->id_field, obj->id);
}

void mb_modify(struct mbox *mb, struct hca_obj *obj)
{
	int err;

	set_id(mb, obj);
	err = hca_obj_modify(obj, mb->in, mb->in_len, mb->out, mb->out_len);
	if (err)
		fail_msg("%s: %d, syndrome 0x%x", mb->desc->name, err,
			 (unsigned int)mb_answer(mb, 0, FLD(out_hdr, syndrome)));
}

void mb_query(struct mbox *mb, struct hca_obj *obj)
{
	set_id(mb, obj);
	assert_int_equal(hca_obj_query(obj, mb->in, mb->in_len, mb->out, mb->out_len), 0);
}

void mb_refused_(struct mbox *mb, struct hca_ctx *ctx, struct hca_obj *obj, enum syndrome s,
		 const char *file, int line)
{
	const struct syndrome_info *want = syndrome_info(s), *got;
	uint64_t objects = ctx->hca->stat->objects[HCA_STAT_OTHER];
	struct hca_obj *made = NULL;
	int err;

	if (obj)
		set_id(mb, obj);
	if (obj && mb->desc->verb == CMD_QUERY)
		err = hca_obj_query(obj, mb->in, mb->in_len, mb->out, mb->out_len);
	else if (obj)
		err = hca_obj_modify(obj, mb->in, mb->in_len, mb->out, mb->out_len);
	else if (mb->desc->verb == CMD_CREATE)
		err = hca_obj_create(ctx, mb->in, mb->in_len, mb->out, mb->out_len, &made);
	else
		err = hca_cmd(ctx, mb->in, mb->in_len, mb->out, mb->out_len);
	got = syndrome_info((enum syndrome)mb_answer(mb, 0, FLD(out_hdr, syndrome)));
	if (err != -EREMOTEIO || got != want ||
	    mb_answer(mb, 0, FLD(out_hdr, status)) != want->status || made)
		fail_msg("%s:%d: %s: %d %s, expected %s", file, line, mb->desc->name, err,
			 got ? got->name : "?", want->name);
	assert_int_equal(ctx->hca->stat->objects[HCA_STAT_OTHER], objects);
}

/* ---- good ones ---- */

void good_mkey(struct rig *rig, struct mbox *mb)
{
	mb_begin(mb, "create_mkey");
	mb_set(mb, FLD(mkc, access_mode_1_0), 2);
	mb_set(mb, FLD(mkc, lw), 1);
	mb_set(mb, FLD(mkc, lr), 1);
	mb_set(mb, FLD(mkc, qpn), 0xffffff);
	mb_set(mb, FLD(mkc, pd), rig->pd);
	mb_set(mb, FLD(mkc, start_addr), RIG_IOVA);
	mb_set(mb, FLD(mkc, len), RIG_MEM);
	mb_key(mb, RIG_MEM, rig->key, RIG_IOVA);
}

void good_cq(struct rig *rig, struct mbox *mb)
{
	mb_begin(mb, "create_cq");
	mb_set(mb, FLD(create_cq_in, cq_umem_valid), 1);
	mb_set(mb, FLD(create_cq_in, cq_umem_id), rig->umem);
	mb_set(mb, FLD(create_cq_in, cq_umem_offset), CQ_AT);
	mb_set(mb, FLD(cqc, dbr_umem_valid), 1);
	mb_set(mb, FLD(cqc, dbr_umem_id), rig->umem);
	mb_set(mb, FLD(cqc, dbr_addr), CQ_DBR_AT);
	mb_set(mb, FLD(cqc, log_cq_size), CQ_LOG);
	mb_set(mb, FLD(cqc, uar_page), rig->uar);
	mb_set(mb, FLD(cqc, c_eqn), hca_eqn(rig->a, 0));
}

void good_fw_qp(struct rig *rig, struct mbox *mb)
{
	mb_begin(mb, "create_qp");
	mb_set(mb, FLD(qpc, pd), rig->pd);
	mb_set(mb, FLD(qpc, no_sq), 1);
	mb_set(mb, FLD(qpc, rq_type), 3);
}

void good_sw_qp(struct rig *rig, struct mbox *mb, const struct hca_obj *cq)
{
	mb_begin(mb, "create_qp");
	mb_set(mb, FLD(qpc, pd), rig->pd);
	mb_set(mb, FLD(qpc, no_sq), 1);
	mb_set(mb, FLD(qpc, pm_state), 3);
	mb_set(mb, FLD(qpc, uar_page), rig->uar);
	mb_set(mb, FLD(qpc, cqn_rcv), cq->id);
	mb_set(mb, FLD(qpc, log_rq_size), RQ_LOG);
	mb_set(mb, FLD(create_qp_in, wq_umem_valid), 1);
	mb_set(mb, FLD(create_qp_in, wq_umem_id), rig->umem);
	mb_set(mb, FLD(create_qp_in, wq_umem_offset), RQ_AT);
	mb_set(mb, FLD(qpc, dbr_umem_valid), 1);
	mb_set(mb, FLD(qpc, dbr_umem_id), rig->umem);
	mb_set(mb, FLD(qpc, dbr_addr), RQ_DBR_AT);
}

struct hca_obj *make(struct mbox *mb, struct hca_ctx *ctx, const char *command)
{
	mb_begin(mb, command);
	return mb_create(mb, ctx);
}

void good_tis(struct rig *rig, struct mbox *mb, const struct hca_obj *td)
{
	(void)rig;
	mb_begin(mb, "create_tis");
	mb_set(mb, FLD(tisc, transport_domain), td->id);
	mb_set(mb, FLD(tisc, lag_tx_port_affinity), 1);
}

struct hca_obj *make_tis(struct rig *rig, struct hca_obj **td)
{
	struct mbox mb;

	*td = make(&mb, rig->a, "alloc_transport_domain");
	good_tis(rig, &mb, *td);
	return mb_create(&mb, rig->a);
}

void good_rqt(struct mbox *mb, const struct hca_obj *vq, unsigned int n)
{
	mb_begin(mb, "create_rqt");
	mb_set(mb, FLD(rqtc, list_q_type), 1);
	mb_set(mb, FLD(rqtc, rqt_max_size), 512);
	while (n--)
		mb_queue(mb, vq->id);
}

void good_tir(struct mbox *mb, const struct hca_obj *td, const struct hca_obj *rqt)
{
	mb_begin(mb, "create_tir");
	mb_set(mb, FLD(tirc, disp_type), 1);
	mb_set(mb, FLD(tirc, rx_hash_fn), 2);
	mb_set(mb, FLD(tirc, transport_domain), td->id);
	mb_set(mb, FLD(tirc, indirect_table), rqt->id);
	mb_set(mb, FLD(rx_hash_field_select, selected_fields), 3);
}

void good_virtq(struct rig *rig, struct mbox *mb, const struct hca_obj *tis)
{
	static const uint16_t id[] = {FLD(virtio_q, umem_1_id), FLD(virtio_q, umem_2_id),
				      FLD(virtio_q, umem_3_id)};
	static const uint16_t size[] = {FLD(virtio_q, umem_1_size), FLD(virtio_q, umem_2_size),
					FLD(virtio_q, umem_3_size)};
	static const uint16_t offset[] = {FLD(virtio_q, umem_1_offset),
					  FLD(virtio_q, umem_2_offset),
					  FLD(virtio_q, umem_3_offset)};
	unsigned int i;

	mb_begin(mb, "create_virtio_net_q");
	mb_set(mb, FLD(virtio_net_q, tisn_or_qpn), tis->id);
	mb_set(mb, FLD(virtio_q, virtio_version_1_0), 1);
	mb_set(mb, FLD(virtio_q, queue_size), 64);
	mb_set(mb, FLD(virtio_q, pd), rig->pd);
	mb_set(mb, FLD(virtio_q, virtio_q_mkey), rig->key);
	mb_set(mb, FLD(virtio_q, desc_addr), RIG_IOVA + RING_AT);
	mb_set(mb, FLD(virtio_q, available_addr), RIG_IOVA + RING_AT + 0x1000);
	mb_set(mb, FLD(virtio_q, used_addr), RIG_IOVA + RING_AT + 0x2000);
	for (i = 0; i < 3; i++) {
		mb_set(mb, id[i], rig->umem);
		mb_set(mb, size[i], (uint64_t)VQ_UMEM_A(i + 1) * 64 + VQ_UMEM_B(i + 1));
		mb_set(mb, offset[i], VQ_UMEM_AT + i * 0x10000);
	}
}

void qp_to(struct hca_obj *qp, const char *command, uint32_t remote)
{
	struct mbox mb;

	mb_begin(&mb, command);
	if (!strcmp(command, "rst2init_qp")) {
		mb_set(&mb, FLD(ads, vhca_port_num), 1);
		mb_set(&mb, FLD(qpc, pm_state), 3);
	} else if (!strcmp(command, "init2rtr_qp")) {
		mb_set(&mb, FLD(ads, vhca_port_num), 1);
		mb_set(&mb, FLD(ads, fl), 1);
		mb_set(&mb, FLD(qpc, mtu), 1);
		mb_set(&mb, FLD(qpc, log_msg_max), 30);
		mb_set(&mb, FLD(qpc, remote_qpn), remote);
	} else if (!strcmp(command, "rtr2rts_qp")) {
		mb_set(&mb, FLD(ads, ack_timeout), 16);
		mb_set(&mb, FLD(qpc, retry_count), 7);
	}
	mb_modify(&mb, qp);
}

void connect_qps(struct hca_obj *fw, struct hca_obj *sw)
{
	static const char *const steps[] = {"rst2init_qp", "init2rtr_qp", "rtr2rts_qp"};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		qp_to(fw, steps[i], sw->id);
		qp_to(sw, steps[i], fw->id);
	}
}

int flow_to(struct hca_matcher *matcher, const void *value, size_t value_len, struct hca_obj *tir,
	    struct hca_flow **flow)
{
	struct hca_flow_attr attr = {.value = value, .value_len = value_len, .dest = tir};

	return hca_flow_create(matcher, &attr, flow);
}

void destroy(struct hca_obj *obj)
{
	assert_int_equal(hca_obj_destroy(obj), 0);
}

void set_state(struct hca_obj *vq, enum vq_state state)
{
	struct mbox mb;

	mb_begin(&mb, "modify_virtio_net_q");
	mb_set(&mb, FLD(virtio_net_q, modify_field_select), 1);
	mb_set(&mb, FLD(virtio_net_q, state), state);
	mb_modify(&mb, vq);
}

void select_fields(struct mbox *mb, uint64_t select)
{
	mb_begin(mb, "modify_virtio_net_q");
	mb_set(mb, FLD(virtio_net_q, modify_field_select), select);
}

void virtq_query_into(struct hca_obj *obj, struct mbox *mb)
{
	mb_begin(mb, "query_virtio_net_q");
	mb_query(mb, obj);
}

void request_state(struct mbox *mb, unsigned int to)
{
	mb_begin(mb, "modify_virtio_net_q");
	mb_set(mb, FLD(virtio_net_q, modify_field_select), 1);
	mb_set(mb, FLD(virtio_net_q, state), to);
}

enum vq_state state_of(struct hca_obj *obj)
{
	struct mbox mb;

	mb_begin(&mb, "query_virtio_net_q");
	mb_query(&mb, obj);
	return (enum vq_state)mb_answer(&mb, 0x80, FLD(virtio_net_q, state));
}

uint64_t stat_objects(struct rig *rig)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < HCA_STAT_OBJ_N; i++)
		sum += rig->hca->stat->objects[i];
	return sum;
}
