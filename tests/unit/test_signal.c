/* SPDX-License-Identifier: Apache-2.0 */

#include "model/signal.h"
#include "tap.h"

#include <errno.h>

#define HEX "59e1edf4d82fae4978e97512b0331b7eb21dd4b838b850ba46794d9c7a2c0983"

static const char full[] =
	"{\"channel\":\"desktop\",\"confidence\":90,\"evidence\":[\"sha256:" HEX "\",\"sha256:" HEX "\"],"
	"\"kind\":\"downstream-impact\",\"learned\":\"2023-03-29T12:00:00Z\","
	"\"observable\":{\"type\":\"domain\",\"value\":\"a.example\"},\"release\":\"18.12.416\","
	"\"reporter\":\"soc@example\",\"seen\":\"2023-03-22T09:30:00.5Z\",\"source\":\"hunt.dns\","
	"\"subject\":\"sha256:" HEX "\",\"summary\":\"seen \xe2\x82\xac\\n\"}";

static int decode(const char *text, struct signal *s, struct arena *a, struct fault *f)
{
	struct json_doc d;

	if (json_doc_parse(&d, span_str(text), a) != 0)
		abort();
	return signal_decode(s, json_root(&d), a, f);
}

static const char *encode(const struct signal *s, struct buf *b)
{
	struct jw w = jw_canonical(b);

	buf_reset(b);
	signal_json(&w, s);
	return buf_str(b);
}

static void test_roundtrip(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;
	struct signal s;
	static const char min[] = "{\"confidence\":0,\"evidence\":[],\"kind\":\"provenance-gap\"}";

	is_int(decode(full, &s, &a, &f), 0, "all members %s", f.text);
	is_str(encode(&s, &b), full, "encode gives the same bytes");
	ok(s.kind == SIGNAL_DOWNSTREAM_IMPACT && s.confidence == 90 && s.nevidence == 2 &&
	    s.seen == 1679477400500000000 && strcmp(s.obs_value, "a.example") == 0 &&
	    strcmp(s.release, "18.12.416") == 0, "fields");
	is_int(decode("{\"kind\":\"provenance-gap\"}", &s, &a, &f), 0, "the least");
	is_str(encode(&s, &b), min, "encode of the least");
	ok(s.seen == TS_NONE && s.learned == TS_NONE && !s.channel && !digest_is_set(&s.subject), "unset");
	s.learned = TS_FOREVER;
	s.obs_value = "x";
	is_str(encode(&s, &b), min, "what decode would refuse is not written");
	for (enum signal_kind k = SIGNAL_RELEASE_INTEGRITY; k <= SIGNAL_DOWNSTREAM_IMPACT; k++)
		ok(signal_kind_of(span_str(signal_kind_name(k))) == k, "%s", signal_kind_name(k));
	ok(signal_kind_of(SPAN_NONE) == SIGNAL_NONE && signal_kind_of(SPAN_LIT("x")) == SIGNAL_NONE &&
	    signal_kind_name((enum signal_kind)9)[0] == 0, "no kind");
}

static void test_bad(void)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[]", "not an object" }, { "{}", "unknown kind" }, { "{\"kind\":\"\"}", "unknown kind" },
		{ "{\"kind\":\"Provenance-gap\"}", "unknown kind" }, { "{\"kind\":1}", "unknown kind 1" },
		{ "{\"kind\":[\"provenance-gap\"]}", "unknown kind" },
		{ "{\"kind\":\"provenance-gap\",\"extra\":1}", "unknown member \"extra\"" },
		{ "{\"kind\":\"provenance-gap\",\"confidence\":101}", "0 to 100" },
		{ "{\"kind\":\"provenance-gap\",\"confidence\":-1}", "0 to 100" },
		{ "{\"kind\":\"provenance-gap\",\"confidence\":1.5}", "0 to 100" },
		{ "{\"kind\":\"provenance-gap\",\"confidence\":\"9\"}", "0 to 100" },
		{ "{\"kind\":\"provenance-gap\",\"confidence\":4294967296}", "0 to 100" },
		{ "{\"kind\":\"provenance-gap\",\"channel\":1}", "\"channel\" is not a string" },
		{ "{\"kind\":\"provenance-gap\",\"summary\":null}", "\"summary\" is not a string" },
		{ "{\"kind\":\"provenance-gap\",\"seen\":1}", "\"seen\" is not an RFC 3339" },
		{ "{\"kind\":\"provenance-gap\",\"seen\":\"today\"}", "\"seen\" is not an RFC 3339" },
		{ "{\"kind\":\"provenance-gap\",\"learned\":\"\"}", "\"learned\" is not an RFC 3339" },
		{ "{\"kind\":\"provenance-gap\",\"evidence\":\"sha256:" HEX "\"}", "not an array" },
		{ "{\"kind\":\"provenance-gap\",\"evidence\":{\"sha256:" HEX "\":1}}", "not an array" },
		{ "{\"kind\":\"provenance-gap\",\"evidence\":[\"sha256:00\"]}", "not a digest" },
		{ "{\"kind\":\"provenance-gap\",\"evidence\":[null]}", "not a digest: null" },
		{ "{\"kind\":\"provenance-gap\",\"subject\":\"\"}", "not a digest" },
		{ "{\"kind\":\"provenance-gap\",\"subject\":{}}", "not a digest" },
		{ "{\"kind\":\"provenance-gap\",\"observable\":\"x\"}", "observable: offset 38: not an object" },
		{ "{\"kind\":\"provenance-gap\",\"observable\":{}}", "needs \"type\" and" },
		{ "{\"kind\":\"provenance-gap\",\"observable\":{\"type\":\"ip\"}}", "needs \"type\" and" },
		{ "{\"kind\":\"provenance-gap\",\"observable\":{\"value\":\"x\"}}", "needs \"type\" and" },
		{ "{\"kind\":\"provenance-gap\",\"observable\":{\"type\":\"a\",\"value\":1}}", "\"value\" is not" },
		{ "{\"kind\":\"provenance-gap\",\"observable\":{\"type\":\"a\",\"value\":\"b\",\"c\":1}}", "member \"c\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		struct fault f = FAULT_INIT;
		struct signal s = { .confidence = 77 };
		is_int(decode(bad[i].text, &s, &a, &f), -EBADMSG, "bad %zu", i);
		ok(strstr(f.text, "signal") && strstr(f.text, bad[i].says), "bad %zu says: %s", i, f.text);
		ok(s.confidence == 77, "bad %zu writes nothing", i);
	}
}

static void test_limits(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20), small = ARENA_INIT(1 << 20);
	struct fault f = FAULT_INIT;
	struct signal s;
	struct json_doc d;

	for (int n = SIGNAL_EVIDENCE_MAX; n <= SIGNAL_EVIDENCE_MAX + 1; n++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 16);
		buf_puts(&b, "{\"kind\":\"release-integrity\",\"evidence\":[");
		for (int i = 0; i < n; i++)
			buf_printf(&b, "%s\"%s\"", i ? "," : "", HEX);
		buf_puts(&b, "]}");
		is_int(decode(buf_str(&b), &s, &a, &f), n > SIGNAL_EVIDENCE_MAX ? -EBADMSG : 0, "%d digests", n);
	}
	if (json_doc_parse(&d, span_str(full), &small) != 0)
		abort();
	small.max = small.used;
	is_int(signal_decode(&s, json_root(&d), &small, &f), -ENOMEM, "no memory is not a bad signal");
}

int main(void)
{
	test_roundtrip();
	test_bad();
	test_limits();
	return tap_done();
}
