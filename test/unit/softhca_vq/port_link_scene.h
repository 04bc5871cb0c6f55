/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests whose port has links, and a directory for the links' sockets and files, for the tests of
 * links. One scene a program. Failures end the test (cmocka).
 */
#ifndef TEST_SOFTHCA_VQ_PORT_LINK_SCENE_H
#define TEST_SOFTHCA_VQ_PORT_LINK_SCENE_H

#include "port_rig.h"

extern struct net net;
/* For the next start. */
extern unsigned int scene_threads, scene_delay_drop_ms;

/* For cmocka: the group's setup and teardown. */
int scene_make_dir(void **state);
int scene_remove_dir(void **state);
/* The path of a file in the directory; good for the next three calls. */
const char *scene_path(const char *name);

/* Guests, with the links that are not NULL: the uplink, and guest 0's representor. */
void scene_start_guests(unsigned int guests, const char *uplink, const char *rep0);
/* Two of them. */
void scene_start(const char *uplink, const char *rep0);

/* A capture file: frames of 60 + 37 * i bytes, from 01 to 02. */
void scene_write_capture(const char *name, unsigned int frames);

#endif
