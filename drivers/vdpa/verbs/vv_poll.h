/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who polls the control queues of all devices of the process.
 *
 * An rte_service, "vdpa_verbs_cvq", does when the application gives it a service core (EAL's -s or
 * -S, or rte_service_map_lcore_set): it visits all queues in turn and asks for no kicks. Otherwise,
 * or when its core stops, a control thread does: it sleeps on the kick descriptors, and after a
 * command goes on polling for a short while, as guests send them in bursts. There is one thread per
 * place: cores given by cvq_core=N, or else NUMA nodes (of the NIC, through libnuma); devices with
 * the same place share it. A queue is visited by one of them at a time, and changes hands without a
 * command being lost.
 *
 * The service is there as long as a member is; EAL forgets with it which cores had it. Cores of
 * -s and -S get what is there when EAL has probed its devices.
 *
 * An idle queue costs a sleeping thread nothing, and a service core one look (test/bench/cvq).
 *
 * Owner: the process; a member per control queue, from add to remove. Threads: control, but for
 * what runs on service cores and in the threads.
 */
#ifndef VV_POLL_H
#define VV_POLL_H

#include "vv_cvq.h"

struct vv_poll_member;

enum { VV_POLL_ANYWHERE = -1 };

/*
 * cvq: borrowed until remove. core: pin the thread to this CPU, VV_POLL_ANYWHERE: near node. node:
 * VV_POLL_ANYWHERE: not said. -EINVAL: no such CPU (why says which there are). why: one line.
 */
int vv_poll_add(struct vv_cvq *cvq, int core, int node, struct vv_poll_member **member, char *why,
		unsigned int why_len);
/* Nobody visits it when this returns. NULL is legal. */
void vv_poll_remove(struct vv_poll_member *member);

/*
 * The kick descriptor of a queue that has just started: borrowed until off, -1: none (then it is
 * polled). What came before is looked for now, and not once more: so after vv_cvq_start.
 */
int vv_poll_kick_on(struct vv_poll_member *member, int kick_fd);
void vv_poll_kick_off(struct vv_poll_member *member);

#endif
