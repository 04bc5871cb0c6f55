/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Living with others. Signal handlers form a chain by convention only: who installs one keeps what
 * was there, and passes on what is not his. The NIC model in the same process does so, a crash
 * reporter of the application may. Two things follow.
 *
 * A handler with somebody else's on top cannot be taken out: it stays, and passes everything on.
 *
 * If then the other one's is below and above at once (it was buried under ours, removed there, and
 * installed again on top), it passes on to us what we pass on to it. So every time ours goes on top
 * of another one's, that is put on a stack, and a fault that comes round to us again goes to the
 * next one down. It is told by a mark in the context that is handed on: in uc_link, which the
 * kernel clears when it makes a context for a handler, and ignores afterwards.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "vv_fault.h"

enum { BELOW_MAX = 8 };

struct guard {
	sigjmp_buf env;
	const struct vv_fault_range *ranges;
	unsigned int n;
};

/*
 * initial-exec: a first access from the signal handler must not end up in the allocator of
 * thread-local storage. A plugin may have some bytes of the static kind: glibc keeps more than a
 * kilobyte for libraries that are loaded late.
 */
static __thread struct guard *fault_guard __attribute__((tls_model("initial-exec")));

struct signal {
	int number;
	/* What was there when ours went on top, the last one last. Written with fault_lock. */
	struct sigaction below[BELOW_MAX];
	unsigned int n; /* atomic; not 0: ours is in the chain */
};

static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int fault_users;
static struct signal fault_signals[] = {{.number = SIGSEGV}, {.number = SIGBUS}};

static struct signal *signal_of(int number)
{
	return &fault_signals[number == SIGBUS];
}

static bool guard_covers(const struct guard *g, const void *addr)
{
	unsigned int i;

	for (i = 0; i < g->n; i++) {
		uintptr_t offset = (uintptr_t)addr - (uintptr_t)g->ranges[i].addr;

		if (offset < g->ranges[i].len)
			return true;
	}
	return false;
}

/* Whose turn is it? NULL: nobody's, that is the default action. */
static const struct sigaction *round_next(const struct signal *s, ucontext_t *context)
{
	static const char marks[BELOW_MAX + 1]; /* only their addresses are used */
	uintptr_t mark = (uintptr_t)context->uc_link - (uintptr_t)marks;
	unsigned int n = __atomic_load_n(&s->n, __ATOMIC_ACQUIRE);
	unsigned int round = mark < sizeof(marks) ? mark + 1 : 0;

	if (round >= n)
		return NULL;
	context->uc_link = (ucontext_t *)((uintptr_t)marks + round);
	return &s->below[n - 1 - round];
}

/* Block what the kernel would have blocked for that handler. */
static void mask_as_for(const struct sigaction *action, int number, const ucontext_t *context)
{
	sigset_t mask;

	sigorset(&mask, &context->uc_sigmask, &action->sa_mask);
	if (!(action->sa_flags & SA_NODEFER))
		sigaddset(&mask, number);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void pass_on(int number, siginfo_t *info, void *context)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};
	const struct sigaction *next = round_next(signal_of(number), context);

	if (!next)
		next = &by_default;
	mask_as_for(next, number, context);
	if (next->sa_flags & SA_SIGINFO) {
		next->sa_sigaction(number, info, context);
	} else if (next->sa_handler != SIG_DFL && next->sa_handler != SIG_IGN) {
		next->sa_handler(number);
	} else if (next->sa_handler == SIG_DFL || info->si_code > 0) {
		/* Back at the faulting instruction the default action follows, with its core. */
		sigaction(number, &by_default, NULL);
		if (info->si_code <= 0)
			raise(number);
	}
}

static void fault_handler(int number, siginfo_t *info, void *context)
{
	struct guard *g = fault_guard;

	/* si_code > 0: raised by the kernel for an access of this thread, not sent by somebody. */
	if (g && info->si_code > 0 && guard_covers(g, info->si_addr)) {
		fault_guard = NULL;
		/* The jump skips what gives the mask back: this signal is blocked now. */
		pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL);
		siglongjmp(g->env, 1);
	}
	pass_on(number, info, context);
}

static bool is_ours(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == fault_handler;
}

static bool is_below(const struct signal *s, const struct sigaction *action)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		const struct sigaction *b = &s->below[i];

		if ((b->sa_flags & SA_SIGINFO) != (action->sa_flags & SA_SIGINFO))
			continue;
		if (b->sa_flags & SA_SIGINFO ? b->sa_sigaction == action->sa_sigaction
					     : b->sa_handler == action->sa_handler)
			return true;
	}
	return false;
}

static int signal_install(struct signal *s)
{
	struct sigaction ours = {.sa_sigaction = fault_handler,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct sigaction now;

	sigemptyset(&ours.sa_mask);
	if (sigaction(s->number, NULL, &now))
		return -errno;
	/* We stayed under somebody who has gone since. */
	if (is_ours(&now))
		return 0;
	/* Before ours is there: another thread may fault at once. */
	if (!is_below(s, &now)) {
		if (s->n == BELOW_MAX)
			return -E2BIG;
		s->below[s->n] = now;
		__atomic_store_n(&s->n, s->n + 1, __ATOMIC_RELEASE);
	}
	/* Cannot fail: the number is good, as it was above. */
	return sigaction(s->number, &ours, NULL) ? -errno : 0;
}

static void signal_remove(struct signal *s)
{
	struct sigaction now;

	if (sigaction(s->number, NULL, &now) || !is_ours(&now))
		return; /* somebody is on top */
	sigaction(s->number, &s->below[s->n - 1], NULL);
	__atomic_store_n(&s->n, s->n - 1, __ATOMIC_RELEASE);
}

int vv_fault_install(void)
{
	int err = 0;

	pthread_mutex_lock(&fault_lock);
	if (!fault_users) {
		err = signal_install(&fault_signals[0]);
		if (!err) {
			err = signal_install(&fault_signals[1]);
			if (err)
				signal_remove(&fault_signals[0]);
		}
	}
	if (!err)
		fault_users++;
	pthread_mutex_unlock(&fault_lock);
	return err;
}

void vv_fault_remove(void)
{
	pthread_mutex_lock(&fault_lock);
	assert(fault_users);
	if (!--fault_users) {
		signal_remove(&fault_signals[0]);
		signal_remove(&fault_signals[1]);
	}
	pthread_mutex_unlock(&fault_lock);
}

int vv_fault_guarded(const struct vv_fault_range *ranges, unsigned int n, void (*work)(void *arg),
		     void *arg)
{
	struct guard guard;

	assert(!fault_guard);
	guard.ranges = ranges;
	guard.n = n;
	/* 0: saving the mask would be a system call; the handler has it from the kernel. */
	if (sigsetjmp(guard.env, 0))
		return -EFAULT; /* the handler has taken the guard off */
	fault_guard = &guard;
	__asm__ volatile("" : : : "memory");
	work(arg);
	__asm__ volatile("" : : : "memory");
	fault_guard = NULL;
	return 0;
}
