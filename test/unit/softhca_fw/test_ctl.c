/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of figures and what can be asked in it: by askers of good and of bad will. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fw/event.h"
#include "rig.h"

/* Longer than any answer takes, on any machine. */
enum { WAIT_MS = 20000 };

struct place {
	char dir[64], file[128];
	struct hca_stat *stat; /* mapped as another process would */
};

static void place_make(struct place *p)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->dir, sizeof(p->dir), "/tmp/softhca_fw_ctl.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof(p->file), "%s/nic.stat.%d", p->dir, (int)getpid());
}

static void place_map(struct place *p)
{
	int fd = open(p->file, O_RDWR);

	assert_true(fd >= 0);
	p->stat = mmap(NULL, sizeof(*p->stat), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p->stat, MAP_FAILED);
	close(fd);
}

static void place_end(struct place *p)
{
	if (p->stat)
		munmap(p->stat, sizeof(*p->stat));
	assert_int_equal(rmdir(p->dir), 0); /* nothing is left in it */
}

static void rig_in(struct rig *rig, struct place *p, const char *trace)
{
	struct hca_config cfg = {
	    .functions = 2, .threads = 1, .stat_dir = p->dir, .trace_path = trace};

	memset(rig, 0, sizeof(*rig));
	rig->mem = mmap(NULL, RIG_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(rig->mem, MAP_FAILED);
	assert_int_equal(hca_create(&cfg, &rig->hca), 0);
	assert_int_equal(hca_ctx_open(rig->hca, 0, &rig->a), 0);
	rig_fill(rig);
	place_map(p);
}

static void rig_out(struct rig *rig)
{
	hca_ctx_close(rig->a);
	hca_destroy(rig->hca);
	munmap(rig->mem, RIG_MEM);
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void ring(struct hca_stat *stat)
{
	__atomic_fetch_add(&stat->bell, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &stat->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* As launch_attach.c does. */
static int ask(struct hca_stat *stat)
{
	uint32_t number = stat->ask.asked + 1;
	unsigned int ms = 0;

	__atomic_store_n(&stat->ask.asked, number, __ATOMIC_RELEASE);
	ring(stat);
	while (__atomic_load_n(&stat->ask.answered, __ATOMIC_ACQUIRE) != number) {
		assert_true(ms++ < WAIT_MS);
		nap();
	}
	return stat->ask.result;
}

static int ask_queue(struct hca_stat *stat, uint32_t function, uint32_t index, uint32_t error)
{
	stat->ask.verb = HCA_STAT_INJECT_QUEUE;
	stat->ask.function = function;
	stat->ask.index = index;
	stat->ask.error = error;
	return ask(stat);
}

static int ask_fail(struct hca_stat *stat, const char *text)
{
	stat->ask.verb = HCA_STAT_INJECT_FAIL;
	snprintf(stat->ask.text, sizeof(stat->ask.text), "%s", text);
	return ask(stat);
}

static const struct hca_stat_command *command(const struct hca_stat *stat, const char *name)
{
	for (unsigned int i = 0; i < HCA_STAT_COMMANDS; i++)
		if (!strcmp(stat->cmd[i].name, name))
			return &stat->cmd[i];
	fail_msg("%s has no figures", name);
	return NULL;
}

static void file_says_what_it_is(void **state)
{
	struct place p;
	struct rig rig;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	assert_int_equal(p.stat->magic, HCA_STAT_MAGIC);
	assert_int_equal(p.stat->version, HCA_STAT_VERSION);
	assert_int_equal(p.stat->pid, getpid());
	assert_int_not_equal(p.stat->pid_started, 0);
	assert_string_equal(p.stat->profile, rig.hca->profile.name);
	assert_non_null(strstr(p.stat->command, "test_ctl"));
	assert_int_equal(p.stat->functions, 2);
	assert_int_equal(p.stat->n_ports, 2);
	assert_string_equal(p.stat->port[1].name, "fn1");
	assert_memory_equal(p.stat->port[1].mac, rig.hca->func[1].mac, 6);
	assert_int_equal(p.stat->ended, 0);
	assert_int_equal(p.stat->objects[HCA_STAT_CTX], 1);
	rig_out(&rig);
	assert_int_equal(p.stat->ended, 1);
	assert_int_equal(p.stat->objects[HCA_STAT_CTX], 0);
	place_end(&p);
}

static void file_elsewhere_is_linked(void **state)
{
	struct hca_config cfg = {.functions = 1, .threads = 1};
	char elsewhere[128], target[128] = "";
	struct place p;
	struct stat st;
	struct hca *hca;

	(void)state;
	place_make(&p);
	snprintf(elsewhere, sizeof(elsewhere), "%s/figures", p.dir);
	cfg.stat_dir = p.dir;
	cfg.stat_path = elsewhere;
	assert_int_equal(hca_create(&cfg, &hca), 0);
	assert_true(readlink(p.file, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, elsewhere);
	hca_destroy(hca);
	assert_int_equal(lstat(p.file, &st), -1);
	/* This one was asked for: it stays. */
	assert_int_equal(stat(elsewhere, &st), 0);
	assert_int_equal(st.st_size, sizeof(struct hca_stat));
	remove(elsewhere);
	place_end(&p);
}

/* A tree that cannot be written to is no reason to fail, a file that was asked for is. */
static void file_impossible(void **state)
{
	struct hca_config cfg = {.functions = 1, .threads = 1, .stat_dir = "/nonexistent"};
	struct hca *hca;

	(void)state;
	assert_int_equal(hca_create(&cfg, &hca), 0);
	hca_destroy(hca);
	cfg.stat_path = "/nonexistent/figures";
	assert_int_equal(hca_create(&cfg, &hca), -ENOENT);
}

static void commands_counted_by_name(void **state)
{
	const struct hca_stat_command *c;
	uint64_t sum = 0;
	struct place p;
	struct rig rig;
	struct mbox mb;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	c = command(p.stat, "create_cq");
	good_cq(&rig, &mb);
	destroy(mb_create(&mb, rig.a));
	good_cq(&rig, &mb);
	mb_set(&mb, FLD(cqc, uar_page), 0xdead);
	mb_create_refused(&mb, rig.a, SYND(NO_SUCH_OBJECT));
	assert_int_equal(c->count, 2);
	assert_int_equal(c->refused, 1);
	assert_int_equal(c->failed, 0);
	assert_true(c->time_ns > 0 && c->max_ns > 0 && c->max_ns <= c->time_ns);
	for (unsigned int i = 0; i < HCA_STAT_BUCKETS; i++)
		sum += c->bucket[i];
	assert_int_equal(sum, 2);
	assert_int_equal(command(p.stat, "destroy")->count, 1);
	assert_int_equal(command(p.stat, "alloc_pd")->count, 1);
	/* Nobody knows that one. */
	memset(mb.in, 0xee, 16);
	assert_int_equal(hca_cmd(rig.a, mb.in, 16, mb.out, 16), -EREMOTEIO);
	assert_int_equal(command(p.stat, "command")->refused, 1);
	rig_out(&rig);
	place_end(&p);
}

static void snapshot_shows_queues(void **state)
{
	const struct hca_stat_queue *q;
	struct hca_obj *td, *tis, *queue;
	struct place p;
	struct rig rig;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	p.stat->ask.verb = HCA_STAT_SNAPSHOT;
	assert_int_equal(ask(p.stat), 0);
	assert_int_equal(p.stat->n_queues, 0);
	tis = make_tis(&rig, &td);
	queue = queue_in(&rig, tis, VQ_RDY);
	assert_int_equal(ask(p.stat), 0);
	assert_int_equal(p.stat->n_queues, 1);
	assert_int_equal(p.stat->queues_all, 1);
	q = &p.stat->queue[0];
	assert_int_equal(q->id, queue->id);
	assert_int_equal(q->function, 0);
	assert_int_equal(q->size, 64);
	assert_int_equal(q->packed, 0);
	assert_int_equal(q->state, VQ_RDY);
	destroy(queue);
	assert_int_equal(ask(p.stat), 0);
	assert_int_equal(p.stat->n_queues, 0);
	rig_out(&rig);
	place_end(&p);
}

static void inject_queue_breaks_it_and_tells(void **state)
{
	uint16_t event = EVENT_OBJECT_CHANGE;
	struct hca_obj *td, *tis, *queue;
	struct hca_chan *chan;
	uint64_t cookie = 0;
	struct place p;
	struct rig rig;
	int fd;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	tis = make_tis(&rig, &td);
	queue = queue_in(&rig, tis, VQ_RDY);
	assert_int_equal(hca_chan_open(rig.a, HCA_CHAN_COOKIE, &chan, &fd), 0);
	assert_int_equal(hca_chan_subscribe(chan, queue, &event, 1, 0xbeef, -1), 0);
	assert_int_equal(ask_queue(p.stat, 0, 0, VQ_ERROR_BAD_RING), 0);
	assert_non_null(strstr(p.stat->ask.text, "RDY -> ERR, bad_ring"));
	assert_int_equal(read(fd, &cookie, sizeof(cookie)), sizeof(cookie));
	assert_int_equal(cookie, 0xbeef);
	assert_int_equal(state_of(queue), VQ_ERR);
	assert_int_equal(p.stat->queue_errors, 1);
	/* Broken already. */
	assert_int_equal(ask_queue(p.stat, 0, 0, VQ_ERROR_BAD_RING), -EBUSY);
	assert_non_null(strstr(p.stat->ask.text, "is ERR, not RDY"));
	rig_out(&rig);
	close(fd);
	place_end(&p);
}

static void inject_queue_wrong_says_what(void **state)
{
	struct hca_obj *td, *tis;
	struct place p;
	struct rig rig;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	tis = make_tis(&rig, &td);
	assert_int_equal(ask_queue(p.stat, 2, 0, VQ_ERROR_BAD_DESC), -ENOENT);
	assert_string_equal(p.stat->ask.text, "there are functions 0 to 1 only");
	assert_int_equal(ask_queue(p.stat, 1, 3, VQ_ERROR_BAD_DESC), -ENOENT);
	assert_string_equal(p.stat->ask.text, "function 1 has no queue of index 3");
	queue_in(&rig, tis, VQ_INIT);
	assert_int_equal(ask_queue(p.stat, 0, 0, VQ_ERROR_BAD_DESC), -EBUSY);
	assert_non_null(strstr(p.stat->ask.text, "is INIT, not RDY"));
	assert_int_equal(ask_queue(p.stat, 0, 0, VQ_ERROR_NONE), -EINVAL);
	assert_int_equal(ask_queue(p.stat, 0, 0, 77), -EINVAL);
	p.stat->ask.verb = 99;
	assert_int_equal(ask(p.stat), -EINVAL);
	assert_int_equal(p.stat->queue_errors, 0);
	rig_out(&rig);
	place_end(&p);
}

static void inject_fail_once_from_now(void **state)
{
	struct place p;
	struct rig rig;
	uint32_t pdn;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	assert_int_equal(ask_fail(p.stat, "alloc_pd:2"), 0);
	assert_int_equal(ask_fail(p.stat, "ALLOC_PD:3"), 0);
	assert_int_equal(hca_pd_alloc(rig.a, &pdn), 0);
	assert_int_equal(hca_pd_alloc(rig.a, &pdn), -ENOMEM);
	assert_int_equal(hca_pd_alloc(rig.a, &pdn), -ENOMEM);
	assert_int_equal(hca_pd_alloc(rig.a, &pdn), 0);
	assert_int_equal(command(p.stat, "alloc_pd")->failed, 2);
	assert_int_equal(p.stat->commands_failed, 2);
	assert_int_equal(ask_fail(p.stat, "fly"), -EINVAL);
	assert_int_equal(ask_fail(p.stat, "alloc_pd:0"), -EINVAL);
	assert_int_equal(ask_fail(p.stat, "alloc_pd,any"), -EINVAL);
	assert_int_equal(ask_fail(p.stat, ""), -EINVAL);
	rig_out(&rig);
	place_end(&p);
}

/* ---- bad will ---- */

struct vandal {
	struct hca_stat *stat;
	atomic_bool stop;
};

static void *vandalize(void *arg)
{
	struct vandal *v = arg;
	unsigned int seed = 4711;

	while (!atomic_load(&v->stop)) {
		uint8_t *text = (uint8_t *)v->stat->ask.text;

		for (unsigned int i = 0; i < sizeof(v->stat->ask.text); i++)
			__atomic_store_n(&text[i], 1 + rand_r(&seed) % 255, __ATOMIC_RELAXED);
		__atomic_store_n(&v->stat->ask.verb, rand_r(&seed) % 5, __ATOMIC_RELAXED);
		__atomic_store_n(&v->stat->ask.function, (uint32_t)rand_r(&seed),
				 __ATOMIC_RELAXED);
		__atomic_store_n(&v->stat->ask.index, (uint32_t)rand_r(&seed), __ATOMIC_RELAXED);
		__atomic_store_n(&v->stat->ask.error, (uint32_t)rand_r(&seed), __ATOMIC_RELAXED);
		__atomic_store_n(&v->stat->n_queues, (uint32_t)rand_r(&seed), __ATOMIC_RELAXED);
		__atomic_store_n(&v->stat->n_ports, (uint32_t)rand_r(&seed), __ATOMIC_RELAXED);
		__atomic_fetch_add(&v->stat->ask.asked, 1, __ATOMIC_RELEASE);
		/* Now and then the bell seems never to have rung. */
		if (rand_r(&seed) % 4)
			ring(v->stat);
		else
			__atomic_fetch_sub(&v->stat->bell, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Another process writes what it likes: commands work, and the NIC ends. */
static void vandal_cannot_hold_the_nic(void **state)
{
	struct vandal v = {};
	struct place p;
	struct rig rig;
	pthread_t thread;
	uint32_t pdn;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	v.stat = p.stat;
	assert_int_equal(pthread_create(&thread, NULL, vandalize, &v), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		assert_int_equal(hca_pd_alloc(rig.a, &pdn), 0);
		assert_int_equal(hca_pd_free(rig.a, pdn), 0);
	}
	rig_out(&rig);
	atomic_store(&v.stop, true);
	pthread_join(thread, NULL);
	place_end(&p);
}

/* An asker that died in the middle: the next one is served. */
static void asker_gone_next_is_served(void **state)
{
	struct place p;
	struct rig rig;

	(void)state;
	place_make(&p);
	rig_in(&rig, &p, NULL);
	/* Asked, and never looked at the answer. */
	p.stat->ask.verb = HCA_STAT_SNAPSHOT;
	__atomic_fetch_add(&p.stat->ask.asked, 1, __ATOMIC_RELEASE);
	assert_int_equal(ask(p.stat), 0);
	rig_out(&rig);
	place_end(&p);
}

/* ---- the trace of what nobody has asked for ---- */

static bool trace_has(const char *file, const char *text)
{
	FILE *f = fopen(file, "r");
	char line[2048];
	bool found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, text) != NULL;
	fclose(f);
	return found;
}

static void trace_tells_states_and_events(void **state)
{
	char trace[] = "/tmp/softhca_fw_ctl.XXXXXX";
	uint16_t event = EVENT_OBJECT_CHANGE;
	struct hca_obj *td, *tis, *queue;
	unsigned int ms = 0;
	struct hca_chan *chan;
	struct place p;
	struct rig rig;
	int fd;

	(void)state;
	close(mkstemp(trace));
	place_make(&p);
	rig_in(&rig, &p, trace);
	tis = make_tis(&rig, &td);
	queue = queue_in(&rig, tis, VQ_RDY);
	assert_true(trace_has(trace, "state virtio_net_q 0x1 index=0 INIT -> RDY"));
	assert_int_equal(hca_chan_open(rig.a, HCA_CHAN_COOKIE, &chan, &fd), 0);
	assert_int_equal(hca_chan_subscribe(chan, queue, &event, 1, 1, -1), 0);
	/* From a NIC thread, and no command follows: the control thread writes it. */
	double_error(double_vq(0, 0), VQ_ERROR_BAD_BUFFER);
	while (!trace_has(trace, "event virtio_net_q 0x1 OBJECT_CHANGE")) {
		assert_true(ms++ < WAIT_MS);
		nap();
	}
	assert_true(trace_has(trace, "state virtio_net_q 0x1 index=0 RDY -> ERR: bad_buffer"));
	assert_int_equal(ask_fail(p.stat, "alloc_pd"), 0);
	assert_true(trace_has(trace, " inject fail alloc_pd"));
	assert_int_equal(hca_pd_alloc(rig.a, &(uint32_t){0}), -ENOMEM);
	assert_true(trace_has(trace, "alloc_pd pdn=0x0 -> Cannot allocate memory (injected) ["));
	assert_true(trace_has(trace, "0.0"));
	rig_out(&rig);
	close(fd);
	remove(trace);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_says_what_it_is),
	    cmocka_unit_test(file_elsewhere_is_linked),
	    cmocka_unit_test(file_impossible),
	    cmocka_unit_test(commands_counted_by_name),
	    cmocka_unit_test(snapshot_shows_queues),
	    cmocka_unit_test(inject_queue_breaks_it_and_tells),
	    cmocka_unit_test(inject_queue_wrong_says_what),
	    cmocka_unit_test(inject_fail_once_from_now),
	    cmocka_unit_test(vandal_cannot_hold_the_nic),
	    cmocka_unit_test(asker_gone_next_is_served),
	    cmocka_unit_test(trace_tells_states_and_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
