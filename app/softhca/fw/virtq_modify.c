/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MODIFY of a VIRTIO_NET_Q.
 *
 * Theory of operation. The selected fields are laid over the queue as it is; the result is checked
 * as if it were to be created, into a candidate; then the datapath is brought to it, and only when
 * all of that went well the candidate becomes the queue. So a command that is refused has changed
 * nothing. Fields take effect before the state of the same command.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "hca_priv.h"
#include "virtq.h"

/* modify_field_select */
enum {
	MOD_STATE = 1 << 0,
	MOD_DIRTY_PARAMS = 1 << 3,
	MOD_DIRTY_ENABLE = 1 << 4,
	MOD_PERIOD = 1 << 5,
	MOD_ADDRS = 1 << 6,
	MOD_AVAIL_INDEX = 1 << 7,
	MOD_USED_INDEX = 1 << 8,
	MOD_TYPE = 1 << 9,
	MOD_VERSION = 1 << 10,
	MOD_MKEY = 1 << 11,
	MOD_FEATURES = 1 << 12,
	MOD_EVENT = 1 << 13,
	MOD_DESC_GROUP = 1 << 14,
	MOD_DIRTY = MOD_DIRTY_PARAMS | MOD_DIRTY_ENABLE,
	/* Behind vnet_modify_ext; the datapath needs a new queue for them. */
	MOD_EXT = MOD_ADDRS | MOD_AVAIL_INDEX | MOD_USED_INDEX | MOD_TYPE | MOD_VERSION | MOD_MKEY |
		  MOD_FEATURES | MOD_EVENT | MOD_DESC_GROUP,
	MOD_KNOWN = MOD_STATE | MOD_DIRTY | MOD_PERIOD | MOD_EXT,
};

static const struct {
	uint16_t select;
	uint16_t field;
} selected[] = {
    {MOD_STATE,        FLD(virtio_net_q, state)                   },
    {MOD_DIRTY_PARAMS, FLD(virtio_net_q, dirty_bitmap_mkey)       },
    {MOD_DIRTY_PARAMS, FLD(virtio_net_q, dirty_bitmap_size)       },
    {MOD_DIRTY_PARAMS, FLD(virtio_net_q, dirty_bitmap_addr)       },
    {MOD_DIRTY_PARAMS, FLD(virtio_net_q, vhost_log_page)          },
    {MOD_DIRTY_ENABLE, FLD(virtio_net_q, dirty_bitmap_dump_enable)},
    {MOD_PERIOD,       FLD(virtio_q,     queue_period_mode)       },
    {MOD_PERIOD,       FLD(virtio_q,     queue_period_us)         },
    {MOD_PERIOD,       FLD(virtio_q,     queue_max_count)         },
    {MOD_ADDRS,        FLD(virtio_q,     desc_addr)               },
    {MOD_ADDRS,        FLD(virtio_q,     used_addr)               },
    {MOD_ADDRS,        FLD(virtio_q,     available_addr)          },
    {MOD_AVAIL_INDEX,  FLD(virtio_net_q, hw_available_index)      },
    {MOD_USED_INDEX,   FLD(virtio_net_q, hw_used_index)           },
    {MOD_TYPE,         FLD(virtio_q,     virtio_q_type)           },
    {MOD_VERSION,      FLD(virtio_q,     virtio_version_1_0)      },
    {MOD_MKEY,         FLD(virtio_q,     virtio_q_mkey)           },
    {MOD_FEATURES,     FLD(virtio_net_q, tso_ipv4)                },
    {MOD_FEATURES,     FLD(virtio_net_q, tso_ipv6)                },
    {MOD_FEATURES,     FLD(virtio_net_q, tx_csum)                 },
    {MOD_FEATURES,     FLD(virtio_net_q, rx_csum)                 },
    {MOD_FEATURES,     FLD(virtio_net_q, guest_tso4)              },
    {MOD_FEATURES,     FLD(virtio_net_q, guest_tso6)              },
    {MOD_FEATURES,     FLD(virtio_net_q, guest_ecn)               },
    {MOD_FEATURES,     FLD(virtio_net_q, host_ecn)                },
    {MOD_FEATURES,     FLD(virtio_net_q, mrg_rxbuf)               },
    {MOD_EVENT,        FLD(virtio_q,     event_mode)              },
    {MOD_EVENT,        FLD(virtio_q,     event_qpn_or_msix)       },
};

enum { SELECTED_N = sizeof(selected) / sizeof(selected[0]) };

static bool is_selected(enum field_id id, uint64_t select)
{
	unsigned int i;

	for (i = 0; i < SELECTED_N; i++)
		if (selected[i].field == id && select & selected[i].select)
			return true;
	return false;
}

/* Nothing may be set that is not selected; the queue's own index may. */
static int check_unselected(struct cmd *cmd, const struct virtq *virtq, uint64_t select)
{
	static const uint8_t parts[] = {LAY(virtio_net_q), LAY(virtio_q)};
	uint64_t index = cmd_get(cmd, FLD(virtio_q, queue_index));
	unsigned int i;

	if (index && index != virtq->attr.index)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_INDEX), FLD(virtio_q, queue_index),
				  "%" PRIu64 ", is %u", index, virtq->attr.index);
	for (i = 0; i < sizeof(parts); i++) {
		enum field_id id;

		for (id = layouts[parts[i]].first; id < layouts[parts[i]].end; id++) {
			if (id == FLD(virtio_net_q, modify_field_select) ||
			    id == FLD(virtio_q, queue_index) || is_selected(id, select))
				continue;
			if (cmd_get(cmd, id))
				return cmd_refuse(cmd, SYND(VQ_MODIFY_EXTRA), id, " ");
		}
	}
	return 0;
}

static int check_select(struct cmd *cmd, const struct virtq *virtq, uint64_t select)
{
	const enum field_id f = FLD(virtio_net_q, modify_field_select);
	const struct hca_profile *p = &cmd->ctx->hca->profile;

	if (!select)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_NOTHING), f, " ");
	if (select & ~(uint64_t)MOD_KNOWN)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_UNKNOWN), f, "0x%" PRIx64, select);
	if (select & MOD_DIRTY && !p->dirty_log)
		return cmd_refuse(cmd, SYND(VQ_DIRTY_LOG), f, "0x%" PRIx64, select);
	if (select & MOD_EXT && !p->vnet_modify_ext)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_EXT), f, "0x%" PRIx64 ": vnet_modify_ext",
				  select);
	if (select & MOD_ADDRS && !p->addr_modify)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_EXT), f,
				  "0x%" PRIx64 ": virtio_net_q_addr_modify", select);
	if (select & (MOD_AVAIL_INDEX | MOD_USED_INDEX) && !p->index_modify)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_EXT), f,
				  "0x%" PRIx64 ": virtio_q_index_modify", select);
	if (select & MOD_DESC_GROUP)
		return cmd_refuse(cmd, SYND(VQ_MODIFY_EXT), f,
				  "0x%" PRIx64 ": desc_group_mkey_supported", select);
	return check_unselected(cmd, virtq, select);
}

/* All but the state in INIT and SUSPEND; the dirty log while the queue runs, too. */
static int check_fields_state(struct cmd *cmd, enum vq_state state, uint64_t select)
{
	uint64_t fields_selected = select & ~(uint64_t)MOD_STATE;

	if (!fields_selected || state == VQ_INIT || state == VQ_SUSPEND ||
	    (state == VQ_RDY && !(fields_selected & ~(uint64_t)MOD_DIRTY)))
		return 0;
	return cmd_refuse(cmd, SYND(VQ_MODIFY_STATE), FLD(virtio_net_q, modify_field_select), "%s",
			  virtq_state_names[state]);
}

static int check_transition(struct cmd *cmd, enum vq_state from, uint64_t to)
{
	if ((from == VQ_INIT && to == VQ_RDY) || (from == VQ_RDY && to == VQ_SUSPEND))
		return 0;
	if (from != VQ_SUSPEND || to != VQ_RDY)
		return cmd_refuse(cmd, SYND(VQ_TRANSITION), FLD(virtio_net_q, state),
				  "%s -> %" PRIu64, virtq_state_names[from], to);
	if (!cmd->ctx->hca->profile.freeze_to_rdy)
		return cmd_refuse(cmd, SYND(VQ_FREEZE), FLD(virtio_net_q, state), " ");
	return 0;
}

/* The queue as it would be, checked. */
static int make_candidate(struct cmd *cmd, struct virtq *virtq, const struct vq_status *status,
			  uint64_t select, struct virtq *cand)
{
	uint8_t in[VIRTQ_NET_Q / 8 + VIRTQ_CTX_LEN];
	struct cmd merged = *cmd;
	unsigned int i;
	int err;

	memcpy(in, cmd->in, VIRTQ_NET_Q / 8);
	memcpy(in + VIRTQ_NET_Q / 8, virtq->ctx, VIRTQ_CTX_LEN);
	field_set(in, VIRTQ_NET_Q, FLD(virtio_net_q, hw_available_index), status->avail_index);
	field_set(in, VIRTQ_NET_Q, FLD(virtio_net_q, hw_used_index), status->used_index);
	merged.in = in;
	for (i = 0; i < SELECTED_N; i++)
		if (select & selected[i].select && selected[i].select != MOD_STATE)
			field_set(in, cmd_base(cmd, fields[selected[i].field].layout),
				  selected[i].field, cmd_get(cmd, selected[i].field));
	err = virtq_check(&merged, cand, virtq);
	memcpy(cand->ctx, in + VIRTQ_NET_Q / 8, VIRTQ_CTX_LEN);
	cand->changed = virtq->changed || (virtq->vq && select & MOD_EXT);
	if (err) {
		cmd->syndrome = merged.syndrome;
		cmd->field = merged.field;
		memcpy(cmd->why, merged.why, sizeof(cmd->why));
	}
	return err;
}

/* What a datapath queue takes while it exists. */
static int apply_live(struct cmd *cmd, struct virtq *virtq, const struct virtq *as, uint64_t select)
{
	int err = 0;

	if (!virtq->vq)
		return 0;
	if (select & MOD_DIRTY && (virtq->log.on || as->log.on))
		err = vq_set_dirty_log(virtq->vq, &as->log);
	if (err == -ENOMEM)
		return cmd_refuse_errno(cmd, err);
	if (err)
		return cmd_refuse(cmd, SYND(VQ_DIRTY_PARAMS), FLD(virtio_net_q, dirty_bitmap_addr),
				  "%s", strerror(-err));
	if (select & MOD_PERIOD)
		vq_set_moderation(virtq->vq, &as->moderation);
	return 0;
}

static int change_state(struct cmd *cmd, struct virtq *virtq, struct virtq *as,
			const struct vq_status *status)
{
	uint64_t to = cmd_get(cmd, FLD(virtio_net_q, state));
	int err = check_transition(cmd, status->state, to);

	if (err)
		return err;
	if (to == VQ_RDY)
		err = virtq_start(cmd, virtq, as);
	else if (vq_stop(virtq->vq))
		/* It may break while it is emptied. */
		err = cmd_refuse(cmd, SYND(VQ_TRANSITION), FLD(virtio_net_q, state), "ERR -> 2");
	if (!err)
		virtq_note_state(virtq, (enum vq_state)to, VQ_ERROR_NONE);
	return err;
}

/* The candidate becomes the queue. */
static void commit(struct virtq *virtq, struct virtq *cand)
{
	struct dp_mem *mem = virtq->mem, *log_mem = virtq->log.mem;

	virtq->attr = cand->attr;
	virtq->event_qp = cand->event_qp;
	virtq->moderation = cand->moderation;
	virtq->mem = cand->mem;
	virtq->log = cand->log;
	virtq->changed = cand->changed;
	memcpy(virtq->ctx, cand->ctx, sizeof(virtq->ctx));
	obj_take_uses(&virtq->obj, &cand->obj);
	cand->mem = mem;
	cand->log.mem = log_mem;
}

static int modify_fields(struct cmd *cmd, struct virtq *virtq, const struct vq_status *status,
			 uint64_t select)
{
	struct virtq cand = {.obj.ctx = virtq->obj.ctx};
	int err = make_candidate(cmd, virtq, status, select, &cand);

	if (!err && select & MOD_STATE)
		err = check_transition(cmd, status->state, cmd_get(cmd, FLD(virtio_net_q, state)));
	if (!err)
		err = apply_live(cmd, virtq, &cand, select);
	if (!err && select & MOD_STATE) {
		err = change_state(cmd, virtq, &cand, status);
		if (err) {
			struct cmd quiet = *cmd;

			/* It has been as it was before: no reason to refuse it now. */
			apply_live(&quiet, virtq, virtq, select);
		}
	}
	if (!err)
		commit(virtq, &cand);
	virtq_release(&cand);
	obj_unuse_all(&cand.obj);
	return err;
}

int virtq_modify(struct cmd *cmd, struct hca_obj *obj)
{
	struct virtq *virtq = (struct virtq *)obj;
	uint64_t select = cmd_get(cmd, FLD(virtio_net_q, modify_field_select));
	struct vq_status status;
	int err = check_select(cmd, virtq, select);

	if (err)
		return err;
	dp_lock(obj->ctx->hca->dp);
	virtq_status(virtq, &status);
	err = check_fields_state(cmd, status.state, select);
	if (!err && select == MOD_STATE)
		err = change_state(cmd, virtq, virtq, &status);
	else if (!err)
		err = modify_fields(cmd, virtq, &status, select);
	dp_unlock(obj->ctx->hca->dp);
	return err;
}
