/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory tables and ring addresses that do not fit what is behind them. */
#include "misbehave.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "vhost_user.h"

#define GONE_MS 100

/* ---- the table ---- */

typedef void (*spoil_table)(struct fe_vu_mem_table *table, struct fe_wire_fds *fds);

/* Shares a spoiled table and, if it is taken, goes on as if nothing were wrong. */
static int with_table(struct fe_hostile *h, spoil_table spoil)
{
	unsigned int regions = h->dev->mem.count;
	struct fe_vu_mem_table table;
	struct fe_wire_fds fds;
	int err = fe_hostile_prepare(h, FE_NEGOTIATED);

	if (err)
		return err;
	fe_vu_fill_mem_table(&h->dev->mem, &table, &fds);
	spoil(&table, &fds);
	err = fe_vu_send_mem_table(h->dev->conn, &table, &fds, regions);
	return err ? err : fe_hostile_go_on(h, FE_RINGS);
}

static void no_region(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->count = fds->count = 0;
}

static void many_regions(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->count = 200;
}

static void fd_less(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	fds->count--;
}

static void fd_more(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	fds->fd[fds->count] = fds->fd[0];
	fds->count += fds->count < FE_VU_MAX_FDS;
}

static void region_huge(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->region[table->count - 1].size = 1ull << 62;
}

static void region_empty(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->region[table->count - 1].size = 0;
}

static void region_wraps(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->region[table->count - 1].gpa = UINT64_MAX - 4095;
}

static void regions_overlap(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->region[table->count - 1].gpa = table->region[0].gpa + 4096;
}

static void offset_unaligned(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->region[0].fd_offset += 100;
}

static void offset_huge(struct fe_vu_mem_table *table, struct fe_wire_fds *fds)
{
	table->region[0].fd_offset = UINT64_MAX - 4095;
}

#define TABLE_TALK(spoil)                                                                          \
	static int talk_##spoil(struct fe_hostile *h)                                              \
	{                                                                                          \
		return with_table(h, spoil);                                                       \
	}

TABLE_TALK(no_region)
TABLE_TALK(many_regions)
TABLE_TALK(fd_less)
TABLE_TALK(fd_more)
TABLE_TALK(region_huge)
TABLE_TALK(region_empty)
TABLE_TALK(region_wraps)
TABLE_TALK(regions_overlap)
TABLE_TALK(offset_unaligned)
TABLE_TALK(offset_huge)

/* A running device loses its table: the next one is refused. */
static int refused_running(struct fe_hostile *h)
{
	struct fe_vu_mem_table table;
	struct fe_wire_fds fds;
	int err = fe_dev_connect(h->dev);

	if (err)
		return err;
	fe_hostile_traffic(h, GONE_MS);
	fe_vu_fill_mem_table(&h->dev->mem, &table, &fds);
	region_huge(&table, &fds);
	return fe_vu_send_mem_table(h->dev->conn, &table, &fds, table.count);
}

/* ---- the files ---- */

/* A file of one page in place of the last region's. */
static int file_short(struct fe_hostile *h)
{
	struct fe_vu_mem_table table;
	struct fe_wire_fds fds;
	int err, fd = memfd_create("short", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return -errno;
	err = fe_hostile_prepare(h, FE_NEGOTIATED);
	if (!err) {
		fe_vu_fill_mem_table(&h->dev->mem, &table, &fds);
		fds.fd[fds.count - 1] = fd;
		err = fe_vu_send_mem_table(h->dev->conn, &table, &fds, table.count);
	}
	close(fd);
	return err ? err : fe_hostile_go_on(h, FE_RINGS);
}

/* The memory goes away under a running device, and comes back empty after a while. */
static int file_truncated(struct fe_hostile *h)
{
	int err = fe_dev_connect(h->dev);

	if (err)
		return err;
	fe_hostile_traffic(h, GONE_MS);
	for (unsigned int i = 0; i < h->dev->mem.count; i++)
		if (ftruncate(h->dev->mem.region[i].fd, 0) < 0)
			return -errno;
	for (unsigned int i = 0; i < h->dev->queues; i++)
		fe_queue_kick(&h->dev->queue[i]);
	/* Nothing here may touch guest memory meanwhile. */
	fe_sleep_ms(GONE_MS);
	for (unsigned int i = 0; i < h->dev->mem.count; i++) {
		struct fe_mem_region *r = &h->dev->mem.region[i];

		if (ftruncate(r->fd, (off_t)(r->fd_offset + r->size)) < 0)
			return -errno;
	}
	return 0;
}

/* ---- rings ---- */

struct ring_setup {
	unsigned int num;
	uint32_t base;
	struct fe_vu_ring_uva uva;
};

/* Everything is in order but the transmit ring. */
static int with_ring(struct fe_hostile *h, const struct ring_setup *bad)
{
	struct fe_queue *q = &h->dev->queue[1];
	struct fe_conn *conn;
	int err = fe_hostile_prepare(h, FE_MEMORY);

	conn = h->dev->conn;
	if (!err)
		err = fe_dev_start_ring(h->dev, 0);
	if (!err)
		err = fe_vu_set_vring_num(conn, 1, bad->num);
	if (!err)
		err = fe_vu_set_vring_base(conn, 1, bad->base);
	if (!err)
		err = fe_vu_set_vring_addr(conn, 1, &bad->uva);
	if (!err)
		err = fe_vu_set_vring_fd(conn, FE_VU_SET_VRING_KICK, 1, q->kick);
	if (!err)
		err = fe_vu_set_vring_fd(conn, FE_VU_SET_VRING_CALL, 1, q->call);
	return err ? err : fe_hostile_go_on(h, FE_RUNNING);
}

static struct ring_setup good_ring(const struct fe_hostile *h)
{
	const struct fe_queue *q = &h->dev->queue[1];

	return (struct ring_setup){
	    .num = q->cfg.ring_size,
	    .base = fe_ring_base(q->ring),
	    .uva = {q->area.desc.uva, q->area.driver.uva, q->area.device.uva},
	};
}

static int with_addresses(struct fe_hostile *h, uint64_t desc, uint64_t driver, uint64_t device)
{
	struct ring_setup bad = good_ring(h);

	bad.uva.descriptor = desc ? desc : bad.uva.descriptor;
	bad.uva.driver = driver ? driver : bad.uva.driver;
	bad.uva.device = device ? device : bad.uva.device;
	return with_ring(h, &bad);
}

static int ring_outside(struct fe_hostile *h)
{
	uint64_t far = fe_mem_outside_uva(&h->dev->mem);

	return with_addresses(h, far, far + 0x10000, far + 0x20000);
}

static int desc_outside(struct fe_hostile *h)
{
	return with_addresses(h, fe_mem_outside_uva(&h->dev->mem), 0, 0);
}

static int driver_outside(struct fe_hostile *h)
{
	return with_addresses(h, 0, fe_mem_outside_uva(&h->dev->mem), 0);
}

static int device_outside(struct fe_hostile *h)
{
	return with_addresses(h, 0, 0, fe_mem_outside_uva(&h->dev->mem));
}

static int ring_over_end(struct fe_hostile *h)
{
	const struct fe_mem_region *r = &h->dev->mem.region[0];

	return with_addresses(h, r->uva + r->size - 64, 0, 0);
}

static int ring_unaligned(struct fe_hostile *h)
{
	struct ring_setup bad = good_ring(h);

	bad.uva.descriptor += 3;
	bad.uva.driver += 1;
	bad.uva.device += 1;
	return with_ring(h, &bad);
}

/* Guest addresses where user addresses belong. */
static int ring_guest_address(struct fe_hostile *h)
{
	const struct fe_ring_area *a = &h->dev->queue[1].area;

	return with_addresses(h, a->desc.gpa, a->driver.gpa, a->device.gpa);
}

static int with_size(struct fe_hostile *h, unsigned int num)
{
	struct ring_setup bad = good_ring(h);

	bad.num = num;
	return with_ring(h, &bad);
}

static int size_zero(struct fe_hostile *h)
{
	return with_size(h, 0);
}

static int size_odd(struct fe_hostile *h)
{
	return with_size(h, h->dev->cfg.ring_size - 3);
}

static int size_over(struct fe_hostile *h)
{
	return with_size(h, 65536);
}

static int size_beyond_memory(struct fe_hostile *h)
{
	return with_size(h, 32768);
}

static int base_beyond(struct fe_hostile *h)
{
	struct ring_setup bad = good_ring(h);

	/* Split: an index the available ring has never reached. Packed: behind the last slot. */
	bad.base = 0x7fff7fff;
	return with_ring(h, &bad);
}

const struct fe_misbehaviour fe_misbehave_memory[] = {
    {"mem-no-region",			    "a memory table without regions", FE_FOR_BOTH, .talk = talk_no_region},
    {"mem-many-regions",			       "200 regions announced", FE_FOR_BOTH, .talk = talk_many_regions},
    {"mem-fd-missing",					  "one descriptor less than regions", FE_FOR_BOTH, .talk = talk_fd_less},
    {"mem-fd-extra","one descriptor more than regions", FE_FOR_BOTH, .talk = talk_fd_more},
    {"mem-region-huge",                 "a region of 2^62 bytes", FE_FOR_BOTH, .talk = talk_region_huge},
    {"mem-region-empty",			   "a region of no bytes", FE_FOR_BOTH, .talk = talk_region_empty},
    {"mem-region-wraps",			       "a region that ends behind 2^64", FE_FOR_BOTH, .talk = talk_region_wraps},
    {"mem-regions-overlap",					  "two regions at the same guest addresses", FE_FOR_BOTH,
     .talk = talk_regions_overlap},
    {"mem-offset-unaligned",                    "a file offset inside a page", FE_FOR_BOTH,
     .talk = talk_offset_unaligned},
    {"mem-offset-huge",                      "a file offset near 2^64", FE_FOR_BOTH, .talk = talk_offset_huge},
    {"mem-refused-running",                          "a region of 2^62 bytes for a running device", FE_FOR_BOTH,
     .talk = refused_running},
    {"mem-file-short",			       "a region larger than its file (SIGBUS)", FE_FOR_BOTH, .talk = file_short},
    {"mem-file-truncated",					  "the files are cut under a running device (SIGBUS)", FE_FOR_BOTH,
     .talk = file_truncated},
    {"ring-addr-outside","all three areas outside memory", FE_FOR_BOTH, .talk = ring_outside},
    {"ring-desc-outside",                 "the descriptor area outside memory", FE_FOR_BOTH, .talk = desc_outside},
    {"ring-driver-outside",                         "the driver area outside memory", FE_FOR_BOTH, .talk = driver_outside},
    {"ring-device-outside",			       "the device area outside memory", FE_FOR_BOTH, .talk = device_outside},
    {"ring-over-end",					  "a descriptor area that ends behind its region", FE_FOR_BOTH,
     .talk = ring_over_end},
    {"ring-unaligned","areas at odd addresses", FE_FOR_BOTH, .talk = ring_unaligned},
    {"ring-guest-address",               "guest addresses where user addresses belong", FE_FOR_BOTH,
     .talk = ring_guest_address},
    {"ring-size-zero",                     "a ring without descriptors", FE_FOR_BOTH, .talk = size_zero},
    {"ring-size-odd",			       "a split ring whose size is no power of two", FE_FOR_SPLIT, .talk = size_odd},
    {"ring-size-over",					  "65536 descriptors", FE_FOR_BOTH, .talk = size_over},
    {"ring-size-beyond-memory","more descriptors than the region holds", FE_FOR_BOTH,
     .talk = size_beyond_memory},
    {"ring-base-beyond",                  "starts where the ring has never been", FE_FOR_BOTH, .talk = base_beyond},
    {0		     },
};
