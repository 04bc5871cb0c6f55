/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log: what must be in it, what may, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "queue.h"
#include "ref_device.h"

#define PAGE   FE_DIRTY_PAGE
#define HEADER 12

/* What a back-end does. */
static void log_page(struct fe_dirty *d, uint64_t gpa)
{
	d->map[gpa / PAGE / 8] |= (uint8_t)(1u << gpa / PAGE % 8);
}

static struct fe_dirty_result compared(const struct fe_dirty *d)
{
	struct fe_dirty_result res;

	fe_dirty_compare(d, &res);
	return res;
}

static void compare_wants_what_must_be_and_allows_what_may(void **state)
{
	struct fe_dirty_result res;
	struct fe_dirty d;
	struct fe_mem mem;

	assert_int_equal(fe_mem_create(&mem, 3, 1 << 20), 0);
	assert_int_equal(fe_dirty_create(&mem, &d), 0);
	fe_dirty_note(&d, 0, PAGE, true); /* off: of no interest */
	res = compared(&d);
	assert_int_equal(res.logged + res.missing + res.extra, 0);

	d.state = FE_DIRTY_SWITCHING;
	fe_dirty_note(&d, 5 * PAGE, 1, true);
	res = compared(&d);
	assert_int_equal(res.missing, 0);

	d.state = FE_DIRTY_ON;
	fe_dirty_note(&d, 8 * PAGE - 1, 2, true); /* pages 7 and 8 */
	fe_dirty_note(&d, 20 * PAGE, PAGE, false);
	res = compared(&d);
	assert_int_equal(res.missing, 2);
	assert_int_equal(res.first_missing, 7 * PAGE);
	log_page(&d, 7 * PAGE);
	log_page(&d, 8 * PAGE);
	log_page(&d, 5 * PAGE);
	res = compared(&d);
	assert_int_equal(res.logged, 3);
	assert_int_equal(res.missing + res.extra, 0);
	log_page(&d, 9 * PAGE);
	res = compared(&d);
	assert_int_equal(res.extra, 1);
	assert_int_equal(res.first_extra, 9 * PAGE);

	/* The last page of all. */
	fe_dirty_clear(&d);
	log_page(&d, mem.region[2].gpa + mem.region[2].size - 1);
	res = compared(&d);
	assert_int_equal(res.extra, 1);
	assert_int_equal(res.first_extra, mem.region[2].gpa + mem.region[2].size - PAGE);
	fe_dirty_destroy(&d);
	fe_mem_destroy(&mem);
}

/* Receives one frame of `len` bytes, header included, into the next buffer; returns it. */
static struct ref_chain receive(struct fe_queue *q, struct ref_device *dev, uint32_t len)
{
	struct fe_rx_frame frame;
	struct ref_chain chain;

	assert_true(ref_pop(dev, &chain));
	ref_push(dev, &chain, len);
	assert_int_equal(fe_queue_receive(q, &frame), 1);
	fe_queue_flush(q);
	return chain;
}

static void receive_notes_the_pages_that_were_written(void **state)
{
	const struct fe_queue_config cfg = {.layout = FE_SPLIT,
					    .ring_size = 4,
					    .chain_min = 2,
					    .chain_max = 2,
					    .header_len = HEADER,
					    .buffer_len = 3 * PAGE};
	struct fe_dirty_result res;
	struct ref_device dev;
	struct ref_chain chain;
	struct fe_queue q;
	struct fe_dirty d;
	struct fe_mem mem;

	assert_int_equal(fe_mem_create(&mem, 1, 1 << 20), 0);
	assert_int_equal(fe_dirty_create(&mem, &d), 0);
	assert_int_equal(fe_queue_create(&cfg, &mem, &q), 0);
	fe_queue_fill(&q);
	fe_queue_flush(&q);
	ref_init(&dev, q.ring, fe_ring_first_base(FE_SPLIT));
	q.dirty = &d;
	fe_queue_log_from_here(&q);
	d.state = FE_DIRTY_ON;

	/* Posted before: who knows when it was written. */
	chain = receive(&q, &dev, HEADER + 10);
	assert_int_equal(compared(&d).missing, 0);
	log_page(&d, chain.sg[0].gpa);
	log_page(&d, chain.sg[1].gpa);
	assert_int_equal(compared(&d).extra, 0);
	receive(&q, &dev, HEADER + 10);
	fe_dirty_clear(&d);

	/* Posted since; a page that the frame did not reach may not be there. */
	chain = receive(&q, &dev, HEADER + 10);
	res = compared(&d);
	assert_in_range(res.missing, 1, 2);
	log_page(&d, chain.sg[0].gpa);
	log_page(&d, chain.sg[1].gpa);
	res = compared(&d);
	assert_int_equal(res.missing + res.extra, 0);
	log_page(&d, chain.sg[1].gpa + 2 * PAGE);
	assert_int_equal(compared(&d).extra, 1);
	fe_queue_destroy(&q);
	fe_dirty_destroy(&d);
	fe_mem_destroy(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compare_wants_what_must_be_and_allows_what_may),
	    cmocka_unit_test(receive_notes_the_pages_that_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
