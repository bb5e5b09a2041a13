/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/sideload.h"

#include "tap.h"

#include <errno.h>

static const char rules[] =
    "- Name: Version.dll\n  Vendor: Microsoft\n  ExpectedLocations: ['%SYSTEM32%', 'c:\\windows\\syswow64\\']\n"
    "  ExpectedSignatureInformation:\n    - Subject: CN=Microsoft Windows, O=Microsoft Corporation, C=US\n"
    "- Name: tool.dll\n  Vendor: ACME\n  ExpectedLocations: ['%PROGRAMFILES%\\Acme\\%VERSION%']\n"
    "  ExpectedSignatureInformation:\n    - Subject: CN=\"ACME, Inc.\", C=US\n"
    "  VulnerableExecutables:\n    - Path: '%PROGRAMFILES%\\Acme\\AcmeUp.exe'\n      Type: Sideloading\n";

struct told {
	char text[1024];
	int confidence;
};

static int on_finding(void *ctx, const struct sideload_finding *x)
{
	static const char *const names[] = { "", "place", "program", "signer", "odd", "slack" };
	struct told *t = ctx;
	size_t n = strlen(t->text);

	snprintf(t->text + n, sizeof(t->text) - n, "%s%s %s", n ? ", " : "", names[x->why], x->file->path);
	t->confidence = x->confidence;
	return x->text[0] && x->confidence > 0 && x->confidence <= 100 ? 0 : -EIO;
}

struct seen {
	const char *path;
	bool library;
	enum sideload_signed state;
	const char *signer;
	bool slack;
};

static const char *judge(const struct seen *f, size_t n, struct told *t)
{
	AUTO_SIDELOAD struct sideload *s = NULL;
	struct fault fault = FAULT_INIT;

	*t = (struct told){ "" };
	int rc = sideload_new(&s);
	if (rc == 0)
		rc = sideload_rules(s, span_str(rules), "rules", &fault);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = sideload_see(s, &(struct sideload_file){ .path = f[i].path, .library = f[i].library,
			.state = f[i].state, .signer = f[i].signer ? f[i].signer : "", .slack = f[i].slack });
	if (rc == 0)
		rc = sideload_judge(s, on_finding, t);
	if (rc)
		snprintf(t->text, sizeof(t->text), "%d %s", rc, fault.text);
	return t->text;
}
#define JUDGE(...)                                                                                 \
	judge((const struct seen[]){ __VA_ARGS__ },                                                \
	    sizeof((const struct seen[]){ __VA_ARGS__ }) / sizeof(struct seen), &t)

static void test_rules(void)
{
	struct told t;

	is_str(JUDGE({ "w/Windows/System32/version.dll", true }), "", "at its place, signed in a catalogue");
	is_str(JUDGE({ "w/windows/syswow64/VERSION.DLL", true, SIDELOAD_SIGNED, "Microsoft Windows" }), "", "or itself");
	is_str(JUDGE({ "C/Windows/WinSxS/x/version.dll", true }), "", "or in Windows' own store");
	is_str(JUDGE({ "app/version.dll", true }), "", "alone nobody loads it");
	is_str(JUDGE({ "app/version.dll", true }, { "app/a.exe", false }), "place app/version.dll", "beside a program");
	is_str(JUDGE({ "app/version.dll", true, SIDELOAD_SIGNED, "Microsoft Windows" }, { "app/a.exe", false }), "",
	    "its maker's own copy is none");
	is_str(JUDGE({ "app/version.dll", true, SIDELOAD_INVALID, "Microsoft Windows" }, { "app/a.exe", false }),
	    "place app/version.dll", "unless its signature does not hold");
	is_str(JUDGE({ "w/Windows/System32/version.dll", true, SIDELOAD_SIGNED, "Evil Ltd" }),
	    "signer w/Windows/System32/version.dll", "at its place, another's");
	is_str(JUDGE({ "w/Windows/System32/version.dll", true, SIDELOAD_INVALID, "" }),
	    "signer w/Windows/System32/version.dll", "at its place, broken");
	is_str(JUDGE({ "x/Program Files (x86)/Acme/1.2/tool.dll", true, SIDELOAD_SIGNED, "ACME, Inc." }), "",
	    "variables, versions and quoted names");
	is_str(JUDGE({ "d/tool.dll", true }, { "d/ACMEup.EXE", false }), "program d/tool.dll", "the program that loads it");
	is_int(t.confidence, 70, "is the surest");
	is_str(JUDGE({ "a.zip!version.dll", true }, { "a.zip!a.exe", false }), "place a.zip!version.dll", "in an archive");
	is_str(JUDGE({ "d/notversion.dll", true }, { "d/version.dll.txt", false }), "", "names are compared whole");
}

static void test_company(void)
{
	struct told t;

#define OURS(name) { "p/" name, true, SIDELOAD_SIGNED, "Vendor" }
	is_str(JUDGE(OURS("a.dll"), OURS("b.dll"), OURS("c.dll")), "", "all of one signer");
	is_str(JUDGE(OURS("a.dll"), OURS("b.dll"), OURS("c.dll"), { "p/d.dll", true }), "odd p/d.dll", "one unsigned");
	is_str(JUDGE(OURS("a.dll"), OURS("b.dll"), OURS("c.dll"), { "p/d.dll", true }, { "p/e.dll", true }), "",
	    "two unsigned: not unusual");
	is_str(JUDGE(OURS("a.dll"), OURS("b.dll"), OURS("c.dll"), { "p/d.dll", true, SIDELOAD_SIGNED, "Other" }),
	    "odd p/d.dll", "one of another");
	is_str(JUDGE(OURS("a.dll"), OURS("b.dll"), OURS("c.dll"),
		   { "p/d.dll", true, SIDELOAD_SIGNED, "Microsoft Corporation" }), "", "Microsoft's may be there");
	is_str(JUDGE(OURS("a.dll"), OURS("b.dll"), { "p/d.dll", true, SIDELOAD_INVALID, "Vendor" }), "odd p/d.dll",
	    "one whose signature does not hold");
	is_str(JUDGE(OURS("a.dll"), { "q/b.dll", true }), "", "folders are by themselves");
	is_str(JUDGE({ "p/d3d.dll", true, SIDELOAD_SIGNED, "Microsoft Corporation", true }), "slack p/d3d.dll",
	    "bytes behind the signature (3CX)");
	is_str(JUDGE({ "p/x.dll", true, SIDELOAD_UNSIGNED, "", true }), "", "without a signature there are no such bytes");
}

static void test_bad_rules(void)
{
	static const struct {
		const char *yaml, *why;
	} bad[] = {
		{ "x", "neither a rule nor a list" }, { "- x", "not a rule" }, { "Vendor: x", "without a Name" },
		{ "Name: 1", "without a Name" }, { "Name: a/b.dll", "not the name" }, { "Name: ''", "not the name" },
		{ "Name: a.dll\nExpectedLocations: x", "not a list" },
		{ "Name: a.dll\nVulnerableExecutables: [1]", "neither a text" }, { "Name: [", "rules:" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_SIDELOAD struct sideload *s = NULL;
		struct fault f = FAULT_INIT;
		ok(sideload_new(&s) == 0 && sideload_rules(s, span_str(bad[i].yaml), "rules", &f) == -EBADMSG &&
		    strstr(f.text, bad[i].why), "%s: %s", bad[i].why, f.text);
	}
	AUTO_SIDELOAD struct sideload *s = NULL;
	struct fault f = FAULT_INIT;
	ok(sideload_new(&s) == 0 && sideload_rules(s, span_str(rules), "rules", &f) == 0 &&
	    sideload_rules(s, span_str(rules), "rules", &f) == 0 && sideload_nrules(s) == 2, "the same again");
}

int main(void)
{
	test_rules();
	test_company();
	test_bad_rules();
	return tap_done();
}
