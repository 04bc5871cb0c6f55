/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages are one line, also when what they quote is not: words come from files and sockets, and
 * messages go to logs and terminals.
 */
#ifndef VV_LINE_H
#define VV_LINE_H

/* Control characters become '?'. */
static inline void vv_line_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

#endif
