/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that there should be: of the state directory, of the INI file, and those that failed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager_priv.h"
#include "say.h"
#include "socket.h"

static void failed(struct vdpad_device *d, const struct vdpad_error *why)
{
	snprintf(d->failure, sizeof(d->failure), "%s", why->text);
	vdpad_warn("%s: failed: %s", d->spec.name, why->text);
}

static void keep_failed(struct vdpad_manager *m, const struct vdpad_spec *spec, bool saved,
			const struct vdpad_error *why)
{
	struct vdpad_device *d = vdpad_device_create(spec);
	struct vdpad_error error;

	if (!d || vdpad_manager_make_room(m, &error)) {
		free(d);
		vdpad_warn("%s: failed: %s", spec->name, why->text);
		return;
	}
	d->saved = saved;
	failed(d, why);
	vdpad_manager_put_in(m, d);
}

static void load(void *arg, const char *name, const struct vdpad_spec *spec,
		 const struct vdpad_error *why)
{
	struct vdpad_manager *m = arg;
	struct vdpad_spec named = {.name = ""};
	struct vdpad_device *d;
	struct vdpad_error error;

	if (!vdpad_name_is_valid(name)) {
		vdpad_warn("%s; left alone", why->text);
		return;
	}
	if (why) {
		snprintf(named.name, sizeof(named.name), "%s", name);
		vv_request_init(&named.request);
		keep_failed(m, &named, true, why);
		return;
	}
	d = vdpad_device_create(spec);
	if (!d || vdpad_manager_make_room(m, &error)) {
		vdpad_warn("%s: no memory", name);
		free(d);
		return;
	}
	d->saved = true;
	vdpad_manager_put_in(m, d);
}

/* A device that has begun to be, or has not ended to: only its socket may be left of it. */
static void swept(void *arg, const struct vdpad_spec *was)
{
	struct vdpad_manager *m = arg;
	unsigned int i;

	for (i = 0; i < m->n; i++) {
		if (!strcmp(m->devices[i]->spec.socket, was->socket))
			return;
	}
	if (was->socket[0] && !was->client)
		vdpad_socket_remove_stale(was->socket);
}

/* One that the state directory has. */
static int make_again(struct vdpad_manager *m, struct vdpad_device *d, struct vdpad_error *error)
{
	int err = vdpad_manager_check_socket(m, &d->spec, error);

	if (!err)
		err = vdpad_device_provision(d, m->config, error);
	if (!err)
		err = vdpad_device_plug(d, m->config, error);
	if (err)
		d->spec.made = false;
	return err;
}

/* Of the file and not made: what the file says now may be better. */
static bool is_new(struct vdpad_manager *m, const char *name)
{
	struct vdpad_device *d;
	unsigned int place;

	if (!vdpad_manager_place(m, name, &place))
		return true;
	d = m->devices[place];
	if (d->saved || d->plugged)
		return false;
	vdpad_manager_take_out(m, d);
	vdpad_device_destroy(d);
	return true;
}

void vdpad_manager_add_new(struct vdpad_manager *m, const struct vdpad_config *config)
{
	struct vdpad_error error;
	unsigned int i;

	for (i = 0; i < config->n_devices; i++) {
		const struct vdpad_spec *spec = &config->devices[i];

		if (is_new(m, spec->name) && vdpad_manager_add(m, spec, &error))
			keep_failed(m, spec, false, &error);
	}
}

void vdpad_manager_restore(struct vdpad_manager *m)
{
	struct vdpad_error error;
	unsigned int i;

	if (vdpad_store_each(m->store, load, m, &error))
		vdpad_warn("%s", error.text);
	vdpad_store_sweep(m->store, swept, m);
	for (i = 0; i < m->n; i++) {
		if (!m->devices[i]->failure[0] && make_again(m, m->devices[i], &error))
			failed(m->devices[i], &error);
	}
	vdpad_manager_add_new(m, m->config);
}

/* It may have been repaired. */
static int read_again(struct vdpad_manager *m, struct vdpad_device *d, struct vdpad_error *error)
{
	struct vdpad_spec spec;
	int err = vdpad_store_read(m->store, d->spec.name, &spec, error);

	if (!err)
		d->spec = spec;
	return err;
}

int vdpad_manager_retry(struct vdpad_manager *m, const char *name, struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_manager_find(m, name, error);
	int err;

	if (!d)
		return -error->code;
	if (!d->failure[0])
		return vdpad_fail(error, EEXIST, "name", "%s: it has not failed", name);
	if (d->plugged)
		return vdpad_fail(error, EBUSY, "name", "%s: it is to be removed: %.900s", name,
				  d->failure);
	if (d->saved) {
		err = read_again(m, d, error);
		if (!err)
			err = make_again(m, d, error);
		if (err)
			failed(d, error);
		else
			d->failure[0] = 0;
		return err;
	}
	/* One of the INI file, of which nothing was ever made. */
	vdpad_manager_take_out(m, d);
	err = vdpad_manager_add(m, &d->spec, error);
	if (err) {
		failed(d, error);
		vdpad_manager_put_in(m, d);
		return err;
	}
	vdpad_device_destroy(d);
	return 0;
}
