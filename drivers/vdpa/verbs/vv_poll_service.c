/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <unistd.h>

#include <rte_service.h>
#include <rte_service_component.h>

#include "vv_lock.h"
#include "vv_log.h"
#include "vv_poll_priv.h"

enum {
	QUIET_MS = 1000,
	AHEAD = 4, /* slots whose queues are asked for before they are visited */
};

static uint32_t service_id;
static bool service_registered;

/* With visits. */
static void take_over(void)
{
	struct vv_poll_place *p;
	struct vv_poll_member *m;

	LIST_FOREACH(p, &vv_polls.places, siblings)
	{
		if (!__atomic_load_n(&p->mine, __ATOMIC_RELAXED) || pthread_mutex_trylock(&p->hand))
			continue;
		__atomic_store_n(&p->mine, false, __ATOMIC_RELAXED);
		LIST_FOREACH(m, &p->members, siblings)
		vv_cvq_want_kicks(m->cvq, false);
		pthread_mutex_unlock(&p->hand);
		vv_poll_place_poke(p); /* to look at our passes from now on */
	}
}

/* A visit to each, beginning where the last pass was interrupted. */
static int32_t service_pass(void *arg) VV_NO_ANALYSIS
{
	uint32_t start = __atomic_load_n(&vv_polls.cursor, __ATOMIC_RELAXED), n, i;
	bool again, worked = false;

	__atomic_fetch_add(&vv_polls.beat, 1, __ATOMIC_RELAXED);
	if (rte_rwlock_read_trylock(&vv_polls.visits))
		return -EAGAIN; /* control is at it */
	take_over();
	for (n = 0, i = start; n < vv_polls.table_size; n++, i++) {
		const struct vv_cvq *soon;
		struct vv_cvq *cvq;

		if (i >= vv_polls.table_size)
			i = 0;
		soon = i + AHEAD < vv_polls.table_size ? vv_polls.table[i + AHEAD].cvq : NULL;
		if (soon)
			vv_cvq_prefetch(soon);
		cvq = vv_polls.table[i].cvq;
		if (!cvq || !vv_cvq_poll(cvq, &again))
			continue;
		worked = true;
		__atomic_fetch_add(&vv_polls.beat, 1, __ATOMIC_RELAXED);
		rte_rwlock_read_unlock(&vv_polls.visits);
		if (rte_rwlock_read_trylock(&vv_polls.visits)) {
			__atomic_store_n(&vv_polls.cursor, i + 1, __ATOMIC_RELAXED);
			return 0;
		}
	}
	rte_rwlock_read_unlock(&vv_polls.visits);
	return worked ? 0 : -EAGAIN; /* for the statistics: was it time well spent? */
}

void vv_poll_service_register(void)
{
	struct rte_service_spec spec = {
	    .name = "vdpa_verbs_cvq",
	    .callback = service_pass,
	    .capabilities = RTE_SERVICE_CAP_MT_SAFE,
	};
	int err;

	if (!service_registered) {
		err = rte_service_component_register(&spec, &service_id);
		if (err) {
			VV_LOG(WARNING,
			       "control queues: service cores cannot poll them: no service (%d)",
			       err);
			return;
		}
		service_registered = true;
	}
	rte_service_component_runstate_set(service_id, 1);
	/* The application's half too: to map it to a core is all that is left to do. */
	rte_service_runstate_set(service_id, 1);
}

/*
 * A core that has seen it running may be on its way into it: to take the service from under it
 * would make it jump to nowhere. What EAL says of cores that were unmapped meanwhile may never
 * change; then the service stays, stopped, for the next time.
 */
void vv_poll_service_unregister(void)
{
	unsigned int ms;

	if (!service_registered)
		return;
	rte_service_component_runstate_set(service_id, 0);
	for (ms = 0; rte_service_may_be_active(service_id) == 1; ms++) {
		if (ms == QUIET_MS)
			return;
		usleep(1000);
	}
	rte_service_component_unregister(service_id);
	service_registered = false;
}
