/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <numa.h>

#include "vv_lock.h"
#include "vv_poll_priv.h"

enum { TABLE_STEP = 64 };

struct vv_polls vv_polls = {
    .control = PTHREAD_MUTEX_INITIALIZER,
    .visits = RTE_RWLOCK_INITIALIZER,
};

/* ---- places ---- */

/* The CPUs of a node, as far as they are known: none otherwise. */
static void node_cpus(int node, cpu_set_t *cpus)
{
	struct bitmask *mask;
	unsigned int i;

	if (node < 0 || numa_available() < 0 || node > numa_max_node())
		return;
	mask = numa_allocate_cpumask();
	if (!mask)
		return;
	if (!numa_node_to_cpus(node, mask)) {
		for (i = 0; i < mask->size && i < CPU_SETSIZE; i++) {
			if (numa_bitmask_isbitset(mask, i))
				CPU_SET(i, cpus);
		}
	}
	numa_free_cpumask(mask);
}

/* "0-3,8" */
static void cpus_print(const cpu_set_t *cpus, char *text, size_t len)
{
	size_t used = 0;
	int i, first;

	text[0] = '\0';
	for (i = 0; i < CPU_SETSIZE && used < len; i++) {
		if (!CPU_ISSET(i, cpus))
			continue;
		for (first = i; i + 1 < CPU_SETSIZE && CPU_ISSET(i + 1, cpus); i++)
			;
		used += snprintf(text + used, len - used, used ? ",%d" : "%d", first);
		if (i > first && used < len)
			used += snprintf(text + used, len - used, "-%d", i);
	}
}

static int place_make(int core, int node, struct vv_poll_place **place, char *why,
		      unsigned int why_len)
{
	struct vv_poll_place *p = calloc(1, sizeof(*p));
	char there[128];
	int err;

	if (!p) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	p->core = core;
	p->node = node;
	if (core == VV_POLL_ANYWHERE)
		node_cpus(node, &p->cpus);
	else if (core < CPU_SETSIZE)
		CPU_SET(core, &p->cpus);
	err = vv_poll_place_start(p);
	if (err) {
		if (err == -EINVAL && core != VV_POLL_ANYWHERE) {
			cpus_print(&p->cpus_there, there, sizeof(there));
			snprintf(why, why_len, "no CPU %d; there are: %s", core, there);
		} else {
			snprintf(why, why_len, "no thread to poll control queues: %s",
				 strerror(-err));
		}
		free(p);
		return err;
	}
	*place = p;
	return 0;
}

static int place_get(int core, int node, struct vv_poll_place **place, char *why,
		     unsigned int why_len)
{
	struct vv_poll_place *p;
	int err;

	/* A core says it all. */
	core = core < 0 ? VV_POLL_ANYWHERE : core;
	node = core != VV_POLL_ANYWHERE || node < 0 ? VV_POLL_ANYWHERE : node;
	LIST_FOREACH(p, &vv_polls.places, siblings)
	{
		if (p->core == core && p->node == node)
			break;
	}
	if (!p) {
		err = place_make(core, node, &p, why, why_len);
		if (err)
			return err;
		rte_rwlock_write_lock(&vv_polls.visits);
		LIST_INSERT_HEAD(&vv_polls.places, p, siblings);
		rte_rwlock_write_unlock(&vv_polls.visits);
	}
	p->users++;
	*place = p;
	return 0;
}

static void place_put(struct vv_poll_place *p)
{
	if (--p->users)
		return;
	rte_rwlock_write_lock(&vv_polls.visits);
	LIST_REMOVE(p, siblings);
	rte_rwlock_write_unlock(&vv_polls.visits);
	vv_poll_place_stop(p);
	free(p);
}

/* ---- members ---- */

/* A free slot; the table grows if there is none. */
static int slot_find(uint32_t *slot)
{
	struct vv_poll_slot *table, *old;
	uint32_t i, size = vv_polls.table_size;

	for (i = 0; i < size && vv_polls.table[i].member; i++)
		;
	*slot = i;
	if (i < size)
		return 0;
	table = calloc(size + TABLE_STEP, sizeof(*table));
	if (!table)
		return -ENOMEM;
	old = vv_polls.table;
	if (size)
		memcpy(table, old, size * sizeof(*table));
	rte_rwlock_write_lock(&vv_polls.visits);
	vv_polls.table = table;
	vv_polls.table_size = size + TABLE_STEP;
	rte_rwlock_write_unlock(&vv_polls.visits);
	free(old);
	return 0;
}

static int member_add(struct vv_poll_member *m, int core, int node, char *why, unsigned int why_len)
{
	int err = slot_find(&m->slot);

	if (err) {
		snprintf(why, why_len, "out of memory");
		return err;
	}
	err = place_get(core, node, &m->place, why, why_len);
	if (err)
		return err;
	if (!vv_polls.members++)
		vv_poll_service_register();
	m->id = vv_polls.next_id++;
	rte_rwlock_write_lock(&vv_polls.visits);
	vv_polls.table[m->slot] = (struct vv_poll_slot){.member = m, .cvq = m->cvq};
	LIST_INSERT_HEAD(&m->place->members, m, siblings);
	vv_cvq_want_kicks(m->cvq, m->place->mine);
	rte_rwlock_write_unlock(&vv_polls.visits);
	return 0;
}

int vv_poll_add(struct vv_cvq *cvq, int core, int node, struct vv_poll_member **member, char *why,
		unsigned int why_len)
{
	struct vv_poll_member *m = calloc(1, sizeof(*m));
	int err;

	if (!m) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	m->cvq = cvq;
	m->kick_fd = -1;
	pthread_mutex_lock(&vv_polls.control);
	err = member_add(m, core, node, why, why_len);
	pthread_mutex_unlock(&vv_polls.control);
	if (err) {
		free(m);
		return err;
	}
	*member = m;
	return 0;
}

static void kick_off(struct vv_poll_member *m)
{
	if (!m->started)
		return;
	m->started = false;
	if (m->kick_fd >= 0)
		epoll_ctl(m->place->epoll_fd, EPOLL_CTL_DEL, m->kick_fd, NULL);
	m->kick_fd = -1;
	if (m->polled) {
		rte_rwlock_write_lock(&vv_polls.visits);
		m->polled = false;
		m->place->n_polled--;
		rte_rwlock_write_unlock(&vv_polls.visits);
	}
}

void vv_poll_remove(struct vv_poll_member *m)
{
	struct vv_poll_place *p;

	if (!m)
		return;
	pthread_mutex_lock(&vv_polls.control);
	kick_off(m);
	p = m->place;
	rte_rwlock_write_lock(&vv_polls.visits);
	vv_polls.table[m->slot] = (struct vv_poll_slot){.member = NULL};
	LIST_REMOVE(m, siblings);
	if (m->hot) {
		TAILQ_REMOVE(&p->hots, m, hots);
		p->n_hots--;
	}
	rte_rwlock_write_unlock(&vv_polls.visits);
	place_put(p);
	if (!--vv_polls.members) {
		vv_poll_service_unregister();
		rte_rwlock_write_lock(&vv_polls.visits);
		free(vv_polls.table);
		vv_polls.table = NULL;
		vv_polls.table_size = 0;
		rte_rwlock_write_unlock(&vv_polls.visits);
	}
	pthread_mutex_unlock(&vv_polls.control);
	free(m);
}

static int kick_on(struct vv_poll_member *m, int kick_fd)
{
	/* Every write is an edge; one before now counts as one (vv_loop.h). */
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u64 = vv_poll_key(m)};

	kick_off(m);
	if (kick_fd >= 0) {
		if (epoll_ctl(m->place->epoll_fd, EPOLL_CTL_ADD, kick_fd, &e))
			return -errno;
		m->kick_fd = kick_fd;
	} else {
		rte_rwlock_write_lock(&vv_polls.visits);
		m->polled = true;
		m->place->n_polled++;
		rte_rwlock_write_unlock(&vv_polls.visits);
	}
	m->started = true;
	/* Commands may have come before anybody listened. */
	__atomic_store_n(&m->look, true, __ATOMIC_RELAXED);
	vv_poll_place_poke(m->place);
	return 0;
}

int vv_poll_kick_on(struct vv_poll_member *m, int kick_fd)
{
	int err;

	pthread_mutex_lock(&vv_polls.control);
	err = kick_on(m, kick_fd);
	pthread_mutex_unlock(&vv_polls.control);
	return err;
}

void vv_poll_kick_off(struct vv_poll_member *m)
{
	pthread_mutex_lock(&vv_polls.control);
	kick_off(m);
	pthread_mutex_unlock(&vv_polls.control);
}
