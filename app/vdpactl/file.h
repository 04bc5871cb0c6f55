/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON documents of others: files, or standard input. */
#ifndef VDPACTL_FILE_H
#define VDPACTL_FILE_H

#include <jansson.h>

/*
 * What PATH ("-": standard input) has, an object with an object of things named section in it, as
 * "... show -j" prints it. -EINVAL, with file and line said.
 */
int ctl_file_read(const char *path, const char *section, json_t **document);

#endif
