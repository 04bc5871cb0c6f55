/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Out of memory, descriptors or threads, at every single place: a whole life of a NIC is lived
 * again and again with the 1st, 2nd, 3rd ... allocation refused, until none is left to refuse.
 *
 * Each time the call that hits it says ENOMEM (EMFILE, EAGAIN for a thread), or its command is
 * refused for want of memory; the same call works when it is repeated; and in the end nothing is
 * alive. The leak checker of the address sanitizer sees the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fw/event.h"
#include "rig.h"
#include "starve.h"

enum { OBJS_MAX = 32 };

struct life {
	struct rig rig; /* rig.a is the only context */
	char trace[64], stat[64], socket[64], capture[64];
	unsigned int threads, links;
	struct hca_obj *obj[OBJS_MAX]; /* in order of creation */
	unsigned int n;
	struct hca_obj *td, *tis, *cq, *sw, *fw, *ctr, *vq, *rqt, *tir, *fc, *klm;
	struct hca_matcher *matcher;
	struct hca_flow *flow;
	struct hca_obj *ft[2], *fg, *fte;
	struct hca_chan *chan, *async;
	int fd, efd, async_fd;
	uint32_t var;
	struct mbox mb;
};

/* ---- a command that may be refused ---- */

static int create(struct life *l, struct hca_obj **out)
{
	struct hca_obj *obj = NULL;
	int err = hca_obj_create(l->rig.a, l->mb.in, l->mb.in_len, l->mb.out, l->mb.out_len, &obj);

	if (err)
		return err;
	assert_true(l->n < OBJS_MAX);
	l->obj[l->n++] = obj;
	*out = obj;
	return 0;
}

static int modify(struct life *l, struct hca_obj *obj)
{
	if (l->mb.desc->id_field)
		mb_set(&l->mb, l->mb.desc->id_field, obj->id);
	return hca_obj_modify(obj, l->mb.in, l->mb.in_len, l->mb.out, l->mb.out_len);
}

static int query(struct life *l, struct hca_obj *obj)
{
	mb_set(&l->mb, l->mb.desc->id_field, obj->id);
	return hca_obj_query(obj, l->mb.in, l->mb.in_len, l->mb.out, l->mb.out_len);
}

/* ---- the steps of a life ---- */

static int make_nic(struct life *l)
{
	struct dp_link_config link[] = {{.representor = -1}, {.representor = 1}};
	struct hca_config cfg = {
	    .functions = 2,
	    .threads = l->threads,
	    .trace_path = l->trace,
	    .stat_path = l->stat,
	    .fail = "any:1000000",
	    .links = link,
	    .n_links = l->links,
	    .latency = "query_lag=1ns", /* not in this life */
	};

	snprintf(link[0].spec, sizeof(link[0].spec), "memif:%s", l->socket);
	snprintf(link[1].spec, sizeof(link[1].spec), "pcap:tx=%s", l->capture);
	return hca_create(&cfg, &l->rig.hca);
}

static int open_ctx(struct life *l)
{
	return hca_ctx_open(l->rig.hca, 0, &l->rig.a);
}

static int alloc_pd(struct life *l)
{
	return hca_pd_alloc(l->rig.a, &l->rig.pd);
}

static int reg_mr(struct life *l)
{
	uint32_t rkey;

	return hca_mr_reg(l->rig.a, l->rig.pd, l->rig.mem, RIG_MEM, RIG_IOVA, 1, &l->rig.key,
			  &rkey);
}

static int reg_umem(struct life *l)
{
	return hca_umem_reg(l->rig.a, l->rig.mem, RIG_MEM, 1, &l->rig.umem);
}

static int alloc_uar(struct life *l)
{
	return hca_uar_alloc(l->rig.a, l->rig.uar_page, &l->rig.uar);
}

static int alloc_var(struct life *l)
{
	return hca_var_alloc(l->rig.a, l->rig.var_page, &l->var);
}

static int open_chan(struct life *l)
{
	return hca_chan_open(l->rig.a, true, &l->chan, &l->fd);
}

static int create_klm(struct life *l)
{
	good_mkey(&l->rig, &l->mb);
	return create(l, &l->klm);
}

static int create_td(struct life *l)
{
	mb_begin(&l->mb, "alloc_transport_domain");
	return create(l, &l->td);
}

static int create_tis(struct life *l)
{
	good_tis(&l->rig, &l->mb, l->td);
	return create(l, &l->tis);
}

static int create_cq(struct life *l)
{
	good_cq(&l->rig, &l->mb);
	return create(l, &l->cq);
}

static int subscribe_cq(struct life *l)
{
	uint16_t event = EVENT_COMP;

	return hca_chan_subscribe(l->chan, l->cq, &event, 1, 1, l->efd);
}

static int create_sw_qp(struct life *l)
{
	good_sw_qp(&l->rig, &l->mb, l->cq);
	return create(l, &l->sw);
}

static int create_fw_qp(struct life *l)
{
	good_fw_qp(&l->rig, &l->mb);
	return create(l, &l->fw);
}

/* Takes no memory; not a thing to repeat. */
static int connect(struct life *l)
{
	connect_qps(l->fw, l->sw);
	return 0;
}

static int create_counters(struct life *l)
{
	mb_begin(&l->mb, "create_virtio_q_counters");
	return create(l, &l->ctr);
}

static int create_vq(struct life *l)
{
	good_virtq(&l->rig, &l->mb, l->tis);
	mb_set(&l->mb, FLD(virtio_q, virtio_q_mkey), 0);
	mb_set(&l->mb, FLD(virtio_q, counter_set_id), l->ctr->id);
	mb_set(&l->mb, FLD(virtio_q, event_mode), 1);
	mb_set(&l->mb, FLD(virtio_q, event_qpn_or_msix), l->fw->id);
	return create(l, &l->vq);
}

static int create_rqt(struct life *l)
{
	good_rqt(&l->mb, l->vq, 4);
	return create(l, &l->rqt);
}

static int create_tir(struct life *l)
{
	good_tir(&l->mb, l->td, l->rqt);
	return create(l, &l->tir);
}

static int create_fc(struct life *l)
{
	mb_begin(&l->mb, "alloc_flow_counter");
	mb_set(&l->mb, FLD(alloc_flow_counter_in, flow_counter_bulk), 1);
	return create(l, &l->fc);
}

static int create_matcher(struct life *l)
{
	struct hca_matcher_attr attr = {0};

	return hca_matcher_create(l->rig.a, &attr, &l->matcher);
}

static int create_table(struct life *l, unsigned int level)
{
	mb_begin(&l->mb, "create_flow_table");
	mb_set(&l->mb, FLD(flow_table_context, level), level + 1);
	mb_set(&l->mb, FLD(flow_table_context, log_size), 4);
	return create(l, &l->ft[level]);
}

static int create_first_table(struct life *l)
{
	return create_table(l, 0);
}

static int create_second_table(struct life *l)
{
	return create_table(l, 1);
}

static int create_group(struct life *l)
{
	mb_begin(&l->mb, "create_flow_group");
	mb_set(&l->mb, FLD(create_flow_group_in, table_id), l->ft[0]->id);
	mb_set(&l->mb, FLD(create_flow_group_in, end_flow_index), 15);
	return create(l, &l->fg);
}

/* It leads to an object, and is counted. */
static void fill_entry(struct life *l, unsigned int type, uint32_t id)
{
	uint32_t at = (uint32_t)l->mb.in_len * 8;

	mb_set(&l->mb, FLD(set_fte_in, table_id), l->ft[0]->id);
	mb_set(&l->mb, FLD(flow_context, group_id), l->fg->id);
	mb_set(&l->mb, FLD(flow_context, action), 4 | 8);
	mb_set(&l->mb, FLD(flow_context, destination_list_size), 1);
	mb_set(&l->mb, FLD(flow_context, flow_counter_list_size), 1);
	field_set(l->mb.in, at, FLD(dest_format, destination_type), type);
	field_set(l->mb.in, at, FLD(dest_format, destination_id), id);
	field_set(l->mb.in, at + 64, FLD(flow_counter_list, flow_counter_id), l->fc->id);
	l->mb.in_len += 16;
}

static int create_entry(struct life *l)
{
	mb_begin(&l->mb, "set_flow_table_entry");
	fill_entry(l, 2, l->tir->id);
	return create(l, &l->fte);
}

static int modify_entry(struct life *l)
{
	mb_begin(&l->mb, "modify_flow_table_entry");
	mb_set(&l->mb, FLD(set_fte_in, modify_enable_mask), 1 << 0 | 1 << 2 | 1 << 3);
	fill_entry(l, 1, l->ft[1]->id);
	return modify(l, l->fte);
}

static int open_async(struct life *l)
{
	return hca_chan_open(l->rig.a, HCA_CHAN_ASYNC, &l->async, &l->async_fd);
}

static int create_flow(struct life *l)
{
	struct hca_flow_attr attr = {.dest = l->ft[0], .counter = l->fc, .counter_offset = 7};

	return hca_flow_create(l->matcher, &attr, &l->flow);
}

static int subscribe_vq(struct life *l)
{
	uint16_t event = EVENT_OBJECT_CHANGE;

	return hca_chan_subscribe(l->chan, l->vq, &event, 1, 2, -1);
}

/* Key, dirty bitmap, moderation and RDY. */
static int start_vq(struct life *l)
{
	mb_begin(&l->mb, "modify_virtio_net_q");
	mb_set(&l->mb, FLD(virtio_net_q, modify_field_select),
	       1 << 11 | 1 << 5 | 1 << 4 | 1 << 3 | 1);
	mb_set(&l->mb, FLD(virtio_q, virtio_q_mkey), l->klm->id << 8);
	mb_set(&l->mb, FLD(virtio_q, queue_period_us), 5);
	mb_set(&l->mb, FLD(virtio_net_q, dirty_bitmap_dump_enable), 1);
	mb_set(&l->mb, FLD(virtio_net_q, dirty_bitmap_mkey), l->rig.key);
	mb_set(&l->mb, FLD(virtio_net_q, dirty_bitmap_addr), RIG_IOVA + 0x60000);
	mb_set(&l->mb, FLD(virtio_net_q, dirty_bitmap_size), 0x10000);
	mb_set(&l->mb, FLD(virtio_net_q, state), VQ_RDY);
	return modify(l, l->vq);
}

static int log_off(struct life *l)
{
	mb_begin(&l->mb, "modify_virtio_net_q");
	mb_set(&l->mb, FLD(virtio_net_q, modify_field_select), 1 << 4);
	return modify(l, l->vq);
}

static int log_on(struct life *l)
{
	mb_begin(&l->mb, "modify_virtio_net_q");
	mb_set(&l->mb, FLD(virtio_net_q, modify_field_select), 1 << 4);
	mb_set(&l->mb, FLD(virtio_net_q, dirty_bitmap_dump_enable), 1);
	return modify(l, l->vq);
}

static int suspend_vq(struct life *l)
{
	request_state(&l->mb, VQ_SUSPEND);
	return modify(l, l->vq);
}

static int change_vq(struct life *l)
{
	mb_begin(&l->mb, "modify_virtio_net_q");
	mb_set(&l->mb, FLD(virtio_net_q, modify_field_select), 1 << 12);
	mb_set(&l->mb, FLD(virtio_net_q, mrg_rxbuf), 1);
	return modify(l, l->vq);
}

static int resume_vq(struct life *l)
{
	request_state(&l->mb, VQ_RDY);
	return modify(l, l->vq);
}

static int modify_rqt(struct life *l)
{
	mb_begin(&l->mb, "modify_rqt");
	mb_set(&l->mb, FLD(modify_rqt_in, modify_bitmask), 1);
	mb_set(&l->mb, FLD(rqtc, list_q_type), 1);
	mb_queue(&l->mb, l->vq->id);
	mb_queue(&l->mb, l->vq->id);
	return modify(l, l->rqt);
}

static int modify_tir(struct life *l)
{
	mb_begin(&l->mb, "modify_tir");
	mb_set(&l->mb, FLD(modify_tir_in, modify_bitmask), 1 << 1);
	mb_set(&l->mb, FLD(tirc, indirect_table), l->rqt->id);
	return modify(l, l->tir);
}

static int dump_fc(struct life *l)
{
	mb_begin(&l->mb, "query_flow_counter");
	mb_set(&l->mb, FLD(query_flow_counter_in, dump_to_memory), 1);
	mb_set(&l->mb, FLD(query_flow_counter_in, num_of_counters), 128);
	mb_set(&l->mb, FLD(query_flow_counter_in, mkey), l->rig.key);
	mb_set(&l->mb, FLD(query_flow_counter_in, address), RIG_IOVA + 0x50000);
	return query(l, l->fc);
}

struct step {
	const char *name;
	int (*run)(struct life *l);
};

#define STEP(f)                                                                                    \
	{                                                                                          \
#f, f                                                                              \
	}

static const struct step steps[] = {
    STEP(make_nic),        STEP(open_ctx),       STEP(alloc_pd),     STEP(reg_mr),
    STEP(reg_umem),        STEP(alloc_uar),      STEP(alloc_var),    STEP(open_chan),
    STEP(create_klm),      STEP(create_td),      STEP(create_tis),   STEP(create_cq),
    STEP(subscribe_cq),    STEP(create_sw_qp),   STEP(create_fw_qp), STEP(connect),
    STEP(create_counters), STEP(create_vq),      STEP(create_rqt),   STEP(create_tir),
    STEP(create_fc),       STEP(create_matcher), STEP(create_first_table),
    STEP(create_second_table), STEP(create_group), STEP(create_entry), STEP(create_flow),
    STEP(subscribe_vq),    STEP(open_async),
    STEP(start_vq),        STEP(log_off),        STEP(log_on),       STEP(suspend_vq),
    STEP(change_vq),       STEP(resume_vq),      STEP(modify_rqt),   STEP(modify_tir),
    STEP(modify_entry),    STEP(dump_fc),
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* ---- lives ---- */

static void expect_starved(const struct life *l, const struct step *step, int err, uint64_t nth)
{
	const char *name = starve_hit();
	uint64_t syndrome = field_get(l->mb.out, 0, FLD(out_hdr, syndrome));

	if (!name)
		fail_msg("%s: %d, but nothing was refused (of %lu)", step->name, err,
			 (unsigned long)nth);
	if (err == -EREMOTEIO && syndrome == SYND(NO_MEMORY))
		return;
	if (err == -ENOMEM || err == -EMFILE || (err == -EAGAIN && !strcmp(name, "pthread_create")))
		return;
	fail_msg("%s: %d, syndrome 0x%lx, without its %s (%lu)", step->name, err,
		 (unsigned long)syndrome, name, (unsigned long)nth);
}

static int run_step(struct life *l, const struct step *step)
{
	int err;

	starve_count(true);
	err = step->run(l);
	starve_count(false);
	return err;
}

/* Everything by hand, newest first. Ending things never fails. */
static void undo(struct life *l)
{
	starve_count(true);
	if (l->flow)
		assert_int_equal(hca_flow_destroy(l->flow), 0);
	if (l->matcher)
		assert_int_equal(hca_matcher_destroy(l->matcher), 0);
	while (l->n)
		assert_int_equal(hca_obj_destroy(l->obj[--l->n]), 0);
	if (l->async)
		hca_chan_close(l->async);
	if (l->chan)
		hca_chan_close(l->chan);
	if (l->var)
		assert_int_equal(hca_var_free(l->rig.a, l->var), 0);
	if (l->rig.uar)
		assert_int_equal(hca_uar_free(l->rig.a, l->rig.uar), 0);
	if (l->rig.umem)
		assert_int_equal(hca_umem_dereg(l->rig.a, l->rig.umem), 0);
	if (l->rig.key)
		assert_int_equal(hca_mr_dereg(l->rig.a, l->rig.key), 0);
	if (l->rig.pd)
		assert_int_equal(hca_pd_free(l->rig.a, l->rig.pd), 0);
	starve_count(false);
}

static void end(struct life *l, bool by_hand)
{
	if (l->rig.a && by_hand) {
		undo(l);
		assert_int_equal(stat_objects(&l->rig), 1); /* the context */
	}
	starve_count(true);
	hca_ctx_close(l->rig.a);
	starve_count(false);
	if (l->rig.hca) {
		assert_int_equal(stat_objects(&l->rig), 0);
		assert_int_equal(l->rig.hca->pinned_pages, 0);
	}
	hca_destroy(l->rig.hca);
	if (l->chan)
		close(l->fd);
	if (l->async)
		close(l->async_fd);
}

enum mode { REPEAT, GIVE_UP, GIVE_UP_BY_HAND, MODES };

/* True: something was refused. */
static bool live(uint64_t nth, enum mode mode, uint8_t *mem, int efd)
{
	struct life *l = calloc(1, sizeof(*l));
	bool starved;
	unsigned int i;

	assert_non_null(l);
	l->rig.mem = mem;
	l->efd = efd;
	/* Ending an idle second thread, and links, takes a while: in one mode only. */
	l->threads = mode == GIVE_UP ? 2 : 1;
	l->links = mode == GIVE_UP ? 2 : 0;
	snprintf(l->trace, sizeof(l->trace), "/tmp/softhca_starve.%d.trace", getpid());
	snprintf(l->stat, sizeof(l->stat), "/tmp/softhca_starve.%d.stat", getpid());
	snprintf(l->socket, sizeof(l->socket), "/tmp/softhca_starve.%d.memif", getpid());
	snprintf(l->capture, sizeof(l->capture), "/tmp/softhca_starve.%d.pcap", getpid());
	starve_at(nth);
	for (i = 0; i < STEPS; i++) {
		int err = run_step(l, &steps[i]);

		if (!err)
			continue;
		expect_starved(l, &steps[i], err, nth);
		if (mode != REPEAT)
			break;
		err = run_step(l, &steps[i]);
		if (err)
			fail_msg("%s: %d when repeated (%lu)", steps[i].name, err,
				 (unsigned long)nth);
	}
	end(l, mode != GIVE_UP);
	starved = starve_hit();
	unlink(l->trace);
	unlink(l->stat);
	unlink(l->socket);
	unlink(l->capture);
	free(l);
	return starved;
}

static unsigned int open_fds(void)
{
	unsigned int n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void starved_anywhere_nothing_left(void **state)
{
	uint8_t *mem =
	    mmap(NULL, RIG_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int efd = eventfd(0, 0), mode;
	unsigned int fds = open_fds();
	uint64_t nth;

	(void)state;
	assert_ptr_not_equal(mem, MAP_FAILED);
	assert_false(live(0, GIVE_UP_BY_HAND, mem, efd));
	print_message("%lu calls in a life\n", (unsigned long)starve_calls());
	assert_true(starve_calls() > 100);
	for (mode = 0; mode < MODES; mode++) {
		for (nth = 1; live(nth, (enum mode)mode, mem, efd); nth++)
			assert_int_equal(open_fds(), fds);
		assert_true(nth > 100);
	}
	close(efd);
	munmap(mem, RIG_MEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(starved_anywhere_nothing_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
