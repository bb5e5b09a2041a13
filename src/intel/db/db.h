/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * db: the compiled indicator database: one immutable file, mapped read-only by every process.
 *
 * It holds claims (model/indicator.h): an entry is one side, type and value; it has one claim for
 * each source that makes one. The file is the store of claims as well as the matcher: an import is
 * a merge of the old file and new claims into a new file (build.h), a rename makes it current
 * (shelf.h). Entries are numbered in canonical order (side, type, value bytes), claims of an entry
 * by source: the same claims give the same bytes.
 *
 *   hot    for each side: filter (base/bloom.h) and keyed-hash tables of exact values, address
 *          ranges; at most 16 bytes an entry in all; touched on every lookup
 *   cold   values in canonical order, claims (interned tuples); touched on hits only
 *
 * Guarantees:
 * - Answers are exact: what the filter and the hash let through is compared with the stored value.
 *   The hash key is derived from the file's content, all of it, so nobody who gives a part of it
 *   can choose values that collide; who knows everything could, and would cost others a binary search.
 * - Opening is O(1): header, section table and their checksum are verified, sizes checked against
 *   the file. intel_db_check reads everything: each section's checksum, each offset, each order.
 *   A file that fails either is refused; a mapped file whose bytes lie cannot make a lookup read
 *   outside the mapping (all offsets are checked where they are used).
 * - Lookups do not allocate, take no lock, and are safe in a process that was forked after open.
 *
 * Result codes: 0; -ENOENT; -EBADMSG (not such a file, cut off, damaged; fault says which section
 * and offset); -EPROTONOSUPPORT (a version this program does not read); -ENOMEM; -errno.
 */

#include "base/fault.h"
#include "model/indicator.h"

struct intel_db;

FB_MUST int intel_db_open(struct intel_db **ret_db, const char *path, struct fault *f);
/* Takes fd, also on error: a memfd or a file. */
FB_MUST int intel_db_open_fd(struct intel_db **ret_db, int fd, const char *name, struct fault *f);
struct intel_db *intel_db_close(struct intel_db *db);
void intel_db_close_p(struct intel_db **db);
#define AUTO_INTEL_DB FB_CLEANUP(intel_db_close_p)
FB_MUST int intel_db_check(const struct intel_db *db, struct fault *f);

struct intel_db_info {
	uint64_t generation;
	ts built;
	struct digest content; /* SHA-256 over the canonical claims */
	uint64_t entries[INDICATOR_SIDES][INDICATOR_TYPES];
	uint64_t claims, sources;
	uint64_t hot_bytes, cold_bytes, file_bytes;
};
void intel_db_info(const struct intel_db *db, struct intel_db_info *ret_i);

/* --- lookups --- */

enum intel_how {
	INTEL_SAME = 0, /* the value itself */
	INTEL_PARENT,	/* a domain above the name that was asked for */
	INTEL_NETWORK,	/* a network that holds the address */
	INTEL_ON_PORT,	/* the address with this port */
	INTEL_PATTERN,	/* a path pattern; a URL of which this is a part */
};
const char *intel_how_name(enum intel_how h); /* "same" "parent" "network" "port" "pattern" */

struct intel_found {
	uint32_t entry;
	enum intel_how how;
};

#define INTEL_FOUND_MAX 160 /* labels of a name, network sizes; patterns beyond it are left out */

/*
 * Each returns how many entries match, the most specific first. A PARENT is found only if at least
 * one of its claims is not exact; a name of one label matches on the benign side only. Names come
 * as text, any case, with or without the final dot; they are not refanged. A name that cannot be one has no match.
 */
size_t intel_db_name(const struct intel_db *db, enum indicator_side side, struct span name,
    struct intel_found out[static INTEL_FOUND_MAX]);
/* Many names at once, for the line: *hit gets a bit for each name that has at least one match. */
void intel_db_names(const struct intel_db *db, enum indicator_side side, const struct span *name,
    size_t n, uint64_t *hit);
/* family 4 or 6, network order; port 0: none. Mapped IPv4 is IPv4. Networks that hold it, too. */
size_t intel_db_ip(const struct intel_db *db, enum indicator_side side, int family,
    const uint8_t *b, uint16_t port, struct intel_found out[static INTEL_FOUND_MAX]);
/* A digest of a digest type, AUTHENTIHASH, IMPHASH, JA3 or CERT as bytes. */
size_t intel_db_digest(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    struct span bytes, struct intel_found out[static INTEL_FOUND_MAX]);
/* It will be asked for soon: has the memory fetched that the answer begins with. */
void intel_db_digest_soon(const struct intel_db *db, enum indicator_side side,
    enum indicator_type t, struct span bytes);
/* Any other type by its normalised text. PATH: the path is matched with the patterns. */
size_t intel_db_text(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    struct span value, struct intel_found out[static INTEL_FOUND_MAX]);
/* The entry of this very value, as it is stored (a network, a pattern): no matching. */
bool intel_db_find(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    struct span value, uint32_t *ret_entry);
/* Is there any indicator of this type? For callers that compute digests only if wanted. */
bool intel_db_has(const struct intel_db *db, enum indicator_side side, enum indicator_type t);

/* --- entries --- */

#define INTEL_TEXT_MAX (INDICATOR_VALUE_MAX + 64)

struct intel_entry {
	enum indicator_side side;
	enum indicator_type type;
	const char *value; /* normalised text; in the caller's room */
};
/* 0, -EBADMSG when the file is damaged there. */
FB_MUST int intel_db_entry(const struct intel_db *db, uint32_t entry, char room[static INTEL_TEXT_MAX],
    struct intel_entry *ret_e);
/* The claims of an entry: *pos starts at 0; false when there is no more. Texts point into the
 * mapping; ret_i->value is not set. */
bool intel_db_claim(const struct intel_db *db, uint32_t entry, uint32_t *pos,
    struct indicator *ret_i);

/* Every entry of a side and type (NONE: all types) in canonical order; non-zero ends it. */
FB_MUST int intel_db_each(const struct intel_db *db, enum indicator_side side,
    enum indicator_type t, int (*cb)(void *ctx, uint32_t entry, const struct intel_entry *e),
    void *ctx);
/* The same for one type, with the values as they are stored: digests, AUTHENTIHASH, IMPHASH, JA3
 * and CERT are their bytes; IPV4 and IPV6 the address and a byte with the prefix length; IP_PORT 16
 * bytes (IPv4 mapped) and the port; all else text. Ascending; valid during the call. */
FB_MUST int intel_db_each_bytes(const struct intel_db *db, enum indicator_side side,
    enum indicator_type t, int (*cb)(void *ctx, uint32_t entry, struct span stored), void *ctx);
/* The sources: number of claims for each source, side and type. */
FB_MUST int intel_db_sources(const struct intel_db *db,
    int (*cb)(void *ctx, const char *source, enum indicator_side side, enum indicator_type t,
	uint64_t claims),
    void *ctx);
