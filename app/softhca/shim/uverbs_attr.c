/* SPDX-License-Identifier: BSD-3-Clause */
#include "uverbs_attr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../vq/guard.h"

/* A call's attributes fit in one page, as the kernel has it. */
enum { USER_ATTRS_MAX = 4096 / sizeof(struct ib_uverbs_attr) };

/* A copy whose user side may fault. */
struct user_copy {
	struct guard guard; /* first: blame() gets it */
	const char *user;
	size_t len;
};

static bool blame(struct guard *guard, const void *addr)
{
	const struct user_copy *copy = (const struct user_copy *)guard;

	return (size_t)((const char *)addr - copy->user) < copy->len;
}

/* Not memcpy(): a sanitizer's would look at its notes about addresses that a program made up. */
static void copy_bytes(void *dst, const void *src, size_t len)
{
#if defined(__x86_64__)
	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(len) : : "memory");
#else
	volatile uint8_t *to = dst;
	const volatile uint8_t *from = src;

	while (len--)
		*to++ = *from++;
#endif
}

static int copy_guarded(void *dst, const void *src, size_t len, const void *fault_side)
{
	struct user_copy copy = {.guard.blame = blame, .user = fault_side, .len = len};

	if (sigsetjmp(copy.guard.env, 0))
		return -EFAULT;
	guard_enter(&copy.guard);
	copy_bytes(dst, src, len);
	guard_leave();
	return 0;
}

/*
 * The kernel copies with fault handling, and so does the NIC's datapath. Before there is a NIC, the
 * system call that reads other processes serves for one's own: it is slow, and commands are many.
 * Where a sandbox forbids it, trust the program.
 */
static int copy_user(void *dst, const void *src, size_t len, void *fault_side)
{
	struct iovec local = {.iov_len = len}, remote = {.iov_len = len};
	ssize_t n;

	if (!len)
		return 0;
	if (guard_installed())
		return copy_guarded(dst, src, len, fault_side);
	remote.iov_base = fault_side;
	if (fault_side == dst) {
		local.iov_base = (void *)(uintptr_t)src;
		n = syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 0);
	} else {
		local.iov_base = dst;
		n = syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0);
	}
	if (n == (ssize_t)len)
		return 0;
	if (n >= 0 || errno == EFAULT)
		return -EFAULT;
	memcpy(dst, src, len);
	return 0;
}

int copy_from_user(void *to, uint64_t from, size_t len)
{
	void *user = (void *)(uintptr_t)from;

	return copy_user(to, user, len, user);
}

int copy_to_user(uint64_t to, const void *from, size_t len)
{
	void *user = (void *)(uintptr_t)to;

	return copy_user(user, from, len, user);
}

int file_id_get(int fd, struct file_id *id)
{
	struct stat st;

	/* Not fstat(): ours would answer for the device. */
	if (syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH))
		return -EBADF;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	return 0;
}

/* Up to 8 bytes travel in the attribute itself, more behind a pointer. */
static int fetch(const struct ib_uverbs_attr *u, void *to)
{
	if (u->len > sizeof(u->data))
		return copy_from_user(to, u->data, u->len);
	memcpy(to, &u->data, u->len);
	return 0;
}

static int check_len(const struct uattr_spec *spec, const struct ib_uverbs_attr *u)
{
	if (u->len < spec->min_len)
		return -EINVAL;
	if (u->len > spec->max_len && !spec->zero_trailing)
		return -EINVAL;
	return 0;
}

static int decode_in(const struct uattr_spec *spec, const struct ib_uverbs_attr *u, struct uattr *a)
{
	uint8_t *data;
	int rc;

	rc = check_len(spec, u);
	if (rc)
		return rc;
	if (spec->type == UATTR_IN && u->attr_data.reserved)
		return -EINVAL;
	data = calloc(1, u->len > 8 ? u->len : 8);
	if (!data)
		return -ENOMEM;
	a->in = data;
	a->len = u->len;
	rc = fetch(u, data);
	if (rc)
		return rc;
	for (unsigned int i = spec->max_len; i < u->len; i++)
		if (data[i])
			return -EOPNOTSUPP;
	return 0;
}

static int decode_enum(const struct uattr_spec *spec, const struct ib_uverbs_attr *u,
		       struct uattr *a)
{
	if (u->attr_data.enum_data.elem_id >= spec->enums)
		return -EOPNOTSUPP;
	if (u->attr_data.enum_data.reserved)
		return -EINVAL;
	a->enum_value = u->attr_data.enum_data.elem_id;
	return decode_in(spec, u, a);
}

static int decode_out(const struct uattr_spec *spec, const struct ib_uverbs_attr *u,
		      struct uattr *a)
{
	int rc = check_len(spec, u);

	if (rc)
		return rc;
	if (u->attr_data.reserved)
		return -EINVAL;
	a->len = u->len;
	a->out = u->data;
	return 0;
}

static int decode_obj(struct ubundle *b, const struct uattr_spec *spec,
		      const struct ib_uverbs_attr *u, struct uattr *a)
{
	struct file_id file;
	int64_t id = u->data_s64;
	int rc;

	if (u->attr_data.reserved || u->len)
		return -EINVAL;
	if (spec->access == UATTR_NEW) {
		rc = uobj_reserve(b->objs, spec->obj_type, &a->obj);
		if (rc || spec->type == UATTR_FD)
			return rc;
		id = a->obj->id;
		return copy_to_user((uint64_t)(uintptr_t)&b->user[a->index].data, &id, sizeof(id));
	}
	if (spec->type == UATTR_FD) {
		if (id < 0 || id > INT_MAX)
			return -EBADF;
		rc = file_id_get((int)id, &file);
		return rc ? rc : uobj_find_file(b->objs, spec->obj_type, &file, &a->obj);
	}
	if (id < 0 || id > UINT32_MAX)
		return -EINVAL;
	return uobj_find(b->objs, spec->obj_type, (uint32_t)id, &a->obj);
}

/* Arrays of objects: only checked, no method here works on more than one. */
static int decode_objs(struct ubundle *b, const struct uattr_spec *spec,
		       const struct ib_uverbs_attr *u, struct uattr *a)
{
	uint32_t *ids;
	int rc;

	if (u->attr_data.reserved || u->len % sizeof(*ids))
		return -EINVAL;
	a->len = (uint16_t)(u->len / sizeof(*ids));
	if (a->len < spec->min_len || a->len > spec->max_len)
		return -EINVAL;
	ids = calloc(1, u->len + 8u);
	if (!ids)
		return -ENOMEM;
	a->in = ids;
	rc = fetch(u, ids);
	for (unsigned int i = 0; !rc && i < a->len; i++)
		rc = uobj_find(b->objs, spec->obj_type, ids[i], &a->obj);
	return rc;
}

static int decode_attr(struct ubundle *b, unsigned int index)
{
	const struct ib_uverbs_attr *u = &b->uattrs[index];
	const struct uattr_spec *spec = NULL;
	struct uattr *a = NULL;
	int rc = -EINVAL;

	for (unsigned int i = 0; i < b->method->n_specs; i++) {
		if (b->method->specs[i].id == u->attr_id) {
			spec = &b->method->specs[i];
			a = &b->attrs[i];
		}
	}
	if (!spec)
		return u->flags & UVERBS_ATTR_F_MANDATORY ? -EPROTONOSUPPORT : 0;
	if (a->present)
		return -EINVAL;
	a->present = true;
	a->index = (uint16_t)index;
	switch (spec->type) {
	case UATTR_IN:
		rc = decode_in(spec, u, a);
		break;
	case UATTR_ENUM:
		rc = decode_enum(spec, u, a);
		break;
	case UATTR_OUT:
		rc = decode_out(spec, u, a);
		break;
	case UATTR_IDR:
	case UATTR_FD:
		rc = decode_obj(b, spec, u, a);
		break;
	case UATTR_IDRS:
		rc = decode_objs(b, spec, u, a);
		break;
	}
	return rc;
}

static int decode(struct ubundle *b, unsigned int n)
{
	int rc;

	for (unsigned int i = 0; i < n; i++) {
		rc = decode_attr(b, i);
		if (rc)
			return rc;
	}
	for (unsigned int i = 0; i < b->method->n_specs; i++)
		if (b->method->specs[i].mandatory && !b->attrs[i].present)
			return -EINVAL;
	return 0;
}

static void finish(struct ubundle *b, bool commit)
{
	for (unsigned int i = 0; i < b->method->n_specs; i++) {
		struct uattr *a = &b->attrs[i];

		free(a->in);
		if (!a->obj || b->method->specs[i].access == UATTR_READ)
			continue;
		if (b->method->specs[i].access == UATTR_DESTROY) {
			if (commit)
				uobj_remove(b->objs, a->obj);
			continue;
		}
		if (commit)
			a->obj->committed = true;
		else
			uobj_remove(b->objs, a->obj);
	}
	free(b->uattrs);
}

int ubundle_run(struct uverbs_file *file, struct uobj_table *objs, const struct umethod *method,
		struct ib_uverbs_attr *user_attrs, unsigned int n)
{
	struct ubundle b = {.file = file, .objs = objs, .method = method, .user = user_attrs};
	int rc;

	if (n > USER_ATTRS_MAX)
		return -EINVAL;
	b.uattrs = calloc(n ? n : 1, sizeof(*b.uattrs));
	if (!b.uattrs)
		return -ENOMEM;
	rc = copy_from_user(b.uattrs, (uint64_t)(uintptr_t)user_attrs, n * sizeof(*b.uattrs));
	if (!rc)
		rc = decode(&b, n);
	if (!rc) {
		rc = method->handler(&b);
		/* A handler has no say in what this kernel knows. */
		if (rc == -EPROTONOSUPPORT)
			rc = -EINVAL;
	}
	finish(&b, rc == 0);
	return rc;
}

static const struct uattr_spec *spec_of(const struct ubundle *b, const struct uattr *a)
{
	return &b->method->specs[a - b->attrs];
}

struct uattr *ubundle_attr(struct ubundle *b, uint16_t id)
{
	for (unsigned int i = 0; i < b->method->n_specs; i++)
		if (b->method->specs[i].id == id)
			return b->attrs[i].present ? &b->attrs[i] : NULL;
	return NULL;
}

uint64_t ubundle_const(struct ubundle *b, uint16_t id)
{
	const struct uattr *a = ubundle_attr(b, id);
	uint64_t value = 0;

	if (a)
		memcpy(&value, a->in, a->len < sizeof(value) ? a->len : sizeof(value));
	return value;
}

int ubundle_flags(struct ubundle *b, uint16_t id, uint64_t allowed, uint64_t *flags)
{
	const struct uattr *a = ubundle_attr(b, id);
	uint64_t value;

	if (a && a->len != 4 && a->len != 8)
		return -EINVAL;
	value = ubundle_const(b, id);
	if (value & ~allowed)
		return -EINVAL;
	*flags = value;
	return 0;
}

/* Tell the program that the kernel has filled the attribute. */
static int mark_output(struct ubundle *b, const struct uattr *a)
{
	uint16_t flags = b->uattrs[a->index].flags | UVERBS_ATTR_F_VALID_OUTPUT;

	return copy_to_user((uint64_t)(uintptr_t)&b->user[a->index].flags, &flags, sizeof(flags));
}

int ubundle_out(struct ubundle *b, uint16_t id, const void *data, size_t len)
{
	static const uint8_t zero[256];
	const struct uattr *a = ubundle_attr(b, id);
	int rc;

	if (!a)
		return 0;
	rc = copy_to_user(a->out, data, len < a->len ? len : a->len);
	if (!rc && spec_of(b, a)->zero_trailing) {
		for (size_t at = len; !rc && at < a->len; at += sizeof(zero)) {
			size_t left = a->len - at;

			rc = copy_to_user(a->out + at, zero,
					  left < sizeof(zero) ? left : sizeof(zero));
		}
	}
	return rc ? rc : mark_output(b, a);
}

int ubundle_out_fd(struct ubundle *b, uint16_t id, int fd)
{
	const struct uattr *a = ubundle_attr(b, id);
	int64_t value = fd;

	return copy_to_user((uint64_t)(uintptr_t)&b->user[a->index].data, &value, sizeof(value));
}
