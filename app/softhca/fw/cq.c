/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "../vq/guard.h"
#include "call.h"
#include "cq.h"
#include "event.h"
#include "fail.h"
#include "hca_priv.h"
#include "mem.h"
#include "trace.h"

enum { CQE_LEN = 64, CQE_QPN = 56, CQE_LAST = 60, DBR_LEN = 8 };
enum { CQE_RESP_SEND = 2, CQE_RESIZED = 5, CQE_ERRORS = 13, CQE_SOLICITED = 1 << 1 };

#define CI_MASK        0xffffffu
#define ARM_SOLICITED  (1u << 24)

static uint32_t dbr_read(const struct cq *cq, unsigned int word)
{
	return be32toh(__atomic_load_n(&cq->dbr[word], __ATOMIC_ACQUIRE));
}

bool cq_has(const struct cq *cq, const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)cq->cqes < (uintptr_t)cq->entry_len << cq->log_size ||
	       (uintptr_t)addr - (uintptr_t)cq->dbr < DBR_LEN;
}

void cq_set_lost(struct cq *cq)
{
	cq->broken = true;
	cq->lost = true;
	if (cq->waiting)
		atomic_fetch_sub(&cq->obj.ctx->hca->ev.waiting, 1);
	cq->waiting = false;
}

void cq_check_arm(struct cq *cq)
{
	struct hca *hca = cq->obj.ctx->hca;
	uint32_t word = dbr_read(cq, 1);
	uint32_t unseen = ((word & ARM_SOLICITED ? cq->solicited : cq->pi) - word) & CI_MASK;
	bool armed = word != cq->fired_word || (!cq->fired && uar_rings(cq->uar) != cq->rings_seen);
	bool waiting = !armed;

	/* After an event the next arm may come with CQEs unseen: stay on the tick's list. */
	if (armed && unseen && unseen < (CI_MASK + 1) / 2) {
		cq->fired = true;
		cq->fired_word = word;
		waiting = true;
		event_send(hca, &cq->obj, EVENT_COMP);
	}
	if (waiting != cq->waiting) {
		cq->waiting = waiting;
		if (waiting)
			atomic_fetch_add(&hca->ev.waiting, 1);
		else
			atomic_fetch_sub(&hca->ev.waiting, 1);
	}
}

/* Where the next CQE goes, or NULL: the queue is broken. */
static uint8_t *next_cqe(struct cq *cq)
{
	uint32_t size = 1u << cq->log_size;
	uint8_t *cqe = cq->cqes + cq->entry_len - CQE_LEN;

	if (cq->broken)
		return NULL;
	if (!cq->overrun_ignore && ((cq->pi - dbr_read(cq, 0)) & CI_MASK) >= size) {
		cq->broken = true;
		event_send(cq->obj.ctx->hca, &cq->obj, EVENT_CQ_ERROR);
		return NULL;
	}
	return cq->collapsed ? cqe : cqe + (size_t)(cq->pi & (size - 1)) * cq->entry_len;
}

/*
 * The owner bit turns with every round of the ring; it makes the CQE valid, so its word goes last.
 * last: the word, as bytes.
 */
static void publish(struct cq *cq, uint8_t *cqe, uint8_t last[4])
{
	uint32_t word;

	last[3] |= (uint8_t)((cq->pi >> cq->log_size) & 1);
	memcpy(&word, last, sizeof(word));
	__atomic_store_n((uint32_t *)(void *)(cqe + CQE_LAST), word, __ATOMIC_RELEASE);
	cq->pi++;
	cq_check_arm(cq);
}

int cq_produce(struct cq *cq, uint32_t qpn, uint16_t wqe_counter)
{
	uint8_t last[4] = {(uint8_t)(wqe_counter >> 8), (uint8_t)wqe_counter, 0,
			   CQE_RESP_SEND << 4};
	uint8_t *cqe = next_cqe(cq);
	uint32_t word = htobe32(qpn);

	if (!cqe)
		return -EIO;
	memset(cqe, 0, CQE_QPN);
	memcpy(cqe + CQE_QPN, &word, sizeof(word));
	publish(cq, cqe, last);
	return 0;
}

/*
 * The program may have unmapped the CQ meanwhile. Not for cq_produce(): the datapath guards a
 * queue's notification itself, and guards do not nest.
 */
struct cq_guard {
	struct guard guard;
	const struct cq *cq;
};

static bool blame(struct guard *guard, const void *addr)
{
	return cq_has(((struct cq_guard *)guard)->cq, addr);
}

static void lose(struct cq *cq)
{
	cq_set_lost(cq);
	cq->told = true;
	event_send(cq->obj.ctx->hca, &cq->obj, EVENT_CQ_ERROR);
}

void cq_scan(struct cq *cq)
{
	struct cq_guard g = {.guard.blame = blame, .cq = cq};

	pthread_spin_lock(&cq->lock);
	if (!cq->waiting) {
		/* Nothing to see, or armed. */
	} else if (sigsetjmp(g.guard.env, 0) == 0) {
		guard_enter(&g.guard);
		cq_check_arm(cq);
		guard_leave();
	} else {
		lose(cq);
	}
	pthread_spin_unlock(&cq->lock);
}

static int put(struct cq *cq, const uint8_t src[CQE_LEN])
{
	uint8_t *cqe = next_cqe(cq), last[4];

	if (!cqe)
		return -EIO;
	memcpy(cqe, src, CQE_LAST);
	memcpy(last, src + CQE_LAST, sizeof(last));
	if (last[3] & CQE_SOLICITED || last[3] >> 4 >= CQE_ERRORS)
		cq->solicited = cq->pi + 1;
	publish(cq, cqe, last);
	return 0;
}

int cq_put(struct cq *cq, const uint8_t src[CQE_LEN])
{
	struct cq_guard g = {.guard.blame = blame, .cq = cq};
	int err;

	if (sigsetjmp(g.guard.env, 0) != 0) {
		lose(cq);
		return -EIO;
	}
	guard_enter(&g.guard);
	err = put(cq, src);
	guard_leave();
	return err;
}

/* With cq->lock. */
static int resize(struct cq *cq, struct umem *umem, unsigned int log_size)
{
	uint8_t cqe[CQE_LEN] = {0};
	uint32_t ci;

	if (cq->lost || mem_read(&cq->dbr[0], &ci, sizeof(ci)))
		return -EIO;
	if (cq->collapsed || ((cq->pi - be32toh(ci)) & CI_MASK) >= 1u << log_size)
		return -EINVAL;
	cqe[CQE_LEN - 1] = CQE_RESIZED << 4;
	if (cq_put(cq, cqe))
		return -EIO;
	cq->umem = umem;
	cq->cqes = umem->hva;
	cq->log_size = log_size;
	return 0;
}

int hca_cq_resize(struct hca_obj *obj, uint32_t umem_id, unsigned int log_size)
{
	struct hca *hca = obj->ctx->hca;
	struct cq *cq = (struct cq *)obj;
	struct umem *umem, *old = cq->umem;
	struct call call;
	int err = -EINVAL;

	call_begin(&call, hca, "resize_cq");
	umem = (struct umem *)obj_find(obj->ctx, OBJ_UMEM, umem_id);
	if (umem && log_size <= LIM_LOG_CQ_SZ && umem->len >= (uint64_t)cq->entry_len << log_size)
		err = hca_inject(hca, "resize_cq") ? -ENOMEM : obj_use(obj, &umem->obj);
	if (!err) {
		pthread_spin_lock(&cq->lock);
		err = resize(cq, umem, log_size);
		pthread_spin_unlock(&cq->lock);
		obj_unuse(obj, err ? &umem->obj : &old->obj);
	}
	trace_call(obj->ctx, "resize_cq", err, " cqn=0x%x umem=0x%x entries=%u", obj->id, umem_id,
		   1u << log_size);
	call_end(&call, err);
	return err;
}

static int check(struct cmd *cmd)
{
	if (!cmd_get(cmd, FLD(create_cq_in, cq_umem_valid)))
		return cmd_refuse(cmd, SYND(UMEM_MISSING), FLD(create_cq_in, cq_umem_valid), " ");
	if (!cmd_get(cmd, FLD(cqc, dbr_umem_valid)))
		return cmd_refuse(cmd, SYND(UMEM_MISSING), FLD(cqc, dbr_umem_valid), " ");
	if (cmd_get(cmd, FLD(cqc, cqe_sz)) > 1)
		return cmd_refuse(cmd, SYND(CQE_SIZE), FLD(cqc, cqe_sz), " ");
	if (cmd_get(cmd, FLD(cqc, log_cq_size)) > LIM_LOG_CQ_SZ)
		return cmd_refuse(cmd, SYND(CQ_SIZE), FLD(cqc, log_cq_size), " ");
	if (cmd_get(cmd, FLD(cqc, c_eqn)) != LIM_EQN)
		return cmd_refuse(cmd, SYND(CQ_EQN), FLD(cqc, c_eqn), " ");
	return 0;
}

static int cq_use(struct cq *cq)
{
	int err = obj_use(&cq->obj, &cq->umem->obj);

	if (!err)
		err = obj_use(&cq->obj, &cq->dbr_umem->obj);
	if (!err)
		err = obj_use(&cq->obj, &cq->uar->obj);
	return err;
}

int cq_create(struct cmd *cmd, struct hca_obj **out)
{
	struct cq args = {.log_size = (unsigned int)cmd_get(cmd, FLD(cqc, log_cq_size)),
			  .entry_len = CQE_LEN << (cmd_get(cmd, FLD(cqc, cqe_sz)) & 1)},
		  *cq;
	struct hca *hca = cmd->ctx->hca;
	struct hca_obj *uar, *obj;
	uint32_t words[DBR_LEN / 4];
	uint8_t *dbr;
	int err = check(cmd);

	if (!err)
		err = umem_at(cmd, FLD(create_cq_in, cq_umem_id), FLD(create_cq_in, cq_umem_offset),
			      (uint64_t)args.entry_len << args.log_size, CQE_LEN, &args.umem,
			      &args.cqes);
	if (!err)
		err = umem_at(cmd, FLD(cqc, dbr_umem_id), FLD(cqc, dbr_addr), DBR_LEN, DBR_LEN,
			      &args.dbr_umem, &dbr);
	if (!err && mem_read(dbr, words, sizeof(words)))
		err = cmd_refuse(cmd, SYND(UMEM_GONE), FLD(cqc, dbr_addr), " ");
	if (!err)
		err = cmd_ref(cmd, FLD(cqc, uar_page), &uar);
	if (err)
		return err;
	err = obj_new(cmd->ctx, OBJ_CQ, sizeof(*cq), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	cq = (struct cq *)obj;
	cq->log_size = args.log_size;
	cq->entry_len = args.entry_len;
	cq->umem = args.umem;
	cq->dbr_umem = args.dbr_umem;
	cq->cqes = args.cqes;
	cq->dbr = (uint32_t *)(void *)dbr;
	cq->uar = (struct uar *)uar;
	cq->collapsed = cmd_get(cmd, FLD(cqc, cc));
	cq->overrun_ignore = cmd_get(cmd, FLD(cqc, oi));
	cq->fired_word = be32toh(words[1]);
	cq->rings_seen = uar_rings(cq->uar);
	pthread_spin_init(&cq->lock, PTHREAD_PROCESS_PRIVATE);
	dp_lock(hca->dp);
	TAILQ_INSERT_TAIL(&hca->ev.cqs, cq, in_hca);
	dp_unlock(hca->dp);
	err = cq_use(cq);
	if (err) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, err);
	}
	*out = obj;
	return 0;
}

void cq_fini(struct hca_obj *obj)
{
	struct cq *cq = (struct cq *)obj;
	struct hca *hca = obj->ctx->hca;

	dp_lock(hca->dp);
	TAILQ_REMOVE(&hca->ev.cqs, cq, in_hca);
	if (cq->waiting)
		atomic_fetch_sub(&hca->ev.waiting, 1);
	dp_unlock(hca->dp);
	pthread_spin_destroy(&cq->lock);
}
