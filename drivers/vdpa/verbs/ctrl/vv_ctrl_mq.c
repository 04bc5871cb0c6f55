/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which queues are used, and which of them gets a frame (virtio 1.3 5.1.6.5.5 to 5.1.6.5.7). The
 * last command of the class decides all of it.
 */
#include <string.h>

#include "vv_ctrl_priv.h"

/* Of RSS_CONFIG, in bytes: ahead of the table, and between it and the key's length. */
enum { RSS_HEAD = 4 + 2 + 2, RSS_TAIL = 2 };

enum vv_ctrl_verdict vv_ctrl_mq_pairs(const struct vv_ctrl_call *call)
{
	uint16_t pairs = vv_ctrl_get16(call->data);

	if (pairs < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN || pairs > call->conf->pairs)
		return VV_CTRL_BAD_VALUE;
	call->next->pairs = pairs;
	call->next->rss_active = false;
	memset(&call->next->rss, 0, sizeof(call->next->rss));
	return VV_CTRL_OK;
}

/* The key, from its length to the end of the command. */
static enum vv_ctrl_verdict key_parse(const uint8_t *data, size_t len, struct vv_ctrl_rss *rss)
{
	uint8_t key_len = data[0];

	if (key_len > VV_CTRL_RSS_KEY_MAX || (!key_len && rss->hash_types))
		return VV_CTRL_BAD_VALUE;
	if (len - 1 < key_len)
		return VV_CTRL_TRUNCATED;
	if (len - 1 > key_len)
		return VV_CTRL_OVERLONG;
	rss->key_len = key_len;
	memcpy(rss->key, data + 1, key_len);
	return VV_CTRL_OK;
}

enum vv_ctrl_verdict vv_ctrl_mq_rss(const struct vv_ctrl_call *call)
{
	struct vv_ctrl_rss *rss = &call->next->rss;
	const uint8_t *data = call->data;
	uint32_t table_len = vv_ctrl_get16(data + 4) + 1u;
	size_t tail = RSS_HEAD + 2 * (size_t)table_len; /* where the rest begins */
	unsigned int i;

	memset(rss, 0, sizeof(*rss));
	rss->hash_types = vv_ctrl_get32(data);
	if (rss->hash_types & ~call->conf->hash_types || table_len > VV_CTRL_RSS_TABLE_MAX ||
	    table_len & (table_len - 1))
		return VV_CTRL_BAD_VALUE;
	if (call->len < tail + RSS_TAIL + 1)
		return VV_CTRL_TRUNCATED;
	rss->table_len = (uint16_t)table_len;
	rss->unclassified = vv_ctrl_get16(data + 6);
	rss->max_tx = vv_ctrl_get16(data + tail);
	if (rss->unclassified >= call->conf->pairs || !rss->max_tx ||
	    rss->max_tx > call->conf->pairs)
		return VV_CTRL_BAD_VALUE;
	for (i = 0; i < table_len; i++) {
		rss->table[i] = vv_ctrl_get16(data + RSS_HEAD + 2 * i);
		if (rss->table[i] >= call->conf->pairs)
			return VV_CTRL_BAD_VALUE;
	}
	call->next->rss_active = true;
	return key_parse(data + tail + RSS_TAIL, call->len - tail - RSS_TAIL, rss);
}

/*
 * What is hashed with automatic steering. The reserved words are not looked at: Linux sends its
 * RSS configuration there.
 */
enum vv_ctrl_verdict vv_ctrl_mq_hash(const struct vv_ctrl_call *call)
{
	struct vv_ctrl_state *next = call->next;

	next->pairs = (uint16_t)vv_ctrl_pairs(call->conf, next); /* no other queues than before */
	next->rss_active = false;
	memset(&next->rss, 0, sizeof(next->rss));
	next->rss.hash_types = vv_ctrl_get32(call->data);
	if (next->rss.hash_types & ~call->conf->hash_types)
		return VV_CTRL_BAD_VALUE;
	return key_parse(call->data + 12, call->len - 12, &next->rss);
}

unsigned int vv_ctrl_pairs(const struct vv_ctrl_conf *conf, const struct vv_ctrl_state *state)
{
	const struct vv_ctrl_rss *rss = &state->rss;
	unsigned int pairs = state->pairs, i;

	if (state->rss_active) {
		pairs = rss->max_tx;
		if (pairs < rss->unclassified + 1u)
			pairs = rss->unclassified + 1u;
		for (i = 0; i < rss->table_len; i++)
			if (pairs < rss->table[i] + 1u)
				pairs = rss->table[i] + 1u;
	}
	return pairs < conf->pairs ? pairs : conf->pairs;
}
