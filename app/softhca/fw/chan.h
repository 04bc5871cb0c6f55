/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Event channels: our end of a SOCK_SEQPACKET pair. One message is one event: the cookie, and
 * behind it the 64-byte event queue entry, nothing, or the number verbs has for the event.
 *
 * Threads: opened and closed under the firmware lock; chan_send() from NIC threads or under
 * dp_lock.
 */
#ifndef SOFTHCA_FW_CHAN_H
#define SOFTHCA_FW_CHAN_H

#include <stdatomic.h>

#include "event.h"
#include "obj.h"

struct chan {
	struct hca_obj obj;
	int sock; /* owned, nonblocking */
	enum hca_chan_kind kind;
	atomic_bool gone; /* the program has closed its end */
};

enum { EQE_LEN = 64 };
enum { PORT_SUBTYPE_DOWN = 1, PORT_SUBTYPE_ACTIVE = 4 }; /* of EVENT_PORT_CHANGE, PRM */

/* 0, or -EAGAIN: full. A channel whose reader is gone swallows events. */
int chan_send(struct chan *chan, uint64_t cookie, const uint8_t eqe[EQE_LEN]);

void chan_fini(struct hca_obj *obj);

#endif
