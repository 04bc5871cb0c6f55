/* SPDX-License-Identifier: BSD-3-Clause */
#include "symbol.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
	const uint8_t *data;
	size_t size;
};

/* n elements of that size at offset, or NULL if the file ends before. */
static const void *part(const struct image *image, uint64_t offset, uint64_t n, size_t size)
{
	if (offset > image->size || (size && n > (image->size - offset) / size) ||
	    offset % _Alignof(ElfW(Addr)))
		return NULL;
	return image->data + offset;
}

static bool find_in(const struct image *image, const ElfW(Shdr) * sections, unsigned int n_sections,
		    const ElfW(Shdr) * table, uintptr_t vaddr, char *name, size_t len,
		    size_t *offset)
{
	size_t n = table->sh_size / sizeof(ElfW(Sym)), strings_size;
	const ElfW(Sym) *symbols = part(image, table->sh_offset, n, sizeof(*symbols));
	const char *strings;

	if (!symbols || table->sh_link >= n_sections)
		return false;
	strings_size = sections[table->sh_link].sh_size;
	if (sections[table->sh_link].sh_offset > image->size ||
	    strings_size > image->size - sections[table->sh_link].sh_offset)
		return false;
	strings = (const char *)image->data + sections[table->sh_link].sh_offset;
	for (size_t i = 0; i < n; i++) {
		const ElfW(Sym) *s = &symbols[i];

		if ((s->st_info & 0xf) != STT_FUNC || vaddr < s->st_value ||
		    vaddr - s->st_value >= s->st_size || s->st_name >= strings_size)
			continue;
		snprintf(name, len, "%.*s", (int)(strings_size - s->st_name), strings + s->st_name);
		*offset = vaddr - s->st_value;
		return true;
	}
	return false;
}

static bool find(const struct image *image, uintptr_t vaddr, char *name, size_t len, size_t *offset)
{
	const ElfW(Ehdr) *head = part(image, 0, 1, sizeof(*head));
	const ElfW(Shdr) * sections;

	if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    head->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    head->e_shentsize != sizeof(*sections))
		return false;
	sections = part(image, head->e_shoff, head->e_shnum, sizeof(*sections));
	for (unsigned int i = 0; sections && i < head->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB &&
		    find_in(image, sections, head->e_shnum, &sections[i], vaddr, name, len, offset))
			return true;
	return false;
}

bool symbol_find(const char *file, uintptr_t vaddr, char *name, size_t len, size_t *offset)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct image image = {};
	bool found = false;
	struct stat st;
	void *p;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		image.size = (size_t)st.st_size;
		p = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED) {
			image.data = p;
			found = find(&image, vaddr, name, len, offset);
			munmap(p, image.size);
		}
	}
	close(fd);
	return found;
}
