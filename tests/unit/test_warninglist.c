/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "base/buf.h"
#include "base/file.h"
#include "intel/intel.h"
#include "intel/weigh.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct buf got = BUF_INIT(1u << 20);
static struct {
	uint64_t claims, rejects, unmatched, wrong;
} all;

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)ctx;
	buf_printf(&got, "%s=%s%s %s/%s @%llu\n", indicator_type_name(i->type), i->value,
	    i->exact ? "!" : "", i->source, i->category ? i->category : "",
	    (unsigned long long)line);
	return i->side == INDICATOR_BENIGN ? 0 : -EINVAL;
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	(void)ctx;
	buf_printf(&got, "%s %.*s: %s @%llu\n", r->kind == INTEL_UNMATCHED ? "?" : "!", SPAN_ARG(r->value),
	    r->reason, (unsigned long long)r->line);
	return 0;
}

static const char *read_named(const char *name, struct span text)
{
	const struct intel_sink sink = { NULL, on_indicator, on_reject };
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct intel_result r;
	struct fault f = FAULT_INIT;

	o.format = INTEL_WARNINGLIST;
	buf_reset(&got);
	buf_puts(&got, "");
	int rc = intel_read(text, name, &o, &sink, &r, &f);
	return rc < 0 ? f.text[0] ? buf_reset(&got), buf_puts(&got, f.text), buf_str(&got) : "no words" :
			buf_str(&got);
}

static const char *read_text(const char *text)
{
	return read_named("w/list.json", span_str(text));
}

static void good(void)
{
	is_str(read_text("{\"name\":\"N\",\"type\":\"string\",\"matching_attributes\":[\"domain\"],\n"
			 "\"list\":[\"A.com\",\n\".b.com\",\"*.c.com\",\"com\",\"x.exe\",\"1.2.3.4\",\"\"]}"),
	    "domain=a.com! w/vendor @2\n"
	    "domain=b.com w/vendor @3\n"
	    "domain=c.com w/vendor @3\n"
	    "domain=com! w/vendor @3\n"
	    "domain=x.exe! w/vendor @3\n"
	    "! 1.2.3.4: not a domain: the last label is all digits (an address?) @3\n"
	    "! : an empty value @3\n", "a list of names");
	is_str(read_named("tranco10k/list.json", SPAN_LIT("{\"list\":[\"a.com\"],\"type\":\"hostname\"}")),
	    "domain=a.com tranco10k/top-site @1\n", "hostname: names below it, too; the folder names it");
	is_str(read_named("x.json", SPAN_LIT("{\"list\":[\"10.0.0.0/8\",\"1.2.3.4\",\"::/0\",\"127.0.0.1\"],"
					     "\"type\":\"cidr\",\"name\":\"RFC 1918\","
					     "\"matching_attributes\":[\"ip-src\"]}")),
	    "ipv4=10.0.0.0/8 RFC 1918/invalid @1\nipv4=1.2.3.4 RFC 1918/invalid @1\n"
	    "ipv6=::/0 RFC 1918/invalid @1\nipv4=127.0.0.1 RFC 1918/invalid @1\n",
	    "networks of any size; its own name");
	is_str(read_text("{\"list\":[\"a.com\"],\"type\":\"string\",\"matching_attributes\":[\"email-src\"]}"),
	    "? a.com: a value of a kind that its warninglist does not match @1\n",
	    "a list of e-mail domains says nothing of domains");
	is_str(read_text("{\"list\":[\"/^x$/\"],\"type\":\"regex\",\"matching_attributes\":[\"domain\"]}"),
	    "? /^x$/: a regular expression of a warninglist @1\n", "a regular expression");
	is_str(read_text("{\"list\":[\"d41d8cd98f00b204e9800998ecf8427e\"],\"type\":\"string\","
			 "\"matching_attributes\":[\"md5\"]}"),
	    "md5=d41d8cd98f00b204e9800998ecf8427e w/vendor @1\n", "what is poison on the bad side");
	is_str(read_text("{\"list\":[\"018E13F0772532CF809BD1B17281867283FC48C6\"],\"type\":\"string\","
			 "\"matching_attributes\":[\"sha1\",\"x509-fingerprint-sha1\"]}"),
	    "sha1=018e13f0772532cf809bd1b17281867283fc48c6 w/vendor @1\n"
	    "cert=018e13f0772532cf809bd1b17281867283fc48c6 w/vendor @1\n",
	    "a certificate: as a file, and where it signs");
	is_str(read_text("{\"list\":[\"sub.a.com\"],\"type\":\"substring\",\"matching_attributes\":[\"domain\"]}"),
	    "domain=sub.a.com w/vendor @1\n", "contains: what can be looked up of it");
	is_str(read_named("second-level-tlds/list.json", SPAN_LIT("{\"list\":[\"co.uk\"],\"type\":\"string\"}")),
	    "domain=co.uk second-level-tlds/suffix @1\n", "hosting is found from a tenant's name");
	is_str(read_text("{\"type\":\"string\",\"list\":[]}"), "", "an empty list");
	is_str(read_text("{\"list\":[\"a\\u002ecom\"],\"type\":\"string\"}"), "domain=a.com! w/vendor @1\n",
	    "escapes");
}

static void bad(void)
{
	static const char *const t[] = { "", "[]", "{}", "{\"list\":{}}", "{\"list\":[1],\"type\":\"string\"}",
		"{\"list\":[[\"a.com\"]],\"type\":\"string\"}", "{\"list\":[],\"type\":\"fancy\"}",
		"{\"list\":[],\"list\":[],\"type\":\"string\"}", "{\"list\":[\"a.com\"]",
		"{\"list\":[],\"type\":\"string\"} x", "{\"list\":[],\"matching_attributes\":{}}",
		"{\"list\":[],\"matching_attributes\":[{}]}", "{\"list\":[\"a\001.com\"]}" };
	static const char whole[] = "{\"name\":\"n\",\"type\":\"cidr\",\"matching_attributes\":[\"ip-src\"],"
				    "\"list\":[\"192.0.2.0/24\"]}";
	int taken = 0;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ok(strncmp(read_text(t[i]), "w/list.json: offset ", 20) == 0, "refused: %s", buf_str(&got));
	for (size_t n = 0; n + 1 < sizeof(whole) - 1; n++)
		taken += strncmp(read_named("w/list.json", span_of(whole, n)), "w/list.json: offset ", 20) != 0;
	is_int(taken, 0, "no prefix of a list is one");
}

static int count(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)ctx;
	(void)line;
	all.claims++;
	all.wrong += i->side != INDICATOR_BENIGN || benign_of(i) == BENIGN_NONE;
	return 0;
}

static int count_reject(void *ctx, const struct intel_reject *r)
{
	(void)ctx;
	all.rejects += r->kind != INTEL_UNMATCHED;
	all.unmatched += r->kind == INTEL_UNMATCHED;
	if (r->kind != INTEL_UNMATCHED && getenv("VERBOSE"))
		diag("%s: %s", QUOTE(r->value), r->reason);
	return 0;
}

/* Every public list. */
static void real(void)
{
	const char *shared = getenv("SHARED") ? getenv("SHARED") : "../shared/data";
	const struct intel_sink sink = { NULL, count, count_reject };
	char path[600];
	struct dirent *e;
	int lists = 0, failed = 0;

	snprintf(path, sizeof(path), "%s/intel/warninglists", shared);
	DIR *d = opendir(path);
	if (!d) {
		tap_skip("the public warninglists", "../shared/data is not there");
		return;
	}
	while ((e = readdir(d))) {
		struct intel_opts o = INTEL_OPTS_DEFAULT;
		struct intel_result r;
		struct fault f = FAULT_INIT;
		AUTO_BUF struct buf b = BUF_INIT(64u << 20);
		snprintf(path, sizeof(path), "%s/intel/warninglists/%s/list.json", shared, e->d_name);
		if (e->d_name[0] == '.' || file_read(path, &b, 64u << 20, NULL) < 0)
			continue;
		lists++;
		if (intel_read(buf_span(&b), path, &o, &sink, &r, &f) < 0 ||
		    r.format != INTEL_WARNINGLIST) {
			failed++;
			diag("%s", f.text);
		}
	}
	closedir(d);
	is_int(lists, 136, "the public warninglists");
	is_int(failed, 0, "all are found out to be such, and read");
	diag("%llu claims, %llu rejects, %llu not matched", (unsigned long long)all.claims,
	    (unsigned long long)all.rejects, (unsigned long long)all.unmatched);
	ok(all.claims > 400000, "their values");
	ok(all.rejects < 100, "nearly none refused");
	is_int(all.wrong, 0, "all benign, each of a category");
}

int main(void)
{
	good();
	bad();
	real();
	buf_free(&got);
	return tap_done();
}
