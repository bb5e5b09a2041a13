/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rpm: the headers of an RPM package (rpm.org, "RPM v4 file format"): a lead of 96 bytes, a signature
 * header padded to 8, the header, the payload. A header is an index of entries (tag, type, offset,
 * count) and a store of their data.
 *
 * Guarantees: pure, no allocation, no I/O. rpm_header checks every entry against the store once, so
 * that what rpm_find gives can be read without further checks; a tag that is there twice is not found
 * (readers differ in which they take).
 */

#include "base/span.h"
#include "base/util.h"

#define RPM_LEAD 96
#define RPM_INTRO 16 /* of a header: magic, entries, bytes of the store */
#define RPM_ENTRIES_MAX 4096
#define RPM_STORE_MAX (16u << 20)
#define RPM_SHARE_MAX 4 /* entries together: so many times the store */

enum rpm_tag {
	RPM_SIG_SHA256 = 273, /* in the signature header: of the header, in hex */
	RPM_SIG_DSA = 267,
	RPM_SIG_RSA = 268,
	RPM_SIG_PGP = 1002, /* of header and payload */
	RPM_SIG_GPG = 1005,
	RPM_NAME = 1000,
	RPM_VERSION = 1001,
	RPM_RELEASE = 1002,
	RPM_EPOCH = 1003,
	RPM_VENDOR = 1011,
	RPM_ARCH = 1022,
	RPM_FILE_SIZES = 1028,
	RPM_FILE_STATES = 1029, /* in the database only */
	RPM_FILE_MODES = 1030,
	RPM_FILE_DIGESTS = 1035,
	RPM_FILE_LINKS = 1036,
	RPM_FILE_FLAGS = 1037,
	RPM_FILE_USERS = 1039,
	RPM_FILE_GROUPS = 1040,
	RPM_FILE_VERIFY = 1045,
	RPM_DIR_INDEXES = 1116,
	RPM_BASE_NAMES = 1117,
	RPM_DIR_NAMES = 1118,
	RPM_PAYLOAD_FORMAT = 1124,
	RPM_PAYLOAD_COMPRESSOR = 1125,
	RPM_FILE_CAPS = 5010,
	RPM_FILE_DIGEST_ALGO = 5011,
	RPM_PAYLOAD_DIGEST = 5092,
	RPM_PAYLOAD_DIGEST_ALGO = 5093,
};

#define RPM_ALGO_SHA256 8
#define RPM_FLAG_CONFIG 1u
#define RPM_FLAG_MISSING_OK 8u
#define RPM_FLAG_GHOST 64u /* listed, not in the payload */
#define RPM_VERIFY_DIGEST 1u
#define RPM_VERIFY_LINK 4u
#define RPM_STATE_NORMAL 0 /* of an installed file; others: replaced, not installed, … */

enum rpm_type { RPM_CHAR = 1, RPM_INT16 = 3, RPM_INT32 = 4, RPM_STRING = 6, RPM_BIN = 7, RPM_STRINGS = 8, RPM_I18N = 9 };

/* Of the first RPM_INTRO bytes of a header: its whole length, or 0 when they are none. */
uint64_t rpm_header_length(struct span intro);

struct rpm_header {
	struct span index, store;
};
/* bytes is the whole header. 0, or -EBADMSG with the output zeroed. */
FB_MUST int rpm_header(struct rpm_header *ret_h, struct span bytes);

struct rpm_value {
	uint32_t type, count;
	struct span data; /* strings: count of them, each with its NUL */
};
/* Of one of the types that the caller expects; false when it is not there (or twice). */
bool rpm_find(const struct rpm_header *h, enum rpm_tag tag, enum rpm_type type,
    struct rpm_value *ret_v);
/* How often the tag is there, of whatever type. */
unsigned rpm_count(const struct rpm_header *h, enum rpm_tag tag);
uint32_t rpm_int(const struct rpm_value *v, uint32_t i); /* i < count */
/* The next string of v->data, which is moved on: ended by NUL, "" when there is none. */
const char *rpm_string(struct rpm_value *v);
