/* SPDX-License-Identifier: Apache-2.0 */

/* shelf_place: what the ledger names, and putting files in their place: also those that a writer
 * left that was interrupted. */

#include "intel/shelf_edit.h"
#include "intel/shelf_priv.h"
#include "store/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int on_entry(void *ctx, const struct ledger_entry *e)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 10);
	struct shelf_newest *n = ctx;
	struct json_val g = json_get(e->data, "generation");
	const char *hex = json_cstr(json_get(e->data, "content"), &a);
	int64_t generation;
	struct digest d;

	if (!json_ok(g)) /* of a firebreak before the shelf */
		return 0;
	if (json_int(g, &generation) < 0 || generation < 1 || !hex ||
	    digest_parse_hex(DIGEST_SHA256, span_str(hex), &d) < 0)
		return 0;
	if ((uint64_t)generation > n->generation)
		n->db = d;
	n->content = d;
	n->generation = (uint64_t)generation;
	return 0;
}

static int find_newest(struct store *s, struct shelf_newest *ret_n, struct fault *f)
{
	struct ledger_query q = { .kind_prefix = SHELF_KIND, .subject = SHELF_SUBJECT };

	*ret_n = (struct shelf_newest){ 0 };
	return ledger_each(s, &q, on_entry, ret_n, f);
}

static bool is_file_of(const struct intel_db *db, uint64_t generation, const struct digest *content)
{
	struct intel_db_info info;

	intel_db_info(db, &info);
	return generation == info.generation && digest_eq(content, &info.content);
}

int shelf_sync(int dirfd, const char *path, struct fault *f)
{
	if (fsync(dirfd) < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	return 0;
}

/* The file there becomes the previous one. */
static int keep_one(int dirfd, const char *path, const char *name, const char *previous,
    struct fault *f)
{
	if ((unlinkat(dirfd, previous, 0) < 0 && errno != ENOENT) ||
	    (linkat(dirfd, name, dirfd, previous, 0) < 0 && errno != ENOENT))
		return fault_set(f, -errno, "%s/%s: %s", QUOTE(span_str(path)), previous,
		    strerror(errno));
	return 0;
}

int shelf_put_in_place(int dirfd, const char *path, bool overlay, bool good, struct fault *f)
{
	const char *from = overlay ? SHELF_NEXT_OVERLAY : SHELF_NEXT;
	const char *to = overlay ? SHELF_OVERLAY : SHELF_DB;
	int rc = 0;

	if (good)
		rc = keep_one(dirfd, path, to, overlay ? SHELF_PREVIOUS_OVERLAY : SHELF_PREVIOUS,
		    f);
	if (rc == 0 && renameat(dirfd, from, dirfd, to) < 0)
		rc = fault_set(f, -errno, "%s/%s: %s", QUOTE(span_str(path)), to, strerror(errno));
	if (rc == 0)
		rc = shelf_sync(dirfd, path, f);
	if (rc == 0 && !overlay) { /* it does not count any more: left over, it would be harmless */
		unlinkat(dirfd, SHELF_OVERLAY, 0);
		unlinkat(dirfd, SHELF_PREVIOUS_OVERLAY, 0);
	}
	return rc;
}

/* Is the file there good, so that it may become the previous one? */
static bool is_good(int dirfd, const char *path, bool overlay)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct shelf_file id;

	const char *name = overlay ? SHELF_OVERLAY : SHELF_DB;

	return shelf_open_file(dirfd, path, name, &db, &id, NULL) == 0;
}

/* What a writer left that was interrupted: committed, so it is put in place, or not. */
static int recover_one(int dirfd, const char *path, bool overlay, const struct shelf_newest *n,
    struct fault *f)
{
	const char *name = overlay ? SHELF_NEXT_OVERLAY : SHELF_NEXT;
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct shelf_file id;
	int rc = shelf_open_file(dirfd, path, name, &db, &id, f);

	if (rc == 0 && is_file_of(db, n->generation, &n->content))
		return shelf_put_in_place(dirfd, path, overlay, is_good(dirfd, path, overlay), f);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0 || rc == -EBADMSG)
		return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
	return rc;
}

int shelf_recover(struct store *s, int dirfd, const char *path, struct shelf_newest *ret_n,
    struct fault *f)
{
	int rc = find_newest(s, ret_n, f);

	if (rc == 0)
		rc = recover_one(dirfd, path, false, ret_n, f);
	return rc < 0 ? rc : recover_one(dirfd, path, true, ret_n, f);
}

static bool is_newest(const struct shelf *s, const struct shelf_newest *n)
{
	if (!is_file_of(s->db, n->generation, &n->db))
		return false;
	return s->over ? is_file_of(s->over, n->generation, &n->content) :
			 digest_eq(&n->db, &n->content);
}

int shelf_state(struct store *s, const struct shelf *shelf, enum shelf_state *ret_st,
    struct fault *f)
{
	struct shelf_newest n;
	int rc = find_newest(s, &n, f);

	if (rc < 0)
		return rc;
	if (!n.generation)
		*ret_st = shelf ? SHELF_UNRECORDED : SHELF_NOTHING;
	else
		*ret_st = shelf && is_newest(shelf, &n) ? SHELF_CURRENT : SHELF_BEHIND;
	return 0;
}
