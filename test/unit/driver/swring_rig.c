/* SPDX-License-Identifier: BSD-3-Clause */
#include "swring_rig.h"

struct rig_layout rig_split = {.packed = false}, rig_packed = {.packed = true};

void rig_open_at(struct rig *rig, void **state, uint16_t size, uint16_t base, int features)
{
	struct swmock_conf conf = {
	    .packed = rig_is_packed(state),
	    .event_idx = features & RIG_EVENT_IDX,
	    .indirect = features & RIG_INDIRECT,
	    .size = size,
	    .base = base,
	};
	struct vv_swring_conf ring;

	assert_int_equal(swmock_create(&conf, &rig->mock), 0);
	swmock_ring(rig->mock, &ring);
	assert_int_equal(vv_swring_start(&rig->ring, &ring), 0);
}

void rig_close(struct rig *rig)
{
	swmock_destroy(rig->mock);
}

void rig_add(struct rig *rig, const uint32_t *len, unsigned int n_read, unsigned int n_write,
	     unsigned int n_table, uintptr_t token)
{
	struct swmock_buf buf[VV_SWRING_SEGS_MAX + 1];
	unsigned int i;

	assert_in_range(n_read + n_write, 1, VV_SWRING_SEGS_MAX + 1);
	for (i = 0; i < n_read + n_write; i++) {
		buf[i] = (struct swmock_buf){.len = len[i], .write = i >= n_read};
		buf[i].gpa = swmock_alloc(rig->mock, len[i]);
		assert_int_not_equal(buf[i].gpa, 0);
	}
	assert_int_equal(swmock_add(rig->mock, buf, n_read + n_write, n_table, token), 0);
}

void rig_add_one(struct rig *rig, uintptr_t token)
{
	struct swmock_buf buf[] = {{.len = 8}, {.len = 8, .write = true}};
	unsigned int i, n = rig->mock->conf.size > 1 ? 2 : 1;
	uint64_t value = token;

	if (swmock_outstanding(rig->mock) == 0)
		swmock_free_all(rig->mock);
	for (i = 0; i < n; i++) {
		buf[i].gpa = swmock_alloc(rig->mock, 8);
		assert_int_not_equal(buf[i].gpa, 0);
	}
	memcpy(swmock_at(rig->mock, buf[0].gpa, 8), &value, 8);
	assert_int_equal(swmock_add(rig->mock, buf, n, 0, token), 0);
}

void rig_serve_one(struct rig *rig, uintptr_t token, uint32_t n)
{
	static const uint8_t zero[8];
	uint64_t value;

	assert_true(vv_swring_pending(&rig->ring));
	assert_int_equal(vv_swring_pop(&rig->ring, &rig->chain), 1);
	assert_int_equal(rig->chain.error, VV_SWRING_OK);
	assert_int_equal(vv_swring_read(&rig->chain, 0, &value, 8), 8);
	assert_int_equal(value, token);
	assert_int_equal(vv_swring_write(&rig->chain, 0, zero, n), n);
	vv_swring_used(&rig->ring, &rig->chain, n);
}

void rig_reap_one(struct rig *rig, uintptr_t token, uint32_t len)
{
	uintptr_t got = 0;
	uint32_t got_len = 0;

	assert_int_equal(swmock_used(rig->mock, &got, &got_len), 1);
	assert_int_equal(got, token);
	assert_int_equal(got_len, len);
}

void rig_reap_nothing(struct rig *rig)
{
	uintptr_t token;
	uint32_t len;

	assert_int_equal(swmock_used(rig->mock, &token, &len), 0);
}
