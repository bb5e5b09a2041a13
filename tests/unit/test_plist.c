/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/plist.h"

#include "base/arena.h"
#include "tap.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"x\">\n<plist version=\"1.0\">"
#define TAIL "</plist>\n"

static int read(struct span s, struct arena *a, struct plist *p)
{
	struct fault f = FAULT_INIT;
	int rc = plist_read(p, s, a, &f);

	if (rc < 0 && (p->n || p->node || !f.text[0]))
		return 1; /* an error leaves nothing and says why */
	return rc;
}

static void check_good(const struct plist *p, const char *name)
{
	const struct plist_node *top = plist_top(p), *list = plist_get(p, top, "list", PLIST_ARRAY);
	const struct plist_node *x = plist_first(p, list);
	const struct plist_node *data = plist_get(p, top, "data", PLIST_DATA);

	ok(top && top->type == PLIST_DICT && top->n == 4, "%s: a dictionary of four", name);
	ok(x && span_eq_str(x->bytes, "a & \xc3\xbc"), "%s: text", name);
	x = plist_next(p, x);
	ok(x && x->type == PLIST_INTEGER && x->number == -12, "%s: a number", name);
	x = plist_next(p, x);
	ok(x && x->type == PLIST_BOOL && x->flag && !plist_next(p, x), "%s: true, and the end", name);
	ok(data && span_eq(data->bytes, SPAN_LIT("\0\1\2\3")), "%s: data", name);
	ok(plist_get(p, top, "none", PLIST_DICT) && !plist_get(p, top, "none", PLIST_ARRAY),
	    "%s: an empty dictionary, found by its type only", name);
	ok(!plist_get(p, top, "absent", PLIST_DICT), "%s: what is not there", name);
}

static const char good_xml[] = HEAD
    "<dict><!-- a comment --><key>list</key><array><string>a &amp; &#252;</string>"
    "<integer>-12</integer><true/></array><key>data</key><data>\n\tAAEC\n\tAw==\n</data>"
    "<key>none</key><dict/><key>date</key><date>2023-03-29T00:00:00Z</date></dict>" TAIL;

/* plistlib's bytes of the same. */
static const uint8_t good_binary[] = {
	'b', 'p', 'l', 'i', 's', 't', '0', '0',
	0xd4, 1, 2, 3, 4, 5, 6, 7, 8,				/* 8: top */
	0x54, 'l', 'i', 's', 't', 0x54, 'd', 'a', 't', 'a',	/* 17, 22 */
	0x54, 'n', 'o', 'n', 'e', 0x54, 'd', 'a', 't', 'e',	/* 27, 32 */
	0xa3, 9, 10, 11,					/* 37: list */
	0x44, 0, 1, 2, 3,					/* 41: data */
	0xd0,							/* 46: none */
	0x33, 0x41, 0xc4, 0, 0, 0, 0, 0, 0,			/* 47: date */
	0x65, 0, 'a', 0, ' ', 0, '&', 0, ' ', 0, 0xfc,		/* 56: text */
	0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf4,	/* 67: -12 */
	0x09,							/* 76: true */
	8, 17, 22, 27, 32, 37, 41, 46, 47, 56, 67, 76,		/* 77: table */
	0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 77,
};

static void test_good(struct span text, const char *name)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct plist p;
	size_t taken = 0;

	is_int(read(text, &a, &p), 0, "%s: is read", name);
	check_good(&p, name);
	/* white space behind the end is all that may be missing */
	size_t n = text.p[text.n - 1] == '\n' ? text.n - 1 : text.n;
	for (size_t i = 0; i < n; i++) {
		AUTO_ARENA struct arena b = ARENA_INIT(1u << 20);
		taken += read(span_cut(text, 0, i), &b, &p) >= 0;
	}
	is_int((int)taken, 0, "%s: no proper prefix is", name);
}

static void test_bad(void)
{
	static const struct {
		const char *name, *text;
	} bad[] = {
		{ "nothing", "" },
		{ "other XML", "<html></html>" },
		{ "two values", HEAD "<true/><true/>" TAIL },
		{ "no value", HEAD TAIL },
		{ "bytes behind the end", HEAD "<true/>" TAIL "x" },
		{ "a key twice", HEAD "<dict><key>a</key><true/><key>a</key><true/></dict>" TAIL },
		{ "a key without value", HEAD "<dict><key>a</key></dict>" TAIL },
		{ "a value without key", HEAD "<dict><true/></dict>" TAIL },
		{ "an internal subset", "<!DOCTYPE plist [<!ENTITY a \"b\">]><plist><string>&a;</string>" TAIL },
		{ "an unknown entity", HEAD "<string>&nbsp;</string>" TAIL },
		{ "a NUL by number", HEAD "<string>&#0;</string>" TAIL },
		{ "a surrogate by number", HEAD "<string>&#xd800;</string>" TAIL },
		{ "CDATA", HEAD "<string><![CDATA[x]]></string>" TAIL },
		{ "an unknown element", HEAD "<text>x</text>" TAIL },
		{ "no base64", HEAD "<data>A*==</data>" TAIL },
		{ "base64 cut off", HEAD "<data>AAA</data>" TAIL },
		{ "base64 with bits behind", HEAD "<data>AB==</data>" TAIL },
		{ "base64 that goes on", HEAD "<data>AA==AAAA</data>" TAIL },
		{ "no integer", HEAD "<integer>12a</integer>" TAIL },
		{ "a large integer", HEAD "<integer>99999999999999999999</integer>" TAIL },
		{ "not UTF-8", HEAD "<string>\xff</string>" TAIL },
		{ "crossed elements", HEAD "<dict><key>a</key><array></dict></array>" TAIL },
	};
	struct plist p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
		ok(read(span_str(bad[i].text), &a, &p) < 0, "refused: %s", bad[i].name);
	}
}

/* An array in an array, and one object that refers to itself. */
static void test_deep(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	char text[4096];
	struct plist p;
	size_t n = (size_t)snprintf(text, sizeof(text), "<plist>");

	for (int i = 0; i < PLIST_DEPTH_MAX + 2; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "<array>");
	ok(read(span_of(text, n), &a, &p) < 0, "refused: too deep");
	static const uint8_t self[] = { 'b', 'p', 'l', 'i', 's', 't', '0', '0', 0xa2, 0, 0, 8, 0, 0, 0, 0,
		0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11 };
	ok(read(span_of(self, sizeof(self)), &a, &p) < 0, "refused: an array that holds itself");
}

int main(void)
{
	test_good(span_of(good_xml, sizeof(good_xml) - 1), "XML");
	test_good(span_of(good_binary, sizeof(good_binary)), "binary");
	test_bad();
	test_deep();
	return tap_done();
}
