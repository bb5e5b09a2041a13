/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tuf: the first byte says which kind of metadata the rest is, after the built-in root. It is read
 * (twice: the same), and judged by a trusted set that starts from Sigstore's root: nothing that the
 * fuzzer makes is signed by those keys, so nothing may ever be accepted; and each delegation is
 * asked about paths.
 */

#include "trust/shipped.h"
#include "trust/tuf/delegate.h"
#include "trust/tuf/set.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* Sigstore's root, read once. */
static struct tuf_set *trusted(void)
{
	static struct tuf_set set = { .start = 1767225600 * TS_SECOND };
	struct tuf_report w = TUF_REPORT_INIT;

	if (!set.root)
		check(tuf_set_trust(&set, tuf_root_shipped(), &w) == 0);
	return &set;
}

static void judge_root(struct tuf_set *set, struct span s, const struct tuf_meta *m)
{
	struct tuf_set own = { .start = set->start };
	struct tuf_report w = TUF_REPORT_INIT;
	bool rotated = false;

	check(tuf_set_root(set, s, &rotated, &w) != 0 && w.step);
	/* signed by its own keys it may well be */
	check(tuf_set_trust(&own, s, &w) != 0 || m);
	tuf_set_free(&own);
}

static void judge_targets(struct tuf_set *set, struct tuf_meta *m)
{
	struct tuf_file file;
	int rc = tuf_meta_signed_by(m, set->root, &set->root->role[TUF_TARGETS], NULL);

	check(rc == TUF_UNSIGNED || rc == -12);
	rc = tuf_meta_target(m, "a/b", &file);
	check(rc == TUF_NO_TARGET || (rc == 0 && file.length >= 0 && file.nhashes));
	for (size_t i = 0; i < m->ndelegations; i++) {
		struct tuf_role *r = &m->delegation[i];
		tuf_delegates(r, SPAN_LIT("a/b"));
		tuf_delegates(r, r->name);
		rc = tuf_meta_signed_by(m, m, r, NULL);
		check(rc == 0 || rc == TUF_UNSIGNED || rc == -12);
	}
}

static void judge(enum tuf_type type, struct span s, struct tuf_meta *m)
{
	struct tuf_set *set = trusted();
	struct tuf_report w = TUF_REPORT_INIT;

	if (type == TUF_ROOT)
		judge_root(set, s, m);
	else if (type == TUF_TIMESTAMP)
		check(tuf_set_timestamp(set, s, &w) != 0 && !set->timestamp && w.step);
	else if (type == TUF_SNAPSHOT)
		check(tuf_set_old_snapshot(set, s, &w) != 0 && !set->old_snapshot);
	else if (m)
		judge_targets(set, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_META struct tuf_meta *m = NULL, *again = NULL;
	struct fault f = FAULT_INIT;

	if (!size)
		return 0;
	enum tuf_type type = data[0] % TUF_TYPES;
	struct span s = span_of(data + 1, size - 1);
	int rc = tuf_meta_read(&m, type, s, &f);
	check(tuf_meta_read(&again, type, s, NULL) == rc);
	check(rc == 0 ? m != NULL : !m && (rc == -12 || (rc == TUF_MALFORMED && f.text[0])));
	if (m)
		check(m->version >= 1 && m->version == again->version && m->expires == again->expires);
	judge(type, s, m);
	return 0;
}
