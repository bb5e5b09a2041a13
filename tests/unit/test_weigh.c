/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "intel/poison.h"
#include "intel/weigh.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW (1700000000 * TS_SECOND)

static struct indicator claim(const char *source, int confidence)
{
	return (struct indicator){ .type = INDICATOR_DOMAIN, .source = source,
		.confidence = confidence, .valid_from = TS_NONE, .valid_until = TS_FOREVER,
		.first_seen = TS_NONE, .last_seen = TS_NONE };
}

static struct indicator benign(const char *list, const char *category)
{
	struct indicator i = claim(list, 50);

	i.side = INDICATOR_BENIGN;
	i.category = category;
	return i;
}

/* One bad claim of 90 on value, found by how for seen, and at most one benign one. */
static struct weighing weigh(const char *value, enum intel_how how, const char *seen,
    const char *on, enum intel_how covers, const char *category)
{
	struct indicator bad = claim("feed", 90), good = benign("list", category);
	struct weigh w;
	struct weighing out;

	weigh_begin(&w, NULL, INDICATOR_DOMAIN, value, how, span_str(seen), NOW);
	weigh_claim(&w, &bad);
	if (on)
		weigh_benign(&w, on, covers, &good);
	weigh_end(&w, &out);
	return out;
}

static void matches(void)
{
	struct weighing o = weigh("evil.example", INTEL_SAME, "evil.example", NULL, 0, NULL);

	is_str(weigh_verdict_name(o.verdict), "match", "a claim is a match");
	is_int(o.confidence, 90, "as sure as its source");
	ok(o.block, "and may be blocked");
	o = weigh("evil.example", INTEL_PARENT, "a.evil.example.", NULL, 0, NULL);
	is_str(weigh_verdict_name(o.verdict), "match", "a name below it matches");
	struct weigh w;
	weigh_begin(&w, NULL, INDICATOR_DOMAIN, "x.example", INTEL_SAME, SPAN_NONE, NOW);
	weigh_end(&w, &o);
	is_int(o.verdict, WEIGH_NONE, "no claim, no verdict");
	ok(!o.block && !o.confidence, "and nothing to block");
}

/* SUNBURST's C2 is on public top-site lists. */
static void never_silence(void)
{
	static const struct {
		const char *category;
		int confidence;
	} t[] = { { "sinkhole", 90 }, { "hosting", 63 }, { "cdn", 54 }, { "scanner", 45 },
		{ "top-site", 36 }, { "vendor", 27 }, { "resolver", 27 }, { "invalid", 9 },
		{ "made up", 27 } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct weighing o = weigh("avsvmcloud.com", INTEL_SAME, "avsvmcloud.com",
		    "avsvmcloud.com", INTEL_SAME, t[i].category);
		is_str(weigh_verdict_name(o.verdict), "match", "on a list of %s: still a hit",
		    t[i].category);
		is_int(o.confidence, t[i].confidence, "with less confidence");
		is_int(o.claimed, 90, "its source's stays known");
		ok(!o.block, "never blocked");
		is_str(o.benign_list, "list", "the list is named");
	}
	struct weighing o = weigh("avsvmcloud.com", INTEL_PARENT, "x.appsync-api.avsvmcloud.com",
	    "avsvmcloud.com", INTEL_PARENT, "top-site");
	is_str(weigh_verdict_name(o.verdict), "match", "names below it, too");
	o = weigh("3cx.com", INTEL_SAME, "3cx.com", "3cx.com", INTEL_SAME, "own");
	is_str(weigh_verdict_name(o.verdict), "held", "one's own is held");
	is_str(o.why, "the organisation's own", "with a reason");
	is_int(o.confidence, 0, "without confidence");
}

static void the_strongest_counts(void)
{
	struct indicator bad = claim("feed", 80), other = claim("feed2", 60);
	struct indicator top = benign("top", "top-site"), cdn = benign("cdn", "cdn");
	struct indicator gone = benign("old", "own");
	struct weigh w;
	struct weighing o;

	gone.valid_until = NOW;
	weigh_begin(&w, NULL, INDICATOR_DOMAIN, "a.example", INTEL_SAME, SPAN_NONE, NOW);
	weigh_claim(&w, &other);
	weigh_claim(&w, &bad);
	weigh_benign(&w, "a.example", INTEL_SAME, &cdn);
	weigh_benign(&w, "a.example", INTEL_SAME, &top);
	weigh_benign(&w, "a.example", INTEL_SAME, &cdn);
	weigh_benign(&w, "a.example", INTEL_SAME, &gone);
	weigh_end(&w, &o);
	is_int(o.claimed, 80, "the surest source");
	is_int(o.sources, 2, "of two");
	is_int(o.benign, BENIGN_TOP_SITE, "the strongest category");
	is_int(o.benign_lists, 3, "of three lists; one that is over does not count");
	is_str(o.benign_list, "top", "named");
	is_int(o.confidence, 32, "lowered once");
}

static void tenants(void)
{
	static const struct {
		const char *value, *seen, *on;
		enum weigh_verdict want;
	} t[] = {
		{ "github.io", "evil.github.io", NULL, WEIGH_TENANT },
		{ "github.io", "a.evil.github.io", NULL, WEIGH_TENANT },
		{ "evil.github.io", "a.evil.github.io", NULL, WEIGH_MATCH },
		{ "amazonaws.com", "b.s3.amazonaws.com", NULL, WEIGH_TENANT },
		{ "amazonaws.com", "s3.amazonaws.com", NULL, WEIGH_MATCH },
		{ "amazonaws.com", "b.s3.eu-west-1.amazonaws.com", NULL, WEIGH_TENANT },
		{ "b.s3-us-west-2.amazonaws.com", "x.b.s3-us-west-2.amazonaws.com", NULL, WEIGH_MATCH },
		{ "s3-us-west-2.amazonaws.com", "b.s3-us-west-2.amazonaws.com", NULL, WEIGH_TENANT },
		{ "dyn.example", "host.dyn.example", "dyn.example", WEIGH_TENANT },
		{ "dyn.example", "x.host.dyn.example", "dyn.example", WEIGH_TENANT },
		{ "host.dyn.example", "x.host.dyn.example", "dyn.example", WEIGH_MATCH },
		{ "example", "host.dyn.example", "dyn.example", WEIGH_TENANT },
		{ "xgithub.io", "a.xgithub.io", NULL, WEIGH_MATCH },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(weigh_verdict_name(weigh(t[i].value, INTEL_PARENT, t[i].seen, t[i].on,
		    INTEL_PARENT, "hosting").verdict), weigh_verdict_name(t[i].want),
		    "%s by a claim on %s", t[i].seen, t[i].value);
	struct weighing o = weigh("github.io", INTEL_SAME, "github.io", NULL, 0, NULL);
	is_int(o.verdict, WEIGH_MATCH, "the name itself");
	o = weigh("dyn.example", INTEL_SAME, "dyn.example", "dyn.example", INTEL_SAME, "hosting");
	is_int(o.verdict, WEIGH_MATCH, "the listed name itself");
	ok(!o.block, "but not blocked");
	is_int(o.confidence, 63, "and a little less sure");
	o = weigh("host.dyn.example", INTEL_SAME, "host.dyn.example", "dyn.example", INTEL_PARENT,
	    "hosting");
	ok(o.block && o.confidence == 90, "a tenant that is bad itself may be blocked");
	o = weigh("evil.github.io", INTEL_SAME, "evil.github.io", "github.io", INTEL_PARENT, "top-site");
	ok(o.block && o.confidence == 90, "its house is popular: that says nothing of it");
	o = weigh("evil.github.io", INTEL_SAME, "evil.github.io", "evil.github.io", INTEL_SAME,
	    "top-site");
	is_int(o.confidence, 36, "it is popular itself");
	o = weigh("evil.github.io", INTEL_SAME, "evil.github.io", "github.io", INTEL_PARENT, "own");
	is_int(o.verdict, WEIGH_HELD, "all of it is one's own");
}

static void ends(void)
{
	struct indicator old = claim("old", 95), live = claim("live", 40);
	struct weigh w;
	struct weighing o;

	old.valid_until = NOW;
	weigh_begin(&w, NULL, INDICATOR_DOMAIN, "a.example", INTEL_SAME, SPAN_NONE, NOW);
	weigh_claim(&w, &old);
	weigh_end(&w, &o);
	is_int(o.verdict, WEIGH_EXPIRED, "only claims that are over");
	is_int(o.confidence, 95, "what it was worth");
	ok(!o.block, "not blocked");
	for (int order = 0; order < 2; order++) {
		weigh_begin(&w, NULL, INDICATOR_DOMAIN, "a.example", INTEL_SAME, SPAN_NONE, NOW);
		weigh_claim(&w, order ? &live : &old);
		weigh_claim(&w, order ? &old : &live);
		weigh_end(&w, &o);
		is_int(o.verdict, WEIGH_MATCH, "one is in force");
		is_int(o.confidence, 40, "that one's confidence");
	}
	weigh_begin(&w, NULL, INDICATOR_DOMAIN, "a.example", INTEL_SAME, SPAN_NONE, NOW - 1);
	weigh_claim(&w, &old);
	weigh_end(&w, &o);
	is_int(o.verdict, WEIGH_MATCH, "observed while it was in force");
}

static void ageing(void)
{
	const struct weigh_rules *r = &weigh_rules_default;
	struct indicator i = claim("s", 80);

	is_int(weigh_aged(r, &i, NOW), 80, "no date: it does not age");
	i.last_seen = NOW;
	is_int(weigh_aged(r, &i, NOW), 80, "fresh");
	is_int(weigh_aged(r, &i, NOW - TS_DAY), 80, "observed before it was last seen");
	i.type = INDICATOR_IPV4;
	is_int(weigh_aged(r, &i, NOW + 30 * TS_DAY), 40, "an address after a quarter of its life");
	is_int(weigh_aged(r, &i, NOW + 120 * TS_DAY), 8, "at the end of it: the floor");
	is_int(weigh_aged(r, &i, NOW + 9000 * TS_DAY), 8, "long after");
	i.category = "Mass-SCANner";
	is_int(weigh_aged(r, &i, NOW + 7 * TS_DAY), 40, "a scanner ages faster");
	i.category = "phishing";
	i.type = INDICATOR_URL;
	is_int(weigh_aged(r, &i, NOW + 15 * TS_DAY), 40, "phishing, too");
	i.type = INDICATOR_SHA256;
	is_int(weigh_aged(r, &i, NOW + 9000 * TS_DAY), 80, "a digest does not age");
	i.type = INDICATOR_URL;
	i.category = NULL;
	i.last_seen = TS_NONE;
	i.first_seen = NOW;
	ok(weigh_aged(r, &i, NOW + 100 * TS_DAY) < 80, "first seen counts where last seen is unknown");
	int before = 81, wrong = 0;
	for (int day = 0; day < 1000; day++) {
		int now = weigh_aged(r, &i, NOW + day * TS_DAY);
		wrong += now > before || now < 8 || now > 80;
		before = now;
	}
	is_int(wrong, 0, "it only ever falls, between what was claimed and the floor");
}

static int load(const char *text, struct weigh_rules *r, struct fault *f)
{
	char path[] = "/tmp/weigh-XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		abort();
	int rc = weigh_rules_load(r, path, f);
	unlink(path);
	return rc;
}

static void rules(void)
{
	static const char *const bad[] = { "", "version: 2\nrules: []\n", "rules: []\n",
		"version: 1\nrules: {}\n", "version: 1\nrules: [{}]\n", "version: 1\nextra: 1\nrules: []\n",
		"version: 1\nrules: [{life: 1}]\n", "version: 1\nrules: [{life: -3d}]\n",
		"version: 1\nrules: [{life: 3d, speed: 0}]\n", "version: 1\nrules: [{life: 3d, speed: 11}]\n",
		"version: 1\nrules: [{life: 3d, floor: 101}]\n", "version: 1\nrules: [{life: 3d, types: ip}]\n",
		"version: 1\nrules: [{life: 3d, types: [nonsense]}]\n",
		"version: 1\nrules: [{life: 3d, category: ''}]\n",
		"version: 1\nrules: [{life: 3d, category: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]\n" };
	struct weigh_rules r, untouched = { .n = 7 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fault f = FAULT_INIT;
		r = untouched;
		ok(load(bad[i], &r, &f) < 0 && f.text[0] && r.n == 7, "refused: %s", f.text);
	}
	is_int(load("version: 1\nrules: [{types: [ipv4, sha256], life: never, category: c2}]\n", &r,
	    NULL), 0, "a rule");
	is_int(r.n, 1, "one");
	ok(r.rule[0].types == (1u << INDICATOR_IPV4 | 1u << INDICATOR_SHA256) && !r.rule[0].life &&
	    !strcmp(r.rule[0].category, "c2"), "as written");
	struct fault f = FAULT_INIT;
	is_int(weigh_rules_load(&r, "share/intel/ageing.yaml", &f), 0, "the file that is shipped %s", f.text);
	int wrong = r.n != weigh_rules_default.n;
	for (size_t i = 0; i < r.n && !wrong; i++) {
		const struct weigh_rule *a = &r.rule[i], *b = &weigh_rules_default.rule[i];
		wrong += a->types != b->types || strcmp(a->category, b->category) != 0 ||
		    a->life != b->life || a->speed != b->speed || a->floor != b->floor;
	}
	is_int(wrong, 0, "says what is built in");
}

static void poison(void)
{
	static const struct {
		enum indicator_type type;
		const char *value;
		enum poison want;
	} t[] = {
		{ INDICATOR_DOMAIN, "co.uk", POISON_HELD },
		{ INDICATOR_DOMAIN, "com.br", POISON_HELD },
		{ INDICATOR_DOMAIN, "go.jp", POISON_HELD },
		{ INDICATOR_DOMAIN, "t.co", POISON_NONE },
		{ INDICATOR_DOMAIN, "evil.co.uk", POISON_NONE },
		{ INDICATOR_DOMAIN, "co.com", POISON_NONE },
		{ INDICATOR_DOMAIN, "printer.local", POISON_HELD },
		{ INDICATOR_DOMAIN, "localhost.localdomain", POISON_HELD },
		{ INDICATOR_DOMAIN, "1.0.0.127.in-addr.arpa", POISON_HELD },
		{ INDICATOR_DOMAIN, "notlocal.example", POISON_NONE },
		{ INDICATOR_DOMAIN, "xlocal.com", POISON_NONE },
		{ INDICATOR_DOMAIN, "example.com", POISON_HELD },
		{ INDICATOR_DOMAIN, "evil.example.com", POISON_NONE },
		{ INDICATOR_DOMAIN, "evil.example", POISON_NONE },
		{ INDICATOR_DOMAIN, "abc.onion", POISON_NONE },
		{ INDICATOR_IPV4, "10.1.2.3", POISON_PRIVATE },
		{ INDICATOR_IPV4, "11.1.2.3", POISON_NONE },
		{ INDICATOR_IPV4, "172.16.0.0/12", POISON_PRIVATE },
		{ INDICATOR_IPV4, "172.15.255.255", POISON_NONE },
		{ INDICATOR_IPV4, "172.32.0.0", POISON_NONE },
		{ INDICATOR_IPV4, "172.0.0.0/8", POISON_NONE },
		{ INDICATOR_IPV4, "192.168.0.0/24", POISON_PRIVATE },
		{ INDICATOR_IPV4, "100.127.255.255", POISON_PRIVATE },
		{ INDICATOR_IPV4, "100.128.0.0", POISON_NONE },
		{ INDICATOR_IPV4, "169.254.1.1", POISON_HELD },
		{ INDICATOR_IPV4, "224.0.0.251", POISON_HELD },
		{ INDICATOR_IPV4, "255.1.1.1", POISON_HELD },
		{ INDICATOR_IPV4, "192.0.2.1", POISON_NONE },
		{ INDICATOR_IPV4, "8.8.8.8", POISON_NONE },
		{ INDICATOR_IPV6, "fe80::1", POISON_HELD },
		{ INDICATOR_IPV6, "fd00::/8", POISON_PRIVATE },
		{ INDICATOR_IPV6, "ff02::fb", POISON_HELD },
		{ INDICATOR_IPV6, "2001:db8::1", POISON_NONE },
		{ INDICATOR_IP_PORT, "192.168.1.1:80", POISON_PRIVATE },
		{ INDICATOR_IP_PORT, "[fe80::1]:80", POISON_HELD },
		{ INDICATOR_IP_PORT, "192.0.2.1:80", POISON_NONE },
		{ INDICATOR_URL, "http://192.168.1.1:8080/x", POISON_PRIVATE },
		{ INDICATOR_URL, "http://u@printer.local/x", POISON_HELD },
		{ INDICATOR_URL, "http://[fe80::1]/x", POISON_HELD },
		{ INDICATOR_URL, "http://evil.example/10.0.0.1", POISON_NONE },
		{ INDICATOR_URL, "evil.co.uk/x", POISON_NONE },
		{ INDICATOR_EMAIL, "root@localhost.localdomain", POISON_HELD },
		{ INDICATOR_EMAIL, "a@evil.example", POISON_NONE },
		{ INDICATOR_SHA256, "00", POISON_NONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *why;
		enum poison p = poison_of(t[i].type, t[i].value, &why);
		ok(p == t[i].want && !why == (p == POISON_NONE), "%s: %s", t[i].value, why ? why : "-");
	}
	struct indicator bad = claim("case", 80);
	struct weigh_rules own = weigh_rules_default;
	struct weigh w;
	struct weighing o;
	for (int deliberate = 0; deliberate < 2; deliberate++) {
		own.deliberate = deliberate;
		weigh_begin(&w, &own, INDICATOR_IPV4, "10.1.2.3", INTEL_SAME, SPAN_NONE, NOW);
		weigh_claim(&w, &bad);
		weigh_end(&w, &o);
		is_int(o.verdict, deliberate ? WEIGH_MATCH : WEIGH_HELD, "a private address");
	}
	ok(span_eq_str(poison_hosting(SPAN_LIT("a.b.github.io")), "github.io"), "hosting above");
	is_int(poison_hosting(SPAN_LIT("example.com")).n, 0, "none");
	is_int(poison_hosting(SPAN_LIT("")).n, 0, "of nothing");
}

static void lists(void)
{
	static const struct {
		const char *name;
		enum benign_category want;
	} t[] = { { "cloudflare-top100k", BENIGN_TOP_SITE }, { "cloudflare", BENIGN_CDN },
		{ "cisco_top20k", BENIGN_TOP_SITE }, { "public-dns-v4", BENIGN_RESOLVER },
		{ "rfc1918", BENIGN_INVALID }, { "sinkholes", BENIGN_SINKHOLE },
		{ "censys-scanning", BENIGN_SCANNER }, { "dynamic-dns", BENIGN_HOSTING },
		{ "url-shortener", BENIGN_HOSTING }, { "microsoft-azure", BENIGN_CDN },
		{ "microsoft", BENIGN_VENDOR }, { "second-level-tlds", BENIGN_SUFFIX },
		{ "tlds", BENIGN_SUFFIX }, { "mozilla-CA", BENIGN_VENDOR }, { "own", BENIGN_OWN },
		{ "Our own list of Public DNS servers", BENIGN_RESOLVER }, { "", BENIGN_VENDOR } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(benign_category_name(benign_of_list(span_str(t[i].name))),
		    benign_category_name(t[i].want), "list \"%s\"", t[i].name);
	for (enum benign_category c = BENIGN_SINKHOLE; c < BENIGN_CATEGORIES; c++)
		is_int(benign_category_of(span_str(benign_category_name(c))), c, "category %s",
		    benign_category_name(c));
	struct indicator i = benign("tlds", NULL);
	is_int(benign_of(&i), BENIGN_SUFFIX, "without a category: by its source");
}

int main(void)
{
	lists();
	matches();
	never_silence();
	the_strongest_counts();
	tenants();
	ends();
	ageing();
	rules();
	poison();
	return tap_done();
}
