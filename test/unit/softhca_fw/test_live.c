/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The firmware on the real datapath: frames from function 0 to function 1, every burst announced by
 * an event, while another thread makes and destroys objects of all kinds. For the locks; run it
 * under TSan.
 */
#include <endian.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fw/event.h"
#include "fw/hca_ident.h"
#include "rig.h"

enum { N = 64, BURST = 32, ROUNDS = 1000, FRAME = 64, HDR = 12, BUF = 2048, WAIT_MS = 20000 };

/* Split ring as a driver sees it, in the rig's memory: descriptors, then driver and device areas.
 */
struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct ring {
	struct desc *desc;
	uint16_t *avail; /* flags, idx, ring[] */
	uint16_t *used;  /* flags, idx, ... */
	uint16_t next;
};

/* One function: an event path per queue at a page range of its own. */
struct side {
	struct rig rig;
	struct ring rx, tx;
	struct hca_obj *rqt, *tir, *ft, *fg[2];
	struct hca_obj *td, *rxq, *cq, *counter;
	struct hca_chan *chan;
	int fd;
	uint32_t sn, seen, *cq_dbr, *rq_dbr;
};

static struct hca *nic;

static void ring_at(struct rig *rig, struct ring *r, size_t at, bool device_writes)
{
	unsigned int i;

	r->desc = (struct desc *)(rig->mem + at);
	r->avail = (uint16_t *)(rig->mem + at + 0x1000);
	r->used = (uint16_t *)(rig->mem + at + 0x2000);
	for (i = 0; i < N; i++) {
		size_t buf = at + 0x3000 + (size_t)i * BUF;

		r->desc[i] = (struct desc){.addr = RIG_IOVA + buf,
					   .len = device_writes ? BUF : HDR + FRAME,
					   .flags = device_writes ? 2 : 0};
	}
}

static void push(struct ring *r, unsigned int n)
{
	while (n--) {
		r->avail[2 + r->next % N] = r->next % N;
		r->next++;
	}
	__atomic_store_n(&r->avail[1], r->next, __ATOMIC_RELEASE);
}

static struct hca_obj *add_queue(struct side *s, struct hca_obj *tis, unsigned int index, size_t at)
{
	struct rig *rig = &s->rig;
	struct hca_obj *sw, *fw, *vq;
	struct mbox mb;

	good_cq(rig, &mb);
	mb_set(&mb, FLD(cqc, cc), 1);
	mb_set(&mb, FLD(cqc, oi), 1);
	mb_set(&mb, FLD(create_cq_in, cq_umem_offset), CQ_AT + index * 0x8000);
	mb_set(&mb, FLD(cqc, dbr_addr), CQ_DBR_AT + index * 0x8000);
	s->cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, s->cq);
	mb_set(&mb, FLD(qpc, dbr_addr), RQ_DBR_AT + index * 0x8000);
	sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	fw = mb_create(&mb, rig->a);
	connect_qps(fw, sw);
	s->cq_dbr = (uint32_t *)(rig->mem + CQ_DBR_AT + index * 0x8000);
	s->rq_dbr = (uint32_t *)(rig->mem + RQ_DBR_AT + index * 0x8000);
	__atomic_store_n(&s->rq_dbr[0], htobe32(0x8000), __ATOMIC_RELEASE);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, queue_index), index);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), fw->id);
	mb_set(&mb, FLD(virtio_q, desc_addr), RIG_IOVA + at);
	mb_set(&mb, FLD(virtio_q, available_addr), RIG_IOVA + at + 0x1000);
	mb_set(&mb, FLD(virtio_q, used_addr), RIG_IOVA + at + 0x2000);
	vq = mb_create(&mb, rig->a);
	set_state(vq, VQ_RDY);
	return vq;
}

/* An entry of the table: frames to a MAC that is nobody's, or all of them, to the TIR. */
static struct hca_obj *add_entry(struct side *s, unsigned int index, uint16_t mac)
{
	struct mbox mb;

	mb_begin(&mb, "set_flow_table_entry");
	mb_set(&mb, FLD(set_fte_in, table_id), s->ft->id);
	mb_set(&mb, FLD(set_fte_in, flow_index), index);
	mb_set(&mb, FLD(flow_context, group_id), s->fg[mac == 0]->id);
	if (mac)
		mb_set(&mb, FLD(fte_match_set_lyr_2_4, dmac_15_0), mac);
	mb_set(&mb, FLD(flow_context, action), 4);
	mb_set(&mb, FLD(flow_context, destination_list_size), 1);
	field_set(mb.in, (uint32_t)mb.in_len * 8, FLD(dest_format, destination_type), 2);
	field_set(mb.in, (uint32_t)mb.in_len * 8, FLD(dest_format, destination_id), s->tir->id);
	mb.in_len += 8;
	return mb_create(&mb, s->rig.a);
}

static void make_table(struct side *s)
{
	struct mbox mb;

	mb_begin(&mb, "create_flow_table");
	mb_set(&mb, FLD(flow_table_context, level), 3);
	mb_set(&mb, FLD(flow_table_context, log_size), 4);
	s->ft = mb_create(&mb, s->rig.a);
	mb_begin(&mb, "create_flow_group");
	mb_set(&mb, FLD(create_flow_group_in, table_id), s->ft->id);
	mb_set(&mb, FLD(create_flow_group_in, end_flow_index), 7);
	mb_set(&mb, FLD(create_flow_group_in, match_criteria_enable), 1);
	mb_set(&mb, FLD(fte_match_set_lyr_2_4, dmac_15_0), 0xffff);
	s->fg[0] = mb_create(&mb, s->rig.a);
	mb_begin(&mb, "create_flow_group");
	mb_set(&mb, FLD(create_flow_group_in, table_id), s->ft->id);
	mb_set(&mb, FLD(create_flow_group_in, start_flow_index), 8);
	mb_set(&mb, FLD(create_flow_group_in, end_flow_index), 15);
	s->fg[1] = mb_create(&mb, s->rig.a);
	add_entry(s, 15, 0);
}

/* What frames find changes, and where they go does not. */
static void change_steering(struct side *s, unsigned int round)
{
	struct hca_obj *entry = add_entry(s, 3, 0x7777), *always = add_entry(s, 9, 0);
	struct mbox mb;

	mb_begin(&mb, "modify_rqt");
	mb_set(&mb, FLD(modify_rqt_in, modify_bitmask), 1);
	mb_set(&mb, FLD(rqtc, list_q_type), 1);
	mb_queue(&mb, s->rxq->id);
	if (round & 1)
		mb_queue(&mb, s->rxq->id);
	mb_modify(&mb, s->rqt);
	destroy(entry);
	destroy(always);
}

static void steer(struct side *s)
{
	static const uint8_t none[64];
	struct hca_matcher_attr attr = {.mask = none, .mask_len = sizeof(none), .priority = 7};
	struct hca_flow_attr to = {.value = none, .value_len = sizeof(none)};
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct mbox mb;

	good_rqt(&mb, s->rxq, 4);
	s->rqt = mb_create(&mb, s->rig.a);
	good_tir(&mb, s->td, s->rqt);
	s->tir = mb_create(&mb, s->rig.a);
	make_table(s);
	to.dest = s->ft;
	s->counter = make(&mb, s->rig.a, "alloc_flow_counter");
	to.counter = s->counter;
	assert_int_equal(hca_matcher_create(s->rig.a, &attr, &matcher), 0);
	assert_int_equal(hca_flow_create(matcher, &to, &flow), 0);
}

static uint64_t counted(struct side *s)
{
	struct mbox mb;

	mb_begin(&mb, "query_flow_counter");
	mb.out_len = 32;
	mb_query(&mb, s->counter);
	assert_int_equal(mb_answer(&mb, 128, FLD(traffic_counter, octets)),
			 FRAME * mb_answer(&mb, 128, FLD(traffic_counter, packets)));
	return mb_answer(&mb, 128, FLD(traffic_counter, packets));
}

static void make_side(struct side *s, unsigned int function)
{
	struct rig *rig = &s->rig;
	uint32_t rkey, var;
	uint16_t comp = EVENT_COMP;
	struct hca_obj *tis;

	rig->hca = nic;
	rig->mem = mmap(NULL, RIG_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(rig->mem, MAP_FAILED);
	assert_int_equal(hca_ctx_open(nic, function, &rig->a), 0);
	assert_int_equal(hca_pd_alloc(rig->a, &rig->pd), 0);
	assert_int_equal(
	    hca_mr_reg(rig->a, rig->pd, rig->mem, RIG_MEM, RIG_IOVA, 1, &rig->key, &rkey), 0);
	assert_int_equal(hca_umem_reg(rig->a, rig->mem, RIG_MEM, 1, &rig->umem), 0);
	assert_int_equal(hca_uar_alloc(rig->a, rig->uar_page, &rig->uar), 0);
	rig->var_page[0] = DP_DOORBELL_NONE;
	assert_int_equal(hca_var_alloc(rig->a, rig->var_page, &var), 0);
	ring_at(rig, &s->rx, 0x80000, true);
	ring_at(rig, &s->tx, 0xc0000, false);
	tis = make_tis(rig, &s->td);
	add_queue(s, tis, 1, 0xc0000);
	s->rxq = add_queue(s, tis, 0, 0x80000);
	steer(s);
	/* Of the receive queue, which came last. */
	assert_int_equal(hca_chan_open(rig->a, true, &s->chan, &s->fd), 0);
	assert_int_equal(hca_chan_subscribe(s->chan, s->cq, &comp, 1, 0x77, -1), 0);
}

static void ring_doorbell(struct side *s)
{
	__atomic_store_n(&s->rig.var_page[0], 1, __ATOMIC_RELEASE);
}

static void arm(struct side *s)
{
	__atomic_store_n(&s->cq_dbr[1], htobe32((++s->sn & 3) << 28 | (s->seen & 0xffffff)),
			 __ATOMIC_RELEASE);
}

static void wait_event(struct side *s)
{
	struct pollfd pfd = {.fd = s->fd, .events = POLLIN};
	const uint8_t *cqe = s->rig.mem + CQ_AT;
	uint32_t last;
	uint64_t cookie;

	assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
	assert_int_equal(read(s->fd, &cookie, sizeof(cookie)), sizeof(cookie));
	assert_int_equal(cookie, 0x77);
	last =
	    be32toh(__atomic_load_n((const uint32_t *)(const void *)(cqe + 60), __ATOMIC_ACQUIRE));
	s->seen += (uint16_t)((last >> 16) + 1 - s->seen);
	__atomic_store_n(&s->rq_dbr[0], htobe32(s->seen + 0x8000), __ATOMIC_RELEASE);
}

static uint16_t used(struct ring *r)
{
	return __atomic_load_n(&r->used[1], __ATOMIC_ACQUIRE);
}

/* Without events: of those there may be one more or less. */
static void wait_used(struct ring *r, uint16_t n)
{
	unsigned int ms;

	for (ms = 0; used(r) != n && ms < WAIT_MS; ms++)
		poll(NULL, 0, 1);
	assert_int_equal(used(r), n);
}

/* Everything that takes the locks, while frames move. */
static void *churn(void *arg)
{
	struct side *s = arg;
	struct rig *rig = &s->rig;
	static const uint8_t none[64];
	uint16_t comp = EVENT_COMP;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct hca_matcher_attr attr = {.mask = none, .mask_len = 64, .priority = 1};
		struct hca_matcher *matcher;
		struct hca_obj *cq, *mkey;
		struct hca_chan *chan;
		struct mbox mb;
		uint32_t key, rkey;
		int fd;

		good_cq(rig, &mb);
		mb_set(&mb, FLD(create_cq_in, cq_umem_offset), 0x30000);
		mb_set(&mb, FLD(cqc, dbr_addr), 0x38000);
		cq = mb_create(&mb, rig->a);
		good_mkey(rig, &mb);
		mkey = mb_create(&mb, rig->a);
		assert_int_equal(hca_chan_open(rig->a, true, &chan, &fd), 0);
		assert_int_equal(hca_chan_subscribe(chan, s->cq, &comp, 1, 1, -1), 0);
		assert_int_equal(hca_chan_subscribe(chan, cq, &comp, 1, 2, -1), 0);
		assert_int_equal(hca_matcher_create(rig->a, &attr, &matcher), 0);
		assert_int_equal(hca_mr_reg(rig->a, rig->pd, rig->mem, 4096, 0, 1, &key, &rkey), 0);
		mb_begin(&mb, "query_virtio_net_q");
		mb_query(&mb, s->rxq);
		assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, state)), VQ_RDY);
		change_steering(s, i);
		assert_int_equal(hca_mr_dereg(rig->a, key), 0);
		assert_int_equal(hca_matcher_destroy(matcher), 0);
		if (i & 1)
			hca_chan_close(chan);
		destroy(mkey);
		destroy(cq);
		if (!(i & 1))
			hca_chan_close(chan);
		close(fd);
	}
	return NULL;
}

static void fill(struct side *s)
{
	unsigned int i;

	for (i = 0; i < N; i++) {
		uint8_t *frame = s->rig.mem + (s->tx.desc[i].addr - RIG_IOVA) + HDR;

		hca_ident_mac(1, frame);
		hca_ident_mac(0, frame + 6);
		frame[12] = 0x88;
		frame[13] = 0xb5;
		memset(frame + 14, (int)i, FRAME - 14);
	}
}

static struct side *two_sides(void)
{
	struct hca_config cfg = {.functions = 2, .threads = 2, .delay_drop_ms = 1000};
	struct side *side = calloc(2, sizeof(*side));

	assert_non_null(side);
	assert_int_equal(hca_create(&cfg, &nic), 0);
	make_side(&side[0], 0);
	make_side(&side[1], 1);
	fill(&side[0]);
	return side;
}

static void end_sides(struct side *side)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		hca_ctx_close(side[i].rig.a);
	hca_destroy(nic);
	for (i = 0; i < 2; i++) {
		munmap(side[i].rig.mem, RIG_MEM);
		close(side[i].fd);
	}
	free(side);
}

static void frames_and_events_under_churn(void **state)
{
	struct side *side = two_sides();
	unsigned int round;
	pthread_t thread;

	(void)state;
	push(&side[1].rx, N - BURST);
	assert_int_equal(pthread_create(&thread, NULL, churn, &side[1]), 0);
	for (round = 1; round <= ROUNDS; round++) {
		push(&side[1].rx, BURST);
		arm(&side[1]);
		push(&side[0].tx, BURST);
		ring_doorbell(&side[0]);
		/* An event may be about the first frames of a burst only. */
		do {
			wait_event(&side[1]);
			arm(&side[1]);
		} while (used(&side[1].rx) != (uint16_t)(round * BURST));
		/* Drain what that last arming may have caused. */
		while (poll(&(struct pollfd){.fd = side[1].fd, .events = POLLIN}, 1, 0) == 1)
			wait_event(&side[1]);
	}
	pthread_join(thread, NULL);
	assert_memory_equal(side[1].rig.mem + 0x80000 + 0x3000 + 5 * BUF + HDR,
			    side[0].rig.mem + 0xc0000 + 0x3000 + 5 * BUF + HDR, FRAME);
	/* Counted when the sender's side of the burst is done, after the receiver has it. */
	for (unsigned int ms = 0; counted(&side[1]) < ROUNDS * BURST && ms < WAIT_MS; ms++)
		poll(NULL, 0, 1);
	assert_int_equal(counted(&side[1]), ROUNDS * BURST);
	assert_int_equal(nic->stat->queue_errors, 0);
	end_sides(side);
}

/* Switched on while the queue runs: the pages of the buffers that were filled, and no others. */
static void dirty_log_of_running_queue(void **state)
{
	enum { BITMAP_AT = 0x70000, BITMAP_LEN = 0x2020, FRAMES = 3 };
	struct side *side = two_sides();
	struct side *rx = &side[1];
	const uint8_t *bitmap = rx->rig.mem + BITMAP_AT;
	unsigned int i, bits = 0;
	struct mbox mb;

	(void)state;
	select_fields(&mb, SEL_DIRTY_PARAMS | SEL_DIRTY_ENABLE);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_mkey), rx->rig.key);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_addr), RIG_IOVA + BITMAP_AT);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_size), BITMAP_LEN);
	mb_set(&mb, FLD(virtio_net_q, dirty_bitmap_dump_enable), 1);
	mb_modify(&mb, rx->rxq);
	push(&rx->rx, BURST);
	push(&side[0].tx, FRAMES);
	ring_doorbell(&side[0]);
	wait_used(&rx->rx, FRAMES);
	/* What was logged is there once the queue stands. */
	set_state(rx->rxq, VQ_SUSPEND);
	for (i = 0; i < FRAMES; i++) {
		uint64_t page = rx->rx.desc[i].addr >> 12;

		assert_true(bitmap[page / 8] & 1 << page % 8);
	}
	for (i = 0; i < BITMAP_LEN * 8; i++)
		bits += bitmap[i / 8] >> i % 8 & 1;
	assert_int_equal(bits, 2); /* two buffers a page */
	/* Off: nothing more is logged. */
	memset(rx->rig.mem + BITMAP_AT, 0, BITMAP_LEN);
	select_fields(&mb, SEL_DIRTY_ENABLE);
	mb_modify(&mb, rx->rxq);
	set_state(rx->rxq, VQ_RDY);
	push(&side[0].tx, 1);
	ring_doorbell(&side[0]);
	wait_used(&rx->rx, FRAMES + 1);
	for (i = 0; i < BITMAP_LEN; i++)
		assert_int_equal(bitmap[i], 0);
	end_sides(side);
}

/* The receiver unmaps its completion queue: its queue breaks, frames to others go on. */
static void completion_memory_gone_queue_breaks(void **state)
{
	struct side *side = two_sides();
	struct side *rx = &side[1];
	uint16_t change = EVENT_OBJECT_CHANGE;
	struct pollfd pfd;
	struct mbox mb;
	uint64_t cookie;

	(void)state;
	assert_int_equal(hca_chan_subscribe(rx->chan, rx->rxq, &change, 1, 0x88, -1), 0);
	munmap(rx->rig.mem + CQ_AT, 4096);
	push(&rx->rx, BURST);
	push(&side[0].tx, 1);
	ring_doorbell(&side[0]);
	pfd = (struct pollfd){.fd = rx->fd, .events = POLLIN};
	assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
	assert_int_equal(read(rx->fd, &cookie, sizeof(cookie)), sizeof(cookie));
	assert_int_equal(cookie, 0x88);
	mb_begin(&mb, "query_virtio_net_q");
	mb_query(&mb, rx->rxq);
	assert_int_equal(mb_answer(&mb, 0x80, FLD(virtio_net_q, state)), VQ_ERR);
	assert_int_equal(mb_answer(&mb, 0x280, FLD(virtio_q, error_type)), VQ_ERROR_CQ);
	assert_int_equal(nic->stat->queue_errors, 1);
	/* The other direction is unharmed. */
	push(&side[0].rx, BURST);
	arm(&side[0]);
	memcpy(rx->rig.mem + (rx->tx.desc[0].addr - RIG_IOVA) + HDR,
	       (uint8_t[]){0x02, 0x5f, 0x7c, 0xa0, 0, 0, 0x02, 0x5f, 0x7c, 0xa0, 0, 1, 0x88, 0xb5},
	       14);
	push(&rx->tx, 1);
	ring_doorbell(rx);
	wait_event(&side[0]);
	wait_used(&side[0].rx, 1);
	end_sides(side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_and_events_under_churn),
	    cmocka_unit_test(dirty_log_of_running_queue),
	    cmocka_unit_test(completion_memory_gone_queue_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
