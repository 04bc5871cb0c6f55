/* SPDX-License-Identifier: BSD-3-Clause */
/* What the mock's two layouts implement; private to swring_mock*.c. */
#ifndef SWRING_MOCK_RING_H
#define SWRING_MOCK_RING_H

#include "swring_mock.h"

/* The flags of a packed descriptor that say whose it is (virtio 1.2 §2.8.1). */
enum {
	SWMOCK_AVAIL = 1 << VRING_PACKED_DESC_F_AVAIL,
	SWMOCK_USED = 1 << VRING_PACKED_DESC_F_USED,
	SWMOCK_WHOSE = SWMOCK_AVAIL | SWMOCK_USED,
};

struct swmock_chain {
	bool live;
	uint16_t slots; /* descriptors of the ring */
	uint16_t next;  /* split, by descriptor: the next of its chain */
	uint64_t writable;
	uintptr_t token;
};

void swmock_split_start(struct swmock *m);
void swmock_packed_start(struct swmock *m);
/* The chain's id; there is room. table: the descriptor of one, behind the direct ones, or NULL. */
int swmock_split_add(struct swmock *m, const struct swmock_buf *buf, unsigned int direct,
		     const struct swmock_buf *table);
int swmock_packed_add(struct swmock *m, const struct swmock_buf *buf, unsigned int direct,
		      const struct swmock_buf *table);
void swmock_split_publish(struct swmock *m);
void swmock_packed_publish(struct swmock *m);
bool swmock_split_kick_needed(const struct swmock *m);
bool swmock_packed_kick_needed(const struct swmock *m);
int swmock_split_used(struct swmock *m, uint32_t *id, uint32_t *len);
int swmock_packed_used(struct swmock *m, uint32_t *id, uint32_t *len);
void swmock_split_free(struct swmock *m, uint16_t id);
void swmock_packed_free(struct swmock *m, uint16_t id);
/* skip: split, used entries; packed, descriptors that may still be used in silence. */
void swmock_split_calls(struct swmock *m, bool on, unsigned int skip);
void swmock_packed_calls(struct swmock *m, bool on, unsigned int skip);

#endif
