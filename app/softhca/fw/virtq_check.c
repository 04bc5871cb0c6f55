/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VIRTIO_NET_Q must look like, when it is created and after each modification. */
#include <errno.h>
#include <inttypes.h>

#include "hca_priv.h"
#include "mem.h"
#include "profile.h"
#include "tis.h"
#include "virtq.h"

enum { EVENT_MODE_NONE = 0, EVENT_MODE_QP = 1 };
enum { PERIOD_FROM_LAST = 2 };
/* A bit of the dirty bitmap is a page of 4 KiB, as vhost has it, unless said otherwise. */
enum { LOG_PAGE_DEFAULT = 12 };

/* What only a create mailbox could get wrong. */
static int check_create(struct cmd *cmd)
{
	static const uint16_t zero[] = {
	    FLD(virtio_net_q, modify_field_select), FLD(virtio_net_q, dirty_bitmap_dump_enable),
	    FLD(virtio_net_q, vhost_log_page),      FLD(virtio_net_q, dirty_bitmap_mkey),
	    FLD(virtio_net_q, dirty_bitmap_size),   FLD(virtio_net_q, dirty_bitmap_addr),
	};
	unsigned int i;

	if (cmd_get(cmd, FLD(virtio_net_q, state)))
		return cmd_refuse(cmd, SYND(VQ_STATE_AT_CREATE), FLD(virtio_net_q, state), " ");
	for (i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		if (cmd_get(cmd, zero[i]))
			return cmd_refuse(cmd, SYND(NOT_MODELLED), zero[i], "at creation");
	if (cmd->ctx->func->virtqueues >= cmd->ctx->hca->profile.max_queues)
		return cmd_refuse(cmd, SYND(VQ_TOO_MANY), F_NONE, "%u", cmd->ctx->func->virtqueues);
	return 0;
}

static int check_basics(struct cmd *cmd, struct vq_attr *attr)
{
	const struct hca_profile *p = &cmd->ctx->hca->profile;
	uint64_t type = cmd_get(cmd, FLD(virtio_q, virtio_q_type));
	uint64_t size = cmd_get(cmd, FLD(virtio_q, queue_size));
	uint64_t index = cmd_get(cmd, FLD(virtio_q, queue_index));

	if (type > 1 || !(type ? p->packed : p->split))
		return cmd_refuse(cmd, SYND(VQ_TYPE), FLD(virtio_q, virtio_q_type), "%" PRIu64,
				  type);
	if (!size || size > p->max_queue_size || (type == 0 && (size & (size - 1))))
		return cmd_refuse(cmd, SYND(VQ_SIZE), FLD(virtio_q, queue_size), "%" PRIu64, size);
	if (index >= p->max_queues)
		return cmd_refuse(cmd, SYND(VQ_INDEX), FLD(virtio_q, queue_index), "%" PRIu64,
				  index);
	attr->packed = type;
	attr->size = (uint16_t)size;
	attr->index = (uint16_t)index;
	attr->max_chain = (uint16_t)size;
	return 0;
}

static int check_features(struct cmd *cmd, struct vq_attr *attr)
{
	static const struct {
		uint16_t field, offload;
	} bits[] = {
	    {FLD(virtio_net_q, tso_ipv4),   HCA_OFFLOAD_HOST_TSO4 },
	    {FLD(virtio_net_q, tso_ipv6),   HCA_OFFLOAD_HOST_TSO6 },
	    {FLD(virtio_net_q, tx_csum),    HCA_OFFLOAD_CSUM      },
	    {FLD(virtio_net_q, rx_csum),    HCA_OFFLOAD_GUEST_CSUM},
	    {FLD(virtio_net_q, guest_tso4), HCA_OFFLOAD_GUEST_TSO4},
	    {FLD(virtio_net_q, guest_tso6), HCA_OFFLOAD_GUEST_TSO6},
	    {FLD(virtio_net_q, guest_ecn),  HCA_OFFLOAD_GUEST_ECN },
	    {FLD(virtio_net_q, host_ecn),   HCA_OFFLOAD_HOST_ECN  },
	    {FLD(virtio_net_q, mrg_rxbuf),  HCA_OFFLOAD_MRG_RXBUF },
	};
	const struct hca_profile *p = &cmd->ctx->hca->profile;
	uint16_t offloads = 0;
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (!cmd_get(cmd, bits[i].field))
			continue;
		if (!(p->offloads & bits[i].offload))
			return cmd_refuse(cmd, SYND(VQ_OFFLOAD), bits[i].field, " ");
		offloads |= bits[i].offload;
	}
	attr->flags = profile_flags(offloads);
	if (!cmd_get(cmd, FLD(virtio_q, virtio_version_1_0)))
		return 0;
	if (!p->version_1)
		return cmd_refuse(cmd, SYND(VQ_VERSION), FLD(virtio_q, virtio_version_1_0), " ");
	attr->flags |= VQ_F_VERSION_1;
	return 0;
}

static int check_moderation(struct cmd *cmd, struct vq_moderation *moderation)
{
	uint64_t mode = cmd_get(cmd, FLD(virtio_q, queue_period_mode));

	if (mode > PERIOD_FROM_LAST)
		return cmd_refuse(cmd, SYND(VQ_PERIOD_MODE), FLD(virtio_q, queue_period_mode),
				  "%" PRIu64, mode);
	moderation->from_last = mode == PERIOD_FROM_LAST;
	moderation->period_us = (uint16_t)cmd_get(cmd, FLD(virtio_q, queue_period_us));
	moderation->max_count = (uint16_t)cmd_get(cmd, FLD(virtio_q, queue_max_count));
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

/* A key of the queue's protection domain; its owner may not destroy it while the queue uses it. */
static int use_mkey(struct cmd *cmd, struct virtq *virtq, enum field_id field, struct mkey **mkey)
{
	uint32_t key = (uint32_t)cmd_get(cmd, field);
	int err = mkey_ref(cmd, field, key, mkey);

	if (err)
		return err;
	if ((*mkey)->null)
		return cmd_refuse(cmd, SYND(VQ_NULL_MKEY), field, " ");
	if ((*mkey)->pdn != virtq->pdn)
		return cmd_refuse(cmd, SYND(VQ_MKEY_PD), field, "key 0x%x of 0x%x, queue of 0x%x",
				  key, (*mkey)->pdn, virtq->pdn);
	/* Memory regions may go at any time: the queue then faults. */
	if (!(*mkey)->direct && obj_use(&virtq->obj, &(*mkey)->obj))
		return cmd_refuse_errno(cmd, -ENOMEM);
	return 0;
}

static int use_pd(struct cmd *cmd, struct virtq *virtq)
{
	struct hca_obj *pd;
	int err = cmd_ref(cmd, FLD(virtio_q, pd), &pd);

	if (err)
		return err;
	virtq->pdn = pd->id;
	return obj_use(&virtq->obj, pd) ? cmd_refuse_errno(cmd, -ENOMEM) : 0;
}

/* What can be given later may be missing. */
static bool may_be_incomplete(const struct hca_profile *p)
{
	return p->vnet_modify_ext && p->addr_modify && p->index_modify;
}

static int check_memory(struct cmd *cmd, struct virtq *virtq)
{
	struct mkey *mkey;
	int err;

	if (!cmd_get(cmd, FLD(virtio_q, virtio_q_mkey)) &&
	    may_be_incomplete(&cmd->ctx->hca->profile))
		return 0;
	err = use_mkey(cmd, virtq, FLD(virtio_q, virtio_q_mkey), &mkey);
	if (!err)
		err = check_rings(cmd, virtq, mkey);
	if (!err)
		virtq->mem = dp_mem_get(mkey->mem);
	return err;
}

static int check_dirty_log(struct cmd *cmd, struct virtq *virtq)
{
	struct area bitmap = {
	    .field = FLD(virtio_net_q, dirty_bitmap_addr),
	    .addr = cmd_get(cmd, FLD(virtio_net_q, dirty_bitmap_addr)),
	    .len = cmd_get(cmd, FLD(virtio_net_q, dirty_bitmap_size)),
	    .align = 1,
	    .write = true,
	};
	uint64_t log_page = cmd_get(cmd, FLD(virtio_net_q, vhost_log_page));
	struct vq_dirty_log *log = &virtq->log;
	struct mkey *mkey;
	int err;

	log->on = cmd_get(cmd, FLD(virtio_net_q, dirty_bitmap_dump_enable));
	log->addr = bitmap.addr;
	log->size = bitmap.len;
	log->log_page = (uint8_t)(log_page ? log_page : LOG_PAGE_DEFAULT);
	if (!cmd_get(cmd, FLD(virtio_net_q, dirty_bitmap_mkey))) {
		if (log->on || bitmap.len)
			return cmd_refuse(cmd, SYND(VQ_DIRTY_PARAMS),
					  FLD(virtio_net_q, dirty_bitmap_mkey), "0");
		return 0;
	}
	if (!bitmap.len)
		return cmd_refuse(cmd, SYND(VQ_DIRTY_PARAMS), FLD(virtio_net_q, dirty_bitmap_size),
				  "0");
	if (log->log_page < LOG_PAGE_DEFAULT)
		return cmd_refuse(cmd, SYND(VQ_DIRTY_PARAMS), FLD(virtio_net_q, vhost_log_page),
				  "%u", log->log_page);
	err = use_mkey(cmd, virtq, FLD(virtio_net_q, dirty_bitmap_mkey), &mkey);
	if (!err)
		err = check_area(cmd, mkey, &bitmap);
	if (!err)
		log->mem = dp_mem_get(mkey->mem);
	return err;
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

static int check_tis_and_counters(struct cmd *cmd, struct virtq *virtq, const struct virtq *self)
{
	struct hca_obj *tis, *obj;
	struct vq_counters *counters;
	int err = cmd_ref(cmd, FLD(virtio_net_q, tisn_or_qpn), &tis);

	if (err)
		return err;
	err = obj_use(&virtq->obj, tis);
	if (err)
		return cmd_refuse_errno(cmd, err);
	virtq->attr.domain = ((struct tis *)tis)->domain;
	if (!cmd_get(cmd, FLD(virtio_q, counter_set_id)))
		return 0;
	err = cmd_ref(cmd, FLD(virtio_q, counter_set_id), &obj);
	if (err)
		return err;
	counters = (struct vq_counters *)obj;
	if (counters->virtq && counters->virtq != self)
		return cmd_refuse(cmd, SYND(VQ_COUNTERS_SHARED), FLD(virtio_q, counter_set_id),
				  "queue 0x%x", counters->virtq->obj.id);
	err = obj_use(&virtq->obj, obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	virtq->counters = counters;
	return 0;
}

int virtq_check(struct cmd *cmd, struct virtq *virtq, const struct virtq *self)
{
	unsigned int n;
	int err = self ? 0 : check_create(cmd);

	if (!err)
		err = check_basics(cmd, &virtq->attr);
	if (!err)
		err = check_features(cmd, &virtq->attr);
	if (!err)
		err = check_indices(cmd, &virtq->attr);
	if (!err)
		err = check_moderation(cmd, &virtq->moderation);
	if (!err)
		err = use_pd(cmd, virtq);
	if (!err)
		err = check_memory(cmd, virtq);
	for (n = 1; !err && n <= 3; n++)
		err = check_umem(cmd, virtq, n);
	if (!err)
		err = check_event(cmd, virtq);
	if (!err)
		err = check_tis_and_counters(cmd, virtq, self);
	return err ? err : check_dirty_log(cmd, virtq);
}

void virtq_release(struct virtq *virtq)
{
	if (virtq->mem)
		dp_mem_put(virtq->mem);
	if (virtq->log.mem)
		dp_mem_put(virtq->log.mem);
	virtq->mem = NULL;
	virtq->log.mem = NULL;
}
