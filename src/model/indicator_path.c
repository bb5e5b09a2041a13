/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator_path.h"

#include "model/indicator_net.h"
#include "model/indicator_text.h"

#define LITERALS_MIN 3 /* letters and digits that make a folder or name say something */

/* What the variables of Windows and of shells stand for on nearly every computer. */
static const struct {
	const char *name, *path;
} variables[] = {
	{ "appdata", "**/appdata/roaming" },
	{ "localappdata", "**/appdata/local" },
	{ "temp", "**/temp" },
	{ "tmp", "**/temp" },
	{ "tmpdir", "/tmp" },
	{ "userprofile", "**/users/*" },
	{ "public", "**/users/public" },
	{ "programdata", "**/programdata" },
	{ "allusersprofile", "**/programdata" },
	{ "programfiles", "**/program files" },
	{ "programfiles(x86)", "**/program files (x86)" },
	{ "programw6432", "**/program files" },
	{ "commonprogramfiles", "**/program files/common files" },
	{ "commonprogramfiles(x86)", "**/program files (x86)/common files" },
	{ "systemroot", "**/windows" },
	{ "windir", "**/windows" },
};

/* Folders of every computer: a wildcard in them alone matches nearly everything. */
static const char *const common[] = { "appdata", "application data", "bin", "boot", "common files",
	"desktop", "dev", "documents", "documents and settings", "downloads", "etc", "home", "lib",
	"lib64", "library", "local", "local settings", "locallow", "media", "mnt", "opt",
	"program files", "program files (x86)", "programdata", "proc", "public", "roaming", "root",
	"run", "sbin", "share", "srv", "sys", "system", "system32", "syswow64", "temp", "tmp", "users",
	"usr", "var", "volumes", "windows" };

static bool is_drive(const char *s)
{
	return is_ascii_letter(s[0]) && s[1] == ':';
}

bool path_is_one(const char *s)
{
	return (is_drive(s) && (s[2] == '\\' || s[2] == '/')) || strncmp(s, "\\\\", 2) == 0 ||
	    (s[0] == '%' && strpbrk(s, "\\/")) || strncmp(s, "~/", 2) == 0 ||
	    text_starts(s, "$env:") || strncmp(s, "*\\", 2) == 0;
}

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_ascii_letter(s[i]) && !is_ascii_digit(s[i]) && !strchr("_()", s[i]))
			return false;
	return true;
}

/* Length of a variable at s with its name in *ret_name; 0: there is none. */
static size_t variable(const char *s, struct span *ret_name)
{
	static const struct {
		const char *open, *close;
	} forms[] = { { "%", "%" }, { "${env:", "}" }, { "$env:", "" }, { "${", "}" }, { "$", "" } };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (!text_starts(s, forms[i].open))
			continue;
		const char *name = s + strlen(forms[i].open);
		size_t n = strcspn(name, forms[i].close[0] ? "%}/\\*?" : "/\\*?");
		if (!n || !is_name(name, n) || !text_starts(name + n, forms[i].close))
			continue;
		*ret_name = span_of(name, n);
		return (size_t)(name - s) + n + strlen(forms[i].close);
	}
	if (s[0] == '~' && (s[1] == '/' || s[1] == '\\')) {
		*ret_name = SPAN_LIT("home");
		return 1;
	}
	return 0;
}

static const char *variable_path(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (span_eq_nocase(name, span_str(variables[i].name)))
			return variables[i].path;
	return "**";
}

/* Replaces n bytes at *at by text; false when there is no room. */
static bool splice(char *s, size_t at, size_t n, const char *text)
{
	size_t len = strlen(s), k = strlen(text);

	if (len - n + k >= NET_TEXT_MAX)
		return false;
	memmove(s + at + k, s + at + n, len - at - n + 1);
	memcpy(s + at, text, k);
	return true;
}

static bool expand(char *s)
{
	struct span name;
	size_t n = variable(s, &name);

	if (n && !splice(s, 0, n, variable_path(name)))
		return false;
	for (size_t i = 1; s[i]; i++) {
		if (s[i] == '%' && (n = variable(s + i, &name)) && !splice(s, i, n, "*"))
			return false;
	}
	return true;
}

/* One slash between segments, none of them "."; stars in a row become one, or "**" if they are all
 * there is. Two slashes at the start stay: they name a server. False for "..". */
static bool tidy(char *s)
{
	char *out = s, *p = s;

	if (p[0] == '/' && p[1] == '/')
		*out++ = *p++;
	while (*p) {
		if (*p == '/') {
			*out++ = '/';
			p += strspn(p, "/");
		}
		size_t n = strcspn(p, "/"), stars = strspn(p, "*");
		if (n == 2 && memcmp(p, "..", 2) == 0)
			return false;
		if (n == 1 && *p == '.') {
			p += n + strspn(p + n, "/");
			continue;
		}
		if (n >= 2 && stars == n) {
			memmove(out, "**", 2);
			out += 2;
			p += n;
			continue;
		}
		for (const char *end = p + n; p < end; p++)
			if (*p != '*' || p + 1 == end || p[1] != '*')
				*out++ = *p;
	}
	*out = 0;
	return true;
}

/* Where a pattern begins: at the root, a drive, a server, or anywhere. */
static bool root(char *s)
{
	if (s[0] == '/' || is_drive(s) || strncmp(s, "**", 2) == 0)
		return true;
	return s[0] == '*' && s[1] == '/' ? splice(s, 0, 1, "**") : splice(s, 0, 0, "**/");
}

static bool ends_in_slash(const char *s)
{
	size_t n = strlen(s);

	return n && s[n - 1] == '/';
}

static bool is_common(struct span segment)
{
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (span_eq_str(segment, common[i]))
			return true;
	return false;
}

/* Does a segment say something of its own? "*.exe" does not. */
static bool says_something(struct span segment)
{
	size_t literals = 0;

	if (is_common(segment))
		return false;
	if (span_starts(segment, SPAN_LIT("*.")))
		return false;
	for (size_t i = 0; i < segment.n; i++)
		literals += segment.p[i] >= 0x80 || is_ascii_digit((char)segment.p[i]) ||
		    is_ascii_letter((char)segment.p[i]);
	return literals >= LITERALS_MIN;
}

static bool matches_everything(const char *s)
{
	const char *last = strrchr(s, '/');

	if (!strpbrk(last ? last : s, "*?"))
		return false;
	while (*s) {
		size_t n = strcspn(s, "/");
		if (says_something(span_of(s, n)))
			return false;
		s += n + (s[n] == '/');
	}
	return true;
}

/* \\?\ and \??\ and \\.\ are Windows' ways to say that a name is to be taken as it is. */
static bool drop_device(char *s)
{
	return text_drop(s, "//?/") || text_drop(s, "/?\?/") || text_drop(s, "//./");
}

const char *path_pattern(char *s)
{
	for (char *p = s; *p; p++)
		if (*p == '\\')
			*p = '/';
	text_lower(s, strlen(s));
	while (drop_device(s))
		;
	if (!expand(s))
		return "a value is longer than 2048 bytes";
	do /* one may come out only when slashes are put together */
		if (!tidy(s))
			return "a path that goes up (..)";
	while (drop_device(s));
	if (is_drive(s) && s[2] != '/')
		return "a drive without its folder";
	if (!root(s) || (ends_in_slash(s) && !splice(s, strlen(s), 0, "**")))
		return "a value is longer than 2048 bytes";
	if (!strpbrk(s, "abcdefghijklmnopqrstuvwxyz0123456789") && !strpbrk(s, "_~@") )
		return "a path without a name";
	return matches_everything(s) ? "the pattern matches nearly every file" : NULL;
}

const char *path_file_name(char *s, enum indicator_type *type)
{
	if (strpbrk(s, "/\\*?")) {
		*type = INDICATOR_PATH;
		return path_pattern(s);
	}
	if (strlen(s) > INDICATOR_FILE_NAME_MAX)
		return "a file name is longer than 255 bytes";
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "not a file name";
	text_lower(s, strlen(s));
	return NULL;
}

static const struct {
	const char *name, *hive;
} hives[] = {
	{ "hkey_local_machine", "hklm" },
	{ "hkey_current_user", "hkcu" },
	{ "hkey_users", "hku" },
	{ "hkey_classes_root", "hkcr" },
	{ "hkey_current_config", "hkcc" },
	{ "\\registry\\machine", "hklm" },
	{ "\\registry\\user", "hku" },
	{ "hklm", "hklm" },
	{ "hkcu", "hkcu" },
	{ "hku", "hku" },
	{ "hkcr", "hkcr" },
	{ "hkcc", "hkcc" },
};

/* The length of a hive's name at s, and its short form; 0: none. */
static size_t hive(const char *s, const char **ret_short)
{
	for (size_t i = 0; i < ARRAY_LEN(hives); i++) {
		size_t n = strlen(hives[i].name);
		if (!text_starts(s, hives[i].name) || (s[n] != '\\' && s[n] != ':' && s[n] != '/'))
			continue;
		*ret_short = hives[i].hive;
		return n + (s[n] == ':');
	}
	return 0;
}

bool path_is_registry(const char *s)
{
	const char *name;

	return hive(s, &name) > 0;
}

const char *path_registry(char *s)
{
	const char *name = NULL;
	char *out = s;

	text_drop(s, "computer\\");
	text_drop(s, "registry::");
	size_t n = hive(s, &name);
	if (!n)
		return "a registry key starts with its hive (HKLM, HKEY_CURRENT_USER …)";
	memmove(s + strlen(name), s + n, strlen(s + n) + 1);
	memcpy(s, name, strlen(name));
	if (s[strlen(name)] == '/') /* PowerShell's provider takes either */
		for (char *p = s; *p; p++)
			*p = *p == '/' ? '\\' : *p;
	for (char *p = s; *p; p++)
		if (*p != '\\' || p[1] != '\\')
			*out++ = *p;
	*out = 0;
	for (size_t len = strlen(s); len && (s[len - 1] == '\\' || text_trim(span_str(s)).n < len);
	    len = strlen(s))
		s[s[len - 1] == '\\' ? len - 1 : text_trim(span_str(s)).n] = 0;
	text_lower(s, strlen(s));
	return strchr(s, '\\') ? NULL : "a whole registry hive";
}
