/* SPDX-License-Identifier: BSD-3-Clause */
/* A hexadecimal digit of what an operator wrote. Pure function. */
#ifndef VV_HEX_H
#define VV_HEX_H

/* -1: it is none. */
static inline int vv_hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

#endif
