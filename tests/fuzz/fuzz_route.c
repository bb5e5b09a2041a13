/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The files that people write for the incident room: routes, publishers, case data. Property: what
 * is refused is refused with words and writes nothing; a route that is taken keeps its meaning in
 * the ledger's form; case data that is taken gives documents that are whole, and JSON that parses.
 */

#include "incident/advisory.h"
#include "incident/casedata.h"
#include "incident/route.h"

#include <errno.h>
#include <stdlib.h>

#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int rc, const struct fault *f)
{
	MUST(rc == 0 || rc == -ENOMEM || (rc == -EBADMSG && f->text[0]));
}

static void round_trip(const struct route *r, struct arena *a)
{
	AUTO_BUF struct buf one = BUF_INIT(4u << 20), two = BUF_INIT(4u << 20);
	struct jw w = jw_canonical(&one);
	struct fault f = FAULT_INIT;
	struct route again;
	struct json_doc d;

	route_json(&w, r);
	MUST(json_parse(&d, buf_span(&one), a, &f) == 0);
	MUST(route_decode(&again, json_root(&d), a, &f) == 0);
	w = jw_canonical(&two);
	route_json(&w, &again);
	MUST(span_eq(buf_span(&one), buf_span(&two)));
}

static void routes(struct span text, struct arena *a)
{
	struct routes r = { .n = 77 };
	struct fault f = FAULT_INIT;
	int rc = routes_parse(&r, "f", text, a, &f);

	check(rc, &f);
	MUST(rc == 0 || r.n == 77);
	for (size_t i = 0; rc == 0 && i < r.n; i++)
		round_trip(&r.route[i], a);
}

static void draw(struct facts *x, struct arena *a)
{
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);
	struct fault f = FAULT_INIT;
	struct json_doc d;

	advisory_csaf(&b, x);
	MUST(!buf_err(&b));
	int rc = json_parse(&d, buf_span(&b), a, &f);
	MUST(rc == 0 || rc == -ENOMEM);
	advisory_text(&b, x);
	advisory_html(&b, x);
	advisory_csv(&b, x);
	MUST(!buf_err(&b));
}

static void casedata(struct span text, struct arena *a)
{
	static const char pub_text[] = "version: 1\nname: n\nnamespace: https://a.example\n"
				       "category: vendor\ncontact: c\nid-prefix: P\n"
				       "security-page: https://a.example\n";
	const struct facts_request req = { .status = "draft", .now = 1679443200ll * TS_SECOND };
	const struct incident c = { .id = "2023-0001" };
	struct fault f = FAULT_INIT;
	struct publisher pub;
	struct facts x;

	MUST(publisher_parse(&pub, "p", span_str(pub_text), a, &f) == 0);
	MUST(facts_begin(&x, &c, &pub, &req, a, &f) == 0);
	int rc = casedata_add(&x, "f", text, &f);
	check(rc, &f);
	if (rc == 0 && facts_end(&x) == 0)
		draw(&x, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20), b = ARENA_INIT(64u << 20);
	AUTO_ARENA struct arena c = ARENA_INIT(64u << 20);
	struct publisher p = { .nproduct = 77 };
	struct fault f = FAULT_INIT;
	struct span text = span_of(data, size);

	if (size > 64u << 10)
		return 0;
	routes(text, &a);
	casedata(text, &b);
	int rc = publisher_parse(&p, "f", text, &c, &f);
	check(rc, &f);
	MUST(rc == 0 || p.nproduct == 77);
	return 0;
}
