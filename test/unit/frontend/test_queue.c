/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory and queues: frames go out through one queue, a reference device copies them, and
 * they come back through another, in all shapes of buffers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "queue.h"
#include "ref_device.h"

#define HEADER 12

struct loop {
	struct fe_mem mem;
	struct fe_queue rx, tx;
	struct ref_device rx_dev, tx_dev;
	uint8_t header[HEADER]; /* what the device writes */
};

static void open_loop(struct loop *l, const struct fe_queue_config *common, unsigned int regions,
		      unsigned int rx_buffer)
{
	struct fe_queue_config rx = *common, tx = *common;

	memset(l, 0, sizeof(*l));
	rx.index = 0;
	rx.buffer_len = rx_buffer;
	tx.index = 1;
	tx.mergeable = false;
	assert_int_equal(
	    fe_mem_create(&l->mem, regions, fe_queue_footprint(&rx) + fe_queue_footprint(&tx)), 0);
	assert_int_equal(fe_queue_create(&rx, &l->mem, &l->rx), 0);
	assert_int_equal(fe_queue_create(&tx, &l->mem, &l->tx), 0);
	fe_queue_fill(&l->rx);
	fe_queue_flush(&l->rx);
	ref_init(&l->rx_dev, l->rx.ring, fe_ring_first_base(common->layout));
	ref_init(&l->tx_dev, l->tx.ring, fe_ring_first_base(common->layout));
	l->header[10] = 1;
}

static void close_loop(struct loop *l)
{
	fe_queue_destroy(&l->rx);
	fe_queue_destroy(&l->tx);
	fe_mem_destroy(&l->mem);
}

static uint8_t *at(struct loop *l, uint64_t gpa, size_t len)
{
	for (unsigned int i = 0; i < l->mem.count; i++) {
		struct fe_mem_region *r = &l->mem.region[i];

		if (gpa >= r->gpa && gpa - r->gpa + len <= r->size)
			return r->base + (gpa - r->gpa);
	}
	fail_msg("no guest memory at %#llx", (unsigned long long)gpa);
	return NULL;
}

/* Takes one frame off the transmit queue, header removed. */
static size_t device_takes(struct loop *l, uint8_t *out)
{
	struct ref_chain chain;
	size_t len = 0;

	assert_true(ref_pop(&l->tx_dev, &chain));
	assert_int_equal(chain.readable, chain.count);
	for (unsigned int i = 0; i < chain.count; i++) {
		memcpy(out + len, at(l, chain.sg[i].gpa, chain.sg[i].len), chain.sg[i].len);
		len += chain.sg[i].len;
	}
	ref_push(&l->tx_dev, &chain, 0);
	for (unsigned int i = 0; i < HEADER; i++)
		assert_int_equal(out[i], 0);
	memmove(out, out + HEADER, len - HEADER);
	return len - HEADER;
}

/* Writes bytes into receive chains, as many as it takes; returns how many. */
static unsigned int device_gives(struct loop *l, const uint8_t *bytes, size_t len)
{
	unsigned int chains = 0;

	while (len > 0) {
		struct ref_chain chain;
		uint32_t written = 0;

		assert_true(ref_pop(&l->rx_dev, &chain));
		assert_int_equal(chain.readable, 0);
		for (unsigned int i = 0; i < chain.count && len > 0; i++) {
			uint32_t part = chain.sg[i].len < len ? chain.sg[i].len : (uint32_t)len;

			memcpy(at(l, chain.sg[i].gpa, part), bytes, part);
			bytes += part;
			len -= part;
			written += part;
		}
		ref_push(&l->rx_dev, &chain, written);
		chains++;
	}
	return chains;
}

static void loop_frames(const struct fe_queue_config *cfg, unsigned int regions,
			unsigned int rx_buffer)
{
	static uint8_t frame[4096], packet[HEADER + 4096];
	struct fe_rx_frame got;
	struct loop l;

	open_loop(&l, cfg, regions, rx_buffer);
	for (unsigned int n = 0; n < 300; n++) {
		uint32_t len = 1 + n * 37 % cfg->buffer_len;

		for (unsigned int i = 0; i < len; i++)
			frame[i] = (uint8_t)(n + i * 7);
		assert_int_equal(fe_queue_send(&l.tx, frame, len), 0);
		fe_queue_flush(&l.tx);
		assert_int_equal(device_takes(&l, packet + HEADER), len);
		assert_memory_equal(packet + HEADER, frame, len);
		memcpy(packet, l.header, HEADER);
		if (cfg->mergeable)
			packet[10] = (uint8_t)((HEADER + len + HEADER + rx_buffer - 1) /
					       (HEADER + rx_buffer));
		device_gives(&l, packet, HEADER + len);
		assert_int_equal(fe_queue_receive(&l.rx, &got), 1);
		assert_int_equal(got.len, len);
		assert_memory_equal(got.data, frame, len);
		assert_int_equal(fe_queue_receive(&l.rx, &got), 0);
		fe_queue_flush(&l.rx);
		assert_int_equal(fe_queue_reap(&l.tx), 1);
	}
	close_loop(&l);
}

static void frames_come_back_in_all_shapes(void **state)
{
	for (int layout = 0; layout < 2; layout++) {
		for (unsigned int chain = 1; chain <= 5; chain++) {
			struct fe_queue_config cfg = {.layout = layout,
						      .ring_size = 32,
						      .chain_min = 1,
						      .chain_max = chain,
						      .header_len = HEADER,
						      .buffer_len = 1000};

			loop_frames(&cfg, chain, 1000);
			cfg.mergeable = true;
			loop_frames(&cfg, chain, 300);
			cfg.mergeable = false;
			cfg.chain_min = chain;
			cfg.legacy_layout = layout == FE_SPLIT;
			loop_frames(&cfg, chain, 1000);
		}
	}
}

static const struct fe_queue_config plain = {.layout = FE_SPLIT,
					     .ring_size = 4,
					     .chain_min = 1,
					     .chain_max = 1,
					     .header_len = HEADER,
					     .buffer_len = 100};

static void send_fails_when_all_buffers_are_in_flight(void **state)
{
	uint8_t frame[101] = {0};
	struct loop l;

	open_loop(&l, &plain, 1, 100);
	assert_int_equal(fe_queue_send(&l.tx, frame, 101), -EMSGSIZE);
	for (int i = 0; i < 4; i++)
		assert_int_equal(fe_queue_send(&l.tx, frame, 60), 0);
	assert_int_equal(fe_queue_send(&l.tx, frame, 60), -ENOSPC);
	close_loop(&l);
}

static void send_offload_puts_the_header_before_the_frame(void **state)
{
	const struct virtio_net_hdr hdr = {.flags = 1,
					   .gso_type = 4,
					   .hdr_len = 0x1122,
					   .gso_size = 0x3344,
					   .csum_start = 0x5566,
					   .csum_offset = 0x7788};
	struct fe_queue_config cfg = plain;
	uint8_t frame[60] = {0};
	struct ref_chain chain;
	struct loop l;

	for (cfg.chain_min = cfg.chain_max = 1; cfg.chain_max <= 3;
	     cfg.chain_min++, cfg.chain_max++) {
		open_loop(&l, &cfg, 1, 100);
		assert_int_equal(fe_queue_send_offload(&l.tx, &hdr, frame, 60), 0);
		fe_queue_flush(&l.tx);
		assert_true(ref_pop(&l.tx_dev, &chain));
		assert_memory_equal(at(&l, chain.sg[0].gpa, HEADER), &hdr, sizeof(hdr));
		/* num_buffers is the device's (section 5.1.6.2.1). */
		assert_int_equal(at(&l, chain.sg[0].gpa, HEADER)[10], 0);
		close_loop(&l);
	}
}

static void reap_scribbles_over_what_was_sent(void **state)
{
	uint8_t frame[100] = {0}, packet[HEADER + 100];
	struct loop l;

	open_loop(&l, &plain, 1, 100);
	assert_int_equal(fe_queue_send(&l.tx, frame, 60), 0);
	fe_queue_flush(&l.tx);
	device_takes(&l, packet);
	assert_int_equal(fe_queue_reap(&l.tx), 1);
	for (unsigned int i = 0; i < l.tx.buffers; i++)
		if (l.tx.buffer[i].piece[0].ptr[HEADER] == 0xdd)
			goto found;
	fail_msg("nothing was scribbled over");
found:
	close_loop(&l);
}

static void receive_refuses_bad_lengths_and_counts(void **state)
{
	uint8_t packet[HEADER + 60] = {0};
	struct fe_queue_config merge = plain;
	struct fe_rx_frame got;
	struct loop l;

	open_loop(&l, &plain, 1, 100);
	device_gives(&l, packet, HEADER - 1);
	assert_int_equal(fe_queue_receive(&l.rx, &got), -EPROTO);
	close_loop(&l);
	merge.mergeable = true;
	open_loop(&l, &merge, 1, 100);
	device_gives(&l, packet, HEADER + 60); /* num_buffers 0 */
	assert_int_equal(fe_queue_receive(&l.rx, &got), -EPROTO);
	close_loop(&l);
}

/* The header is poisoned, so a device that leaves it alone shows as flags that make no sense. */
static void untouched_header_is_seen(void **state)
{
	struct fe_rx_frame got;
	struct ref_chain chain;
	struct loop l;

	open_loop(&l, &plain, 1, 100);
	assert_true(ref_pop(&l.rx_dev, &chain));
	ref_push(&l.rx_dev, &chain, HEADER + 60);
	assert_int_equal(fe_queue_receive(&l.rx, &got), 1);
	assert_int_equal(got.hdr.flags, 0xff);
	assert_int_equal(got.hdr.gso_type, 0xff);
	close_loop(&l);
}

static void flush_kicks_only_when_asked(void **state)
{
	uint8_t frame[60] = {0};
	uint64_t count;
	struct loop l;

	open_loop(&l, &plain, 1, 100);
	assert_int_equal(read(l.rx.kick, &count, sizeof(count)), sizeof(count));
	ref_set_notify(&l.tx_dev, false);
	fe_queue_send(&l.tx, frame, 60);
	fe_queue_flush(&l.tx);
	assert_int_equal(read(l.tx.kick, &count, sizeof(count)), -1);
	ref_set_notify(&l.tx_dev, true);
	fe_queue_send(&l.tx, frame, 60);
	fe_queue_flush(&l.tx);
	assert_int_equal(read(l.tx.kick, &count, sizeof(count)), sizeof(count));
	assert_int_equal(l.tx.kicks, 1);
	close_loop(&l);
}

static void doorbell_gets_the_queue_index(void **state)
{
	struct fe_mem page;
	struct loop l;

	open_loop(&l, &plain, 1, 100);
	assert_int_equal(fe_mem_create(&page, 1, 4096), 0);
	page.region[0].base[2] = 0x77;
	assert_int_equal(fe_queue_map_doorbell(&l.tx, page.region[0].fd, 0, 4096), 0);
	fe_queue_kick(&l.tx);
	assert_int_equal(page.region[0].base[0], 1);
	assert_int_equal(page.region[0].base[2], 0x77);
	assert_int_equal(l.tx.doorbells, 1);
	fe_queue_unmap_doorbell(&l.tx);
	fe_queue_kick(&l.tx);
	assert_int_equal(l.tx.doorbells, 1);
	fe_mem_destroy(&page);
	close_loop(&l);
}

static void regions_have_holes_and_three_different_addresses(void **state)
{
	struct fe_span a, b;
	struct fe_mem m;

	for (unsigned int count = 1; count <= FE_MEM_MAX_REGIONS; count++) {
		assert_int_equal(fe_mem_create(&m, count, 10000), 0);
		assert_int_equal(m.region[0].gpa, 0);
		for (unsigned int i = 0; i < count; i++) {
			const struct fe_mem_region *r = &m.region[i];

			assert_true(r->size >= 10000 && r->size % 4096 == 0);
			assert_true(r->gpa != r->uva && r->uva != (uintptr_t)r->base);
			if (i > 0)
				assert_true(r->gpa > r[-1].gpa + r[-1].size &&
					    r->uva + r->size < r[-1].uva);
			if (i > 1 && i == count - 1)
				assert_true(r->gpa >= 1ull << 32);
			assert_int_equal(fe_mem_alloc(&m, i, 100, 2, &a), 0);
			assert_int_equal(fe_mem_alloc(&m, i, 100, 4096, &b), 0);
			assert_int_equal(b.gpa % 4096, 0);
			assert_int_equal(b.gpa - a.gpa, b.uva - a.uva);
			assert_int_equal(b.gpa - a.gpa, b.ptr - a.ptr);
			assert_int_equal(fe_mem_alloc(&m, i, r->size, 1, &a), -ENOMEM);
		}
		fe_mem_destroy(&m);
	}
	assert_int_equal(fe_mem_create(&m, 0, 10000), -EINVAL);
	assert_int_equal(fe_mem_create(&m, FE_MEM_MAX_REGIONS + 1, 10000), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_come_back_in_all_shapes),
	    cmocka_unit_test(send_fails_when_all_buffers_are_in_flight),
	    cmocka_unit_test(send_offload_puts_the_header_before_the_frame),
	    cmocka_unit_test(reap_scribbles_over_what_was_sent),
	    cmocka_unit_test(receive_refuses_bad_lengths_and_counts),
	    cmocka_unit_test(untouched_header_is_seen),
	    cmocka_unit_test(flush_kicks_only_when_asked),
	    cmocka_unit_test(doorbell_gets_the_queue_index),
	    cmocka_unit_test(regions_have_holes_and_three_different_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
