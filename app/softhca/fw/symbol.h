/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of functions that a library does not export: the dynamic linker does not know them, the
 * file's symbol table does, unless it was stripped.
 *
 * Threads: any; no state.
 */
#ifndef SOFTHCA_FW_SYMBOL_H
#define SOFTHCA_FW_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The function of an ELF file that contains vaddr (as the file counts), and how far into it. */
bool symbol_find(const char *file, uintptr_t vaddr, char *name, size_t len, size_t *offset);

#endif
