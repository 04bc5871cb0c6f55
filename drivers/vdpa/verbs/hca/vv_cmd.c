/* SPDX-License-Identifier: BSD-3-Clause */
/* Issuing firmware commands through DevX, and remembering why one failed. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "vv_hca_priv.h"
#include "../prm/prm_obj.h"

int vv_hca_fail(struct vv_hca *hca, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(hca->error, sizeof(hca->error), fmt, ap);
	va_end(ap);
	return err;
}

const char *vv_hca_error(const struct vv_hca *hca)
{
	return hca->error;
}

int vv_hca_fail_pin(struct vv_hca *hca, int err, size_t len, const char *what)
{
	struct rlimit lim;

	if (err != -ENOMEM || getrlimit(RLIMIT_MEMLOCK, &lim) || lim.rlim_cur == RLIM_INFINITY)
		return vv_hca_fail(hca, err, "%s: cannot pin %zu KiB: %s", what,
				   (len + 1023) / 1024, strerror(-err));
	return vv_hca_fail(
	    hca, err,
	    "%s: cannot pin %zu KiB: RLIMIT_MEMLOCK is %llu KiB for the whole process, which needs "
	    "%llu KiB now: raise it (ulimit -l, LimitMEMLOCK=infinity in a systemd unit)",
	    what, (len + 1023) / 1024, (unsigned long long)lim.rlim_cur / 1024,
	    (unsigned long long)(vv_hca_pinned() + len + 1023) / 1024);
}

static int cmd_fail(struct vv_hca *hca, const char *what, int err, const void *out)
{
	unsigned int status = PRM_GET(general_obj_out_cmd_hdr, out, status);

	if (err > 0)
		err = -err;
	if (err == 0)
		err = -EIO;
	if (status == 0)
		return vv_hca_fail(hca, err, "%s: %s", what, strerror(-err));
	return vv_hca_fail(hca, err, "%s: refused by the firmware (status 0x%x, syndrome 0x%x)",
			   what, status,
			   (unsigned int)PRM_GET(general_obj_out_cmd_hdr, out, syndrome));
}

int vv_cmd_create(struct vv_hca *hca, const char *what, const void *in, size_t in_len, void *out,
		  size_t out_len, struct mlx5dv_devx_obj **obj)
{
	struct mlx5dv_devx_obj *made;

	memset(out, 0, out_len);
	made = mlx5dv_devx_obj_create(hca->ctx, in, in_len, out, out_len);
	if (!made)
		return cmd_fail(hca, what, errno, out);
	*obj = made;
	return 0;
}

int vv_cmd_modify(struct vv_hca *hca, const char *what, struct vv_obj *obj, const void *in,
		  size_t in_len)
{
	uint8_t out[PRM_SZ(general_obj_out_cmd_hdr)] = {0};
	int err = mlx5dv_devx_obj_modify(obj->obj, in, in_len, out, sizeof(out));

	return err ? cmd_fail(hca, what, err, out) : 0;
}

int vv_cmd_query(struct vv_hca *hca, const char *what, struct vv_obj *obj, const void *in,
		 size_t in_len, void *out, size_t out_len)
{
	int err;

	memset(out, 0, out_len);
	err = mlx5dv_devx_obj_query(obj->obj, in, in_len, out, out_len);
	return err ? cmd_fail(hca, what, err, out) : 0;
}

int vv_cmd_exec(struct vv_hca *hca, const char *what, const void *in, size_t in_len, void *out,
		size_t out_len)
{
	int err;

	memset(out, 0, out_len);
	err = mlx5dv_devx_general_cmd(hca->ctx, in, in_len, out, out_len);
	return err ? cmd_fail(hca, what, err, out) : 0;
}

void vv_obj_destroy(struct vv_obj *obj)
{
	if (obj->obj)
		mlx5dv_devx_obj_destroy(obj->obj);
	*obj = (struct vv_obj){0};
}
