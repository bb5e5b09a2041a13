/* SPDX-License-Identifier: Apache-2.0 */

/* The formats of other tools: MISP, OpenIOC, RPZ, maltrail, ipsum, hosts; and which one it is. */

#include "intel_show.h"

#include "intel/dir.h"
#include "intel/url.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define H32 "0123456789abcdef0123456789abcdef"

static const char *as(enum intel_format format, const char *text)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;

	o.format = format;
	return read_it(span_str(text), &o);
}

/* --- lines --- */

static void maltrail(void)
{
	is_str(as(INTEL_MALTRAIL, " /public/hydra.php\n 1.117.86.121:801\n# c\n0--0.gq\nSecurityMental.com\n"
	    "002vt.tk/james/fre.php\nhttp://203.0.113.9\nhttps://203.0.113.9:8443/\n"
	    "http://b.example:81\nhttp://c.example/x/\n/robots.txt\n162.255.119.0/24\n.cz.tf\n.bazar\nx.zip\n"
	    "[2a12:bec4:1460:50::2]:3478\nvh[0-9]{6}\\.eurodir\\.ru\nnutqauytva[0-9a-z]+\\.com\n"
	    "^leboncoin\\-[a-z]{1,3}\\.(com|info|me|top)$\n1.2.3.4:22:443\na.example/b?c=[d]\n"),
	    "1 url-path /public/hydra.php <feed.x> 25 // ..\n"
	    "2 ip-port 1.117.86.121:801 <feed.x> 50 // ..\n"
	    "4 domain 0--0.gq <feed.x> 50 // ..\n"
	    "5 domain securitymental.com <feed.x> 50 // ..\n"
	    "6 url 002vt.tk/james/fre.php <feed.x> 50 // ..\n"
	    "7 ipv4 203.0.113.9 <feed.x> 50 // ..\n"
	    "8 ip-port 203.0.113.9:8443 <feed.x> 50 // ..\n"
	    "9 domain b.example <feed.x> 50 // ..\n"
	    "10 url http://c.example/x/ <feed.x> 50 // ..\n"
	    "11 REJECT a path that nearly every web site has\n"
	    "12 ipv4 162.255.119.0/24 <feed.x> 50 // ..\n"
	    "13 domain cz.tf <feed.x> 50 // ..\n"
	    "14 REJECT a single label is no domain that can be hunted\n"
	    "15 domain x.zip <feed.x> 50 // ..\n"
	    "16 ip-port [2a12:bec4:1460:50::2]:3478 <feed.x> 50 // ..\n"
	    "17 UNMATCHED a regular expression\n"
	    "17 pattern [domain-name:value MATCHES 'vh[0-9]{6}\\\\.eurodir\\\\.ru'] <feed.x> 50 // ..\n"
	    "18 UNMATCHED a regular expression\n"
	    "18 pattern [domain-name:value MATCHES 'nutqauytva[0-9a-z]+\\\\.com'] <feed.x> 50 // ..\n"
	    "19 UNMATCHED a regular expression\n"
	    "19 pattern [domain-name:value MATCHES '^leboncoin\\\\-[a-z]{1,3}\\\\.(com|info|me|top)$'] "
	    "<feed.x> 50 // ..\n"
	    "20 REJECT not an IP address\n"
	    "21 url a.example/b?c=[d] <feed.x> 50 // ..\n", "every form of a trail");
	is_int(result.unmatched, 3, "what no value can match is counted apart");
	is_int(result.rejects, 6, "and with the rejects");
}

static void ipsum(void)
{
	is_str(as(INTEL_AUTO, "# IPsum\n203.0.113.1\t10\n203.0.113.2\t1\n203.0.113.3\t3\n"),
	    "2 ipv4 203.0.113.1 <feed.x> 94 //on 10 lists ..\n"
	    "3 ipv4 203.0.113.2 <feed.x> 25 //on 1 list ..\n"
	    "4 ipv4 203.0.113.3 <feed.x> 58 //on 3 lists ..\n", "the more lists, the surer");
	is_int(result.format, INTEL_IPSUM, "recognised as ipsum");
	is_str(as(INTEL_IPSUM, "203.0.113.1\n203.0.113.2\tx\n203.0.113.3\t0\n203.0.113.4 1001\n"
	    "203.0.113.5\t1000\nx\t1\n"),
	    "1 ipv4 203.0.113.1 <feed.x> 50 // ..\n"
	    "2 REJECT no number of lists behind the address\n"
	    "3 REJECT no number of lists behind the address\n"
	    "4 REJECT no number of lists behind the address\n"
	    "5 ipv4 203.0.113.5 <feed.x> 99 //on 1000 lists ..\n"
	    "6 REJECT not an IP address\n", "numbers that are none");
}

static void hosts(void)
{
	static const char text[] = "127.0.0.1\tlocalhost localhost.localdomain\n::1 ip6-localhost\n"
	    "fe80::1%lo0 localhost\n0.0.0.0 0.0.0.0\n255.255.255.255 broadcasthost\n"
	    "0.0.0.0 a.example b.example # both\n192.0.2.1 c.example\n";

	is_str(as(INTEL_AUTO, text),
	    "1 CONTEXT a hosts file's name for the machine itself\n"
	    "1 CONTEXT a hosts file's name for the machine itself\n"
	    "2 CONTEXT a hosts file's name for the machine itself\n"
	    "3 CONTEXT a hosts file's name for the machine itself\n"
	    "4 CONTEXT a hosts file's name for the machine itself\n"
	    "5 CONTEXT a hosts file's name for the machine itself\n"
	    "6 domain a.example <feed.x> 50 // ..\n6 domain b.example <feed.x> 50 // ..\n"
	    "7 REJECT names that point to a real address are no blocked names\n", "a hosts file");
	is_int(result.format, INTEL_HOSTS, "recognised as a hosts file");
	is_str(as(INTEL_HOSTS, "a.example\n"),
	    "1 REJECT not a line of a hosts file: an address and names\n", "a name alone");
}

/* --- MISP --- */

#define ATT(type, more, value)                                                                     \
	"{\"uuid\":\"u\",\"type\":\"" type "\",\"category\":\"Network activity\"," more              \
	"\"value\":\"" value "\"}"
#define ON "\"to_ids\":true,"
#define OFF "\"to_ids\":false,"
#define EVENT(atts, more)                                                                          \
	"{\"Event\":{\"info\":\"i\",\"date\":\"2023-03-29\",\"Attribute\":[" atts "]" more "}}"
#define SEEN " seen 2023-03-29T00:00:00Z..2023-03-29T00:00:00Z\n"
#define GOT(kind_value) "1 " kind_value " <feed.x> 50 c2//i .." SEEN

static void misp_types(void)
{
	static const struct {
		const char *type, *value, *out;
	} t[] = {
		{ "domain", "Evil[.]example", GOT("domain evil.example") },
		{ "hostname", "a.evil.example", GOT("domain a.evil.example") },
		{ "ip-dst", "203.0.113.1", GOT("ipv4 203.0.113.1") },
		{ "ip-src", "2001:db8::1", GOT("ipv6 2001:db8::1") },
		{ "ip-dst|port", "203.0.113.1|443", GOT("ip-port 203.0.113.1:443") },
		{ "domain|ip", "a.example|203.0.113.1",
		    GOT("domain a.example") GOT("ipv4 203.0.113.1") },
		{ "hostname|port", "a.example|8080",
		    "1 domain a.example <feed.x> 50 c2//8080 .." SEEN },
		{ "url", "hxxp://a.example/x", GOT("url http://a.example/x") },
		{ "url", "a.example", GOT("domain a.example") },
		{ "uri", "/x.php?id=", "1 url-path /x.php?id= <feed.x> 25 c2//i .." SEEN },
		{ "md5", H32, GOT("md5 " H32) },
		{ "filename|md5", "a|b.exe|" H32, "1 md5 " H32 " <feed.x> 50 c2//a|b.exe .." SEEN },
		{ "filename|sha1", "a.exe", "1 REJECT no file name and digest with | between them\n" },
		{ "malware-sample", "a.exe|" H32, "1 md5 " H32 " <feed.x> 50 c2//a.exe .." SEEN },
		{ "filename", "A.exe", GOT("file-name a.exe") },
		{ "filename", "C:\\\\Temp\\\\a.exe", GOT("path c:/temp/a.exe") },
		{ "imphash", H32, GOT("imphash " H32) },
		{ "ja3-fingerprint-md5", H32, GOT("ja3 " H32) },
		{ "x509-fingerprint-sha1", H32 "01234567", GOT("cert " H32 "01234567") },
		{ "email-src", "A@b.example", GOT("email a@b.example") },
		{ "mutex", "Global\\\\x", GOT("mutex Global\\x") },
		{ "regkey|value", "HKLM\\\\Software\\\\X|y",
		    "1 registry hklm\\software\\x <feed.x> 50 c2//y .." SEEN },
		{ "stix2-pattern", "[domain-name:value = 'a.example']", GOT("domain a.example") },
		{ "ssdeep", "3::", "1 UNMATCHED a type of MISP that is not hunted: ssdeep\n" },
		{ "yara", "rule x {}", "1 UNMATCHED a type of MISP that is not hunted: yara\n" },
		{ "link", "https://a.example/report",
		    "1 CONTEXT a type that describes, and names nothing to look for: link\n" },
		{ "sha256", H32, "1 REJECT a SHA-256 digest is 64 hex digits\n" },
	};
	char text[1024];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(text, sizeof(text), EVENT(ATT("%s", ON, "%s"), ""), t[i].type, t[i].value);
		is_str(as(INTEL_MISP, text), t[i].out, "MISP %s %s", t[i].type, t[i].value);
	}
}

static void misp_events(void)
{
	is_str(as(INTEL_AUTO, EVENT(ATT("domain", ON, "a.example") "," ATT("domain", OFF, "od.lk"), "")),
	    GOT("domain a.example")
	    "1 CONTEXT its source says that it is not for detection (to_ids)\n",
	    "to_ids, where the event uses it");
	is_int(result.format, INTEL_MISP, "recognised as MISP");
	is_int(result.context, 1, "counted as context");
	is_str(as(INTEL_AUTO, EVENT(ATT("domain", OFF, "a.example") "," ATT("text", OFF, "x"), "")),
	    "1 domain a.example <feed.x> 25 c2//i .." SEEN
	    "1 CONTEXT a type that describes, and names nothing to look for: text\n",
	    "an event that never uses it: half as sure");
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	o.context = true;
	is_str(read_it(span_str(EVENT(ATT("domain", ON, "a.example") "," ATT("domain", OFF, "b.example"),
		   "")), &o), GOT("domain a.example") "1 domain b.example <feed.x> 25 c2//i .." SEEN,
	    "what is not for detection, if it is asked for");
	is_str(as(INTEL_AUTO, EVENT(ATT("domain", ON "\"deleted\":true,", "a.example"), "")),
	    "1 CONTEXT deleted\n", "a deleted attribute");
	is_str(as(INTEL_AUTO, EVENT(ATT("domain", "\"to_ids\":\"1\",\"deleted\":\"0\",", "a.example"), "")),
	    GOT("domain a.example"), "flags as old versions write them");

	is_str(as(INTEL_AUTO, "{\"response\":[\n" EVENT(ATT("domain", ON
	    "\"comment\":\"c\\td\",\"timestamp\":\"1680220800\",\"first_seen\":\"2023-03-01T00:00:00+00:00\","
	    "\"Tag\":[{\"name\":\"tlp:red\"},{\"name\":\"misp:confidence-level=\\\"usually-confident\\\"\"}],",
	    "a.example"), ",\"Orgc\":{\"name\":\"ESET\"},\"Tag\":[{\"name\":\"tlp:green\"},"
	    "{\"name\":\"misp-galaxy:threat-actor=\\\"Lazarus Group\\\"\"},"
	    "{\"name\":\"misp-galaxy:campaign=\\\"3CX\\\"\"},{\"name\":\"kill-chain:Delivery\"}]") ","
	    EVENT(ATT("domain", ON, "b.example"), "") "]}"),
	    "2 domain a.example <ESET> 75 malware/3CX/c d .. tlp:red "
	    "seen 2023-03-01T00:00:00Z..2023-03-31T00:00:00Z\n"
	    "2 domain b.example <feed.x> 50 c2//i .." SEEN,
	    "facts behind the attributes, tags, times; and not of the next event");
	is_str(as(INTEL_AUTO, EVENT("", ",\"Object\":[{\"name\":\"file\",\"Attribute\":["
	    ATT("filename", ON, "csrss.exe") "," ATT("md5", ON, H32) "]},{\"name\":\"x\",\"deleted\":true,"
	    "\"Attribute\":[" ATT("md5", ON, H32) "]},{\"name\":\"x509\",\"Attribute\":["
	    ATT("text", "\"object_relation\":\"serial-number\"," ON, "0a:0b:0c") "]}],"
	    "\"ShadowAttribute\":[{\"value\":\"x\"}]")),
	    "1 CONTEXT a file name beside the digest of the file\n" GOT("md5 " H32)
	    "1 CONTEXT deleted\n" GOT("cert-serial 0a0b0c"), "objects");
	is_int(result.others, 1, "proposals are counted");
	is_str(as(INTEL_AUTO, "{\"response\":{\"Attribute\":[" ATT("domain", ON, "a.example") ","
	    ATT("domain", OFF, "b.example") "]}}"),
	    "1 domain a.example <feed.x> 50 c2// ..\n"
	    "1 CONTEXT its source says that it is not for detection (to_ids)\n",
	    "what a search returns");
	is_str(as(INTEL_AUTO, "{\"\\u0045vent\":{\"\\u0041ttribute\":[" ATT("domain", ON, "a.example")
	    "]}}"), "1 domain a.example <feed.x> 50 c2// ..\n", "members written with escapes");
}

static void misp_malformed(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "{\"Event\":{\"Attribute\":[{},]}}", "offset 26: not valid JSON here" },
		{ "{\"Event\":{\"Attribute\":[5]}}",
		    "offset 23: a list of objects holds something that is no object" },
		{ "{\"Event\":{\"a\":1,\"a\":2}}", "offset 16: duplicate key" },
		{ "{\"Event\":{}} x", "offset 13: bytes after the end of the value" },
		{ "{}", "offset 0: JSON, but no MISP event: no Event, response or Attribute (of a feed, "
			"import its folder, not its manifest)" },
	};
	char want[256];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(want, sizeof(want), "ERROR -74 dir/feed.x: %s", t[i].out);
		is_str(as(INTEL_MISP, t[i].in), want, "refuses %s", t[i].in);
	}
	is_str(as(INTEL_MISP, "{\"Event\":{\"Attribute\":[{\"value\":\"x\"},{\"type\":\"domain\"}]}}"),
	    "1 REJECT an attribute without type or value\n1 REJECT an attribute without type or value\n",
	    "attributes that are none");
}

/* --- OpenIOC --- */

#define IOC(x) "<?xml version=\"1.0\"?>\n<ioc id=\"x\"><definition>" x "</definition></ioc>"
#define ITEM(id, cond, search, value)                                                              \
	"<IndicatorItem id=\"" id "\" condition=\"" cond "\"><Context document=\"d\" search=\"" search \
	"\" type=\"mir\"/><Content type=\"string\">" value "</Content></IndicatorItem>"
#define OR(x) "<Indicator operator=\"OR\">" x "</Indicator>"
#define AND(x) "<Indicator operator=\"AND\">" x "</Indicator>"

static void openioc(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ IOC(OR(ITEM("1", "is", "FileItem/Md5sum", H32)
			ITEM("2", "contains", "Network/DNS", "Evil[.]example")
			ITEM("3", "is", "TaskItem/sha1sum", H32 "01234567"))),
		    "2 md5 " H32 " <feed.x> 50 // ..\n2 domain evil.example <feed.x> 50 // ..\n"
		    "2 sha1 " H32 "01234567 <feed.x> 50 // ..\n" },
		{ IOC(OR(ITEM("1", "contains", "FileItem/FileName", "x")
			ITEM("2", "is", "FileItem/SizeInBytes", "5")
			ITEM("3", "isnot", "FileItem/FileName", "x")
			ITEM("4", "is", "Network/URI", "/a.php")
			ITEM("5", "is", "FileItem/FileName", ""))),
		    "2 UNMATCHED a condition other than \"is\": contains\n"
		    "2 UNMATCHED a search term that is not hunted: FileItem/SizeInBytes\n"
		    "2 UNMATCHED a condition other than \"is\": isnot\n"
		    "2 url-path /a.php <feed.x> 25 // ..\n2 REJECT an item without content\n" },
		{ IOC("<Indicator operator=\"OR\"><IndicatorItem condition=\"is\" negate=\"true\">"
		      "<Context search=\"FileItem/FileName\"/><Content>x</Content></IndicatorItem>"
		      "</Indicator>"), "2 UNMATCHED a condition other than \"is\": negate\n" },
		{ IOC(OR(AND(ITEM("1", "is", "FileItem/FileName", "x.exe")
			ITEM("2", "is", "FileItem/SizeInBytes", "5")))),
		    "2 UNMATCHED conditions joined by AND\n" },
		{ IOC(OR(AND(ITEM("1", "is", "FileItem/Md5sum", H32)
			ITEM("2", "is", "FileItem/Sha1sum", H32 "01234567")
			ITEM("3", "is", "FileItem/FileName", "x.exe")))),
		    "2 sha1 " H32 "01234567 <feed.x> 50 // ..\n" },
		{ IOC(OR(AND(ITEM("1", "is", "FileItem/Md5sum", H32)
			ITEM("2", "is", "Network/DNS", "a.example")))),
		    "2 UNMATCHED conditions joined by AND\n" },
		{ IOC(AND(OR(ITEM("1", "is", "Network/DNS", "a.example")
			ITEM("2", "is", "Network/DNS", "b.example")))),
		    "2 domain a.example <feed.x> 50 // ..\n2 domain b.example <feed.x> 50 // ..\n" },
		{ IOC(AND(OR(ITEM("1", "is", "Network/DNS", "a.example")
			ITEM("2", "is", "Network/DNS", "b.example"))
			ITEM("3", "is", "PortItem/remotePort", "443"))),
		    "2 UNMATCHED conditions joined by AND\n" },
		{ IOC(AND(ITEM("1", "is", "PortItem/remoteIP", "203.0.113.1")
			ITEM("2", "is", "PortItem/remotePort", "443"))),
		    "2 ip-port 203.0.113.1:443 <feed.x> 50 // ..\n" },
		{ IOC(AND(ITEM("1", "is", "FileItem/FilePath", "c:\\windows\\temp")
			ITEM("2", "is", "FileItem/FileName", "x.exe"))),
		    "2 path c:/windows/temp/x.exe <feed.x> 50 // ..\n" },
		{ IOC("<Indicator>" ITEM("1", "is", "Network/DNS", "a.example")
			ITEM("2", "is", "Network/DNS", "b.example") "</Indicator>"),
		    "2 UNMATCHED conditions joined by AND\n" },
		{ "<i:OpenIOC xmlns:i=\"http://openioc.org/schemas/OpenIOC_1.1\" "
		  "last-modified=\"2013-02-01T10:00:00\"><i:metadata><i:short_description>T &amp; U"
		  "</i:short_description><i:authored_by>Mandiant</i:authored_by><i:authored_date>"
		  "2013-01-30T09:00:00Z</i:authored_date><i:links><i:link rel=\"threatgroup\">APT1"
		  "</i:link></i:links></i:metadata><i:criteria>\n<i:Indicator operator=\"OR\">"
		  "<i:IndicatorItem condition=\"is\" negate=\"false\"><i:Context search=\"Network/DNS\"/>"
		  "<i:Content type=\"string\">a.&#101;xample</i:Content></i:IndicatorItem></i:Indicator>"
		  "</i:criteria></i:OpenIOC>",
		    "2 domain a.example <Mandiant> 50 /APT1/T & U .. "
		    "seen 2013-01-30T09:00:00Z..2013-02-01T10:00:00Z\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(as(INTEL_AUTO, t[i].in), t[i].out, "OpenIOC %zu", i);
	is_int(result.format, INTEL_OPENIOC, "recognised as OpenIOC");
}

static void openioc_malformed(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "<!DOCTYPE ioc [<!ENTITY a \"b\">]>\n<ioc/>", "1: a document type: entities are not accepted" },
		{ "<!DOCTYPE ioc SYSTEM \"http://a.example/x\"><ioc/>",
		    "1: a document type: entities are not accepted" },
		{ "<ioc>\n&lol;</ioc>", "2: undefined entity" },
		{ "<ioc><a></ioc>", "1: mismatched tag" },
		{ "<ioc/><ioc/>", "1: junk after document element" },
		{ "<rss/>", "1: XML, but no OpenIOC document" },
		{ "<?xml version=\"1.0\" encoding=\"x-y\"?><ioc/>", "1: unknown encoding" },
		{ "<ioc>\xff</ioc>", "1: not well-formed (invalid token)" },
		{ "<html><body>502", "1: a web page, not a feed (an error page of the server?)" },
		{ IOC(OR("<IndicatorItem><IndicatorItem/></IndicatorItem>")),
		    "2: an IndicatorItem inside another" },
	};
	char want[256];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(want, sizeof(want), "ERROR -74 dir/feed.x:%s", t[i].out);
		is_str(as(INTEL_AUTO, t[i].in), want, "refuses %s", t[i].in);
	}
	AUTO_BUF struct buf b = BUF_INIT(64u << 20);
	buf_puts(&b, "<ioc>");
	for (int i = 0; i < 64; i++)
		buf_puts(&b, "<a>");
	is_str(as(INTEL_AUTO, buf_str(&b)), "ERROR -74 dir/feed.x:1: nested too deeply", "depth");
	buf_reset(&b);
	buf_puts(&b, "<ioc><a b=\"");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "%01024d", 0);
	buf_puts(&b, "\"/></ioc>");
	is_str(as(INTEL_AUTO, buf_str(&b)),
	    "ERROR -74 dir/feed.x:1: one element needs more memory than is allowed", "a huge attribute");
	buf_reset(&b);
	buf_puts(&b, "<ioc><Indicator operator=\"OR\"><IndicatorItem condition=\"is\"><Context "
		     "search=\"Network/DNS\"/><Content>");
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "%01024d", 0);
	buf_puts(&b, "</Content></IndicatorItem>" ITEM("2", "is", "Network/DNS", "a.example")
		     "</Indicator></ioc>");
	is_str(as(INTEL_AUTO, buf_str(&b)), "1 REJECT a content longer than 65536 bytes\n"
	    "1 domain a.example <feed.x> 50 // ..\n", "a huge content is one reject");
}

/* --- RPZ --- */

static void rpz(void)
{
#define BAD(name, note) " domain " name " <feed.x> 50 //RPZ: " note " ..\n"
	static const char zone[] = "$TTL 300\n@ IN SOA localhost. root.localhost. ( 1 ; serial (\n"
	    "   3h 1h 1w 1h )\n  IN NS localhost.\n; comment\nEvil.example CNAME .\n"
	    "*.evil.example 300 IN CNAME *.\ngood.example IN 1h30m CNAME rpz-passthru.\n"
	    "old.example CNAME OLD.example.\ndrop.example CNAME rpz-drop.\n"
	    "garden.example A 192.0.2.1\r\n               AAAA 2001:db8::1\n  TXT \"a ; text\"\n"
	    "tcp.example CNAME rpz-tcp-only.\nx.example CNAME rpz-what.\n"
	    "24.0.2.0.198.rpz-ip CNAME .\n48.zz.8.db8.2001.rpz-ip CNAME .\n"
	    "128.1.zz.db8.2001.rpz-ip CNAME .\n99999.1.rpz-ip CNAME .\n"
	    "32.1.2.0.192.rpz-client-ip CNAME rpz-drop.\nns.example.rpz-nsdname CNAME .\n"
	    "* CNAME .\na\\.b.example CNAME .\nabs.example. CNAME .\nlonely.example\n"
	    "$INCLUDE other\n";

	is_str(as(INTEL_AUTO, zone),
	    "6" BAD("evil.example exact", "NXDOMAIN") "7" BAD("evil.example", "NODATA")
	    "8 domain good.example exact <feed.x> 50 //RPZ: PASSTHRU .. benign\n"
	    "9 domain old.example exact <feed.x> 50 //RPZ: PASSTHRU .. benign\n"
	    "10" BAD("drop.example exact", "DROP") "11" BAD("garden.example exact", "local data")
	    "14 CONTEXT TCP-ONLY says nothing about good or bad\n"
	    "15 REJECT an action that is not known\n"
	    "16 ipv4 198.0.2.0/24 <feed.x> 50 //RPZ: NXDOMAIN ..\n"
	    "17 ipv6 2001:db8:8::/48 <feed.x> 50 //RPZ: NXDOMAIN ..\n"
	    "18 ipv6 2001:db8::1 <feed.x> 50 //RPZ: NXDOMAIN ..\n"
	    "19 REJECT not the address of an rpz-ip trigger\n"
	    "20 UNMATCHED a trigger on who asks (rpz-client-ip)\n"
	    "21 UNMATCHED a trigger on name servers\n22 REJECT a wildcard for every name\n"
	    "23 REJECT a name with escapes\n"
	    "24 REJECT an absolute name, and no $ORIGIN or SOA that says which zone it is in\n"
	    "25 REJECT not a record: no type, or no data\n26 REJECT an included file is not read\n",
	    "triggers and actions");
	is_int(result.format, INTEL_RPZ, "recognised as a zone");
	is_str(as(INTEL_AUTO, "$ORIGIN .\nRPZ.local 60 IN SOA a. b. 1 2 3 4 5\n\trpz.local. 60 IN NS a.\n"
	    "evil.example.rpz.local. 60 IN CNAME .\nother.example. 60 IN CNAME .\n"
	    "$ORIGIN example.rpz.local.\nsub CNAME .\n"),
	    "4" BAD("evil.example exact", "NXDOMAIN") "5 REJECT a name outside of the zone\n"
	    "7" BAD("sub.example exact", "NXDOMAIN"), "absolute names, origins inside the zone");
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	o.format = INTEL_RPZ;
	is_str(read_it(SPAN_LIT("a.example\0.b CNAME .\n"), &o),
	    "1 REJECT a name longer than 1024 bytes, or with NUL\n", "NUL in a name");
	is_str(as(INTEL_RPZ, "a CNAME ( .\n"), "ERROR -74 dir/feed.x:2: the zone ends inside parentheses",
	    "parentheses that do not end");
	is_str(as(INTEL_RPZ, "a.example )\n"),
	    "ERROR -74 dir/feed.x:1: a parenthesis that was not opened", "or do not begin");
	is_str(as(INTEL_RPZ, "a.example TXT \"x\n"),
	    "ERROR -74 dir/feed.x:1: a quoted text that does not end in its line", "quotes");
}

/* --- all of them --- */

static void foreign(void)
{
	static const struct {
		struct span in;
		const char *out;
	} t[] = {
		{ SPAN_LIT("\xff\xfe" "a\0"), "UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)" },
		{ SPAN_LIT("\xfe\xff\0a"), "UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)" },
		{ SPAN_LIT("\x1f\x8b\x08"), "compressed with gzip: unpack it first" },
		{ SPAN_LIT("PK\3\4"), "a zip archive: unpack it first" },
		{ SPAN_LIT("a.example\n\1\2\3\4\5\6\7\xfe\n\0"), "not a text" },
		{ SPAN_LIT("<!DOCTYPE html>\n"),
		    "a web page, not a feed (an error page of the server?)" },
	};
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	char want[256];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(want, sizeof(want), "ERROR -74 dir/feed.x:1: %s", t[i].out);
		is_str(read_it(t[i].in, &o), want, "refuses: %s", t[i].out);
	}
	static const struct {
		const char *in;
		enum intel_format format;
	} d[] = {
		{ "[2001:db8::1]:443\n", INTEL_LIST },
		{ "{\"type\":\"bundle\"", INTEL_STIX },
		{ "[{\"type\":\"indicator\"", INTEL_STIX },
		{ "[{\"Event\":{}}]", INTEL_MISP },
		{ "{\"response\":[]}", INTEL_MISP },
		{ "{\"name\":\"x\",\"matching_attributes\":[],\"list\":[]}", INTEL_WARNINGLIST },
		{ "a.example\n/x/y\n", INTEL_MALTRAIL },
		{ "a.example\n", INTEL_LIST },
		{ "a.example\n/tmp/x\n" H32 "\n", INTEL_LIST },
		{ "; zone\n$TTL 5\n", INTEL_RPZ },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?><ioc/>", INTEL_OPENIOC },
	};
	for (size_t i = 0; i < ARRAY_LEN(d); i++) {
		as(INTEL_AUTO, d[i].in);
		is_str(intel_format_name(result.format), intel_format_name(d[i].format), "detects %s",
		    d[i].in);
	}
	ok(strstr(intel_format_list(), "openioc, hosts, maltrail"), "the list of formats");
	for (int f = 0; f < INTEL_FORMATS; f++)
		is_int(intel_format_of(span_str(intel_format_name(f))), f, "format %d by its name", f);
}

/* No cut gives more than the whole, none is silent about an open structure, and none crashes. */
static void prefixes(void)
{
	static const struct {
		enum intel_format format;
		const char *text;
		bool whole; /* only the whole text is well-formed */
	} t[] = {
		{ INTEL_MISP, EVENT(ATT("domain", ON, "a.example"), ",\"Object\":[{\"Attribute\":["
		    ATT("md5", ON, H32) "]}]"), true },
		{ INTEL_OPENIOC, IOC(OR(AND(ITEM("1", "is", "FileItem/Md5sum", H32)))), true },
		{ INTEL_RPZ, "@ SOA a. b. ( 1\n 2 )\nevil.example CNAME .\n*.evil.example A \"x\"", false },
		{ INTEL_MALTRAIL, "a.example\n/x\n[a-z]\\.b", false },
		{ INTEL_IPSUM, "203.0.113.1\t10\n203.0.113.2\t1", false },
		{ INTEL_HOSTS, "0.0.0.0 a.example b.example\n::1 localhost", false },
		{ INTEL_CSV, "type,value,note\ndomain,a.example,\"x\"\"y\"\n,203.0.113.1,z", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct intel_opts o = INTEL_OPTS_DEFAULT;
		size_t n = strlen(t[i].text), refused = 0;
		o.format = t[i].format;
		read_it(span_of(t[i].text, n), &o);
		uint64_t all = result.indicators;
		bool more = false;
		for (size_t k = 0; k < n; k++) {
			char *copy = malloc(k + 1); /* so that a byte too far is seen */
			if (!copy)
				abort();
			memcpy(copy, t[i].text, k);
			refused += strncmp(read_it(span_of(copy, k), &o), "ERROR", 5) == 0;
			more |= result.indicators > all;
			free(copy);
		}
		ok(all > 0 && !more, "%s: no prefix gives more", intel_format_name(t[i].format));
		if (t[i].whole)
			is_int(refused, n, "%s: every proper prefix is refused",
			    intel_format_name(t[i].format));
	}
}

/* --- what of a URL can be an indicator --- */

static const char *parts_of(const char *url)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 16);
	struct url_part part[URL_PARTS_MAX];

	buf_reset(&got);
	buf_puts(&got, "");
	for (size_t i = 0, n = url_parts(url, &a, part); i < n; i++)
		buf_printf(&got, "%s %s\n", indicator_type_name(part[i].type), part[i].value);
	return buf_str(&got);
}

static void urls(void)
{
	is_str(parts_of("http://a.example/b/c.php?id=7&x=8#f"),
	    "url http://a.example/b/c.php?id=7&x=8#f\nurl http://a.example/b/c.php\n"
	    "url-path /b/c.php?id=7&x=8\nurl-path /b/c.php?id=&x=\nurl-path /b/c.php\n"
	    "url-path /c.php\ndomain a.example\n",
	    "query, values, folder (too short to say anything), last segment, host");
	is_str(parts_of("https://203.0.113.1/"), "url https://203.0.113.1/\nip-port 203.0.113.1:443\n",
	    "an address, with its scheme's port");
	is_str(parts_of("http://u:p@203.0.113.1:8080/xyz"), "url http://u:p@203.0.113.1:8080/xyz\n"
	    "url-path /xyz\nip-port 203.0.113.1:8080\n", "with its own port");
	is_str(parts_of("http://[2001:db8::1]:81/xyz/"), "url http://[2001:db8::1]:81/xyz/\n"
	    "url-path /xyz\nip-port [2001:db8::1]:81\n", "an IPv6 address");
	is_str(parts_of("203.0.113.1/abc/def"), "url 203.0.113.1/abc/def\nurl-path /abc/def\n"
	    "url-path /abc\nurl-path /def\nipv4 203.0.113.1\n", "without a scheme");
	is_str(parts_of("tcp://203.0.113.1"), "url tcp://203.0.113.1\nipv4 203.0.113.1\n", "another scheme");
	is_str(parts_of("http://a.example:81/robots.txt"),
	    "url http://a.example:81/robots.txt\ndomain a.example\n", "a path that all have");
}

/* --- folders --- */

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

static const char *listed(const char *dir)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct intel_dir d;

	buf_reset(&got);
	fault = FAULT_INIT;
	int rc = intel_dir_list(dir, &a, &d, &fault);
	if (rc < 0) {
		buf_printf(&got, "ERROR %d %s", rc, fault.text + strlen(dir));
		return buf_str(&got);
	}
	for (size_t i = 0; i < d.n; i++)
		buf_printf(&got, "%s ", d.path[i] + strlen(dir) + 1);
	if (d.missing)
		buf_printf(&got, "missing %zu %s", d.missing, d.absent);
	return buf_str(&got);
}

static void folders(void)
{
	char dir[] = "/tmp/fb-intel-XXXXXX", path[64];

	if (!mkdtemp(dir))
		abort();
	put_file(dir, "b.csv", "");
	put_file(dir, "a.txt", "");
	put_file(dir, ".hidden", "");
	put_file(dir, "LICENSE", "");
	put_file(dir, "README.md", "");
	is_str(listed(dir), "a.txt b.csv ", "the files of a folder");
	snprintf(path, sizeof(path), "%s/google", dir);
	mkdir(path, 0700);
	put_file(dir, "google/list.json", "");
	is_str(listed(dir), "google/list.json ", "warninglists");
	put_file(dir, "5c5be78a-3908-47c6-bf16-4487ca1f6a5d.json", "");
	put_file(dir, "manifest.json", "{\"5c5be78a-3908-47c6-bf16-4487ca1f6a5d\":{},"
				       "\"6c5be78a-3908-47c6-bf16-4487ca1f6a5d\":{}}");
	is_str(listed(dir), "5c5be78a-3908-47c6-bf16-4487ca1f6a5d.json "
	    "missing 1 6c5be78a-3908-47c6-bf16-4487ca1f6a5d.json", "a MISP feed");
	put_file(dir, "manifest.json", "{\"../../etc/passwd\":{}}");
	is_str(listed(dir), "ERROR -74 /manifest.json: \"../../etc/passwd\" is not the UUID of an event",
	    "a manifest that leads outside");
	put_file(dir, "manifest.json", "[]");
	is_str(listed(dir), "ERROR -74 /manifest.json: not a MISP manifest: no object", "no manifest");
	snprintf(path, sizeof(path), "rm -r %s", dir);
	is_int(system(path), 0, "cleaned up");
	is_str(listed(dir), "ERROR -2 : No such file or directory", "no folder");
}

int main(void)
{
	maltrail();
	ipsum();
	hosts();
	misp_types();
	misp_events();
	misp_malformed();
	openioc();
	openioc_malformed();
	rpz();
	foreign();
	prefixes();
	urls();
	folders();
	buf_free(&got);
	return tap_done();
}
