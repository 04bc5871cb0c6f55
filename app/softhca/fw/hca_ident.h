/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What identifies a function to the outside, all derived from its number, so that the sysfs tree
 * (made by the launcher) and the device (made in the program) agree without talking.
 */
#ifndef SOFTHCA_FW_HCA_IDENT_H
#define SOFTHCA_FW_HCA_IDENT_H

#include <stdint.h>
#include <stdio.h>

#define HCA_PCI_VENDOR	   0x15b3u
#define HCA_PCI_DEVICE	   0x101du /* ConnectX-6 Dx */
#define HCA_FW_VERSION	   "22.35.1012"
#define HCA_UVERBS_MAJOR   231
#define HCA_UVERBS_MINOR_0 192

/* 0000:3b:00.0 ...: eight functions per device number, as ARI-less PCI has them. */
static inline void hca_ident_bdf(unsigned int function, char bdf[13])
{
	snprintf(bdf, 13, "0000:3b:%02x.%x", (function >> 3) & 0x1f, function & 7);
}

/* Locally administered, unicast. */
static inline void hca_ident_mac(unsigned int function, uint8_t mac[6])
{
	mac[0] = 0x02;
	mac[1] = 0x5f;
	mac[2] = 0x7c;
	mac[3] = 0xa0;
	mac[4] = (uint8_t)(function >> 8);
	mac[5] = (uint8_t)function;
}

/* EUI-64 of the MAC, host order. */
static inline uint64_t hca_ident_guid(unsigned int function)
{
	return 0x005f7cfffea00000ull | (function & 0xffffu);
}

/* The address of a function for RDMA: link-local, with its GUID. */
static inline void hca_ident_gid(unsigned int function, uint8_t gid[16])
{
	uint64_t guid = hca_ident_guid(function);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		gid[i] = i == 0 ? 0xfe : i == 1 ? 0x80 : 0;
		gid[8 + i] = (uint8_t)(guid >> (56 - 8 * i));
	}
}

/* The function that has this address if it is one of a NIC like this one, or -1. */
static inline int hca_ident_gid_function(const uint8_t gid[16])
{
	unsigned int function = (unsigned int)gid[14] << 8 | gid[15], i;
	uint8_t own[16];

	hca_ident_gid(function, own);
	for (i = 0; i < 16; i++)
		if (gid[i] != own[i])
			return -1;
	return (int)function;
}

#endif
