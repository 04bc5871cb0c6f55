/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VIRTIO_NET_Q must look like to be created. */
#include <errno.h>
#include <inttypes.h>

#include "hca_priv.h"
#include "mem.h"
#include "virtq.h"

enum { EVENT_MODE_NONE = 0, EVENT_MODE_QP = 1 };

static int check_basics(struct cmd *cmd, struct vq_attr *attr)
{
	uint64_t type = cmd_get(cmd, FLD(virtio_q, virtio_q_type));
	uint64_t size = cmd_get(cmd, FLD(virtio_q, queue_size));
	uint64_t index = cmd_get(cmd, FLD(virtio_q, queue_index));

	if (cmd_get(cmd, FLD(virtio_net_q, state)))
		return cmd_refuse(cmd, SYND(VQ_STATE_AT_CREATE), FLD(virtio_net_q, state), " ");
	if (cmd_get(cmd, FLD(virtio_net_q, modify_field_select)))
		return cmd_refuse(cmd, SYND(NOT_MODELLED), FLD(virtio_net_q, modify_field_select),
				  "at creation");
	if (cmd->ctx->func->virtqueues >= LIM_VIRTQUEUES)
		return cmd_refuse(cmd, SYND(VQ_TOO_MANY), F_NONE, "%u", cmd->ctx->func->virtqueues);
	if (type > 1)
		return cmd_refuse(cmd, SYND(VQ_TYPE), FLD(virtio_q, virtio_q_type), "%" PRIu64,
				  type);
	if (!size || size > LIM_VQ_SIZE || (type == 0 && (size & (size - 1))))
		return cmd_refuse(cmd, SYND(VQ_SIZE), FLD(virtio_q, queue_size), "%" PRIu64, size);
	if (index >= LIM_VIRTQUEUES)
		return cmd_refuse(cmd, SYND(VQ_INDEX), FLD(virtio_q, queue_index), "%" PRIu64,
				  index);
	attr->packed = type;
	attr->size = (uint16_t)size;
	attr->index = (uint16_t)index;
	attr->max_chain = (uint16_t)size;
	attr->flags = (cmd_get(cmd, FLD(virtio_q, virtio_version_1_0)) ? VQ_F_VERSION_1 : 0) |
		      (cmd_get(cmd, FLD(virtio_net_q, mrg_rxbuf)) ? VQ_F_MRG_RXBUF : 0);
	return 0;
}

/* Packed: position in bits 0-14, wrap counter in bit 15. Split: free-running. */
static int check_indices(struct cmd *cmd, struct vq_attr *attr)
{
	attr->avail_index = (uint16_t)cmd_get(cmd, FLD(virtio_net_q, hw_available_index));
	attr->used_index = (uint16_t)cmd_get(cmd, FLD(virtio_net_q, hw_used_index));
	if (!attr->packed)
		return 0;
	if ((attr->avail_index & 0x7fff) >= attr->size)
		return cmd_refuse(cmd, SYND(VQ_PACKED_INDEX), FLD(virtio_net_q, hw_available_index),
				  "0x%x", attr->avail_index);
	if ((attr->used_index & 0x7fff) >= attr->size)
		return cmd_refuse(cmd, SYND(VQ_PACKED_INDEX), FLD(virtio_net_q, hw_used_index),
				  "0x%x", attr->used_index);
	return 0;
}

/* virtio 1.2, 2.7 and 2.8: bytes and alignment of the three areas, and whether the NIC writes. */
struct area {
	enum field_id field;
	uint64_t addr, len, align;
	bool write;
};

static int check_area(struct cmd *cmd, const struct mkey *mkey, const struct area *a)
{
	int err;

	if (a->addr & (a->align - 1))
		return cmd_refuse(cmd, SYND(VQ_ADDR_ALIGN), a->field, "0x%" PRIx64, a->addr);
	if (a->addr + a->len < a->addr)
		return cmd_refuse(cmd, SYND(VQ_ADDR_RANGE), a->field, "0x%" PRIx64, a->addr);
	err = mkey_covers(mkey, a->addr, a->len, a->write);
	if (err == -EACCES)
		return cmd_refuse(cmd, SYND(VQ_RING_RIGHTS), a->field, "key 0x%x", mkey_key(mkey));
	if (err)
		return cmd_refuse(cmd, SYND(VQ_ADDR_RANGE), a->field,
				  "0x%" PRIx64 " + 0x%" PRIx64 " key 0x%x has 0x%" PRIx64
				  " + 0x%" PRIx64,
				  a->addr, a->len, mkey_key(mkey), mkey->iova, mkey->len);
	return 0;
}

/* Zero is an address like any other; three times zero, or forgotten, is not. */
static int check_apart(struct cmd *cmd, const struct area *a, const struct area *b)
{
	if (a->addr < b->addr + b->len && b->addr < a->addr + a->len)
		return cmd_refuse(cmd, SYND(VQ_ADDR_OVERLAP), a->field,
				  "0x%" PRIx64 " + 0x%" PRIx64 " and 0x%" PRIx64 " + 0x%" PRIx64,
				  a->addr, a->len, b->addr, b->len);
	return 0;
}

static int check_rings(struct cmd *cmd, struct virtq *virtq, const struct mkey *mkey)
{
	struct vq_attr *attr = &virtq->attr;
	uint64_t n = attr->size;
	struct area desc = {FLD(virtio_q, desc_addr), 0, 16 * n, 16, attr->packed};
	struct area driver = {FLD(virtio_q, available_addr), 0, attr->packed ? 4 : 6 + 2 * n,
			      attr->packed ? 4 : 2, false};
	struct area device = {FLD(virtio_q, used_addr), 0, attr->packed ? 4 : 6 + 8 * n, 4, true};
	int err;

	desc.addr = cmd_get(cmd, desc.field);
	driver.addr = cmd_get(cmd, driver.field);
	device.addr = cmd_get(cmd, device.field);
	err = check_area(cmd, mkey, &desc);
	if (!err)
		err = check_area(cmd, mkey, &driver);
	if (!err)
		err = check_area(cmd, mkey, &device);
	if (!err)
		err = check_apart(cmd, &driver, &desc);
	if (!err)
		err = check_apart(cmd, &device, &desc);
	if (!err)
		err = check_apart(cmd, &device, &driver);
	attr->desc_addr = desc.addr;
	attr->driver_addr = driver.addr;
	attr->device_addr = device.addr;
	return err;
}

static int check_mkey(struct cmd *cmd, struct virtq *virtq, struct mkey **mkey)
{
	uint32_t key = (uint32_t)cmd_get(cmd, FLD(virtio_q, virtio_q_mkey));
	struct hca_obj *pd;
	int err = cmd_ref(cmd, FLD(virtio_q, pd), &pd);

	if (!err)
		err = mkey_ref(cmd, FLD(virtio_q, virtio_q_mkey), key, mkey);
	if (err)
		return err;
	if ((*mkey)->null)
		return cmd_refuse(cmd, SYND(VQ_NULL_MKEY), FLD(virtio_q, virtio_q_mkey), " ");
	if ((*mkey)->pdn != pd->id)
		return cmd_refuse(cmd, SYND(VQ_MKEY_PD), FLD(virtio_q, virtio_q_mkey),
				  "key 0x%x of 0x%x, queue of 0x%x", key, (*mkey)->pdn, pd->id);
	virtq->pdn = pd->id;
	err = obj_use(&virtq->obj, pd);
	/* Memory regions may go at any time: the queue then faults. */
	if (!err && !(*mkey)->direct)
		err = obj_use(&virtq->obj, &(*mkey)->obj);
	return err ? cmd_refuse_errno(cmd, err) : 0;
}

static int check_umem(struct cmd *cmd, struct virtq *virtq, unsigned int n)
{
	static const uint16_t id[] = {FLD(virtio_q, umem_1_id), FLD(virtio_q, umem_2_id),
				      FLD(virtio_q, umem_3_id)};
	static const uint16_t size[] = {FLD(virtio_q, umem_1_size), FLD(virtio_q, umem_2_size),
					FLD(virtio_q, umem_3_size)};
	static const uint16_t offset[] = {FLD(virtio_q, umem_1_offset),
					  FLD(virtio_q, umem_2_offset),
					  FLD(virtio_q, umem_3_offset)};
	uint64_t need = (uint64_t)VQ_UMEM_A(n) * virtq->attr.size + VQ_UMEM_B(n);
	uint64_t given = cmd_get(cmd, size[n - 1]);
	struct umem *umem;
	uint8_t *ptr;
	int err;

	if (given < need)
		return cmd_refuse(cmd, SYND(UMEM_SIZE), size[n - 1],
				  "0x%" PRIx64 ", needs 0x%" PRIx64, given, need);
	err = umem_at(cmd, id[n - 1], offset[n - 1], given, 4096, &umem, &ptr);
	if (err)
		return err;
	err = obj_use(&virtq->obj, &umem->obj);
	return err ? cmd_refuse_errno(cmd, err) : 0;
}

static int check_event(struct cmd *cmd, struct virtq *virtq)
{
	uint64_t mode = cmd_get(cmd, FLD(virtio_q, event_mode));
	struct hca_obj *obj;
	struct qp *qp;
	int err;

	if (mode == EVENT_MODE_NONE) {
		if (cmd_get(cmd, FLD(virtio_q, event_qpn_or_msix)))
			return cmd_refuse(cmd, SYND(VQ_EVENT_MODE),
					  FLD(virtio_q, event_qpn_or_msix), "in mode none");
		return 0;
	}
	if (mode != EVENT_MODE_QP)
		return cmd_refuse(cmd, SYND(VQ_EVENT_MODE), FLD(virtio_q, event_mode), "%" PRIu64,
				  mode);
	err = cmd_ref(cmd, FLD(virtio_q, event_qpn_or_msix), &obj);
	if (err)
		return err;
	qp = (struct qp *)obj;
	if (!qp->firmware || qp->state != QP_RTS)
		return cmd_refuse(cmd, SYND(VQ_EVENT_QP), FLD(virtio_q, event_qpn_or_msix),
				  "QP 0x%x is %s%s", obj->id, qp_state_name(qp->state),
				  qp->firmware ? "" : " and has a receive queue");
	virtq->event_qp = qp;
	virtq->attr.flags |= VQ_F_EVENTS;
	err = obj_use(&virtq->obj, obj);
	return err ? cmd_refuse_errno(cmd, err) : 0;
}

static int check_tis_and_counters(struct cmd *cmd, struct virtq *virtq)
{
	struct hca_obj *tis, *obj;
	struct vq_counters *counters;
	int err = cmd_ref(cmd, FLD(virtio_net_q, tisn_or_qpn), &tis);

	if (err)
		return err;
	err = obj_use(&virtq->obj, tis);
	if (err)
		return cmd_refuse_errno(cmd, err);
	if (!cmd_get(cmd, FLD(virtio_q, counter_set_id)))
		return 0;
	err = cmd_ref(cmd, FLD(virtio_q, counter_set_id), &obj);
	if (err)
		return err;
	counters = (struct vq_counters *)obj;
	if (counters->virtq)
		return cmd_refuse(cmd, SYND(VQ_COUNTERS_SHARED), FLD(virtio_q, counter_set_id),
				  "queue 0x%x", counters->virtq->obj.id);
	err = obj_use(&virtq->obj, obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	virtq->counters = counters;
	return 0;
}

int virtq_check(struct cmd *cmd, struct virtq *virtq)
{
	struct mkey *mkey = NULL;
	unsigned int n;
	int err = check_basics(cmd, &virtq->attr);

	if (!err)
		err = check_indices(cmd, &virtq->attr);
	if (!err)
		err = check_mkey(cmd, virtq, &mkey);
	if (!err)
		err = check_rings(cmd, virtq, mkey);
	for (n = 1; !err && n <= 3; n++)
		err = check_umem(cmd, virtq, n);
	if (!err)
		err = check_event(cmd, virtq);
	if (!err)
		err = check_tis_and_counters(cmd, virtq);
	if (!err)
		virtq->mem = dp_mem_get(mkey->mem);
	return err;
}
