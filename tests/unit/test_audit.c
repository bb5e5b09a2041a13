/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "base/file.h"
#include "base/map.h"
#include "intel/audit.h"
#include "intel/intel.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW (1700000000 * TS_SECOND)

static struct audit *a;

static void benign(enum indicator_type t, const char *value, const char *source, const char *category)
{
	struct indicator i = { .type = t, .value = value, .source = source, .category = category,
		.side = INDICATOR_BENIGN, .valid_until = TS_FOREVER };

	if (audit_benign(a, &i) < 0)
		abort();
}

static void bad_seen(enum indicator_type t, const char *value, const char *source, ts seen, ts until)
{
	struct indicator i = { .type = t, .value = value, .source = source, .confidence = 50,
		.valid_from = TS_NONE, .valid_until = until, .first_seen = TS_NONE, .last_seen = seen };

	if (audit_bad(a, &i) < 0)
		abort();
}

static void bad(enum indicator_type t, const char *value, const char *source)
{
	bad_seen(t, value, source, NOW - TS_DAY, TS_FOREVER);
}

static const struct audit_feed *feed(const char *source)
{
	for (size_t i = 0; i < audit_feeds(a); i++)
		if (strcmp(audit_feed(a, i)->source, source) == 0)
			return audit_feed(a, i);
	abort();
}

static void start(void)
{
	a = audit_free(a);
	if (audit_new(&a, NULL, NOW) < 0)
		abort();
}

static void counts(void)
{
	start();
	benign(INDICATOR_DOMAIN, "popular.com", "tranco10k", NULL);
	benign(INDICATOR_DOMAIN, "dyn.example", "x", "hosting");
	benign(INDICATOR_DOMAIN, "own.example", "own", "own");
	benign(INDICATOR_IPV4, "198.51.100.0/24", "cloudflare", NULL);
	benign(INDICATOR_IPV4, "198.51.100.128/25", "vpn-ipv4", NULL);
	benign(INDICATOR_IPV4, "198.51.100.7", "sinkholes", NULL);
	benign(INDICATOR_IPV6, "2001:db8::/32", "x", "vendor");
	benign(INDICATOR_MD5, "0123456789abcdef0123456789abcdef", "x", "vendor");

	bad(INDICATOR_DOMAIN, "a.popular.com", "one");
	bad(INDICATOR_DOMAIN, "a.popular.com", "two");
	bad(INDICATOR_DOMAIN, "co.uk", "one");
	bad(INDICATOR_DOMAIN, "dyn.example", "one");
	bad(INDICATOR_DOMAIN, "github.io", "one");
	bad(INDICATOR_DOMAIN, "notpopular.com", "one");
	bad(INDICATOR_DOMAIN, "popular.com", "one");
	bad(INDICATOR_DOMAIN, "www.own.example", "two");
	bad(INDICATOR_IPV4, "10.0.0.1", "two");
	bad(INDICATOR_IPV4, "198.51.100.0/23", "two");
	bad(INDICATOR_IPV4, "198.51.100.0/24", "two");
	bad(INDICATOR_IPV4, "198.51.100.7", "one");
	bad(INDICATOR_IPV4, "198.51.101.0", "two");
	bad(INDICATOR_IPV6, "2001:db8::1", "two");
	bad(INDICATOR_IP_PORT, "198.51.100.200:80", "two");
	bad(INDICATOR_MD5, "0123456789abcdef0123456789abcdef", "two");
	bad_seen(INDICATOR_SHA256, "aa", "two", NOW - 400 * TS_DAY, NOW);
	bad_seen(INDICATOR_URL, "http://x.example/", "two", NOW - 80 * TS_DAY, TS_FOREVER);
	bad_seen(INDICATOR_URL, "http://x.example/", "two", NOW - 90 * TS_DAY, TS_FOREVER);
	bad_seen(INDICATOR_URL, "http://y.example/", "two", NOW - 364 * TS_DAY, TS_FOREVER);
	is_int(audit_end(a), 0, "an audit");

	const struct audit_feed *one = feed("one"), *two = feed("two");
	is_str(audit_feed(a, 0)->source, "two", "the largest feed comes first");
	is_int(audit_entries(a), 18, "values");
	is_int(audit_single(a), 17, "of one source");
	is_int(audit_listed(a, BENIGN_CDN), 2, "benign claims of a category");
	is_int(one->entries, 7, "one names seven");
	is_int(one->kinds[INDICATOR_DOMAIN], 6, "six domains");
	is_int(one->only, 6, "six alone");
	is_int(audit_shared(a, one, two), 1, "one shared");
	is_int(audit_shared(a, two, one), 1, "either way");
	is_int(one->names[BENIGN_TOP_SITE].on, 1, "on a list");
	is_int(one->names[BENIGN_TOP_SITE].below, 1, "below one; notpopular.com is not");
	is_int(one->any_name.on, 2, "on any list");
	is_int(one->held_poison, 1, "poison");
	is_int(one->tenants, 2, "names that many share");
	is_int(one->addresses[BENIGN_CDN].below, 1, "an address inside");
	is_int(one->addresses[BENIGN_SINKHOLE].below, 1, "and of another category");
	is_int(one->any_address.below, 1, "once in all");
	is_int(two->held_own, 1, "one's own");
	is_int(two->held_private, 1, "private");
	is_int(two->addresses[BENIGN_CDN].below, 2, "a network counts if the whole of it is inside");
	is_int(two->addresses[BENIGN_VENDOR].below, 1, "IPv6");
	is_int(two->others[BENIGN_VENDOR].on, 1, "a digest on a list");
	is_int(two->expired, 1, "over");
	is_int(two->faded, 2, "faded: URLs after much of their life");
	is_int(two->ages[AUDIT_WEEK], 9, "ages");
	is_int(two->ages[AUDIT_QUARTER], 1, "by when it was seen");
	is_int(two->ages[AUDIT_YEAR], 1, "by when it was seen");
	is_int(two->ages[AUDIT_OLDER], 1, "by when it was seen");
	ok(two->newest == NOW - TS_DAY && two->oldest == NOW - 400 * TS_DAY, "newest and oldest");
}

static void edges(void)
{
	start();
	is_int(audit_end(a), 0, "nothing at all");
	is_int(audit_feeds(a), 0, "no feed");
	start();
	benign(INDICATOR_IPV6, "::/0", "x", "cdn");
	benign(INDICATOR_IPV4, "0.0.0.0/0", "x", "vendor");
	bad(INDICATOR_IPV4, "255.255.255.254", "f");
	bad(INDICATOR_IPV6, "ffff::1", "f");
	if (audit_end(a) < 0)
		abort();
	is_int(feed("f")->addresses[BENIGN_CDN].below, 2, "everything is inside everything");
	is_int(feed("f")->addresses[BENIGN_VENDOR].below, 1, "all of IPv4");
	start();
	char name[32];
	for (int k = 0; k < 1000; k++) {
		snprintf(name, sizeof(name), "feed%d", k);
		bad(INDICATOR_DOMAIN, "a.example", name);
	}
	if (audit_end(a) < 0)
		abort();
	is_int(audit_feeds(a), 1000, "many feeds");
	is_int(audit_shared(a, feed("feed0"), feed("feed255")), 1, "the first ones compared");
	is_int(audit_shared(a, feed("feed0"), feed("feed256")), 0, "the others not");
	is_int(audit_single(a), 0, "one value of a thousand sources");
}

static int on_claim(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)ctx;
	(void)line;
	return i->side == INDICATOR_BENIGN ? audit_benign(a, i) : audit_bad(a, i);
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

static bool feed_file(const char *shared, const char *name, const char *source)
{
	const struct intel_sink sink = { NULL, on_claim, on_reject };
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct intel_result r;
	struct fault f = FAULT_INIT;
	AUTO_BUF struct buf b = BUF_INIT(128u << 20);
	char path[600];

	snprintf(path, sizeof(path), "%s/intel/%s", shared, name);
	o.source = source;
	if (file_read(path, &b, 128u << 20, NULL) < 0)
		return false;
	if (intel_read(buf_span(&b), path, &o, &sink, &r, &f) < 0)
		diag("%s", f.text);
	return true;
}

/* What was measured on these feeds by other means (docs/intel-weigh.md says what is counted). */
static void real(void)
{
	const char *shared = getenv("SHARED") ? getenv("SHARED") : "../shared/data";
	char path[600];
	struct dirent *e;

	snprintf(path, sizeof(path), "%s/intel/warninglists", shared);
	DIR *d = getenv("SANITIZED") ? NULL : opendir(path);
	if (!d) {
		tap_skip("the public feeds", "../shared/data is not there, or a sanitizer is");
		return;
	}
	start();
	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "warninglists/%s/list.json", e->d_name);
		if (e->d_name[0] != '.')
			(void)feed_file(shared, path, NULL);
	}
	closedir(d);
	ok(feed_file(shared, "maltrail-trails.txt", "maltrail"), "maltrail's trails");
	ok(feed_file(shared, "ipsum.txt", "ipsum"), "ipsum");
	is_int(audit_end(a), 0, "audited");
	const struct audit_feed *ipsum = feed("ipsum"), *maltrail = feed("maltrail");
	is_int(ipsum->entries, 120430, "ipsum's addresses");
	is_int(ipsum->any_address.below, 50303, "41.8 %% of them inside the lists' ranges");
	double top = 100.0 * (double)maltrail->names[BENIGN_TOP_SITE].below /
	    (double)maltrail->kinds[INDICATOR_DOMAIN];
	diag("%llu of maltrail's %llu domains below a top site, %llu on: %.2f %%",
	    (unsigned long long)maltrail->names[BENIGN_TOP_SITE].below,
	    (unsigned long long)maltrail->kinds[INDICATOR_DOMAIN],
	    (unsigned long long)maltrail->names[BENIGN_TOP_SITE].on, top);
	/* 11.57 % below a name of cloudflare-top100k alone, 11.68 % below one of any such list. */
	ok(top > 11.6 && top < 11.8, "11.7 %% of maltrail's domains below a top site");
}

int main(void)
{
	counts();
	edges();
	real();
	a = audit_free(a);
	return tap_done();
}
