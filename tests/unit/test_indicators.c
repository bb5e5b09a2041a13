/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "base/buf.h"
#include "store/indicators.h"
#include "store/ledger.h"

#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

static struct store *s;
static struct buf got = BUF_INIT(1u << 20);

static int on_claim(void *ctx, const struct indicators_claim *c)
{
	(void)ctx;
	buf_printf(&got, "%s=%s<%s %d %s/%s/%s%s %llu-%llu\n", indicator_type_name(c->i.type),
	    c->i.value, c->i.source, c->i.confidence, c->i.category ? c->i.category : "",
	    c->i.campaign ? c->i.campaign : "", c->i.note ? c->i.note : "",
	    c->i.exact ? " exact" : "", (unsigned long long)c->first_import,
	    (unsigned long long)c->last_import);
	return 0;
}

static const char *list(const struct indicators_query *q)
{
	struct fault f = FAULT_INIT;

	buf_reset(&got);
	buf_puts(&got, "");
	if (indicators_each(s, q, on_claim, NULL, &f) < 0)
		buf_puts(&got, f.text);
	return buf_str(&got);
}

/* One import of n indicators; the outcomes as "AUM…" letters. */
static const char *import(uint64_t seq, const struct indicator *i, size_t n)
{
	static char out[64];
	AUTO_INDICATORS_PUT struct indicators_put *p = NULL;
	struct fault f = FAULT_INIT;
	enum indicators_outcome what;
	size_t k = 0;

	if (store_begin(s, &f) < 0 || indicators_put_begin(s, seq, &p, &f) < 0)
		abort();
	for (; k < n; k++) {
		if (indicators_put(p, &i[k], &what) < 0) {
			diag("%s", f.text);
			store_abort(s);
			return "failed";
		}
		out[k] = "AUM"[what];
	}
	out[k] = 0;
	p = indicators_put_end(p);
	if (store_commit(s, &f) < 0)
		abort();
	return out;
}

static struct indicator ind(enum indicator_type t, const char *v, const char *source, int conf)
{
	return (struct indicator){ .type = t, .value = v, .source = source, .confidence = conf,
		.valid_from = TS_NONE, .valid_until = TS_FOREVER };
}

static void puts_and_updates(void)
{
	struct indicator a[] = { ind(INDICATOR_DOMAIN, "evil.example", "x", 50),
		ind(INDICATOR_DOMAIN, "evil.example", "y", 60),
		ind(INDICATOR_IPV4, "198.51.100.7", "x", 70),
		ind(INDICATOR_DOMAIN, "evil.example", "x", 80) };

	a[0].exact = true;
	a[0].note = "first";
	a[3].category = "c2";
	a[3].note = "second";
	is_str(import(1, a, ARRAY_LEN(a)), "AAAM", "added, and merged within one import");
	is_str(list(NULL),
	    "domain=evil.example<x 80 c2//first 1-1\ndomain=evil.example<y 60 // 1-1\n"
	    "ipv4=198.51.100.7<x 70 // 1-1\n",
	    "by type, value, source; the surer, the wider, the first texts");
	a[0].confidence = 10;
	is_str(import(2, a, 1), "U", "updated by a later import");
	is_str(list(&(struct indicators_query){ .source = "x", .type = INDICATOR_DOMAIN }),
	    "domain=evil.example<x 10 //first exact 1-2\n", "the later import stands");
}

static void queries(void)
{
	struct indicator a[] = { ind(INDICATOR_MD5, "00112233445566778899aabbccddeeff", "z", 50),
		ind(INDICATOR_DOMAIN, "old.example", "z", 50),
		ind(INDICATOR_DOMAIN, "new.example", "z", 50) };
	uint64_t n = 0;
	struct fault f = FAULT_INIT;

	a[0].campaign = "camp";
	a[1].valid_until = 1000;
	a[2].valid_from = 1000;
	is_str(import(3, a, ARRAY_LEN(a)), "AAA", "more of them");
	is_str(list(&(struct indicators_query){ .campaign = "camp" }),
	    "md5=00112233445566778899aabbccddeeff<z 50 /camp/ 3-3\n", "by campaign");
	is_str(list(&(struct indicators_query){ .contains = "l.ex", .limit = 1 }),
	    "domain=evil.example<x 10 //first exact 1-2\n", "by a part of the value, limited");
	is_str(list(&(struct indicators_query){ .force = INDICATORS_EXPIRED, .now = 1000 }),
	    "domain=old.example<z 50 // 3-3\n", "what has expired");
	is_str(list(&(struct indicators_query){ .force = INDICATORS_IN_FORCE, .now = 999,
		   .type = INDICATOR_DOMAIN, .source = "z" }),
	    "domain=old.example<z 50 // 3-3\n", "what is in force");
	is_str(list(&(struct indicators_query){ .category = "none" }), "", "nothing");
	buf_reset(&got);
	ok(indicators_lookup(s, INDICATOR_DOMAIN, "evil.example", on_claim, NULL, &f) == 0 &&
		strcmp(buf_str(&got), "domain=evil.example<x 10 //first exact 1-2\n"
			"domain=evil.example<y 60 // 1-1\n") == 0, "one value, all its sources");
	ok(indicators_count(s, NULL, &n, &f) == 0 && n == 6, "all are counted");
	ok(indicators_count(s, "z", &n, &f) == 0 && n == 3, "and those of a source");
}

static int on_source(void *ctx, const struct indicators_source *x)
{
	(void)ctx;
	buf_printf(&got, "%s %s %d %d; ", x->source, indicator_type_name(x->type), (int)x->claims,
	    (int)x->last_import);
	return 0;
}

static void sources(void)
{
	struct fault f = FAULT_INIT;
	uint64_t n = 0;

	buf_reset(&got);
	ok(indicators_sources(s, on_source, NULL, &f) == 0 &&
		strcmp(buf_str(&got), "x domain 1 2; x ipv4 1 1; y domain 1 1; z domain 2 3; "
			"z md5 1 3; ") == 0, "sources and their types");
	ok(indicators_delete(s, "x", 2, &n, &f) == 0 && n == 1, "what an import did not bring again");
	ok(indicators_delete(s, "z", UINT64_MAX, &n, &f) == 0 && n == 3, "all of a source");
	is_str(list(NULL), "domain=evil.example<x 10 //first exact 1-2\n"
	    "domain=evil.example<y 60 // 1-1\n", "the others stay");
}

static int refuse(void *ctx, const struct indicators_claim *c)
{
	(void)ctx;
	(void)c;
	return -EINTR;
}

static void failures(void)
{
	struct indicator bad = ind(INDICATOR_DOMAIN, "a.example", NULL, 1);
	struct fault f = FAULT_INIT;

	is_str(import(9, &bad, 1), "failed", "a claim without a source is refused by the schema");
	is_str(list(&(struct indicators_query){ .contains = "a.ex" }), "", "and rolled back");
	is_int(indicators_each(s, NULL, refuse, NULL, &f), -EINTR, "a callback may end it");
	s = store_close(s);
}

/* A record made before there were indicators. */
static void upgrade(const char *state)
{
	char path[96];
	sqlite3 *db = NULL;
	struct fault f = FAULT_INIT;
	uint64_t n = 9;

	snprintf(path, sizeof(path), "%s/firebreak.db", state);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "DROP TABLE indicator; DROP TABLE known_path;"
				 "DROP TABLE known_digest; DROP TABLE known_version;"
				 "DROP TABLE known_list; PRAGMA user_version = 1",
		NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(db);
	is_int(store_open(&s, state, STORE_RDONLY, &f), -ENOTSUP, "an older record, to read");
	ok(strstr(f.text, "older firebreak"), "says that it is one");
	is_int(store_open(&s, state, STORE_EXISTING, &f), 0, "to write");
	ok(indicators_count(s, NULL, &n, &f) == 0 && n == 0, "has a place for indicators now");
	s = store_close(s);
}

static int rm(const char *path, const struct stat *st, int flag, struct FTW *w)
{
	(void)st;
	(void)flag;
	(void)w;
	return remove(path);
}

int main(void)
{
	char dir[] = "/tmp/fb-indicators-XXXXXX", state[64];
	struct fault f = FAULT_INIT;

	if (!mkdtemp(dir))
		abort();
	snprintf(state, sizeof(state), "%s/state", dir);
	if (!ok(store_open(&s, state, STORE_RDWR, &f) == 0, "a fresh state")) {
		diag("%s", f.text);
		return tap_done();
	}
	puts_and_updates();
	queries();
	sources();
	failures();
	upgrade(state);
	buf_free(&got);
	nftw(dir, rm, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
