/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * udif: Apple's disk images (.dmg): the "koly" trailer in the last 512 bytes, and the "mish" tables of
 * the property list it points to, one for each partition: which sectors are where in the file, and
 * how they are compressed. (Apple has not published the format; the layout is that of the kernel's
 * and hdiutil's files, as documented by libmodi's UDIF paper and others.) Everything is big endian.
 *
 * Guarantees: pure: no allocation, no I/O; on a positive result the output is zeroed.
 */

#include "base/cur.h"
#include "base/util.h"

#define UDIF_TRAILER 512
#define UDIF_SECTOR 512
#define UDIF_PLIST_MAX (16u << 20)
#define UDIF_CHUNKS_MAX (1u << 18)	/* of one image */
#define UDIF_CHUNK_MAX (8ull << 20)	/* bytes of one compressed chunk when it is unpacked */
#define UDIF_SECTORS_MAX (1ull << 40)

enum udif_result {
	UDIF_OK = 0,
	UDIF_NOT,     /* no trailer, no table */
	UDIF_VERSION, /* of a version that is not known, or one of several segments */
	UDIF_RANGE,   /* points out of the file, or its parts overlap */
	UDIF_CHUNK,   /* chunks that are not in order, leave the partition, or are too large */
	UDIF_COUNT,   /* over a cap */
};
const char *udif_strerror(int result);

struct udif_range {
	uint64_t off, len;
};
struct udif_sum {
	uint32_t type; /* 2: CRC-32; 0: none */
	uint32_t crc;
};
struct udif {
	struct udif_range data, resource, plist, signature; /* len 0: not there */
	uint64_t sectors;
	uint32_t flags, variant;
	struct udif_sum data_sum, master_sum;
	/* Bytes of the file in none of them, in file order. */
	uint32_t ngaps;
	struct udif_range gap[5];
};
#define UDIF_SIGNATURE_LEN_OFF 304 /* of CodeSignatureLength in the trailer: zeroed when it is hashed */

bool udif_is(struct span tail);
/* tail ends with the file's last bytes (UDIF_TRAILER of them at least). UDIF_OK, _NOT, _VERSION, _RANGE. */
FB_MUST int udif_read(struct udif *ret_u, struct span tail, uint64_t file_size);

enum udif_kind {
	UDIF_ZERO = 0,
	UDIF_RAW = 1,
	UDIF_IGNORE = 2, /* zeros that were never written */
	UDIF_COMMENT = 0x7ffffffe,
	UDIF_ADC = (int)0x80000004,
	UDIF_ZLIB = (int)0x80000005,
	UDIF_BZIP2 = (int)0x80000006,
	UDIF_LZFSE = (int)0x80000007,
	UDIF_LZMA = (int)0x80000008,
	UDIF_END = (int)0xffffffff,
};
struct udif_chunk {
	enum udif_kind kind;
	uint64_t sector, sectors; /* of the image as a whole */
	uint64_t off, len;	  /* in the data fork */
};
struct udif_table {
	uint64_t first, sectors;
	struct udif_sum sum;
	uint32_t n; /* descriptors, END and COMMENT too */
	struct span chunks;
};
/* The bytes of one table. UDIF_OK, _NOT, _VERSION, _COUNT, _CHUNK. */
FB_MUST int udif_table_read(struct udif_table *ret_t, struct span bytes);
/*
 * Descriptor i, checked: it lies inside the partition and inside a data fork of data_len bytes.
 * UDIF_OK, UDIF_CHUNK, UDIF_RANGE.
 */
FB_MUST int udif_chunk(
    const struct udif_table *t, uint32_t i, uint64_t data_len, struct udif_chunk *ret_c);
static inline bool udif_is_packed(enum udif_kind k)
{
	return k == UDIF_ADC || k == UDIF_ZLIB || k == UDIF_BZIP2 || k == UDIF_LZFSE ||
	       k == UDIF_LZMA;
}

/* Apple Data Compression: unpacks to exactly n bytes; false if it does not. */
bool udif_adc(uint8_t *out, size_t n, struct span in);
