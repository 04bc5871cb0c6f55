/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#include "guard.h"

/* initial-exec: the handler must not end up in the allocator of thread-local storage. */
__thread struct guard *guard_current __attribute__((tls_model("initial-exec")));

static pthread_mutex_t guard_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned int guard_users;
static struct sigaction guard_old_segv, guard_old_bus;

/* Block what the kernel would have blocked for that handler. */
static void guard_mask_as_for(const struct sigaction *sa, int sig, const ucontext_t *context)
{
	sigset_t mask;

	sigorset(&mask, &context->uc_sigmask, &sa->sa_mask);
	if (!(sa->sa_flags & SA_NODEFER))
		sigaddset(&mask, sig);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void guard_chain(int sig, siginfo_t *info, void *ucontext)
{
	const struct sigaction *old = sig == SIGBUS ? &guard_old_bus : &guard_old_segv;

	guard_mask_as_for(old, sig, ucontext);
	if (old->sa_flags & SA_SIGINFO) {
		old->sa_sigaction(sig, info, ucontext);
	} else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
		old->sa_handler(sig);
	} else if (old->sa_handler == SIG_DFL || info->si_code > 0) {
		struct sigaction dfl = {.sa_handler = SIG_DFL};

		/* Back at the faulting instruction the default action follows, with its core. */
		sigaction(sig, &dfl, NULL);
		if (info->si_code <= 0)
			raise(sig);
	}
}

static void guard_handler(int sig, siginfo_t *info, void *ucontext)
{
	struct guard *guard = guard_current;

	/* si_code > 0: raised by the kernel for an access of this thread, not sent by somebody. */
	if (guard != NULL && info->si_code > 0 && guard->blame(guard, info->si_addr)) {
		const ucontext_t *context = ucontext;

		guard_current = NULL;
		/* As before the fault; a wrapper of ours (ThreadSanitizer's) may block more. */
		pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
		siglongjmp(guard->env, 1);
	}
	guard_chain(sig, info, ucontext);
}

int guard_install(void)
{
	struct sigaction sa = {.sa_sigaction = guard_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	int err = 0;

	sigemptyset(&sa.sa_mask);
	pthread_mutex_lock(&guard_mutex);
	if (guard_users == 0) {
		if (sigaction(SIGSEGV, &sa, &guard_old_segv) != 0) {
			err = -errno;
		} else if (sigaction(SIGBUS, &sa, &guard_old_bus) != 0) {
			err = -errno;
			sigaction(SIGSEGV, &guard_old_segv, NULL);
		}
	}
	if (err == 0)
		__atomic_add_fetch(&guard_users, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&guard_mutex);
	return err;
}

/* Only if it is still ours: somebody may have put a handler of his own on top since. */
static void guard_restore(int sig, const struct sigaction *old)
{
	struct sigaction now;

	if (sigaction(sig, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
	    now.sa_sigaction == guard_handler)
		sigaction(sig, old, NULL);
}

void guard_remove(void)
{
	pthread_mutex_lock(&guard_mutex);
	if (__atomic_sub_fetch(&guard_users, 1, __ATOMIC_RELEASE) == 0) {
		guard_restore(SIGSEGV, &guard_old_segv);
		guard_restore(SIGBUS, &guard_old_bus);
	}
	pthread_mutex_unlock(&guard_mutex);
}

bool guard_installed(void)
{
	return __atomic_load_n(&guard_users, __ATOMIC_ACQUIRE) != 0;
}
