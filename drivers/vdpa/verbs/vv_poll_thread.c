/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Theory of operation. The thread sleeps until a guest kicks. The kicked queue is hot then: it is
 * visited again and again, by turns with other hot ones, and asks for no kicks, until nothing has
 * come for a while; then it asks for kicks, is visited once more, and left. A hot queue whose
 * device is busy for longer is visited now and then only.
 *
 * While the service has the place, the thread sleeps too, but for a look at the service's passes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "vv_lock.h"
#include "vv_poll_priv.h"

enum {
	BATCH = 32,
	HOT_NS = 50000,      /* a guest's next command comes within that */
	BUSY_MS = 1,         /* between visits while a device is busy */
	POLLED_NS = 2000000, /* between visits of queues without a kick descriptor */
	WATCH_MS = 200,      /* between looks at the service's passes */
	TURNS = 8,           /* of visits to hot ones, between looks at who else has kicked */
};

#define KEY_CONTROL UINT64_MAX

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static bool is_mine(const struct vv_poll_place *p)
{
	return __atomic_load_n(&p->mine, __ATOMIC_RELAXED);
}

/* ---- hot queues; all with visits ---- */

static void heat(struct vv_poll_place *p, struct vv_poll_member *m, uint64_t until_ns)
{
	if (m->hot)
		return;
	m->hot = true;
	m->again = false;
	m->until_ns = until_ns;
	TAILQ_INSERT_TAIL(&p->hots, m, hots);
	p->n_hots++;
}

/* Kicks on, and one more look. True: it has to stay. */
static bool cannot_cool(struct vv_poll_place *p, struct vv_poll_member *m)
{
	bool more = false;

	if (m->polled)
		return false;
	pthread_mutex_lock(&p->hand);
	if (is_mine(p))
		more = vv_cvq_want_kicks(m->cvq, true);
	pthread_mutex_unlock(&p->hand);
	return more;
}

/* Visits the hot queue whose turn it is. */
static void visit(struct vv_poll_place *p)
{
	struct vv_poll_member *m = TAILQ_FIRST(&p->hots);
	uint64_t now;

	if (!m)
		return;
	TAILQ_REMOVE(&p->hots, m, hots);
	if (vv_cvq_poll(m->cvq, &m->again))
		m->until_ns = now_ns() + HOT_NS;
	now = now_ns();
	if (now >= m->until_ns && !m->again) {
		if (!is_mine(p) || !cannot_cool(p, m)) {
			m->hot = false;
			p->n_hots--;
			return;
		}
		m->until_ns = now + HOT_NS;
	}
	TAILQ_INSERT_TAIL(&p->hots, m, hots);
}

/* A queue was kicked. */
static void kicked(struct vv_poll_place *p, uint64_t key)
{
	uint32_t slot = (uint32_t)key;
	struct vv_poll_member *m = slot < vv_polls.table_size ? vv_polls.table[slot].member : NULL;

	/* Gone meanwhile, with another in its place? */
	if (!m || vv_poll_key(m) != key || !is_mine(p) || m->hot)
		return;
	heat(p, m, now_ns() + HOT_NS);
	vv_cvq_want_kicks(m->cvq, false);
}

/* Visit those control wants to have visited, and, now and then, those nobody kicks for. */
static void heat_some(struct vv_poll_place *p, bool poked, uint64_t now)
{
	bool polled = p->n_polled && now - p->polled_ns >= POLLED_NS;
	struct vv_poll_member *m;

	if (polled)
		p->polled_ns = now;
	if (!polled && !poked)
		return;
	LIST_FOREACH(m, &p->members, siblings)
	{
		if (__atomic_exchange_n(&m->look, false, __ATOMIC_RELAXED) || (polled && m->polled))
			heat(p, m, now);
	}
}

static void heat_all(struct vv_poll_place *p)
{
	struct vv_poll_member *m;

	LIST_FOREACH(m, &p->members, siblings)
	heat(p, m, now_ns());
}

static void cool_all(struct vv_poll_place *p)
{
	struct vv_poll_member *m;

	while ((m = TAILQ_FIRST(&p->hots))) {
		TAILQ_REMOVE(&p->hots, m, hots);
		m->hot = false;
	}
	p->n_hots = 0;
}

/* ---- the service comes and goes; with visits ---- */

/* Every queue has to be asked for kicks and looked at: what cooling does. */
static void take_back(struct vv_poll_place *p)
{
	pthread_mutex_lock(&p->hand);
	__atomic_store_n(&p->mine, true, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&p->hand);
	heat_all(p);
}

static void watch_service(struct vv_poll_place *p)
{
	uint64_t beat = __atomic_load_n(&vv_polls.beat, __ATOMIC_RELAXED), now = now_ns();

	if (beat != p->beat || !p->beat_ns) {
		p->beat = beat;
		p->beat_ns = now;
	} else if (now - p->beat_ns >= WATCH_MS * 500000ull) {
		p->beat_ns = 0;
		take_back(p);
	}
}

/* ---- the thread ---- */

/* How long may it sleep? With visits. */
static int sleep_ms(const struct vv_poll_place *p)
{
	const struct vv_poll_member *m;
	uint64_t now = now_ns();

	if (!is_mine(p))
		return WATCH_MS;
	TAILQ_FOREACH(m, &p->hots, hots)
	{
		if (now < m->until_ns || !m->again)
			return 0;
	}
	if (p->n_hots)
		return BUSY_MS;
	return p->n_polled ? POLLED_NS / 1000000 : -1;
}

/* Returns how long it may sleep before the next one. */
static int place_pass(struct vv_poll_place *p, int timeout_ms) VV_NO_ANALYSIS
{
	struct epoll_event ready[BATCH];
	int n = epoll_wait(p->epoll_fd, ready, BATCH, timeout_ms), i;
	bool poked = false;
	unsigned int turns;
	uint64_t pokes;

	rte_rwlock_read_lock(&vv_polls.visits);
	for (i = 0; i < n; i++) {
		if (ready[i].data.u64 == KEY_CONTROL)
			poked = read(p->control_fd, &pokes, sizeof(pokes)) == sizeof(pokes);
		else
			kicked(p, ready[i].data.u64);
	}
	if (!is_mine(p)) {
		cool_all(p);
		watch_service(p);
	}
	if (is_mine(p)) {
		heat_some(p, poked, now_ns());
		for (turns = p->n_hots * (timeout_ms ? 1 : TURNS); turns > 0; turns--) {
			visit(p);
			/* Let control in between. */
			rte_rwlock_read_unlock(&vv_polls.visits);
			rte_rwlock_read_lock(&vv_polls.visits);
		}
	}
	timeout_ms = sleep_ms(p);
	rte_rwlock_read_unlock(&vv_polls.visits);
	return timeout_ms;
}

/* Where EAL let us be, and of that where we want to be; for a core, there or nowhere. */
static int place_pin(struct vv_poll_place *p)
{
	cpu_set_t all, eal, want;
	pthread_t self = pthread_self();

	if (p->core == VV_POLL_ANYWHERE && !CPU_COUNT(&p->cpus))
		return 0;
	pthread_getaffinity_np(self, sizeof(eal), &eal);
	if (p->core == VV_POLL_ANYWHERE) {
		CPU_AND(&want, &eal, &p->cpus);
		if (CPU_COUNT(&want))
			pthread_setaffinity_np(self, sizeof(want), &want);
		return 0;
	}
	/* The kernel takes from it what there is for us. */
	memset(&all, 0xff, sizeof(all));
	pthread_setaffinity_np(self, sizeof(all), &all);
	pthread_getaffinity_np(self, sizeof(p->cpus_there), &p->cpus_there);
	CPU_AND(&want, &p->cpus_there, &p->cpus);
	if (!CPU_COUNT(&want))
		return -EINVAL;
	return -pthread_setaffinity_np(self, sizeof(want), &want);
}

static void place_run(void *arg)
{
	struct vv_poll_place *p = arg;
	int timeout_ms = 0;

	p->pinned = place_pin(p);
	sem_post(&p->ready);
	while (!p->pinned && !__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE))
		timeout_ms = place_pass(p, timeout_ms);
}

static void place_close(struct vv_poll_place *p)
{
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
	if (p->control_fd >= 0)
		close(p->control_fd);
	sem_destroy(&p->ready);
	pthread_mutex_destroy(&p->hand);
}

int vv_poll_place_start(struct vv_poll_place *p)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = KEY_CONTROL};
	char name[16];
	int err;

	if (p->core != VV_POLL_ANYWHERE)
		snprintf(name, sizeof(name), "vv-cvq-c%d", p->core % 10000);
	else if (p->node != VV_POLL_ANYWHERE)
		snprintf(name, sizeof(name), "vv-cvq-n%d", p->node % 10000);
	else
		snprintf(name, sizeof(name), "vv-cvq");
	TAILQ_INIT(&p->hots);
	pthread_mutex_init(&p->hand, NULL);
	sem_init(&p->ready, 0, 0);
	p->mine = true;
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	p->control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->epoll_fd < 0 || p->control_fd < 0 ||
	    epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->control_fd, &e)) {
		err = -errno;
		goto fail;
	}
	err = vv_thread_start(&p->thread, name, place_run, p);
	if (err)
		goto fail;
	while (sem_wait(&p->ready))
		;
	if (p->pinned) {
		err = p->pinned;
		vv_thread_join(&p->thread);
		goto fail;
	}
	return 0;
fail:
	place_close(p);
	return err;
}

void vv_poll_place_poke(struct vv_poll_place *p)
{
	uint64_t one = 1;
	ssize_t n = write(p->control_fd, &one, sizeof(one));

	(void)n; /* full: it is poked enough */
}

void vv_poll_place_stop(struct vv_poll_place *p)
{
	__atomic_store_n(&p->stop, true, __ATOMIC_RELEASE);
	vv_poll_place_poke(p);
	vv_thread_join(&p->thread);
	place_close(p);
}
