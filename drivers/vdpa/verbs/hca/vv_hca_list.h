/* SPDX-License-Identifier: BSD-3-Clause */
/* Which verbs devices this host has, and what is known of one without opening it. Threads: any. */
#ifndef VV_HCA_LIST_H
#define VV_HCA_LIST_H

#include <stdint.h>

enum { VV_HCA_NAME_MAX = 64 };

/* Their names in order, n of them, to be freed by the caller. -errno. */
int vv_hca_list(char (**names)[VV_HCA_NAME_MAX], unsigned int *n);

/* A number that all functions of its NIC have (the system image GUID); 0: it does not say. */
uint64_t vv_hca_nic(const char *ibdev);
/* Of its PCI function; 0: it does not say. */
void vv_hca_pci_ids(const char *ibdev, uint32_t *vendor, uint32_t *device);

#endif
