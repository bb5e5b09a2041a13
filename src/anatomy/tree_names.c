/* SPDX-License-Identifier: Apache-2.0 */

/* What names and links in a container are up to: names that look like others, links that lead out. */

#include "anatomy/taker.h"

#include "base/map.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#define LINKS_TOLD_MAX 4096 /* of one container */

/* --- one name ------------------------------------------------------------------------------- */

static bool is_bidi(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
	    c == 0x200f || c == 0x061c;
}

static bool is_invisible(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200d) || (c >= 0x2060 && c <= 0x2064) || c == 0xfeff ||
	    c == 0x00ad || c == 0x180e || (c >= 0xe0000 && c <= 0xe007f);
}

enum oddity { NAME_PLAIN = 0, NAME_CONTROL, NAME_BIDI, NAME_INVISIBLE, NAME_TRAILING };

/* The gravest thing about it. Bytes that are no UTF-8 are old names, not deceptions. */
static enum oddity oddity_of(struct span s)
{
	enum oddity found = NAME_PLAIN;

	for (size_t at = 0; at < s.n;) {
		uint32_t c = s.p[at];
		size_t n = utf8_next(span_from(s, at), &c);
		size_t next = at + (n ? n : 1);
		bool ends = next == s.n || s.p[next] == '/';
		if (c < 0x20 || c == 0x7f)
			return NAME_CONTROL;
		if (n && is_bidi(c))
			return NAME_BIDI;
		if (n && is_invisible(c))
			found = NAME_INVISIBLE;
		else if (ends && (c == ' ' || c == '.') && found == NAME_PLAIN)
			found = NAME_TRAILING;
		at = next;
	}
	return found;
}

static int judge_name(struct taker *k, uint32_t i)
{
	static const struct {
		enum reason_kind kind;
		const char *code, *text;
	} says[] = {
		[NAME_CONTROL] = { REASON_FAIL, "name.control",
		    "control characters in its name: it is shown as another" },
		[NAME_BIDI] = { REASON_FAIL, "name.bidi",
		    "characters in its name that turn the direction of text: it is shown as another" },
		[NAME_INVISIBLE] = { REASON_WARN, "name.invisible",
		    "invisible characters in its name: it looks like another" },
		[NAME_TRAILING] = { REASON_WARN, "name.trailing",
		    "a blank or dot at the end of a name: Windows takes it for the name without" },
	};
	enum oddity o = oddity_of(span_str(k->t->c[i].path));

	return o ? taker_say(k, i, says[o].kind, says[o].code, "%s", says[o].text) : 0;
}

/* --- a program that calls itself a document -------------------------------------------------- */

static const char *extension(const char *path, const char *end)
{
	const char *p = end;

	while (p > path && p[-1] != '.' && p[-1] != '/')
		p--;
	return p > path && p[-1] == '.' ? p : end;
}

static bool is_document(const char *ext, size_t n)
{
	static const char *const list[] = { "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "rtf",
		"txt", "jpg", "jpeg", "png", "gif", "bmp", "svg", "mp3", "mp4", "avi", "html", "htm",
		"csv", "xml", "json", "log", "md", "ico", "wav" };

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (strlen(list[i]) == n && strncasecmp(ext, list[i], n) == 0)
			return true;
	return false;
}

static int judge_extension(struct taker *k, uint32_t i)
{
	const char *path = k->t->c[i].path, *end = path + strlen(path);
	const char *ext = extension(path, end);

	if (is_document(ext, (size_t)(end - ext)))
		return taker_say(k, i, REASON_FAIL, "name.disguise",
		    "a program (%s) that is named like a document",
		    format_name(k->t->c[i].format));
	if (strcasecmp(ext, "exe") != 0 && strcasecmp(ext, "scr") != 0 && strcasecmp(ext, "com") != 0)
		return 0;
	end = ext - 1;
	ext = extension(path, end);
	if (is_document(ext, (size_t)(end - ext)))
		return taker_say(k, i, REASON_WARN, "name.disguise",
		    "a program with two extensions, the first of them a document's");
	return 0;
}

/* --- links ------------------------------------------------------------------------------------ */

/* Is it a system's file tree, whose links may be absolute? Debian packages and rpms are, always. */
static bool is_root(const struct component_tree *t, uint32_t container)
{
	static const char *const top[] = { "usr", "etc", "bin", "sbin", "lib", "opt", "var" };
	enum format f = (enum format)t->c[container].format;
	uint32_t above = t->c[container].parent;

	if (f == FORMAT_RPM || f == FORMAT_CPIO || f == FORMAT_DMG || f == FORMAT_IMAGE ||
	    t->c[container].type == COMPONENT_DIR)
		return true;
	if (above != COMPONENT_NONE && t->c[above].format == FORMAT_DEB)
		return true;
	if (f == FORMAT_ZIP || f == FORMAT_ASAR)
		return false;
	for (uint32_t i = t->c[container].first; i != COMPONENT_NONE; i = t->c[i].next)
		for (size_t n = 0; n < ARRAY_LEN(top); n++)
			if (strncmp(t->c[i].path, top[n], strlen(top[n])) == 0 &&
			    (t->c[i].path[strlen(top[n])] == '/' || !t->c[i].path[strlen(top[n])]))
				return true;
	return false;
}

static int judge_link(struct taker *k, uint32_t i, bool usual)
{
	const struct component *c = &k->t->c[i];

	return taker_say(k, i, usual ? REASON_NOTE : REASON_FAIL, "archive.link-out",
	    "a link that leads out of the archive: to %s", QUOTE(span_str(c->target)));
}

/* --- names that differ in the case of letters only -------------------------------------------- */

/*
 * The name that Windows makes of a path: letters are small, both slashes the same, blanks and dots at
 * the end of a part fall away, and what follows a colon is a stream of the file in front of it.
 */
static char *folded(const char *path)
{
	char *s = strdup(path);
	size_t n = 0;
	bool stream = false;

	for (const char *p = s; s; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p == '\\' ? '/' : *p;
		stream = c == '/' || !c ? false : stream || c == ':';
		while ((c == '/' || !c) && n && (s[n - 1] == ' ' || s[n - 1] == '.'))
			n--;
		if (!stream)
			s[n++] = c;
		if (!c)
			break;
	}
	return s;
}

static int add_folded(struct taker *k, struct map *m, uint32_t i)
{
	char *key = folded(k->t->c[i].path);
	void *old = NULL;

	int rc = key ? map_add(m, span_str(key), (void *)(uintptr_t)(i + 1), &old) : -ENOMEM;
	if (rc == 0)
		return 0; /* the key is the map's now */
	free(key);
	if (rc < 0)
		return rc == -ENOSPC ? 0 : rc;
	const struct component *other = &k->t->c[(uintptr_t)old - 1];
	if (strcasecmp(other->path, k->t->c[i].path) != 0)
		return taker_say(k, i, REASON_FAIL, "name.same",
		    "Windows takes its name for that of %s: one is unpacked over the other",
		    QUOTE(span_str(other->path)));
	return taker_say(k, i, REASON_WARN, "name.case",
	    "where case does not count it is the same name as %s", QUOTE(span_str(other->path)));
}

/* What leads out of one container. */
static int judge_links(struct taker *k, uint32_t container, bool root)
{
	struct component_tree *t = k->t;
	uint32_t n = 0;
	int rc = 0;

	for (uint32_t i = t->c[container].first; rc == 0 && i != COMPONENT_NONE; i = t->c[i].next)
		if (t->c[i].leads_out && n++ < LINKS_TOLD_MAX)
			rc = judge_link(k, i, root);
	if (rc == 0 && n > LINKS_TOLD_MAX)
		rc = taker_say(k, container, root ? REASON_NOTE : REASON_FAIL, "archive.link-out",
		    "%u more links lead out of the archive", n - LINKS_TOLD_MAX);
	return rc;
}

static int judge_case(struct taker *k, uint32_t container)
{
	struct component_tree *t = k->t;
	struct map m;
	int rc = 0;

	map_init(&m, COMPONENTS_MAX);
	for (uint32_t i = t->c[container].first; rc == 0 && i != COMPONENT_NONE; i = t->c[i].next)
		if (t->c[i].type != COMPONENT_DIR)
			rc = add_folded(k, &m, i);
	for (size_t i = 0; i < m.n; i++)
		free((void *)(uintptr_t)m.e[i].key.p);
	map_free(&m);
	return rc;
}

int taker_judge_names(struct taker *k)
{
	struct component_tree *t = k->t;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < t->n; i++) {
		if (i)
			rc = judge_name(k, i);
		if (rc == 0 && i && format_is_binary((enum format)t->c[i].format))
			rc = judge_extension(k, i);
		if (rc || t->c[i].first == COMPONENT_NONE)
			continue;
		bool root = is_root(t, i);
		rc = judge_links(k, i, root);
		/* Linux packages have names that differ in case only and mean it. */
		if (rc == 0 && !root)
			rc = judge_case(k, i);
	}
	return rc;
}
