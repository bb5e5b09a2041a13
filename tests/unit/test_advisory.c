/* SPDX-License-Identifier: Apache-2.0 */

/* Advisories: safe prose, what facts become of what is added, revision numbers, the renderings. */

#include "incident/advisory.h"
#include "incident/casedata.h"
#include "incident/prose.h"
#include "incident/record.h"
#include "tap.h"

#include <errno.h>

#define T0 (1679443200ll * TS_SECOND) /* 2023-03-22 */

static const char pub_text[] =
    "version: 1\nname: Acme\nnamespace: https://acme.example\ncategory: vendor\ncontact: c\n"
    "id-prefix: ACME-SA\nsecurity-page: https://acme.example/s\n";

static void test_prose(void)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{ "plain", "a b", "a b" },
		{ "backslash and markup stay", "C:\\x <b>", "C:\\x <b>" },
		{ "line feed stays, tab is a blank", "a\n\tb", "a\n b" },
		{ "control", "a\x1b[31m\x7f", "a\\x1b[31m\\x7f" },
		{ "not UTF-8", "a\xff\xc3(", "a\\xff\\xc3(" },
		{ "bidi override", "a\xe2\x80\xae", "a\\xe2\\x80\\xae" },
		{ "zero width", "a\xe2\x80\x8b", "a\\xe2\\x80\\x8b" },
		{ "C1 control", "a\xc2\x9b", "a\\xc2\\x9b" },
		{ "letters of the world stay", "Ünïcode 株式会社 💩", "Ünïcode 株式会社 💩" },
		{ "tag character", "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		prose_clean(&b, span_str(rows[i].in));
		is_str(buf_str(&b), rows[i].want, "clean: %s", rows[i].name);
	}
	AUTO_BUF struct buf w = BUF_INIT(4096), h = BUF_INIT(4096);
	prose_wrap(&w, "ab ", "one two\nthree fourteen", 12);
	is_str(buf_str(&w), "ab one two\n   three\n   fourteen\n", "wrapped with a hanging indent");
	prose_html(&h, "<a href=\"x\" id='y'>&");
	is_str(buf_str(&h), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;", "HTML");
}

static void test_urls(void)
{
	static const struct {
		const char *url;
		bool want;
	} rows[] = {
		{ "https://a.example", true },
		{ "http://a.example/x?y=z&w=%20#f", true },
		{ "https://1.2.3.4:8080/", true },
		{ "ftp://a.example", false },
		{ "javascript:alert(1)", false },
		{ "https://", false },
		{ "https:///x", false },
		{ "https://a b", false },
		{ "https://a/\"onload=x", false },
		{ "https://a/<x>", false },
		{ "https://a/%zz", false },
		{ "https://a/%2", false },
		{ "https://a/#b#c", false },
		{ "https://a/\xc3\xbc", false },
		{ "https://a/\n", false },
		{ "https://[::1]/", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(publisher_is_url(rows[i].url), rows[i].want, "URL %s",
		    QUOTE(span_str(rows[i].url)));
}

/* --- facts of a case made by hand --- */

struct made {
	struct arena a;
	struct incident c;
	struct publisher pub;
	struct incident_decision d;
	struct incident_signal s;
	struct fault f;
};

static void make(struct made *m, enum conclusion verdict)
{
	*m = (struct made){ .a = ARENA_INIT(64u << 20) };
	if (publisher_parse(&m->pub, "p", span_str(pub_text), &m->a, &m->f) < 0)
		printf("Bail out! %s\n", m->f.text), exit(2);
	m->d = (struct incident_decision){ .verdict = verdict, .at = T0, .expires = TS_NONE };
	m->s = (struct incident_signal){ .independent = true,
		.reporters = 1,
		.s = { .kind = SIGNAL_DOWNSTREAM_IMPACT,
		    .reporter = "r",
		    .obs_type = "domain",
		    .obs_value = "c2.example",
		    .seen = T0,
		    .learned = T0 + TS_HOUR } };
	m->c = (struct incident){ .id = "2023-0001",
		.signal = &m->s,
		.nsignal = 1,
		.decision = &m->d,
		.ndecision = verdict != CONCLUSION_NONE,
		.decided = verdict != CONCLUSION_NONE };
}

static int begin(struct made *m, struct facts *x, const char *status, ts now)
{
	struct facts_request r = { .status = status, .now = now };
	return facts_begin(x, &m->c, &m->pub, &r, &m->a, &m->f);
}

static void test_status(void)
{
	static const struct {
		enum conclusion verdict;
		enum facts_status want;
	} rows[] = {
		{ CONCLUSION_NONE, FACTS_INVESTIGATING },
		{ CONCLUSION_CONFIRMED, FACTS_AFFECTED },
		{ CONCLUSION_CONTAINED, FACTS_AFFECTED },
		{ CONCLUSION_ACCEPTED_RISK, FACTS_AFFECTED },
		{ CONCLUSION_FALSE_POSITIVE, FACTS_NOT_AFFECTED },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct made m;
		struct facts x;
		make(&m, rows[i].verdict);
		is_int(begin(&m, &x, "draft", T0), 0, "begin");
		is_int(facts_status_of(&x), rows[i].want, "%s: %s",
		    conclusion_name(rows[i].verdict), facts_status_text(rows[i].want));
		arena_free(&m.a);
	}
}

static void test_merge(void)
{
	struct digest d[DIGEST_ALGS] = { 0 }, e[DIGEST_ALGS] = { 0 };
	struct facts_version *v;
	struct made m;
	struct facts x;
	int rc = 0;

	make(&m, CONCLUSION_CONFIRMED);
	rc |= begin(&m, &x, "draft", T0);
	rc |= facts_add_version(&x, "V", "P", "1", FACTS_AFFECTED, &v);
	uint8_t bytes[32] = { 1 };
	d[DIGEST_SHA256] = digest_of(DIGEST_SHA256, bytes);
	e[DIGEST_SHA256] = d[DIGEST_SHA256];
	e[DIGEST_MD5] = digest_of(DIGEST_MD5, bytes);
	rc |= facts_add_file(&x, v, "a.dll", d, false);
	rc |= facts_add_file(&x, v, "b.dll", e, true);
	is_int(v->nfile, 1, "the same digest is the same file");
	ok(v->file[0].reported && digest_is_set(&v->file[0].digest[DIGEST_MD5]),
	    "which knows all that was said of it");
	rc |= facts_add_version(&x, "V", "P", "1", FACTS_FIXED, &v);
	is_int(v->status, FACTS_AFFECTED, "affected stays affected");
	v->recommended = true;
	rc |= facts_add_version(&x, "V", "P", "2", FACTS_FIXED, &v);
	v->recommended = true;
	rc |= facts_add_version(&x, "W", "P", "1", FACTS_INVESTIGATING, NULL);
	rc |= facts_add_indicator(&x, "domain", "c2.example", "one", NULL);
	rc |= facts_add_indicator(&x, "domain", "c2.example", "two", "note");
	rc |= facts_end(&x);
	is_int(rc, 0, "all of it");
	is_int(x.nproduct, 2, "the same name of another vendor is another product");
	is_int(x.bad, 2, "one affected, one being looked into");
	ok(!x.product[0].version[0].recommended, "nobody moves to what is affected");
	is_str(x.move,
	    "P: move to version 2.\n"
	    "P: there is no version to move to yet. Do not install or update it, and stop using "
	    "the versions that are affected until this advisory names one.",
	    "what to do, product by product");
	is_int(x.nindicator, 1, "one indicator");
	is_str(x.indicator[0].source, "one, two", "with everybody who names it");
	is_str(x.indicator[0].note, "note", "and the note");
	is_str(facts_defang(&x, &x.indicator[0]), "c2[.]example", "defanged");
	arena_free(&m.a);
}

static void test_false_positive(void)
{
	struct facts_version *v;
	struct made m;
	struct facts x;
	int rc = 0;

	make(&m, CONCLUSION_FALSE_POSITIVE);
	rc |= begin(&m, &x, "final", T0);
	rc |= facts_add_version(&x, "V", "P", "1", facts_status_of(&x), &v);
	v->recommended = true;
	rc |= facts_end(&x);
	is_int(rc, 0, "a false positive");
	is_int(x.nindicator, 0, "has no indicators");
	is_str(x.move, "Nothing needs to be installed or removed.", "asks nothing of anybody");
	ok(!x.uninstall && !x.product[0].version[0].recommended, "nothing to remove or to move to");
	arena_free(&m.a);
}

/* CSAF 2.0, 3.1.11.1 */
static void test_revisions(void)
{
	static const struct {
		const char *before; /* d: draft, i: interim, f: final */
		const char *status;
		int64_t number;
		size_t history;
	} rows[] = {
		{ "", "draft", 0, 1 },
		{ "", "interim", 1, 1 },
		{ "", "final", 1, 1 },
		{ "ddd", "draft", 0, 1 },
		{ "dd", "interim", 1, 1 },
		{ "i", "draft", 2, 2 },
		{ "idd", "draft", 2, 2 },
		{ "idd", "final", 2, 2 },
		{ "diff", "final", 4, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct incident_advisory v[8] = { 0 };
		struct made m;
		struct facts x;
		make(&m, CONCLUSION_NONE);
		for (size_t k = 0; rows[i].before[k]; k++) {
			char c = rows[i].before[k];
			v[k] = (struct incident_advisory){ .tracking = "OLD-2023-0001",
				.summary = "s",
				.status = c == 'd'   ? "draft"
					  : c == 'i' ? "interim"
						     : "final",
				.date = T0 + (ts)k * TS_DAY };
			m.c.nadvisory++;
		}
		m.c.advisory = v;
		is_int(begin(&m, &x, rows[i].status, T0 + 9 * TS_DAY), 0, "after \"%s\"",
		    rows[i].before);
		is_int(x.number, rows[i].number, "%s after \"%s\" is version %lld", rows[i].status,
		    rows[i].before, (long long)rows[i].number);
		is_int(x.nrevision, rows[i].history, "with %zu in its history", rows[i].history);
		is_str(x.tracking, m.c.nadvisory ? "OLD-2023-0001" : "ACME-SA-2023-0001", "its id");
		if (m.c.nadvisory)
			is_int(begin(&m, &x, rows[i].status, T0 - 1), INCIDENT_REFUSED,
			    "refused before the last one");
		arena_free(&m.a);
	}
}

/* Every rendering of the oddest facts: JSON that parses, markup that is escaped. */
static void test_odd(void)
{
	static const char odd[] = "<script>\"&'\xe2\x80\xae\x01";
	AUTO_BUF struct buf csaf = BUF_INIT(1u << 20), text = BUF_INIT(1u << 20);
	AUTO_BUF struct buf html = BUF_INIT(1u << 20), csv = BUF_INIT(1u << 20);
	struct digest none[DIGEST_ALGS] = { 0 };
	struct facts_version *v;
	struct json_doc doc;
	struct made m;
	struct facts x;
	int rc = 0;

	make(&m, CONCLUSION_CONFIRMED);
	struct facts_request r = {
		.status = "final", .summary = odd, .title = odd, .overview = odd, .now = T0
	};
	rc |= facts_begin(&x, &m.c, &m.pub, &r, &m.a, &m.f);
	rc |= facts_add_version(&x, odd, odd, odd, FACTS_AFFECTED, &v);
	rc |= facts_add_file(&x, v, odd, none, true);
	rc |= facts_set_uninstall(&x, odd, odd, odd);
	rc |= facts_add_indicator(&x, "file-name", odd, odd, "=cmd()");
	rc |= facts_add_event(&x, T0, T0, odd, odd);
	rc |= facts_add_reference(&x, odd, "https://a.example");
	rc |= facts_add_reference(&x, "bad", "javascript:alert(1)");
	rc |= facts_end(&x);
	is_int(rc, 0, "odd facts are facts");
	is_int(x.nreference, 2, "a URL that is none is left out");
	advisory_csaf(&csaf, &x);
	advisory_text(&text, &x);
	advisory_html(&html, &x);
	advisory_csv(&csv, &x);
	rc = json_parse(&doc, buf_span(&csaf), &m.a, &m.f);
	ok(rc == 0, "CSAF is JSON: %s", m.f.text);
	const struct buf *all[] = { &csaf, &text, &html, &csv };
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		is_int(buf_err(all[i]), 0, "form %zu is whole", i);
		ok(!strstr(buf_str(all[i]), "\xe2\x80\xae") && !strchr(buf_str(all[i]), 1),
		    "form %zu has no bidi and no control character", i);
	}
	ok(!strstr(buf_str(&html), "<script"), "no element of theirs in the page");
	ok(strstr(buf_str(&html), "&lt;script&gt;&quot;&amp;&#39;"), "but its text");
	ok(strstr(buf_str(&csv), "\" =cmd()\""), "no formula in the table");
	arena_free(&m.a);
}

static void test_casedata_prefixes(void)
{
	static const char text[] =
	    "case: x\ntitle: t\nvendor: v\nproduct: p\ncve: CVE-2023-29059\naffected:\n"
	    "  - {platform: windows, version: '1', files: [{name: f, md5: "
	    "d41d8cd98f00b204e9800998ecf8427e}]}\nfixed: [{version: '2'}]\n"
	    "timeline: [{at: '2023-03-22', event: e, source: s}]\n"
	    "references: [{name: n, url: 'https://a.example'}]\nuninstall: [{text: u}]\n";
	int silent = 0;

	for (size_t n = 0; n <= sizeof(text) - 1; n++) {
		struct made m;
		struct facts x;
		make(&m, CONCLUSION_NONE);
		int rc = begin(&m, &x, "draft", T0);
		m.f = FAULT_INIT;
		if (rc == 0)
			rc = casedata_add(&x, "c", span_of(text, n), &m.f);
		silent += rc < 0 && !m.f.text[0];
		if (n == sizeof(text) - 1) {
			is_int(rc, 0, "case data: %s", m.f.text);
			is_int(x.nproduct, 2, "a product of a platform, and one of none");
			is_str(x.cve, "CVE-2023-29059", "CVE");
		}
		arena_free(&m.a);
	}
	is_int(silent, 0, "no prefix is refused without words");
}

int main(void)
{
	test_prose();
	test_urls();
	test_status();
	test_merge();
	test_false_positive();
	test_revisions();
	test_odd();
	test_casedata_prefixes();
	return tap_done();
}
