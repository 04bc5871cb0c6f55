/* SPDX-License-Identifier: BSD-3-Clause */
#include "uverbs_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/mlx5_user_ioctl_cmds.h>

#include "nic.h"
#include "uverbs_arrive.h"
#include "uverbs_cq.h"

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct uverbs_file *files; /* owned, one reference each */
static atomic_uint files_open;

/* Channels of all files, so that close() finds them without a file's lock. */
struct channel {
	struct channel *next;
	struct file_id id;
	struct uverbs_file *file; /* borrowed: its release removes the entry */
};
static struct channel *channels; /* owned; under list_lock */

static const struct umethod_group *const groups[] = {
    &uverbs_std_group,  &uverbs_mr_group,    &uverbs_cq_group,   &uverbs_ah_group,
    &uverbs_qp_group,   &uverbs_srq_group,
    &uverbs_write_group, &uverbs_devx_group, &uverbs_event_group, &uverbs_flow_group,
};

bool uverbs_any_open(void)
{
	return atomic_load_explicit(&files_open, memory_order_relaxed) != 0;
}

static void file_put(struct uverbs_file *file)
{
	bool last;

	pthread_mutex_lock(&list_lock);
	last = --file->refs == 0;
	pthread_mutex_unlock(&list_lock);
	if (!last)
		return;
	pthread_mutex_destroy(&file->lock);
	free(file);
}

static bool file_holds(struct uverbs_file *file, const struct file_id *id)
{
	return file->id.dev == id->dev && file->id.ino == id->ino;
}

/* With channel: the file that owns a channel of that identity counts too. */
static struct uverbs_file *file_find(const struct file_id *id, bool channel)
{
	struct uverbs_file *file;

	pthread_mutex_lock(&list_lock);
	for (file = files; file; file = file->next)
		if (file_holds(file, id))
			break;
	for (struct channel *c = channels; channel && !file && c; c = c->next)
		if (c->id.dev == id->dev && c->id.ino == id->ino)
			file = c->file;
	if (file)
		file->refs++;
	pthread_mutex_unlock(&list_lock);
	return file;
}

static struct uverbs_file *file_find_fd(int fd)
{
	struct file_id id;

	if (!uverbs_any_open() || file_id_get(fd, &id))
		return NULL;
	return file_find(&id, false);
}

int uverbs_open(unsigned int function, int flags, int *fd)
{
	struct uverbs_file *file;
	int rc, memfd = -1;

	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->function = function;
	file->pid = getpid();
	file->refs = 1;
	file->fd = -1;
	rc = nic_get(&file->hca);
	if (!rc)
		rc = pages_create(&file->pages, (flags & O_CLOEXEC) != 0, &memfd);
	if (!rc)
		rc = file_id_get(memfd, &file->id);
	if (rc) {
		if (memfd >= 0)
			close(memfd);
		free(file);
		return rc;
	}
	pthread_mutex_init(&file->lock, NULL);
	pthread_mutex_lock(&list_lock);
	file->next = files;
	files = file;
	atomic_fetch_add(&files_open, 1);
	pthread_mutex_unlock(&list_lock);
	*fd = memfd;
	return 0;
}

int uverbs_channel_add(struct uverbs_file *file, const struct file_id *id)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->id = *id;
	c->file = file;
	pthread_mutex_lock(&list_lock);
	c->next = channels;
	channels = c;
	pthread_mutex_unlock(&list_lock);
	return 0;
}

/* id NULL: all of the file. */
static void channel_remove(struct uverbs_file *file, const struct file_id *id)
{
	pthread_mutex_lock(&list_lock);
	for (struct channel **p = &channels; *p;) {
		struct channel *c = *p;

		if (c->file != file || (id && (c->id.dev != id->dev || c->id.ino != id->ino))) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		free(c);
	}
	pthread_mutex_unlock(&list_lock);
}

/* Everything the file owns goes; calls that come later find a closed file. */
static void file_release(struct uverbs_file *file)
{
	pthread_mutex_lock(&file->lock);
	if (!file->closed) {
		file->closed = true;
		channel_remove(file, NULL);
		for (uint32_t i = 0; i < file->objs.n; i++) {
			struct uobj *obj = file->objs.slots[i];

			/* Every program has one, and libibverbs closes it last: not left behind. */
			if (obj && obj->type == UVERBS_OBJECT_ASYNC_EVENT)
				uverbs_channel_drop(obj, -1);
		}
		hca_ctx_close(file->ctx);
		file->ctx = NULL;
		pages_destroy(&file->pages);
		for (uint32_t i = 0; i < file->objs.n; i++) {
			struct uobj *obj = file->objs.slots[i];

			if (obj && obj->type == MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD)
				close(obj->fd.peer);
			if (obj && obj->type == UVERBS_OBJECT_COMP_CHANNEL)
				close(obj->fd.reader);
		}
		uobj_table_clear(&file->objs);
	}
	pthread_mutex_unlock(&file->lock);
}

static void file_unlink(struct uverbs_file *file)
{
	pthread_mutex_lock(&list_lock);
	for (struct uverbs_file **p = &files; *p; p = &(*p)->next) {
		if (*p == file) {
			*p = file->next;
			file->refs--; /* the caller holds another */
			atomic_fetch_sub(&files_open, 1);
			break;
		}
	}
	pthread_mutex_unlock(&list_lock);
}

/* Does the process have another descriptor of that file, but for ours? Without /proc: no. */
static bool file_id_open(const struct file_id *id, int ours)
{
	struct file_id other;
	struct dirent *e;
	bool found = false;
	DIR *dir = opendir("/proc/self/fd");

	if (!dir)
		return false;
	while (!found && (e = readdir(dir))) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd == ours || file_id_get(fd, &other))
			continue;
		found = other.dev == id->dev && other.ino == id->ino;
	}
	closedir(dir);
	return found;
}

static void channel_release(struct uverbs_file *file, const struct file_id *id)
{
	struct uobj *obj;

	pthread_mutex_lock(&file->lock);
	if (!uobj_find_file(&file->objs, UOBJ_ANY, id, &obj)) {
		if (obj->type == MLX5_IB_OBJECT_DEVX_ASYNC_CMD_FD) {
			close(obj->fd.peer);
		} else {
			uverbs_cq_forget_channel(&file->objs, obj);
			uverbs_channel_drop(obj, -1);
		}
		uobj_remove(&file->objs, obj);
	}
	channel_remove(file, id);
	pthread_mutex_unlock(&file->lock);
}

/* Our own descriptor of a channel, or -1. */
static int channel_reader(struct uverbs_file *file, const struct file_id *id)
{
	struct uobj *obj;
	int fd = -1;

	pthread_mutex_lock(&file->lock);
	if (!uobj_find_file(&file->objs, UOBJ_ANY, id, &obj))
		fd = obj->fd.reader;
	pthread_mutex_unlock(&file->lock);
	return fd;
}

void uverbs_close_begin(int fd, struct uverbs_closing *closing)
{
	closing->found = false;
	if (!uverbs_any_open() || file_id_get(fd, &closing->id))
		return;
	closing->file = file_find(&closing->id, true);
	closing->found = closing->file != NULL;
}

void uverbs_close_end(struct uverbs_closing *closing)
{
	struct uverbs_file *file = closing->file;

	if (!closing->found)
		return;
	/* The child of a vfork() closes its own descriptors, but in our memory. */
	if (file->pid == getpid() &&
	    !file_id_open(&closing->id, channel_reader(file, &closing->id))) {
		if (file_holds(file, &closing->id)) {
			file_unlink(file);
			file_release(file);
		} else {
			channel_release(file, &closing->id);
		}
	}
	file_put(file);
}

void uverbs_close_all(void)
{
	struct uverbs_file *file;

	do {
		pthread_mutex_lock(&list_lock);
		file = files;
		if (file)
			file->refs++;
		pthread_mutex_unlock(&list_lock);
		if (file) {
			file_unlink(file);
			if (file->pid == getpid()) {
				hca_process_ends(file->hca);
				file_release(file);
			}
			file_put(file);
		}
	} while (file);
}

int uverbs_fd_function(int fd)
{
	struct uverbs_file *file = file_find_fd(fd);
	int function;

	if (!file)
		return -1;
	function = (int)file->function;
	file_put(file);
	return function;
}

int uverbs_ioctl_fd(int fd, unsigned long cmd, void *arg)
{
	struct uverbs_file *file = file_find_fd(fd);
	int rc;

	if (!file)
		return -ENOTTY;
	if (file->pid != getpid()) {
		rc = -EIO;
	} else {
		uverbs_arrives(file->hca, cmd, arg);
		pthread_mutex_lock(&file->lock);
		file->fd = fd;
		rc = uverbs_ioctl(file, cmd, arg);
		file->fd = -1;
		pthread_mutex_unlock(&file->lock);
		hca_departs(file->hca);
	}
	file_put(file);
	return rc;
}

static const struct umethod *method_find(const struct ib_uverbs_ioctl_hdr *hdr)
{
	for (unsigned int g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		for (unsigned int i = 0; i < groups[g]->n; i++) {
			const struct umethod *m = &groups[g]->methods[i];

			if (m->object == hdr->object_id && m->method == hdr->method_id)
				return m;
		}
	}
	return NULL;
}

int uverbs_ioctl(struct uverbs_file *file, unsigned long cmd, void *arg)
{
	const struct umethod *method;
	struct ib_uverbs_ioctl_hdr hdr;
	uint64_t user = (uint64_t)(uintptr_t)arg;
	int rc;

	if (cmd != RDMA_VERBS_IOCTL)
		return -ENOTTY;
	if (file->closed)
		return -EIO;
	rc = copy_from_user(&hdr, user, sizeof(hdr));
	if (rc)
		return rc;
	if (hdr.length > 4096 ||
	    hdr.length != sizeof(hdr) + hdr.num_attrs * sizeof(struct ib_uverbs_attr))
		return -EINVAL;
	if (hdr.reserved1 || hdr.reserved2)
		return -EPROTONOSUPPORT;
	if (hdr.driver_id != RDMA_DRIVER_MLX5)
		return -EINVAL;
	method = method_find(&hdr);
	if (!method) {
		hca_note(file->hca, file->ctx, "uverbs", -EPROTONOSUPPORT,
			 "object 0x%x method 0x%x", hdr.object_id, hdr.method_id);
		return -EPROTONOSUPPORT;
	}
	return ubundle_run(file, &file->objs, method,
			   (struct ib_uverbs_attr *)(uintptr_t)(user + sizeof(hdr)), hdr.num_attrs);
}

int ubundle_ctx(struct ubundle *b, struct hca_ctx **ctx)
{
	if (!b->file->ctx)
		return -EINVAL;
	*ctx = b->file->ctx;
	return 0;
}

void uverbs_fork_prepare(void)
{
	pthread_mutex_lock(&list_lock);
}

void uverbs_fork_parent(void)
{
	pthread_mutex_unlock(&list_lock);
}

void uverbs_fork_child(void)
{
	pthread_mutex_init(&list_lock, NULL);
}
