/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "path.h"

void path_open_channel(struct path *p, bool omit_data)
{
	assert_int_equal(hca_chan_open(p->rig->a, omit_data, &p->chan, &p->fd), 0);
	assert_int_equal(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
}

void path_subscribe(struct path *p, struct hca_obj *obj, uint16_t event, uint64_t cookie)
{
	assert_int_equal(hca_chan_subscribe(p->chan, obj, &event, 1, cookie, -1), 0);
}

void path_make(struct path *p, struct rig *rig, bool collapsed, bool overrun_ignore)
{
	struct hca_obj *td, *tis = make_tis(rig, &td);
	struct mbox mb;

	memset(p, 0, sizeof(*p));
	p->rig = rig;
	p->cqes = rig->mem + CQ_AT;
	p->cq_dbr = (uint32_t *)(rig->mem + CQ_DBR_AT);
	p->rq_dbr = (uint32_t *)(rig->mem + RQ_DBR_AT);
	memset(rig->mem + CQ_AT, 0xff, 64 << CQ_LOG);
	good_cq(rig, &mb);
	mb_set(&mb, FLD(cqc, cc), collapsed);
	mb_set(&mb, FLD(cqc, oi), overrun_ignore);
	p->cq = mb_create(&mb, rig->a);
	good_sw_qp(rig, &mb, p->cq);
	p->sw = mb_create(&mb, rig->a);
	good_fw_qp(rig, &mb);
	p->fw = mb_create(&mb, rig->a);
	connect_qps(p->fw, p->sw);
	good_virtq(rig, &mb, tis);
	mb_set(&mb, FLD(virtio_q, event_mode), 1);
	mb_set(&mb, FLD(virtio_q, event_qpn_or_msix), p->fw->id);
	p->queue = mb_create(&mb, rig->a);
	set_state(p->queue, VQ_RDY);
	p->vq = double_vq(0, 0);
	path_open_channel(p, true);
	path_subscribe(p, p->cq, EVENT_COMP, PATH_COOKIE);
}

void path_post(struct path *p, uint32_t n)
{
	p->rq_dbr[0] = htobe32(n);
}

void path_arm(struct path *p, uint32_t sn, uint32_t ci)
{
	p->cq_dbr[1] = htobe32(sn << 28 | ci);
}

uint64_t path_event(struct path *p)
{
	uint8_t buf[256];
	uint64_t cookie;
	ssize_t n = read(p->fd, buf, sizeof(buf));

	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return 0;
	}
	assert_int_equal(n, sizeof(cookie));
	memcpy(&cookie, buf, sizeof(cookie));
	return cookie;
}

void path_tick(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	double_tick();
}
