/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cvq_rig.h"

/* ---- the device ---- */

static bool rig_enter(void *arg)
{
	struct cvq_rig *rig = arg;

	if (pthread_mutex_trylock(&rig->lock))
		return false;
	rig->entered++;
	return true;
}

static void rig_leave(void *arg)
{
	struct cvq_rig *rig = arg;

	pthread_mutex_unlock(&rig->lock);
}

static const struct vv_ctrl_conf *rig_conf(void *arg)
{
	struct cvq_rig *rig = arg;

	return &rig->conf;
}

static void rig_facts(void *arg, struct vv_ctrl_facts *facts)
{
	struct cvq_rig *rig = arg;

	facts->enabled = rig->enabled;
}

static const struct vv_ctrl_state *rig_state(void *arg)
{
	struct cvq_rig *rig = arg;

	return &rig->state;
}

static int rig_apply(void *arg, const struct vv_ctrl_state *next)
{
	struct cvq_rig *rig = arg;
	unsigned int us = __atomic_load_n(&rig->apply_us, __ATOMIC_RELAXED);

	assert_memory_not_equal(next, &rig->state, sizeof(*next));
	if (us)
		usleep(us);
	if (rig->applying)
		rig->applying(rig);
	if (rig->apply_err)
		return rig->apply_err;
	rig->state = *next;
	__atomic_fetch_add(&rig->applied, 1, __ATOMIC_RELEASE);
	return 0;
}

static void rig_call(void *arg)
{
	struct cvq_rig *rig = arg;

	__atomic_fetch_add(&rig->calls, 1, __ATOMIC_RELAXED);
}

static const struct vv_cvq_ops rig_ops = {
    .enter = rig_enter,
    .leave = rig_leave,
    .conf = rig_conf,
    .facts = rig_facts,
    .state = rig_state,
    .apply = rig_apply,
    .call = rig_call,
};

/* ---- life ---- */

void cvq_rig_open(struct cvq_rig *rig, const char *name, const struct cvq_rig_conf *conf)
{
	struct swmock_conf mock = {
	    .packed = conf->packed,
	    .event_idx = conf->event_idx,
	    .indirect = conf->indirect,
	    .size = conf->size,
	    .base = conf->packed ? SWMOCK_PACKED_START : 0,
	    .heap = conf->heap,
	};
	struct vv_swring_conf ring;
	unsigned int i;

	memset(rig, 0, sizeof(*rig));
	rig->conf = (struct vv_ctrl_conf){
	    .features = VV_BIT(VIRTIO_F_VERSION_1) | VV_BIT(VIRTIO_NET_F_CTRL_VQ) |
			VV_BIT(VIRTIO_NET_F_CTRL_RX) | VV_BIT(VIRTIO_NET_F_CTRL_VLAN) |
			VV_BIT(VIRTIO_NET_F_MQ) | VV_BIT(VIRTIO_NET_F_DEVICE_STATS),
	    .pairs = CVQ_RIG_PAIRS,
	    .trusted = true,
	    .macs_max = VV_CTRL_MACS_MAX,
	};
	for (i = 0; i < 2 * CVQ_RIG_PAIRS; i++)
		rig->enabled[i] = true;
	vv_ctrl_reset(&rig->conf, &rig->state);
	pthread_mutex_init(&rig->lock, NULL);

	assert_int_equal(swmock_create(&mock, &rig->mock), 0);
	for (i = 0; i < SWMOCK_REGIONS; i++) {
		rig->regions[i].gpa = rig->mock->region[i].gpa;
		rig->regions[i].size = rig->mock->region[i].size;
		rig->regions[i].hva = rig->mock->region[i].device;
	}
	swmock_ring(rig->mock, &ring);
	rig->ring = (struct vv_cvq_ring){
	    .packed = conf->packed,
	    .event_idx = conf->event_idx,
	    .indirect = conf->indirect,
	    .size = conf->size,
	    .base = mock.base,
	    .desc = ring.desc,
	    .driver = ring.driver,
	    .device = ring.device,
	    .regions = rig->regions,
	    .n_regions = SWMOCK_REGIONS,
	};
	assert_int_equal(vv_cvq_create(name, &rig_ops, rig, &rig->cvq), 0);
}

void cvq_rig_start(struct cvq_rig *rig)
{
	assert_int_equal(vv_cvq_start(rig->cvq, &rig->ring), 0);
}

void cvq_rig_close(struct cvq_rig *rig)
{
	vv_cvq_stop(rig->cvq);
	vv_cvq_destroy(rig->cvq);
	swmock_destroy(rig->mock);
	pthread_mutex_destroy(&rig->lock);
}

void cvq_rig_truncate(struct cvq_rig *rig, unsigned int region)
{
	const struct swmock_region *r = &rig->mock->region[region];
	int fd = memfd_create("truncated", MFD_CLOEXEC);
	void *p;

	assert_int_equal(ftruncate(fd, r->size), 0);
	p = mmap(r->device, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	assert_ptr_equal(p, r->device);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
}

/* ---- the guest ---- */

/* Memory for len bytes, a descriptor's end behind each that ends says; how many descriptors. */
static unsigned int frame(struct cvq_rig *rig, const uint8_t *bytes, uint32_t len, uint32_t ends,
			  bool write, struct swmock_buf *buf)
{
	unsigned int n = 0;
	uint32_t begin, end;

	for (begin = 0; begin < len; begin = end) {
		for (end = begin + 1; end < len && !(end <= 32 && ends & 1u << (end - 1)); end++)
			;
		buf[n] = (struct swmock_buf){
		    .gpa = swmock_alloc(rig->mock, end - begin),
		    .len = end - begin,
		    .write = write,
		};
		assert_true(buf[n].gpa);
		memset(swmock_at(rig->mock, buf[n].gpa, end - begin), 0xee, end - begin);
		if (bytes)
			memcpy(swmock_at(rig->mock, buf[n].gpa, end - begin), bytes + begin,
			       end - begin);
		n++;
	}
	return n;
}

uintptr_t cvq_rig_send(struct cvq_rig *rig, const void *command, uint32_t len, uint32_t room,
		       const struct cvq_rig_framing *framing)
{
	static const struct cvq_rig_framing plain;
	const struct cvq_rig_framing *f = framing ? framing : &plain;
	uintptr_t token = rig->next_token++ % CVQ_RIG_SENT;
	struct swmock_buf buf[66];
	unsigned int n_read, n;

	if (!swmock_outstanding(rig->mock))
		swmock_free_all(rig->mock);
	n_read = frame(rig, command, len, f->read_ends, false, buf);
	n = n_read + frame(rig, NULL, room, f->write_ends, true, buf + n_read);
	rig->ack[token] = room ? buf[n_read].gpa : 0;
	assert_int_equal(swmock_add(rig->mock, buf, n, f->n_table, token), 0);
	swmock_publish(rig->mock);
	return token;
}

uintptr_t cvq_rig_send_vlan(struct cvq_rig *rig, bool add, uint16_t vid)
{
	uint8_t command[] = {VIRTIO_NET_CTRL_VLAN,
			     add ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL, vid & 0xff,
			     vid >> 8};

	return cvq_rig_send(rig, command, sizeof(command), 1, NULL);
}

bool cvq_rig_has_vlan(const struct cvq_rig *rig, uint16_t vid)
{
	return rig->state.vlans[vid / 64] >> vid % 64 & 1;
}

uint8_t cvq_rig_reap(struct cvq_rig *rig, uintptr_t token, uint32_t len)
{
	uintptr_t got_token;
	uint32_t got_len;

	assert_int_equal(swmock_used(rig->mock, &got_token, &got_len), 1);
	assert_int_equal(got_token, token);
	assert_int_equal(got_len, len);
	return len ? *(uint8_t *)swmock_at(rig->mock, rig->ack[token], 1) : 0xff;
}

bool cvq_rig_reap_one(struct cvq_rig *rig, uint8_t *ack)
{
	uintptr_t token;
	uint32_t len;
	int n = swmock_used(rig->mock, &token, &len);

	assert_true(n >= 0);
	if (!n)
		return false;
	*ack = len ? *(uint8_t *)swmock_at(rig->mock, rig->ack[token], 1) : 0xff;
	return true;
}

struct vv_cvq_stats cvq_rig_stats(const struct cvq_rig *rig)
{
	struct vv_cvq_stats stats;

	vv_cvq_stats(rig->cvq, &stats);
	return stats;
}

uint64_t cvq_rig_errors(const struct cvq_rig *rig)
{
	struct vv_cvq_stats stats = cvq_rig_stats(rig);
	uint64_t sum = stats.short_chains + stats.faults;
	unsigned int i;

	for (i = 0; i < VV_SWRING_ERROR_N; i++)
		sum += stats.ring_errors[i];
	for (i = 1; i < VV_CTRL_VERDICT_N; i++)
		sum += stats.verdict[i];
	return sum;
}

/* ---- what tests often do ---- */

bool cvq_rig_split, cvq_rig_packed = true;

void cvq_rig_open_for(struct cvq_rig *rig, void **state)
{
	struct cvq_rig_conf conf = {.packed = *(bool *)*state, .indirect = true, .size = 64};

	cvq_rig_open(rig, "cvq_test", &conf);
	cvq_rig_start(rig);
}

unsigned int cvq_rig_poll(struct cvq_rig *rig)
{
	bool again;

	return vv_cvq_poll(rig->cvq, &again);
}

/* The queue still works. */
void cvq_rig_assert_alive(struct cvq_rig *rig)
{
	uintptr_t token = cvq_rig_send_vlan(rig, true, 99);

	assert_int_equal(cvq_rig_poll(rig), 1);
	assert_int_equal(cvq_rig_reap(rig, token, 1), VIRTIO_NET_OK);
	assert_true(cvq_rig_has_vlan(rig, 99));
	assert_false(cvq_rig_stats(rig).needs_reset);
}

/* The queue takes nothing any more, until it starts again. */
void cvq_rig_assert_dead(struct cvq_rig *rig)
{
	unsigned int outstanding = swmock_outstanding(rig->mock);
	bool again;

	assert_true(cvq_rig_stats(rig).needs_reset);
	cvq_rig_send_vlan(rig, true, 98);
	assert_int_equal(vv_cvq_poll(rig->cvq, &again), 0);
	assert_false(again);
	assert_false(vv_cvq_want_kicks(rig->cvq, true));
	assert_false(cvq_rig_has_vlan(rig, 98));
	assert_int_equal(swmock_outstanding(rig->mock), outstanding + 1);
}
