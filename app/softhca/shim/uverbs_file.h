/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One open of /dev/infiniband/uverbsN: what the kernel keeps behind the file descriptor.
 *
 * The file is created by open(), gets its context on the NIC by the GET_CONTEXT method, and dies
 * when the last descriptor of the process that refers to it is closed by close(), or with the
 * process. Whatever the program has left in it is destroyed then. Descriptors in other processes or
 * under way in a socket do not keep it alive, and ends that do not go through close() are noticed
 * late, at the end of the process (dup2() onto it, close_range()).
 *
 * Identity is that of the memfd behind the descriptor (struct file_id), so dup() and passing the
 * descriptor around need no care. A child of fork() that did not exec has no NIC: its copies of
 * the descriptors answer EIO, as after a device went away.
 *
 * Threads: any. The list of files has a lock of its own that is never held while the NIC is
 * called; each file has a lock that serializes its calls. Lock order: file, then list.
 * Errors: 0 or -errno.
 */
#ifndef SOFTHCA_SHIM_UVERBS_FILE_H
#define SOFTHCA_SHIM_UVERBS_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fw/hca.h"
#include "pages.h"
#include "uverbs_attr.h"
#include "uverbs_obj.h"

struct uverbs_file {
	struct uverbs_file *next; /* list of open files */
	struct file_id id;
	pid_t pid; /* the process the NIC lives in */
	unsigned int function;
	unsigned int refs;    /* under the list's lock */
	pthread_mutex_t lock; /* everything below */
	struct hca *hca;      /* borrowed from nic.c */
	struct hca_ctx *ctx;  /* owned; NULL before GET_CONTEXT and after close */
	bool devx;            /* the program asked for a DevX user id */
	bool closed;
	int fd; /* borrowed, the descriptor of the call being served */
	struct pages pages;
	struct uobj_table objs;
};

/* open() of the device node of a function; *fd is the program's. flags as of open(). */
int uverbs_open(unsigned int function, int flags, int *fd);
/* -ENOTTY if fd is not one of ours: the caller hands the call on. */
int uverbs_ioctl_fd(int fd, unsigned long cmd, void *arg);
/* The function behind a descriptor, or -1. */
int uverbs_fd_function(int fd);
/*
 * To be called around close(): before, to learn what is about to be closed; after, to release it
 * if that was the last descriptor of this process. found: false if the descriptor is not ours.
 */
struct uverbs_closing {
	bool found;
	struct file_id id;
	struct uverbs_file *file; /* a reference */
};
void uverbs_close_begin(int fd, struct uverbs_closing *closing);
void uverbs_close_end(struct uverbs_closing *closing);
/* Close what is open, for the end of the process. */
void uverbs_close_all(void);
/* Any file open at all? Without a lock: a hint to stay off slow paths. */
bool uverbs_any_open(void);

/* fork() handling, for pthread_atfork(). */
void uverbs_fork_prepare(void);
void uverbs_fork_parent(void);
void uverbs_fork_child(void);

/* One call, on a locked file; the part behind the descriptor, for tests too. */
int uverbs_ioctl(struct uverbs_file *file, unsigned long cmd, void *arg);

/* ---- groups of methods, one file each ---- */

struct umethod_group {
	const struct umethod *methods;
	unsigned int n;
};

extern const struct umethod_group uverbs_std_group;   /* device, asynchronous events */
extern const struct umethod_group uverbs_mr_group;    /* PD, MR */
extern const struct umethod_group uverbs_cq_group;    /* CQ */
extern const struct umethod_group uverbs_ah_group;    /* AH */
extern const struct umethod_group uverbs_qp_group;    /* QP */
extern const struct umethod_group uverbs_srq_group;   /* SRQ */
extern const struct umethod_group uverbs_write_group; /* write() commands through the ioctl */
extern const struct umethod_group uverbs_devx_group;  /* DevX, UAR, VAR */
extern const struct umethod_group uverbs_event_group; /* DevX event and command channels */
extern const struct umethod_group uverbs_flow_group;  /* matchers and rules */

/*
 * A channel for events. *fd is the program's end; obj is a new object of one of the types that are
 * known by a file. Verbs channels keep a reader of their own, to take back what nobody has read.
 */
int uverbs_channel_open(struct ubundle *b, struct uobj *obj, enum hca_chan_kind kind, int *fd);
/* fd: the program's end if it has not got it, else -1. */
void uverbs_channel_drop(struct uobj *obj, int fd);
/* The same for an attribute that gives out the file. */
int uverbs_channel_make(struct ubundle *b, uint16_t attr, enum hca_chan_kind kind);
/*
 * An object's events end: those that were not read are taken out of the channel. Returns how many
 * were read, as verbs tells it to the program that destroys the object.
 */
uint32_t uverbs_channel_forget(struct uobj *chan, struct hca_obj *obj, uint16_t event,
			       uint64_t cookie);

/* A channel made for the program, so that its close() is noticed. */
int uverbs_channel_add(struct uverbs_file *file, const struct file_id *id);

/* The context of a call, or -EINVAL if the program has not asked for one yet. */
int ubundle_ctx(struct ubundle *b, struct hca_ctx **ctx);

#endif
