/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Ours against jansson (JSON_REJECT_DUPLICATES, JSON_DECODE_ANY): on texts damaged by a generator
 * with a fixed seed, and on every .json in ../shared/data, both take it or both refuse it, and what
 * both take means the same. The differences that are meant:
 *   - jansson refuses integers beyond 64 bits and reals beyond double; we keep their text;
 *   - we refuse more than JSON_DEPTH_MAX levels and keys over JSON_KEY_MAX bytes.
 */

#include "base/file.h"
#include "peer.h"
#include "tap.h"
#include "wire/json.h"

#include <errno.h>
#include <ftw.h>

static int disagreed, both_take, both_refuse, meant;

/* The canonical form of a text that we take; NULL if it holds what has none. */
static const char *canonical(struct span text, struct buf *out)
{
	AUTO_ARENA struct arena a = ARENA_INIT(256u << 20);
	struct json_doc d;

	if (json_doc_parse(&d, text, &a) != 0 || json_canonical(out, json_root(&d), &a, NULL) != 0)
		return NULL;
	return buf_str(out);
}

static bool same_meaning(struct span text)
{
	AUTO_BUF struct buf ours = BUF_INIT(256u << 20), theirs = BUF_INIT(256u << 20);
	const char *o = canonical(text, &ours);
	AUTO_FREE char *dump = o ? peer_json_dump(text) : NULL;

	if (!o)
		return true; /* reals: nothing to compare by */
	const char *t = dump ? canonical(span_str(dump), &theirs) : NULL;
	return t && strcmp(o, t) == 0;
}

static void compare(struct span text, const char *name)
{
	AUTO_ARENA struct arena a = ARENA_INIT(256u << 20);
	struct json_doc d;
	char why[160] = "";
	int err = json_doc_parse(&d, text, &a);
	bool theirs = peer_json_accepts(text, why);

	if ((err == 0) == theirs) {
		*(theirs ? &both_take : &both_refuse) += 1;
		if (!theirs || same_meaning(text))
			return;
		snprintf(why, sizeof(why), "different meaning");
	}
	if ((err == JSON_E_DEPTH || err == JSON_E_SIZE) ||
	    (err == 0 && (strstr(why, "too big") || strstr(why, "real number overflow")))) {
		meant++;
		return;
	}
	if (disagreed++ < 10)
		diag("%s: ours %d at %zu, jansson \"%s\": %s", name, err, d.err_off, why,
		    QUOTE(text));
}

static uint32_t seed = 20260101;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

static const char *const seeds[] = {
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"app.exe\",\"digest\":{\"sha256\":"
	"\"59e1edf4d82fae4978e97512b0331b7eb21dd4b838b850ba46794d9c7a2c0983\"}}],\"predicate\":{}}",
	"[0,-0,1,-1,10,1.5,-2.25e10,1E-5,0.1e+3,9223372036854775807,-9223372036854775808,123456789012345678]",
	"[\"\",\"a\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e9\\u20ac\\ud83d\\ude00\",\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]",
	"{\"a\":1,\"b\":{\"a\":1,\"b\":{\"a\":1,\"b\":2}},\"\\u0063\":[{\"a\":1},{\"a\":2}],\"\":null,\"d\":true,"
	"\"e\":false}",
	" \t\r\n[ true , false , null , { \"k\" : [ ] , \"l\" : { } } ] \n",
	"\"top\"", "12", "null", "[[[[[[[[[[1]]]]]]]]]]", "{\"a\\\\\":1,\"a\\\"\":2,\"\\u0061\\u0062\":3,\"ab\\u0000\":4}",
	"{\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":9,\"k10\":10,\"k11\":11,"
	"\"k12\":12,\"k13\":13,\"\\u006b14\":14,\"k15\":15}",
};

static const char *const tokens[] = { "\"", "\\", "\\u", "\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00", "{", "}",
	"[", "]", ",", ":", "0", "-", "1e5", ".", "e", "+", "true", "null", "nan", " ", "\n", "\t", "\x01", "\x7f",
	"\xc3\xa9", "\xed\xa0\x80", "\xc0\x80", "\xff", "\xef\xbb\xbf", "\xf4\x90\x80\x80", "\"a\":1", "\"\\u0061\":1",
	"99999999999999999999", "1e999", "\"k3\":0,", "//" };

/* One to four changes: a byte, a cut, a piece doubled, a token put in. */
static size_t damage(uint8_t *p, size_t n, size_t max)
{
	for (uint32_t k = 1 + rnd(4); k; k--) {
		size_t at = rnd((uint32_t)n + 1), len = n - at ? rnd((uint32_t)(n - at < 12 ? n - at : 12)) + 1 : 0;
		const char *t = tokens[rnd(ARRAY_LEN(tokens))];
		switch (rnd(4)) {
		case 0:
			if (at < n)
				p[at] = rnd(2) ? (uint8_t)rnd(256) : (uint8_t)t[0];
			break;
		case 1:
			memmove(p + at, p + at + len, n - at - len);
			n -= len;
			break;
		case 2:
			if (n + len > max)
				break;
			memmove(p + at + len, p + at, n - at);
			n += len;
			break;
		default:
			if (n + strlen(t) > max)
				break;
			memmove(p + at + strlen(t), p + at, n - at);
			memcpy(p + at, t, strlen(t));
			n += strlen(t);
		}
	}
	return n;
}

static void test_generated(void)
{
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		compare(span_str(seeds[i]), "seed");
	for (int i = 0; i < 30000; i++) {
		const char *s = seeds[rnd(ARRAY_LEN(seeds))];
		uint8_t text[1024];
		size_t n = strlen(s);
		memcpy(text, s, n);
		n = damage(text, n, sizeof(text));
		AUTO_FREE uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, text, n);
		compare(span_of(copy, n), "generated");
	}
	is_int(disagreed, 0, "30,000 generated texts");
	ok(both_take > 2000 && both_refuse > 2000 && meant > 10, "of which %d taken, %d refused, %d meant", both_take,
	    both_refuse, meant);
}

static int files;

static int file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	struct file_map m;

	if (flag != FTW_F || !span_ends(span_str(path), SPAN_LIT(".json")))
		return 0;
	if (file_map_open(&m, path, NULL) == 0) {
		files++;
		compare(m.s, path);
		file_map_close(&m);
	}
	return 0;
}

static void test_real(void)
{
	disagreed = both_take = both_refuse = meant = 0;
	if (nftw("../shared/data", file, 16, FTW_PHYS) < 0 || !files) {
		tap_skip("real JSON files", "no ../shared/data");
		return;
	}
	is_int(disagreed, 0, "%d real files, %d taken", files, both_take);
	ok(both_take > files / 2, "most of them are JSON");
}

int main(void)
{
	if (!peer_json_present())
		tap_skip_all("built without libjansson-dev");
	test_generated();
	test_real();
	return tap_done();
}
