/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of a change, so that the state directory tells the truth whenever the daemon dies:
 *
 * add, set  the file is written under another name (the disk has room); the device is made or
 *           changed; the file gets its name: from here on it counts. What fails undoes what was.
 * del       the file loses its name: from here on it does not count; the device goes; the file.
 *
 * A daemon that died in between finds the other name, and removes the socket that was left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager_priv.h"
#include "say.h"

int vdpad_manager_create(const struct vdpad_config *config, struct vdpad_manager **created,
			 struct vdpad_error *error)
{
	struct vdpad_manager *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	m->config = config;
	err = vdpad_store_open(config->state_dir, &m->store, error);
	if (err) {
		free(m);
		return err;
	}
	*created = m;
	return 0;
}

void vdpad_manager_destroy(struct vdpad_manager *m)
{
	if (!m)
		return;
	while (m->n)
		vdpad_device_destroy(m->devices[--m->n]);
	free(m->devices);
	vdpad_store_close(m->store);
	free(m);
}

const struct vdpad_config *vdpad_manager_config(const struct vdpad_manager *m)
{
	return m->config;
}

/* ---- the list ---- */

bool vdpad_manager_place(const struct vdpad_manager *m, const char *name, unsigned int *place)
{
	unsigned int low = 0, high = m->n;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		int order = strcmp(m->devices[middle]->spec.name, name);

		if (!order) {
			*place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return false;
}

/* So that vdpad_manager_put_in() cannot fail. */
int vdpad_manager_make_room(struct vdpad_manager *m, struct vdpad_error *error)
{
	struct vdpad_device **devices = reallocarray(m->devices, m->n + 1, sizeof(*devices));

	if (!devices)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	m->devices = devices;
	return 0;
}

void vdpad_manager_put_in(struct vdpad_manager *m, struct vdpad_device *d)
{
	unsigned int i;

	vdpad_manager_place(m, d->spec.name, &i);
	memmove(&m->devices[i + 1], &m->devices[i], (m->n++ - i) * sizeof(m->devices[0]));
	m->devices[i] = d;
}

void vdpad_manager_take_out(struct vdpad_manager *m, const struct vdpad_device *d)
{
	unsigned int i;

	vdpad_manager_place(m, d->spec.name, &i);
	memmove(&m->devices[i], &m->devices[i + 1], (--m->n - i) * sizeof(m->devices[0]));
}

struct vdpad_device *vdpad_manager_find(struct vdpad_manager *m, const char *name,
					struct vdpad_error *error)
{
	unsigned int i;

	if (vdpad_manager_place(m, name, &i))
		return m->devices[i];
	vdpad_fail(error, ENODEV, "name", "%.64s: there is no such device", name);
	return NULL;
}

int vdpad_manager_each(struct vdpad_manager *m,
		       int (*visit)(void *arg, struct vdpad_device *device), void *arg)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < m->n; i++)
		err = visit(arg, m->devices[i]);
	return err;
}

/* ---- what must not be twice ---- */

static const uint8_t *mac_of(const struct vdpad_spec *spec)
{
	static const uint8_t none[6];

	if (spec->made)
		return spec->device.mac;
	return spec->request.attrs >> VV_ATTR_MAC & 1 ? spec->request.mac : none;
}

int vdpad_manager_check_socket(const struct vdpad_manager *m, const struct vdpad_spec *spec,
			       struct vdpad_error *error)
{
	unsigned int i;

	if (spec->socket[0] != '/')
		return vdpad_fail(error, EINVAL, "socket", "socket %s: a path from / on is wanted",
				  spec->socket);
	if (!strcmp(spec->socket, m->config->rpc))
		return vdpad_fail(error, EEXIST, "socket",
				  "socket %s: that is the daemon's own; choose another path",
				  spec->socket);
	for (i = 0; i < m->n; i++) {
		if (!strcmp(m->devices[i]->spec.socket, spec->socket) &&
		    strcmp(m->devices[i]->spec.name, spec->name))
			return vdpad_fail(error, EEXIST, "socket",
					  "socket %s: %s has it; choose another path", spec->socket,
					  m->devices[i]->spec.name);
	}
	return 0;
}

/*
 * A function tells its devices apart by their addresses. On different NICs the same address twice
 * would be heard of much later, from a switch between them.
 */
static int check_mac(const struct vdpad_manager *m, const struct vdpad_spec *spec,
		     const uint8_t mac[6], struct vdpad_error *error)
{
	static const uint8_t none[6];
	unsigned int i;

	if (!memcmp(mac, none, sizeof(none)))
		return 0;
	for (i = 0; i < m->n; i++) {
		const struct vdpad_spec *other = &m->devices[i]->spec;

		if (memcmp(mac_of(other), mac, sizeof(none)) || !strcmp(other->name, spec->name))
			continue;
		return vdpad_fail(
		    error, EEXIST, "mac",
		    "mac %02x:%02x:%02x:%02x:%02x:%02x: %s on %s has it; give another "
		    "one",
		    mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], other->name, other->mgmtdev);
	}
	return 0;
}

/* ---- add ---- */

static int check_new(const struct vdpad_manager *m, struct vdpad_spec *spec,
		     struct vdpad_error *error)
{
	unsigned int i;

	if (!spec->name[0])
		return vdpad_fail(error, EINVAL, "name", "which name? A device has one");
	if (vdpad_manager_place(m, spec->name, &i))
		return vdpad_fail(
		    error, EEXIST, "name", "%s: there is a device of this name%s", spec->name,
		    m->devices[i]->failure[0] ? ", though it failed; remove it first, "
						"or try it again (dev retry)"
					      : "");
	if (!spec->mgmtdev[0])
		return vdpad_fail(error, EINVAL, "mgmtdev",
				  "%s: on which mgmtdev? mgmtdev show has those there are",
				  spec->name);
	if (!spec->socket[0] &&
	    (size_t)snprintf(spec->socket, sizeof(spec->socket), "%s/%s", m->config->socket_dir,
			     spec->name) >= sizeof(spec->socket))
		return vdpad_fail(error, EINVAL, "socket",
				  "%s: its socket in %s would have too long a path; give a shorter "
				  "one",
				  spec->name, m->config->socket_dir);
	return vdpad_manager_check_socket(m, spec, error);
}

static int make(struct vdpad_manager *m, struct vdpad_device *d, struct vdpad_error *error)
{
	int err = vdpad_store_prepare(m->store, &d->spec, error);

	if (err)
		return err;
	err = vdpad_device_plug(d, m->config, error);
	if (err) {
		vdpad_store_abort(m->store, d->spec.name);
		return err;
	}
	return vdpad_store_commit(m->store, d->spec.name, error);
}

int vdpad_manager_add(struct vdpad_manager *m, const struct vdpad_spec *spec,
		      struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_device_create(spec);
	int err;

	if (!d)
		return vdpad_fail(error, ENOMEM, "", "no memory");
	err = check_new(m, &d->spec, error);
	if (!err)
		err = vdpad_device_provision(d, m->config, error);
	if (!err)
		err = check_mac(m, &d->spec, d->spec.device.mac, error);
	if (!err)
		err = vdpad_manager_make_room(m, error);
	if (!err)
		err = make(m, d, error);
	if (err) {
		vdpad_device_destroy(d);
		return err;
	}
	d->saved = true;
	vdpad_manager_put_in(m, d);
	return 0;
}

/* ---- del ---- */

int vdpad_manager_del(struct vdpad_manager *m, const char *name, struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_manager_find(m, name, error);
	int err;

	if (!d)
		return -error->code;
	err = vdpad_store_remove(m->store, name, error);
	if (err)
		return err;
	d->saved = false;
	err = vdpad_device_unplug(d, error);
	vdpad_store_forget(m->store, d->spec.name);
	if (err) {
		/* Not forgotten: another del tries again. */
		snprintf(d->failure, sizeof(d->failure), "%s", error->text);
		return err;
	}
	vdpad_manager_take_out(m, d);
	vdpad_device_destroy(d);
	return 0;
}

/* ---- set ---- */

/* A value as the operator gave it, into a spec. */
static int change(struct vdpad_spec *spec, const char *word, const char *value,
		  struct vdpad_error *error)
{
	struct vv_request request;
	char why[512];
	int err;

	if (!strcmp(word, "link")) {
		spec->link_down = !strcmp(value, "down");
		if (spec->link_down || !strcmp(value, "up"))
			return 0;
		return vdpad_fail(error, EINVAL, word, "link %.64s: up or down is wanted", value);
	}
	vv_request_init(&request);
	if (strcmp(word, "mac") && strcmp(word, "mtu"))
		return vdpad_fail(
		    error, EOPNOTSUPP, word,
		    "%.64s: only mac, mtu and link of a device can be changed; remove "
		    "it and add it anew",
		    word);
	err = vv_request_set(&request, word, value, why, sizeof(why));
	if (err)
		return vdpad_fail(error, -err, word, "%s", why);
	if (request.attrs >> VV_ATTR_MAC & 1)
		memcpy(spec->device.mac, request.mac, sizeof(request.mac));
	else if (request.attrs >> VV_ATTR_MTU & 1)
		spec->device.mtu = request.mtu;
	else /* "mtu on" is a feature */
		return vdpad_fail(error, EINVAL, word, "%s %.64s: a value is wanted; features stay",
				  word, value);
	spec->device.set |= request.attrs;
	return 0;
}

static int apply(const struct vdpad_device *d, const char *word, const struct vdpad_spec *spec,
		 struct vdpad_error *error)
{
	if (!strcmp(word, "mac"))
		return vdpad_device_apply_mac(d, spec->device.mac, error);
	if (!strcmp(word, "mtu"))
		return vdpad_device_apply_mtu(d, spec->device.mtu, error);
	return vdpad_device_apply_link(d, !spec->link_down, error);
}

int vdpad_manager_set(struct vdpad_manager *m, const char *name, const char *word,
		      const char *value, struct vdpad_error *error)
{
	struct vdpad_device *d = vdpad_manager_find(m, name, error);
	struct vdpad_error ignored;
	struct vdpad_spec spec;
	int err;

	if (!d)
		return -error->code;
	if (d->failure[0])
		return vdpad_fail(error, ENODEV, "name", "%s: it is not there: %.900s", name,
				  d->failure);
	spec = d->spec;
	err = change(&spec, word, value, error);
	if (!err && !strcmp(word, "mac"))
		err = check_mac(m, &spec, spec.device.mac, error);
	if (!err)
		err = vdpad_store_prepare(m->store, &spec, error);
	if (err)
		return err;
	err = apply(d, word, &spec, error);
	if (err) {
		vdpad_store_abort(m->store, name);
		return err;
	}
	err = vdpad_store_commit(m->store, name, error);
	if (err) {
		if (apply(d, word, &d->spec, &ignored))
			vdpad_warn("%s: %s cannot be taken back: %s", name, word, ignored.text);
		return err;
	}
	d->spec = spec;
	return 0;
}
