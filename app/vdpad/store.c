/* SPDX-License-Identifier: BSD-3-Clause */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, FILE_MAX = 1 << 16, FILE_NAME_MAX = VDPAD_NAME_MAX + 8 };

static const char saved[] = ".json", fresh[] = ".new", gone[] = ".gone";

struct vdpad_store {
	char dir[PATH_MAX];
	int dir_fd, lock_fd;
};

/* ---- names of files ---- */

static const char *file_of(const char *name, const char *kind, char file[FILE_NAME_MAX])
{
	snprintf(file, FILE_NAME_MAX, "%s%s%s", kind == saved ? "" : ".", name, kind);
	return file;
}

/* Whose file is it? False: it does not end so, or begins with what is no name. */
static bool name_of(const char *file, const char *kind, char name[VDPAD_NAME_MAX])
{
	size_t len, end = strlen(kind);

	if (kind != saved && *file++ != '.')
		return false;
	len = strlen(file);
	if (len <= end || strcmp(file + len - end, kind) || len - end >= VDPAD_NAME_MAX)
		return false;
	memcpy(name, file, len - end);
	name[len - end] = 0;
	return vdpad_name_is_valid(name);
}

static int failed(const struct vdpad_store *store, const char *file, const char *what,
		  struct vdpad_error *error)
{
	int code = errno;

	return vdpad_fail(error, code, "", "%s/%s: %s: %s", store->dir, file, what, strerror(code));
}

/* ---- opening ---- */

static int lock(struct vdpad_store *store, struct vdpad_error *error)
{
	char pid[16] = "";
	ssize_t n;

	store->lock_fd =
	    openat(store->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return failed(store, "lock", "cannot be opened", error);
	if (!flock(store->lock_fd, LOCK_EX | LOCK_NB)) {
		/* For people; that it is locked is what counts. */
		if (!ftruncate(store->lock_fd, 0))
			dprintf(store->lock_fd, "%d\n", getpid());
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return failed(store, "lock", "cannot be locked", error);
	n = pread(store->lock_fd, pid, sizeof(pid) - 1, 0);
	pid[n > 0 ? n : 0] = 0;
	pid[strcspn(pid, "\n")] = 0;
	return vdpad_fail(error, EBUSY, "state_dir",
			  "%s: another vdpad has this state directory (process %s); stop it, or "
			  "choose another directory",
			  store->dir, pid[0] ? pid : "unknown");
}

int vdpad_store_open(const char *dir, struct vdpad_store **opened, struct vdpad_error *error)
{
	struct vdpad_store *store = malloc(sizeof(*store));
	int err;

	if (!store)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	*store = (struct vdpad_store){.dir_fd = -1, .lock_fd = -1};
	snprintf(store->dir, sizeof(store->dir), "%s", dir);
	if (mkdir(dir, 0700) && errno != EEXIST) {
		err = vdpad_fail(error, errno, "state_dir", "%s: no state directory: %s", dir,
				 strerror(errno));
		goto fail;
	}
	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0) {
		err = vdpad_fail(error, errno, "state_dir", "%s: no state directory: %s", dir,
				 strerror(errno));
		goto fail;
	}
	err = lock(store, error);
	if (err)
		goto fail;
	*opened = store;
	return 0;
fail:
	vdpad_store_close(store);
	return err;
}

void vdpad_store_close(struct vdpad_store *store)
{
	if (!store)
		return;
	/* The file stays: removed, two could lock one of that name each. */
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store);
}

/* ---- reading ---- */

static int read_text(const struct vdpad_store *store, const char *file, char *text, size_t *len,
		     struct vdpad_error *error)
{
	int fd = openat(store->dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0)
		return failed(store, file, "cannot be opened", error);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return vdpad_fail(error, EUCLEAN, "", "%s/%s: not a file", store->dir, file);
	}
	while (*len < FILE_MAX && (n = read(fd, text + *len, FILE_MAX - *len)) > 0)
		*len += n;
	if (n < 0)
		failed(store, file, "cannot be read", error);
	close(fd);
	if (n < 0)
		return -error->code;
	return *len < FILE_MAX ? 0
			       : vdpad_fail(error, EUCLEAN, "", "%s/%s: too long for a device",
					    store->dir, file);
}

static int understand(const json_t *root, const char *name, struct vdpad_spec *spec,
		      struct vdpad_error *error)
{
	const json_t *version = json_object_get(root, "version");
	const json_t *devices = json_object_get(root, "dev");
	struct vdpad_error why;

	if (!json_is_integer(version) || !json_is_object(devices))
		return vdpad_fail(error, EUCLEAN, "", "not a state file of vdpad");
	if (json_integer_value(version) != VERSION)
		return vdpad_fail(error, EUCLEAN, "", "of another vdpad, version %lld of the file",
				  (long long)json_integer_value(version));
	if (json_object_size(devices) != 1 || !json_object_get(devices, name))
		return vdpad_fail(error, EUCLEAN, "", "the device in it is not %s", name);
	if (vdpad_spec_parse_named(name, json_object_get(devices, name), spec, &why))
		return vdpad_fail(error, EUCLEAN, why.word, "%s", why.text);
	return 0;
}

static int read_file(const struct vdpad_store *store, const char *file, const char *name,
		     struct vdpad_spec *spec, struct vdpad_error *error)
{
	struct vdpad_error why;
	json_error_t where;
	char *text = malloc(FILE_MAX);
	json_t *root;
	size_t len;
	int err;

	if (!text)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	err = read_text(store, file, text, &len, error);
	if (err) {
		free(text);
		return err;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	free(text);
	if (!root)
		return vdpad_fail(error, EUCLEAN, "", "%s/%s: line %d: %s", store->dir, file,
				  where.line, where.text);
	err = understand(root, name, spec, &why);
	json_decref(root);
	return err ? vdpad_fail(error, why.code, why.word, "%s/%s: %s", store->dir, file, why.text)
		   : 0;
}

int vdpad_store_read(const struct vdpad_store *store, const char *name, struct vdpad_spec *spec,
		     struct vdpad_error *error)
{
	char file[FILE_NAME_MAX];

	return read_file(store, file_of(name, saved, file), name, spec, error);
}

/* A list of its own: files come and go meanwhile. */
static int list(const struct vdpad_store *store, struct dirent ***entries)
{
	return scandirat(store->dir_fd, ".", entries, NULL, alphasort);
}

static bool ends_saved(const char *file)
{
	size_t len = strlen(file);

	return file[0] != '.' && len >= sizeof(saved) - 1 &&
	       !strcmp(file + len - (sizeof(saved) - 1), saved);
}

int vdpad_store_each(const struct vdpad_store *store,
		     void (*visit)(void *arg, const char *name, const struct vdpad_spec *spec,
				   const struct vdpad_error *why),
		     void *arg, struct vdpad_error *error)
{
	struct dirent **entries;
	int n = list(store, &entries), i;

	if (n < 0)
		return failed(store, ".", "cannot be read", error);
	for (i = 0; i < n; i++) {
		const char *file = entries[i]->d_name;
		char name[VDPAD_NAME_MAX];
		struct vdpad_error why;
		struct vdpad_spec spec;

		if (name_of(file, saved, name)) {
			if (vdpad_store_read(store, name, &spec, &why))
				visit(arg, name, NULL, &why);
			else
				visit(arg, name, &spec, NULL);
		} else if (ends_saved(file)) {
			vdpad_fail(&why, EUCLEAN, "", "%s/%s: not the name of a device", store->dir,
				   file);
			visit(arg, file, NULL, &why);
		}
		free(entries[i]);
	}
	free(entries);
	return 0;
}

void vdpad_store_sweep(const struct vdpad_store *store,
		       void (*visit)(void *arg, const struct vdpad_spec *was), void *arg)
{
	struct dirent **entries;
	int n = list(store, &entries), i;

	for (i = 0; i < n; i++) {
		const char *file = entries[i]->d_name;
		char name[VDPAD_NAME_MAX];
		struct vdpad_error why;
		struct vdpad_spec spec;

		if (name_of(file, fresh, name) || name_of(file, gone, name)) {
			/* Torn: it was written no further, so nothing of it was made. */
			if (!read_file(store, file, name, &spec, &why))
				visit(arg, &spec);
			unlinkat(store->dir_fd, file, 0);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* ---- writing ---- */

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= n) {
		n = write(fd, text, len);
		if (n < 0)
			return -1;
	}
	return fsync(fd);
}

static char *text_of(const struct vdpad_spec *spec)
{
	json_t *root = json_pack("{s:i, s:{s:o}}", "version", VERSION, "dev", spec->name,
				 vdpad_spec_json(spec));
	char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;

	json_decref(root);
	return text;
}

int vdpad_store_prepare(const struct vdpad_store *store, const struct vdpad_spec *spec,
			struct vdpad_error *error)
{
	char *text = text_of(spec), file[FILE_NAME_MAX];
	int fd, err = 0;

	if (!text)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	file_of(spec->name, fresh, file);
	/* One that could not be removed before: not ours to continue. */
	unlinkat(store->dir_fd, file, 0);
	fd = openat(store->dir_fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = failed(store, file, "cannot be made", error);
	} else if (write_all(fd, text, strlen(text))) {
		err = failed(store, file, "cannot be written", error);
		unlinkat(store->dir_fd, file, 0);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return err;
}

/* file: as a device's is called. */
static int change_name(const struct vdpad_store *store, const char *from, const char *to,
		       const char *file, struct vdpad_error *error)
{
	if (renameat(store->dir_fd, from, store->dir_fd, to))
		return failed(store, file, "cannot be renamed", error);
	if (fsync(store->dir_fd))
		return failed(store, file, "the directory cannot be written", error);
	return 0;
}

int vdpad_store_commit(const struct vdpad_store *store, const char *name, struct vdpad_error *error)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX], old[FILE_NAME_MAX];
	bool is_new;
	int err;

	file_of(name, fresh, from);
	file_of(name, saved, to);
	file_of(name, gone, old);
	/* What it replaces is kept by another name until the new one is durable. */
	unlinkat(store->dir_fd, old, 0);
	is_new = linkat(store->dir_fd, to, store->dir_fd, old, 0) && errno == ENOENT;
	err = change_name(store, from, to, to, error);
	if (err && is_new)
		unlinkat(store->dir_fd, to, 0);
	else if (err)
		renameat(store->dir_fd, old, store->dir_fd, to);
	unlinkat(store->dir_fd, old, 0);
	unlinkat(store->dir_fd, from, 0);
	return err;
}

void vdpad_store_abort(const struct vdpad_store *store, const char *name)
{
	char file[FILE_NAME_MAX];

	unlinkat(store->dir_fd, file_of(name, fresh, file), 0);
}

int vdpad_store_remove(const struct vdpad_store *store, const char *name, struct vdpad_error *error)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	int err;

	file_of(name, saved, from);
	file_of(name, gone, to);
	if (faccessat(store->dir_fd, from, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		return 0;
	err = change_name(store, from, to, from, error);
	if (err)
		renameat(store->dir_fd, to, store->dir_fd, from);
	return err;
}

void vdpad_store_forget(const struct vdpad_store *store, const char *name)
{
	char file[FILE_NAME_MAX];

	unlinkat(store->dir_fd, file_of(name, gone, file), 0);
}
