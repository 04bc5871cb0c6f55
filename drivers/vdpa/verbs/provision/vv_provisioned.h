/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what a parent supports and what an operator asks for to what a *device* is, exactly; and
 * whether a device that exists elsewhere can be here. Three words, never mixed: supported (the
 * parent), device (what was provisioned), negotiated (what the guest took; it never takes part
 * here). Errors are the kernel's: EINVAL, EOPNOTSUPP, ERANGE, ENOSPC; and one line that names the
 * bits and the way out. Nothing is changed by a call that fails. Pure functions.
 */
#ifndef VV_PROVISIONED_H
#define VV_PROVISIONED_H

#include "vv_request.h"

/* All that makes the device; every field counts, and set tells which the operator chose. */
struct vv_provisioned {
	char parent[VV_PARENT_NAME_MAX];
	struct vv_features features;
	enum vv_features_default features_default;
	char model[VV_MODEL_NAME_MAX]; /* "": none */
	bool features_set;             /* a mask, model, default or single bit was given */
	uint32_t set;                  /* 1u << enum vv_attr */
	/* Zero where the feature is not there that tells a guest of it. */
	uint8_t mac[6];
	uint16_t mtu;
	uint32_t max_vqp, max_vq_size, mac_table_size;
	enum vv_mode mode;
	bool trust;
	int cvq_core;
};

/*
 * The device that parent makes of request, whose model is resolved. Where neither a mask nor a model
 * is given, attributes bring the features they need (mtu: MTU, mac and trust off: MAC, max_vqp
 * above 1: MQ and CTRL_VQ, mac_table_size: CTRL_RX and CTRL_VQ, mode but legacy: VERSION_1); else
 * they must be there. Features that were named come with what they need, or the request fails;
 * those that were not may go, with what others they need or where they are of no use (MQ for one
 * pair). Who does not ask for a number gets the parent's: of pairs default_vqp, or what is left.
 *
 * -EINVAL: bits that are not supported, missing ones that are mandatory or needed, numbers above the
 * parent's; -ERANGE: no MTU; -EOPNOTSUPP: an attribute the parent cannot set, unless it is that
 * anyway; -ENOSPC: no room, and which limit it is.
 */
int vv_provision(const struct vv_parent *parent, const struct vv_request *request,
		 struct vv_provisioned *device, char *why, size_t why_len);

/* Rings a device has, its control queue among them. */
uint32_t vv_provisioned_vqs(const struct vv_provisioned *device);

/*
 * The value of an attribute as text, as vv_request_set() takes it; "": it has none (mac without
 * the feature MAC, mtu without MTU). Returns text.
 */
enum { VV_ATTR_TEXT_MAX = 24 };
char *vv_provisioned_attr(const struct vv_provisioned *device, enum vv_attr attr, char *text);

/*
 * The request that makes the same device again, exactly, on a parent that supports it: all its
 * features as a mask, all attributes with their values. On another parent it makes the same
 * device, or fails.
 */
void vv_provisioned_request(const struct vv_provisioned *device, struct vv_request *request);

/* ---- before a migration (vv_compat.c) ---- */

/* What may be different by the operator's explicit choice. */
enum vv_compat_choice {
	VV_COMPAT_MAC_TABLE = 1 << 0, /* a smaller MAC table: too many addresses, then all */
};

/*
 * Can this device, with all that a guest may rely on, be made again on that parent? 0, or -EINVAL:
 * why has a line (without its end) for each thing that is in the way, separated by '\n'.
 */
int vv_compat_parent(const struct vv_provisioned *device, const struct vv_parent *parent,
		     unsigned int choices, char *why, size_t why_len);
/* The same between two devices: is b what a is? MTU, features and numbers are equal, or not. */
int vv_compat_device(const struct vv_provisioned *a, const struct vv_provisioned *b,
		     unsigned int choices, char *why, size_t why_len);

/*
 * What all of n parents (one at least) can do: features, the least of each number, modes; mandatory
 * of any is mandatory. -EINVAL: there is no such device: why says what is in the way.
 */
int vv_baseline(const struct vv_parent *parents, unsigned int n, struct vv_parent *common,
		char *why, size_t why_len);

/* Features that need others (virtio 1.3 5.1.3.1, 6.1). -EINVAL: why names both bits. */
int vv_features_check(struct vv_features features, char *why, size_t why_len);

#endif
