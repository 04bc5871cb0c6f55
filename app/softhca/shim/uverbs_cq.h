/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion queues of verbs, as far as the rest of the front door must know of them. */
#ifndef SOFTHCA_SHIM_UVERBS_CQ_H
#define SOFTHCA_SHIM_UVERBS_CQ_H

#include "uverbs_obj.h"

/* A channel goes before the queues and queue pairs that tell it of events. */
void uverbs_cq_forget_channel(struct uobj_table *objs, const struct uobj *chan);

#endif
