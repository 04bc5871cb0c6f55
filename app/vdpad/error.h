/* SPDX-License-Identifier: BSD-3-Clause */
/* Why something cannot be done, as it is told to who asked: a number of the kernel's and a line. */
#ifndef VDPAD_ERROR_H
#define VDPAD_ERROR_H

struct vdpad_error {
	int code;        /* positive errno */
	char word[64];   /* which word of the request is at fault, "" if none */
	char text[1024]; /* names the thing, says what is allowed; a line, or several */
};

/* Fill it and return -code. */
int vdpad_fail(struct vdpad_error *error, int code, const char *word, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
