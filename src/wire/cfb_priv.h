/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between the files of cfb. */

#include "wire/cfb.h"

#define SECT_MAX 0xfffffffau
#define SECT_DIFAT 0xfffffffcu
#define SECT_FAT 0xfffffffdu
#define SECT_END 0xfffffffeu
#define SECT_FREE 0xffffffffu

#define CFB_ENTRY 128 /* bytes of a directory entry */

void cfb_odd(struct cfb *c, enum cfb_odd_kind k, uint64_t off, uint64_t len, uint32_t entry);
uint64_t cfb_sector_off(const struct cfb *c, uint32_t sector);
unsigned cfb_sector_len(const struct cfb *c, uint32_t sector);
uint64_t cfb_mini_off(const struct cfb *c, uint32_t mini);
bool cfb_zero(const uint8_t *p, size_t n);

/* The directory is in these n sectors: fills entry and listed. */
FB_MUST int cfb_read_directory(struct cfb *c, const uint32_t *sector, uint32_t n);
