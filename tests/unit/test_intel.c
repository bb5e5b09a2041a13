/* SPDX-License-Identifier: Apache-2.0 */

#include "intel_show.h"

static const char *read_default(const char *text)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	return read_it(span_str(text), &o);
}

static void csv_good(void)
{
	is_str(read_default("type,value,sources,confidence,category,campaign,note,valid_from,"
	    "valid_until,exact\n"
	    "domain,Evil[.]example,volexity| sophos ,90,c2,3cx,\"a, b\",2023-03-30,"
	    "2024-01-01T00:00:00Z,true\n"
	    ",198.51.100.7,,,,,,,,\n"),
	    "2 domain evil.example exact <volexity> 90 c2/3cx/a, b "
	    "2023-03-30T00:00:00Z..2024-01-01T00:00:00Z\n"
	    "2 domain evil.example exact <sophos> 90 c2/3cx/a, b "
	    "2023-03-30T00:00:00Z..2024-01-01T00:00:00Z\n"
	    "3 ipv4 198.51.100.7 <feed.x> 50 // ..\n", "every column, two sources, defaults");
	is_int(result.format, INTEL_CSV, "recognised as CSV");
	is_int(result.records, 2, "two records");
	is_int(result.indicators, 3, "three claims");

	is_str(read_default("VALUE,Color,Size\nevil.example,red,1\n"),
	    "2 domain evil.example <feed.x> 50 // ..\n", "other columns are ignored");
	is_str(result.ignored, "Color, Size", "and named");

	struct intel_opts o = INTEL_OPTS_DEFAULT;
	o.delim = '\t';
	o.no_header = true;
	o.map[INTEL_VALUE] = "2";
	o.source = "feed";
	o.category = "scanner";
	o.confidence = 30;
	is_str(read_it(SPAN_LIT("# comment\nx\t198.51.100.7\ny\t198.51.100.8\n"), &o),
	    "2 ipv4 198.51.100.7 <feed> 30 scanner// ..\n"
	    "3 ipv4 198.51.100.8 <feed> 30 scanner// ..\n", "columns by number, without a header");

	o = INTEL_OPTS_DEFAULT;
	o.map[INTEL_VALUE] = "ioc";
	o.map[INTEL_NOTE] = "value";
	is_str(read_it(SPAN_LIT("value,ioc\nwords,evil.example\n"), &o),
	    "2 domain evil.example <feed.x> 50 //words ..\n", "columns by name");
	is_str(read_default("value,side,tlp,licence,first_seen,last_seen\n"
	    "a.example,benign,TLP:AMBER+STRICT,CC0-1.0,2023-01-01,2023-01-02T00:00:00Z\n"),
	    "2 domain a.example <feed.x> 50 // .. benign tlp:amber+strict licence:CC0-1.0 "
	    "seen 2023-01-01T00:00:00Z..2023-01-02T00:00:00Z\n", "the other columns");
}

#define OWN_WHY \
	"what is the organisation's own is not for a file to say: firebreak intel own add, or --category own"

#define HOUSE_WHY \
	"which names many share is for a list of what is ordinary to say: --benign imports one"

static void csv_times(void)
{
	is_str(read_default("value,first_seen,last_seen\na.example,2022-01-01 10:00:00,2022-01-02 10:00:00 UTC\n"
	    "b.example,2022-01-01T10:00:00.5,2022-01-02 10:00:00+01:00\n"
	    "c.example,2022-01-01 10:00,\nd.example,2022-01-01x10:00:00,\ne.example,2022-01-01 ,\n"
	    "f.example,,\n"),
	    "2 domain a.example <feed.x> 50 // .. seen 2022-01-01T10:00:00Z..2022-01-02T10:00:00Z\n"
	    "3 domain b.example <feed.x> 50 // .. seen 2022-01-01T10:00:00.5Z..2022-01-02T09:00:00Z\n"
	    "4 REJECT first_seen is not an RFC 3339 time or a date\n"
	    "5 REJECT first_seen is not an RFC 3339 time or a date\n"
	    "6 domain e.example <feed.x> 50 // .. seen 2022-01-01T00:00:00Z..\n"
	    "7 domain f.example <feed.x> 50 // ..\n", "times as feeds have them");
}

static void csv_open_ends(void)
{
	is_str(read_default("value,valid_from,valid_until,first_seen,last_seen\n"
	    "a.example,0001-01-01,9999-12-31T23:59:59Z,0001-01-01T00:00:00Z,9999-12-31\n"
	    "b.example,9999-12-31,,,\nc.example,,0001-01-01,,\n"),
	    "2 domain a.example <feed.x> 50 // ..\n3 REJECT valid_until is not after valid_from\n"
	    "4 REJECT valid_until is not after valid_from\n", "the years 1 and 9999 are open ends");
}

static void csv_own(void)
{
	static const char row[] = "value,side,category\ncom,benign,OWN\n";
	struct intel_opts o = INTEL_OPTS_DEFAULT;

	is_str(read_default("value,side\ncom,benign\n0.0.0.0/1,benign\na.example,benign\n"),
	    "2 REJECT a single label is no domain that can be hunted\n"
	    "3 REJECT the network is too large to be an indicator\n"
	    "4 domain a.example <feed.x> 50 // .. benign\n", "no file covers everything by itself");
	is_str(read_default("value,side,category,source\na.example,benign,suffix,x\n"
	    "b.example,benign,,dynamic-dns\nc.example,bad,hosting,x\n"),
	    "2 REJECT " HOUSE_WHY "\n3 REJECT " HOUSE_WHY "\n4 domain c.example <x> 50 hosting// ..\n",
	    "nor takes hits below a name away");
	is_str(read_default(row), "2 REJECT " OWN_WHY "\n", "one's own is not for a file to say");
	o.side = INDICATOR_BENIGN;
	is_str(read_it(SPAN_LIT("value,category\na.example,suffix\n"), &o),
	    "2 domain a.example <feed.x> 50 suffix// .. benign\n", "but such a list does");
	is_str(read_it(span_str(row), &o), "2 REJECT " OWN_WHY "\n", "nor for a list of what is ordinary");
	o.category = "own";
	is_str(read_it(span_str(row), &o), "2 domain com <feed.x> 50 OWN// .. benign\n",
	    "but for who imports it");
}

static void csv_rejects(void)
{
	static const struct {
		const char *row, *why;
	} t[] = {
		{ "domain,evil,,,,", "a single label is no domain that can be hunted" },
		{ "colour,abc,,,,", "a type that is not hunted" },
		{ "domain,evil.example,,101,,", "confidence is not a number from 0 to 100" },
		{ "domain,evil.example,,-1,,", "confidence is not a number from 0 to 100" },
		{ "domain,evil.example,,5x,,", "confidence is not a number from 0 to 100" },
		{ "domain,evil.example,,,yesterday,", "valid_from is not an RFC 3339 time or a date" },
		{ "domain,evil.example,,,2023-02-30,", "valid_from is not an RFC 3339 time or a date" },
		{ "domain,evil.example,,,2023-02-03,2023-02-03", "valid_until is not after valid_from" },
		{ "domain,evil.example,a\001b,,,", "a source that is no short text" },
		{ "domain,evil,a|b|c,,,", "a single label is no domain that can be hunted" },
		{ "domain,,a,,,", "an empty value" },
		{ "domain,evil.example,Own,,,", OWN_WHY },
		{ "domain,evil.example,own,,,,benign", OWN_WHY },
		{ "domain,evil.example,,,,,grey", "side is not bad or benign" },
		{ "domain,evil.example,,,,,,mauve", "tlp is not clear, green, amber, amber+strict or red" },
		{ "domain,evil.example,,,,,,,a\001b", "a licence that is no short text" },
		{ "domain,evil.example,,,,,,,,x", "first_seen is not an RFC 3339 time or a date" },
		{ "domain,evil.example,,,,,,,,,x", "last_seen is not an RFC 3339 time or a date" },
	};
	char text[512], want[128];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int commas = 0;
		for (const char *p = t[i].row; *p; p++)
			commas += *p == ',';
		snprintf(text, sizeof(text), "type,value,source,confidence,valid_from,valid_until,side,"
		    "tlp,license,first_seen,last_seen\n%s%.*s\n", t[i].row, 10 - commas, ",,,,,,,,,,");
		snprintf(want, sizeof(want), "2 REJECT %s\n", t[i].why);
		is_str(read_default(text), want, "rejects %s", t[i].row);
	}
	is_int(result.rejects, 1, "a reject is counted once a row");
}

static void csv_malformed(void)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;

	is_str(read_default("type,value\na,b,c\n"),
	    "ERROR -74 dir/feed.x:2: 3 fields, where the first record has 2", "a field too many");
	is_str(read_default("type,value\n\"a,b\n"), "ERROR -74 dir/feed.x:2: quotes that do not end before the text does",
	    "quotes that do not end");
	is_str(read_default("value,value\na,b\n"),
	    "ERROR -74 dir/feed.x:1: two columns are named \"value\"", "a column twice");
	is_str(read_default("source,sources,value\n"),
	    "ERROR -74 dir/feed.x:1: two columns are named \"sources\"", "or by another name");
	is_str(read_default("type,value,x\ndomain,\xff,\ndomain,a.example,\xff\n"),
	    "2 REJECT a field that is not UTF-8\n3 domain a.example <feed.x> 50 // ..\n",
	    "not UTF-8: one reject, and none where the column is not read");
	o.format = INTEL_CSV;
	is_str(read_it(SPAN_LIT(""), &o),
	    "ERROR -74 dir/feed.x:1: empty: there is no header and no record", "an empty table");
	is_str(read_it(SPAN_LIT("a,b\n"), &o), "ERROR -74 dir/feed.x:1: no column is named \"value\"; "
	    "say which it is with --map value=COLUMN", "no value column");
	o.map[INTEL_VALUE] = "3";
	is_str(read_it(SPAN_LIT("a,b\n"), &o), "ERROR -74 dir/feed.x:1: there is no column \"3\"",
	    "a column that is not there");
}

static void lists(void)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;

	is_str(read_default("# list\n\n evil.example  # c2\n198.51.100.7:443\n"
			    "http://x.example/a#b\n0.0.0.0 a.example b.example\n"),
	    "3 domain evil.example <feed.x> 50 // ..\n"
	    "4 ip-port 198.51.100.7:443 <feed.x> 50 // ..\n"
	    "5 url http://x.example/a#b <feed.x> 50 // ..\n"
	    "6 domain a.example <feed.x> 50 // ..\n6 domain b.example <feed.x> 50 // ..\n",
	    "values, comments, hosts lines");
	is_int(result.format, INTEL_LIST, "recognised as a list");
	is_str(read_default("evil.example and more\n"),
	    "1 REJECT several words on a line (a table? see --format csv)\n", "several words");
	is_str(read_default("evil.example;c2\nhttp://x.example/a,b\n"),
	    "1 REJECT several fields on a line (a table? see --format csv, --delimiter, --map)\n"
	    "2 url http://x.example/a,b <feed.x> 50 // ..\n", "several fields; a comma in a URL");
	is_str(read_default("\xef\xbb\xbf" "evil.example"), "1 domain evil.example <feed.x> 50 // ..\n",
	    "a byte order mark, no final line end");
	is_str(read_default(""), "", "an empty list is a list");
	is_str(read_it(SPAN_LIT("a.example\nb\0c\n"), &o),
	    "1 domain a.example <feed.x> 50 // ..\n2 REJECT NUL in a line\n", "NUL");
	is_str(read_default("a.example\n\n\xc3(\nb.example\r\nc.example\rd.example"),
	    "1 domain a.example <feed.x> 50 // ..\n3 REJECT a line that is not UTF-8\n"
	    "4 domain b.example <feed.x> 50 // ..\n5 domain c.example <feed.x> 50 // ..\n"
	    "6 domain d.example <feed.x> 50 // ..\n", "a line that is not UTF-8, all line ends");
	o.type = INDICATOR_FILE_NAME;
	is_str(read_it(SPAN_LIT("Setup Wizard.exe\n"), &o),
	    "1 file-name setup wizard.exe <feed.x> 50 // ..\n", "file names hold spaces");
	o = INTEL_OPTS_DEFAULT;
	o.exact = true;
	is_str(read_it(SPAN_LIT("a.example\n198.51.100.7\n"), &o),
	    "1 domain a.example exact <feed.x> 50 // ..\n2 ipv4 198.51.100.7 <feed.x> 50 // ..\n",
	    "exact is for domains");
	char *big = malloc(INTEL_LINE_MAX + 1);
	if (!big)
		abort();
	memset(big, 'a', INTEL_LINE_MAX + 1);
	is_str(read_it(span_of(big, INTEL_LINE_MAX + 1), &o), "1 REJECT a line is longer than 65536 "
	    "bytes\n", "an endless line");
	free(big);
}

#define IND(id, more, pattern)                                                                     \
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" id                  \
	"\",\"pattern_type\":\"stix\",\"valid_from\":\"2023-03-30T00:00:00Z\"," more                \
	"\"pattern\":\"" pattern "\"}"
#define BUNDLE(objects) "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[" objects "]}"
#define TAIL " <bundle--1> 50 // 2023-03-30T00:00:00Z..\n"
#define KEPT(p) "1 pattern " p TAIL
#define H32 "0123456789abcdef0123456789abcdef"

static void stix_patterns(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ BUNDLE(IND("1", "", "[domain-name:value = 'evil.example']")),
		    "1 domain evil.example" TAIL },
		{ BUNDLE(IND("1", "", "[file:hashes.'SHA-256' = '" H32 H32 "']")),
		    "1 sha256 " H32 H32 TAIL },
		{ BUNDLE(IND("1", "", "[file:hashes.md5 IN ('" H32 "', 'f" H32 "')]")),
		    "1 md5 " H32 TAIL "1 REJECT an MD5 digest is 32 hex digits\n" },
		{ BUNDLE(IND("1", "", "[ipv4-addr:value = '198.51.100.7' OR domain-name:value = "
				      "'a.example'] OR [url:value = 'http://a.example/x']")),
		    "1 ipv4 198.51.100.7" TAIL "1 domain a.example" TAIL
		    "1 url http://a.example/x" TAIL },
		{ BUNDLE(IND("1", "", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']")),
		    "1 ipv4 198.51.100.0/24" TAIL },
		{ BUNDLE(IND("1", "", "[file:name = 'It\\\\'s.dll']")), "1 file-name it's.dll" TAIL },
		{ BUNDLE(IND("1", "", "[email-message:from_ref.value = 'a@b.example']")),
		    "1 email a@b.example" TAIL },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_ref.value = '198.51.100.7']")),
		    "1 ipv4 198.51.100.7" TAIL },
		{ BUNDLE(IND("1", "", "[file:hashes.MD5 = '" H32 "' AND file:hashes.'SHA-1' = '" H32
				      "01234567' AND file:name = 'x']")),
		    "1 sha1 " H32 "01234567" TAIL },
		{ BUNDLE(IND("1", "", "[file:name = 'x' AND file:size = 5]")),
		    "1 UNMATCHED pattern: conditions joined by AND\n"
		    KEPT("[file:name = 'x' AND file:size = 5]") },
		{ BUNDLE(IND("1", "", "[file:hashes.MD5 = '" H32 "' AND ipv4-addr:value = '1.2.3.4']")),
		    "1 UNMATCHED pattern: conditions joined by AND\n"
		    KEPT("[file:hashes.MD5 = '" H32 "' AND ipv4-addr:value = '1.2.3.4']") },
		{ BUNDLE(IND("1", "", "[domain-name:value = 'a.example' OR (ipv4-addr:value = '1.2.3.4'"
				      " AND network-traffic:dst_port = 80)]")),
		    "1 domain a.example" TAIL "1 UNMATCHED pattern: conditions joined by AND\n"
		    KEPT("[domain-name:value = 'a.example' OR (ipv4-addr:value = '1.2.3.4'"
			 " AND network-traffic:dst_port = 80)]") },
		{ BUNDLE(IND("1", "", "[domain-name:value != 'a.example']")),
		    "1 UNMATCHED pattern: a comparison other than = and IN: !=\n"
		    KEPT("[domain-name:value != 'a.example']") },
		{ BUNDLE(IND("1", "", "[domain-name:value NOT = 'a.example']")),
		    "1 UNMATCHED pattern: a comparison other than = and IN: NOT\n"
		    KEPT("[domain-name:value NOT = 'a.example']") },
		{ BUNDLE(IND("1", "", "[domain-name:value NOT IN ('a.example')]")),
		    "1 UNMATCHED pattern: a comparison other than = and IN: NOT\n"
		    KEPT("[domain-name:value NOT IN ('a.example')]") },
		{ BUNDLE(IND("1", "", "[domain-name:value LIKE '%.example']")),
		    "1 UNMATCHED pattern: a comparison other than = and IN: LIKE\n"
		    KEPT("[domain-name:value LIKE '%.example']") },
		{ BUNDLE(IND("1", "", "[domain-name:value ISSUBSET '1.2.3.0/24']")),
		    "1 UNMATCHED pattern: a comparison other than = and IN: ISSUBSET\n"
		    KEPT("[domain-name:value ISSUBSET '1.2.3.0/24']") },
		{ BUNDLE(IND("1", "", "[EXISTS domain-name:value]")),
		    "1 UNMATCHED pattern: a comparison other than = and IN: EXISTS\n"
		    KEPT("[EXISTS domain-name:value]") },
		{ BUNDLE(IND("1", "", "[user-account:user_id = 'x']")),
		    "1 UNMATCHED pattern: a property that is not hunted\n"
		    KEPT("[user-account:user_id = 'x']") },
		{ BUNDLE(IND("1", "", "[mutex:name = 'Xy']")), "1 mutex Xy" TAIL },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_ref.type = 'ipv4-addr' AND "
				      "network-traffic:dst_ref.value = '203.0.113.33/32']")),
		    "1 ipv4 203.0.113.33" TAIL },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_ref.type = 'domain-name' AND "
				      "network-traffic:dst_ref.value = 'a.example']")),
		    "1 domain a.example" TAIL },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_port = 443 AND "
				      "network-traffic:dst_ref.value = '203.0.113.33' AND "
				      "network-traffic:protocols[*] = 'tcp']")),
		    "1 ip-port 203.0.113.33:443" TAIL },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_port = 443 AND "
				      "network-traffic:dst_ref.value = '2001:db8:1::1']")),
		    "1 ip-port [2001:db8:1::1]:443" TAIL },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_port = 443 AND "
				      "network-traffic:dst_ref.value = 'a.example']")),
		    "1 UNMATCHED pattern: conditions joined by AND\n"
		    KEPT("[network-traffic:dst_port = 443 AND "
			 "network-traffic:dst_ref.value = 'a.example']") },
		{ BUNDLE(IND("1", "", "[network-traffic:dst_ref.value = '203.0.113.33' AND "
				      "network-traffic:src_ref.value = '203.0.113.34']")),
		    "1 UNMATCHED pattern: conditions joined by AND\n"
		    KEPT("[network-traffic:dst_ref.value = '203.0.113.33' AND "
			 "network-traffic:src_ref.value = '203.0.113.34']") },
		{ BUNDLE(IND("1", "", "[file:name = 'Foo.dll' AND file:parent_directory_ref.path = "
				      "'C:\\\\\\\\Windows\\\\\\\\System32']")),
		    "1 path c:/windows/system32/foo.dll" TAIL },
		{ BUNDLE(IND("1", "", "[x509-certificate:issuer = 'CN=WEBMAIL' AND "
				      "x509-certificate:serial_number = '4c:0b:1d:19:74:86:a7:66']")),
		    "1 cert-serial 4c0b1d197486a766" TAIL },
		{ BUNDLE(IND("1", "", "[x509-certificate:issuer = 'CN=A' AND "
				      "x509-certificate:serial_number = '4c:0b']")),
		    "1 UNMATCHED pattern: conditions joined by AND\n"
		    KEPT("[x509-certificate:issuer = 'CN=A' AND "
			 "x509-certificate:serial_number = '4c:0b']") },
		{ BUNDLE(IND("1", "", "[file:extensions.'windows-pebinary-ext'.imphash = '" H32 "']")),
		    "1 imphash " H32 TAIL },
		{ BUNDLE(IND("1", "", "[file:name = 5]")), "1 REJECT pattern: a value that is no text\n" },
		{ BUNDLE(IND("1", "", "[domain-name:value = 'a.example'] AND [file:name = 'x']")),
		    "1 UNMATCHED pattern: observations joined by AND or FOLLOWEDBY\n"
		    KEPT("[domain-name:value = 'a.example'] AND [file:name = 'x']") },
		{ BUNDLE(IND("1", "", "[domain-name:value = 'a.example'] FOLLOWEDBY [file:name = 'x']")),
		    "1 UNMATCHED pattern: observations joined by AND or FOLLOWEDBY\n"
		    KEPT("[domain-name:value = 'a.example'] FOLLOWEDBY [file:name = 'x']") },
		{ BUNDLE(IND("1", "", "[domain-name:value = 'a.example'] REPEATS 5 TIMES")),
		    "1 UNMATCHED pattern: a qualifier such as REPEATS or WITHIN\n"
		    KEPT("[domain-name:value = 'a.example'] REPEATS 5 TIMES") },
		{ BUNDLE(IND("1", "", "[domain-name:value = a.example]")),
		    "1 REJECT pattern: not a STIX pattern: offset 21: expected a value\n" },
		{ BUNDLE(IND("1", "", "[domain-name:value = 'domain a.example']")),
		    "1 REJECT not a domain: labels hold letters, digits, hyphen and underscore\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(read_default(t[i].in), t[i].out, "pattern %zu", i);
	is_int(result.format, INTEL_STIX, "recognised as STIX");
}

static void stix_objects(void)
{
	is_str(read_default("{\"objects\":[{\"type\":\"malware\"},\n"
			    "{\"type\":\"identity\",\"id\":\"identity--1\",\"name\":\"A CERT\"},\n"
	    IND("2", "\"created_by_ref\":\"identity--1\",\"confidence\":85,\"name\":\"n\\nm\","
		     "\"indicator_types\":[\"c2\"],\"valid_until\":\"2030-01-01T00:00:00Z\",",
		"[domain-name:value = 'a.example']")
	    "],\n\"id\":\"bundle--9\",\"type\":\"bundle\"}"),
	    "3 domain a.example <A CERT> 85 c2//n m 2023-03-30T00:00:00Z..2030-01-01T00:00:00Z\n",
	    "members in any order; source, confidence, category, note, validity");
	is_int(result.others, 2, "objects that are no indicators are counted");
	is_str(read_default(BUNDLE(IND("1", "\"revoked\":true,\"modified\":\"2024-01-01T00:00:00Z\",",
	    "[domain-name:value = 'a.example']"))),
	    "1 domain a.example <bundle--1> 50 // 2023-03-30T00:00:00Z..2024-01-01T00:00:00Z\n",
	    "revoked: expired when it was modified");
	is_str(read_default(BUNDLE(IND("1", "\"revoked\":true,\"modified\":\"9999-01-01T00:00:00Z\",",
	    "[domain-name:value = 'a.example']"))),
	    "1 domain a.example <bundle--1> 50 // 2023-03-30T00:00:00Z..2023-03-30T00:00:00.000000001Z\n",
	    "and not in force for ever when that is in the year 9999");
	is_str(read_default(BUNDLE(IND("1", "\"valid_until\":\"9999-12-31T23:59:59Z\",",
	    "[domain-name:value = 'a.example']"))),
	    "1 domain a.example <bundle--1> 50 // 2023-03-30T00:00:00Z..\n", "the year 9999 is no end");
	is_str(read_default(IND("1", "", "[domain-name:value = 'a.example']")),
	    "1 domain a.example <feed.x> 50 // 2023-03-30T00:00:00Z..\n", "one indicator alone");
	is_str(read_default("{\"type\":\"bundle\",\"id\":\"bundle--1\",\"spec_version\":\"2.0\","
			    "\"objects\":[{\"type\":\"indicator\",\"id\":\"indicator--1\","
			    "\"labels\":[\"c2\"],\"valid_from\":\"2023-03-30T00:00:00Z\","
			    "\"pattern\":\"[domain-name:value = 'a.example']\"}]}"),
	    "1 domain a.example <bundle--1> 50 c2// 2023-03-30T00:00:00Z..\n", "STIX 2.0");
	is_str(read_default("{\"type\":\"bundle\",\"id\":\"bundle--1\"}"), "", "an empty bundle");
	is_str(read_default("{\"more\":false,\"objects\":["
	    IND("1", "", "[domain-name:value = 'a.example']") "]}"),
	    "1 domain a.example <feed.x> 50 // 2023-03-30T00:00:00Z..\n", "a TAXII envelope");
	is_str(read_default("[" IND("1", "", "[domain-name:value = 'a.example']") "]"),
	    "1 domain a.example <feed.x> 50 // 2023-03-30T00:00:00Z..\n", "a list of objects");
	is_str(read_default("\xef\xbb\xbf" BUNDLE(IND("1", "", "[domain-name:value = 'a.example']"))),
	    "1 domain a.example" TAIL, "a byte order mark");
	is_str(read_default("\xef\xbb\xbf{\"type\":\"bundle\",]"),
	    "ERROR -74 dir/feed.x: offset 20: not valid JSON here", "places count it");
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	o.format = INTEL_STIX;
	is_str(read_it(SPAN_LIT("{\"more\":false}"), &o), "", "an empty envelope, when it is asked for");
	is_str(read_default("{\"more\":false}"),
	    "ERROR -74 dir/feed.x: offset 0: JSON, but neither a STIX bundle nor a STIX indicator",
	    "but not unasked");

	static const struct {
		const char *in, *why;
	} t[] = {
		{ "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--1\","
		  "\"pattern\":\"x\",\"pattern_type\":\"yara\"}", "pattern_type is not stix: yara" },
		{ "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--1\","
		  "\"pattern\":\"x\"}", "pattern_type is missing" },
		{ "{\"type\":\"indicator\",\"id\":\"x\",\"pattern\":\"x\"}",
		    "id is missing or not that of an indicator" },
		{ "{\"type\":\"indicator\",\"id\":\"indicator--1\"}", "pattern is missing" },
		{ "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":5}", "pattern is missing" },
		{ "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\"x\"}",
		    "valid_from is missing or no RFC 3339 time" },
		{ IND("1", "\"valid_until\":\"never\",", "x"), "valid_until is no RFC 3339 time" },
		{ IND("1", "\"confidence\":101,", "x"), "confidence is not a number from 0 to 100" },
		{ IND("1", "\"confidence\":\"85\",", "x"), "confidence is not a number from 0 to 100" },
		{ IND("1", "\"revoked\":true,", "x"),
		    "revoked, but modified is missing or no RFC 3339 time" },
		{ IND("1", "\"valid_until\":\"2023-03-30T00:00:00Z\",", "[file:name = 'x']"),
		    "valid_until is not after valid_from" },
	};
	char text[1024], want[160];
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(text, sizeof(text), BUNDLE("%s"), t[i].in);
		snprintf(want, sizeof(want), "1 %s %s\n",
		    strstr(t[i].why, "not stix") ? "UNMATCHED" : "REJECT", t[i].why);
		is_str(read_default(text), want, "rejects an indicator: %s", t[i].why);
	}
}

#define TLP2 "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define REL(from, to) "{\"type\":\"relationship\",\"id\":\"relationship--" from to                 \
	"\",\"relationship_type\":\"indicates\",\"source_ref\":\"indicator--" from                      \
	"\",\"target_ref\":\"" to "\"}"
#define MARKED(refs) "\"object_marking_refs\":[" refs "],"
#define AT " <bundle--1> 50 // 2023-03-30T00:00:00Z.."
#define D "[domain-name:value = 'a.example']"

/* What other objects of the bundle say, wherever they stand. */
static void stix_refs(void)
{
	static const struct {
		const char *in, *out, *what;
	} t[] = {
		{ BUNDLE(IND("1", MARKED("\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\","
		    "\"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82\""), D)),
		    "1 domain a.example" AT " tlp:amber\n", "TLP 1 of the specification, the strictest" },
		{ BUNDLE(IND("1", MARKED("\"marking-definition--939A9414-2ddd-4d32-a0cd-375ea402b003\""),
		    D)), "1 domain a.example" AT " tlp:amber+strict\n", "TLP 2 of the extension" },
		{ BUNDLE(IND("1", MARKED("\"marking-definition--1\",\"marking-definition--2\","
		    "\"marking-definition--3\""), D)
		    ",{\"type\":\"marking-definition\",\"id\":\"marking-definition--1\","
		    "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"green\"}}"
		    ",{\"type\":\"marking-definition\",\"id\":\"marking-definition--2\","
		    "\"extensions\":{\"" TLP2 "\":{\"tlp_2_0\":\"clear\"}}}"
		    ",{\"type\":\"marking-definition\",\"id\":\"marking-definition--3\","
		    "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"CC0\"}}"),
		    "1 domain a.example" AT " tlp:green licence:CC0\n", "the bundle's own markings" },
		{ BUNDLE(REL("1", "campaign--1") "," REL("1", "threat-actor--1") ","
		    IND("1", "", D) ",{\"type\":\"threat-actor\",\"id\":\"threat-actor--1\","
		    "\"name\":\"T\"},{\"type\":\"campaign\",\"id\":\"campaign--1\",\"name\":\"C\"}"),
		    "1 domain a.example <bundle--1> 50 /C/ 2023-03-30T00:00:00Z..\n",
		    "the campaign before the actor" },
		{ BUNDLE(REL("1", "intrusion-set--1") "," IND("1", "", D)
		    ",{\"type\":\"intrusion-set\",\"id\":\"intrusion-set--1\",\"name\":\"S\"}"),
		    "1 domain a.example <bundle--1> 50 /S/ 2023-03-30T00:00:00Z..\n", "an intrusion set" },
		{ BUNDLE(REL("1", "campaign--1") "," IND("1", "", D)
		    ",{\"type\":\"campaign\",\"id\":\"campaign--1\",\"name\":\"C\",\"revoked\":true}"),
		    "1 domain a.example" AT "\n", "a revoked campaign is none" },
		{ BUNDLE(IND("1", "\"created\":\"2023-04-01T00:00:00Z\",\"modified\":"
		    "\"2023-04-02T00:00:00Z\",", D)
		    ",{\"type\":\"sighting\",\"id\":\"sighting--1\",\"sighting_of_ref\":\"indicator--1\","
		    "\"first_seen\":\"2023-03-31T00:00:00Z\",\"last_seen\":\"2023-04-03T00:00:00Z\"}"
		    ",{\"type\":\"sighting\",\"id\":\"sighting--2\",\"sighting_of_ref\":\"indicator--1\","
		    "\"count\":0,\"last_seen\":\"2024-04-03T00:00:00Z\"}"),
		    "1 domain a.example" AT " seen 2023-03-31T00:00:00Z..2023-04-03T00:00:00Z\n",
		    "sightings widen created and modified; one that counts 0 does not" },
		{ BUNDLE(IND("1", "\"indicator_types\":[\"benign\"],", D)),
		    "1 domain a.example <bundle--1> 50 benign// 2023-03-30T00:00:00Z.. benign\n",
		    "a benign indicator" },
		{ BUNDLE(IND("1", "\"labels\":[\"benign\"],", D)),
		    "1 domain a.example <bundle--1> 50 benign// 2023-03-30T00:00:00Z.. benign\n",
		    "and one of STIX 2.0" },
		{ BUNDLE(IND("1", "\"indicator_types\":[\"malicious-activity\"],\"kill_chain_phases\":"
		    "[{\"kill_chain_name\":\"k\",\"phase_name\":\"command-and-control\"}],", D)),
		    "1 domain a.example <bundle--1> 50 c2// 2023-03-30T00:00:00Z..\n",
		    "command and control" },
		{ BUNDLE(IND("1", "", D) ",{\"type\":\"domain-name\",\"id\":\"domain-name--1\","
		    "\"value\":\"seen.example\"}"), "1 domain a.example" AT "\n",
		    "an observable is no indicator" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(read_default(t[i].in), t[i].out, "%s", t[i].what);
}

static void stix_malformed(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "{", "offset 1: the text ends in the middle" },
		{ "[5]", "offset 1: a list of objects holds something that is no object" },
		{ "{\"type\":\"campaign\"}",
		    "offset 0: JSON, but neither a STIX bundle nor a STIX indicator" },
		{ "{\"type\":\"bundle\",\"objects\":[]}", "offset 0: a STIX bundle without its id" },
		{ "{\"type\":\"bundle\",\"id\":\"x--1\",\"objects\":[]}",
		    "offset 0: a STIX bundle without its id" },
		{ "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":{}}",
		    "offset 44: \"objects\" is not an array" },
		{ "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[5]}",
		    "offset 45: a list of objects holds something that is no object" },
		{ "{\"type\":\"bundle\",\"type\":\"bundle\"}", "offset 17: duplicate key" },
		{ BUNDLE("{\"type\":\"x\",\"a\":1,\"a\":2}"), "offset 63: duplicate key" },
		{ BUNDLE("") "x", "offset 47: bytes after the end of the value" },
		{ "{\"type\":\"bund\xffle\"}", "offset 13: not UTF-8" },
	};
	char want[160];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(want, sizeof(want), "ERROR -74 dir/feed.x: %s", t[i].out);
		is_str(read_default(t[i].in), want, "refuses %s", t[i].in[0] == '{' ? t[i].out : t[i].in);
	}
	char deep[256];
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	is_str(read_it(span_of(deep, sizeof(deep)), &o),
	    "ERROR -74 dir/feed.x: offset 68: nested too deeply", "nested too deeply");
}

/* Every cut of a bundle is refused, before or after an indicator was seen. */
static void prefixes(void)
{
	static const char text[] = BUNDLE(IND("1", "", "[domain-name:value = 'a.example']"));
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	int wrong = 0;

	o.format = INTEL_STIX;
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		wrong += strncmp(read_it(span_of(text, n), &o), "ERROR -74", 9) != 0;
	is_int(wrong, 0, "every proper prefix of a bundle is refused");
}

static int stop(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)ctx;
	(void)i;
	(void)line;
	return -EINTR;
}

static void sinks(void)
{
	struct intel_sink s = { NULL, stop, on_reject };
	struct intel_opts o = INTEL_OPTS_DEFAULT;

	is_int(intel_read(SPAN_LIT("a.example\n"), "x", &o, &s, &result, NULL), -EINTR,
	    "a list ends when the sink says so");
	is_int(intel_read(SPAN_LIT("value\na.example\n"), "x", &o, &s, &result, NULL), -EINTR,
	    "so does a table");
	is_int(intel_read(SPAN_LIT(BUNDLE(IND("1", "", "[domain-name:value = 'a.example']"))), "x", &o,
		   &s, &result, NULL), -EINTR, "and a bundle");
	is_int(intel_format_of(SPAN_LIT("stix")), INTEL_STIX, "formats by name");
	is_int(intel_format_of(SPAN_LIT("xml")), INTEL_FORMATS, "and no others");
}

int main(void)
{
	csv_good();
	csv_times();
	csv_open_ends();
	csv_own();
	csv_rejects();
	csv_malformed();
	lists();
	stix_patterns();
	stix_objects();
	stix_refs();
	stix_malformed();
	prefixes();
	sinks();
	buf_free(&got);
	return tap_done();
}
