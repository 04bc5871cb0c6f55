/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "flow_counter.h"
#include "hca_priv.h"
#include "mem.h"

enum { BULK_UNIT = 128, COUNTER_LEN = 16 };

int flow_counter_alloc(struct cmd *cmd, struct hca_obj **out)
{
	uint64_t bulk = cmd_get(cmd, FLD(alloc_flow_counter_in, flow_counter_bulk));
	struct flow_counter *fc;
	struct hca_obj *obj;
	int err;

	if (bulk & ~(uint64_t)FLOW_COUNTER_BULKS || bulk & (bulk - 1))
		return cmd_refuse(cmd, SYND(FC_BULK), FLD(alloc_flow_counter_in, flow_counter_bulk),
				  "0x%" PRIx64, bulk);
	err = obj_new(cmd->ctx, OBJ_FLOW_COUNTER, sizeof(*fc), &obj);
	if (err)
		return cmd_refuse_errno(cmd, err);
	fc = (struct flow_counter *)obj;
	fc->n = bulk ? (unsigned int)bulk * BULK_UNIT : 1;
	fc->counters = calloc(fc->n, sizeof(*fc->counters));
	if (!fc->counters) {
		obj_discard(obj);
		return cmd_refuse_errno(cmd, -ENOMEM);
	}
	*out = obj;
	return 0;
}

void flow_counter_fini(struct hca_obj *obj)
{
	free(((struct flow_counter *)obj)->counters);
}

static struct dp_counter take(struct dp_counter *c, bool clear)
{
	struct dp_counter now;

	if (clear) {
		now.frames = __atomic_exchange_n(&c->frames, 0, __ATOMIC_RELAXED);
		now.bytes = __atomic_exchange_n(&c->bytes, 0, __ATOMIC_RELAXED);
	} else {
		now.frames = __atomic_load_n(&c->frames, __ATOMIC_RELAXED);
		now.bytes = __atomic_load_n(&c->bytes, __ATOMIC_RELAXED);
	}
	return now;
}

/* The first n of a bulk, as traffic_counter has them, to an address in a key. */
static int dump(struct cmd *cmd, struct flow_counter *fc, unsigned int n, bool clear)
{
	uint64_t addr = cmd_get(cmd, FLD(query_flow_counter_in, address));
	uint32_t key = (uint32_t)cmd_get(cmd, FLD(query_flow_counter_in, mkey));
	uint64_t *image;
	struct mkey *mkey;
	unsigned int i;
	int err = mkey_ref(cmd, FLD(query_flow_counter_in, mkey), key, &mkey);

	if (err)
		return err;
	if (addr + (uint64_t)n * COUNTER_LEN < addr ||
	    mkey_covers(mkey, addr, (uint64_t)n * COUNTER_LEN, true))
		return cmd_refuse(cmd, SYND(FC_MEMORY), FLD(query_flow_counter_in, address),
				  "%u at 0x%" PRIx64 " of key 0x%x", n, addr, key);
	image = calloc(n, COUNTER_LEN);
	if (!image)
		return cmd_refuse_errno(cmd, -ENOMEM);
	for (i = 0; i < n; i++) {
		struct dp_counter c = take(&fc->counters[i], false);

		image[2 * i] = htobe64(c.frames);
		image[2 * i + 1] = htobe64(c.bytes);
	}
	err = mkey_write(mkey, addr, image, (uint64_t)n * COUNTER_LEN);
	if (err)
		err = cmd_refuse(cmd, SYND(FC_MEMORY), FLD(query_flow_counter_in, address),
				 "memory at 0x%" PRIx64 " is gone", addr);
	/* Not before they have arrived; what came in between stays. */
	for (i = 0; !err && clear && i < n; i++) {
		__atomic_fetch_sub(&fc->counters[i].frames, be64toh(image[2 * i]),
				   __ATOMIC_RELAXED);
		__atomic_fetch_sub(&fc->counters[i].bytes, be64toh(image[2 * i + 1]),
				   __ATOMIC_RELAXED);
	}
	free(image);
	return err;
}

int flow_counter_query(struct cmd *cmd, struct hca_obj *obj)
{
	struct flow_counter *fc = (struct flow_counter *)obj;
	uint64_t n = cmd_get(cmd, FLD(query_flow_counter_in, num_of_counters));
	bool clear = cmd_get(cmd, FLD(query_flow_counter_in, clear));
	struct dp_counter c;

	if (n > fc->n || !n != !cmd_get(cmd, FLD(query_flow_counter_in, dump_to_memory)))
		return cmd_refuse(cmd, SYND(FC_COUNT), FLD(query_flow_counter_in, num_of_counters),
				  "%" PRIu64 " of %u", n, fc->n);
	if (n)
		return dump(cmd, fc, (unsigned int)n, clear);
	if (cmd->out_len < CMD_HDR_LEN + COUNTER_LEN)
		return cmd_refuse(cmd, SYND(OUTPUT_LENGTH), F_NONE, "%zu bytes", cmd->out_len);
	c = take(&fc->counters[0], clear);
	cmd_put(cmd, CMD_HDR_LEN * 8, FLD(traffic_counter, packets), c.frames);
	cmd_put(cmd, CMD_HDR_LEN * 8, FLD(traffic_counter, octets), c.bytes);
	return 0;
}
