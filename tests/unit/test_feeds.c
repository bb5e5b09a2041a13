/* SPDX-License-Identifier: Apache-2.0 */

/* feeds: the list of feeds as a text; taxii: what needs no server. */

#include "tap.h"
#include "fetch/taxii.h"
#include "intel/feeds.h"
#include "intel/stix_make.h"

#include <errno.h>

static const char good[] =
    "{\"feeds\":[{\"at\":\"2026-11-22T03:00:00Z\",\"benign\":false,\"claims\":7,\"credentials\":\"/"
    "c\","
    "\"etag\":\"\\\"x\\\"\",\"format\":\"csv\",\"keep\":true,\"name\":\"a\",\"named\":true,"
    "\"result\":"
    "\"imported\",\"taxii\":false,\"tlp\":\"amber\",\"url\":\"https://a.example/\"},"
    "{\"confidence\":7,\"name\":\"b\",\"url\":\"https://b.example/\"}]}";

static void round_trip(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	AUTO_BUF struct buf one = BUF_INIT(1u << 16), two = BUF_INIT(1u << 16);
	struct feeds fs = { 0 }, again = { 0 };
	struct fault f = FAULT_INIT;

	ok(feeds_parse(&fs, span_str(good), &a, &f) == 0 && fs.n == 2, "two feeds");
	ok(fs.e[0].keep && fs.e[0].named && fs.e[0].tlp == TLP_AMBER && fs.e[0].claims == 7,
	    "its values");
	ok(strcmp(fs.e[0].etag, "\"x\"") == 0 && fs.e[1].confidence == 7 &&
		fs.e[0].confidence == -1,
	    "texts and numbers");
	feeds_write(&fs, &one);
	ok(feeds_parse(&again, buf_span(&one), &a, &f) == 0, "what is written is read");
	feeds_write(&again, &two);
	ok(span_eq(buf_span(&one), buf_span(&two)), "and the same again");
}

static void hostile(void)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"feeds\":{}}", "{\"feeds\":[1]}",
		"{\"feeds\":[{\"name\":\"a\"}]}", "{\"feeds\":[{\"url\":\"u\"}]}",
		"{\"feeds\":[{\"name\":\"../a\",\"url\":\"u\"}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\",\"x\":1}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\",\"tlp\":\"blue\"}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\",\"format\":\"exe\"}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\",\"confidence\":101}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\",\"keep\":1}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\",\"at\":\"now\"}]}",
		"{\"feeds\":[{\"name\":\"b\",\"url\":\"u\"},{\"name\":\"a\",\"url\":\"u\"}]}",
		"{\"feeds\":[{\"name\":\"a\",\"url\":\"u\"},{\"name\":\"a\",\"url\":\"u\"}]}",
		"{\"feeds\":[],\"more\":1}" };
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	size_t refused = 0;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct feeds fs = { .n = 77 };
		refused += feeds_parse(&fs, span_str(bad[i]), &a, NULL) == -EBADMSG && fs.n == 77;
	}
	ok(refused == ARRAY_LEN(bad), "%zu of %zu bad texts are refused", refused, ARRAY_LEN(bad));
	refused = 0;
	for (size_t n = 0; n < sizeof(good) - 1; n++) {
		struct feeds fs = { 0 };
		refused += feeds_parse(&fs, span_of(good, n), &a, NULL) == -EBADMSG;
	}
	ok(refused == sizeof(good) - 1, "every prefix is refused");
}

static void list(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct feeds fs = { 0 };
	const char *const names[] = { "m", "a", "z" };

	for (size_t i = 0; i < 3; i++) {
		struct feed x = { .name = names[i], .url = "u" };
		ok(feeds_add(&fs, &x, &a) == 0, "added %s", names[i]);
	}
	ok(strcmp(fs.e[0].name, "a") == 0 && strcmp(fs.e[2].name, "z") == 0,
	    "in the order of names");
	feeds_remove(&fs, feeds_find(&fs, "m"));
	ok(fs.n == 2 && !feeds_find(&fs, "m") && feeds_find(&fs, "z") == &fs.e[1], "one less");
	ok(feed_name_ok("abc-1.x_Y") && !feed_name_ok("") && !feed_name_ok(".x") &&
		!feed_name_ok("-x") && !feed_name_ok("a/b") && !feed_name_ok("a b"),
	    "names");
}

static void collections(void)
{
	ok(taxii_is_collection("https://x/api/collections/9/") &&
		taxii_is_collection("https://x/collections/9"),
	    "collections");
	ok(!taxii_is_collection("https://x/api/collections/") &&
		!taxii_is_collection("https://x/") &&
		!taxii_is_collection("https://x/collections/9/objects/") &&
		!taxii_is_collection("https://x/collections/9/?a=b") && !taxii_is_collection(""),
	    "what is none");
}

static void pattern_is(enum indicator_type t, const char *value, const char *want)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	bool put = stix_pattern_put(&b, t, value);
	ok(put == (want != NULL) && strcmp(buf_str(&b), want ? want : "") == 0, "%s %s",
	    indicator_type_name(t), value);
}

static void patterns(void)
{
	char t[TS_TEXT_MAX], id[STIX_ID_MAX], again[STIX_ID_MAX];

	pattern_is(INDICATOR_FILE_NAME, "a'b\\c", "[file:name = 'a\\'b\\\\c']");
	pattern_is(INDICATOR_IPV6, "2001:db8::/32", "[ipv6-addr:value ISSUBSET '2001:db8::/32']");
	pattern_is(INDICATOR_IP_PORT, "[2001:db8::1]:80",
	    "[network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 80]");
	pattern_is(INDICATOR_PATH, "c:/a/b",
	    "[file:name = 'b' AND file:parent_directory_ref.path = 'c:/a']");
	pattern_is(INDICATOR_PATH, "**/b", NULL);
	pattern_is(INDICATOR_JA3, "0", NULL);
	ok(strcmp(stix_time(1 * TS_SECOND + 5 * 1000000 + 999, t), "1970-01-01T00:00:01.005Z") == 0,
	    "three digits");
	ok(strcmp(stix_time(TS_NONE, t), "1970-01-01T00:00:00.000Z") == 0, "a bound");
	stix_id("indicator", SPAN_LIT("x"), id);
	ok(strlen(id) == strlen("indicator--") + 36 && id[11 + 14] == '5' &&
		strcmp(id, stix_id("indicator", SPAN_LIT("x"), again)) == 0,
	    "an id of version 5");
}

int main(void)
{
	round_trip();
	hostile();
	list();
	collections();
	patterns();
	return tap_done();
}
