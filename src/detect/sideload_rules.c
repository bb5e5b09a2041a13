/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/sideload_rules.h"

#include "conf/yaml.h"
#include "detect/sideload.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

#define YAML_ARENA_MAX (64u << 20)
#define PATH_ROOM 4096

void sideload_rules_init(struct sideload_rules *r, struct arena *a)
{
	*r = (struct sideload_rules){ .arena = a };
	map_init(&r->by_name, SIDELOAD_RULES_MAX);
}

void sideload_rules_free(struct sideload_rules *r)
{
	map_free(&r->by_name);
}

/* Lower case, "/" for "\". */
static void plain(char *s)
{
	for (; *s; s++)
		*s = *s == '\\' ? '/' : *s >= 'A' && *s <= 'Z' ? (char)(*s | 0x20) : *s;
}

/* --- places --- */

static const struct {
	const char *name, *folder;
} variables[] = {
	{ "%system32%", "windows/system32" }, { "%syswow64%", "windows/syswow64" },
	{ "%windir%", "windows" }, { "%systemroot%", "windows" }, { "%programfiles%", "program files*" },
	{ "%programfiles(x86)%", "program files*" }, { "%programdata%", "programdata" },
	{ "%allusersprofile%", "programdata" }, { "%appdata%", "users/*/appdata/roaming" },
	{ "%localappdata%", "users/*/appdata/local" }, { "%userprofile%", "users/*" },
	{ "%public%", "users/public" }, { "%systemdrive%", "" },
};

/* One variable at the head of s: what it stands for; any other is one name. */
static const char *variable(const char **s)
{
	const char *end = strchr(*s + 1, '%');

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		size_t n = strlen(variables[i].name);
		if (strncmp(*s, variables[i].name, n) == 0) {
			*s += n;
			return variables[i].folder;
		}
	}
	if (!end) {
		++*s;
		return "";
	}
	*s = end + 1;
	return "*";
}

static const char *location(struct arena *a, char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(PATH_ROOM);
	const char *s = text;

	plain(text);
	if (s[0] && s[1] == ':')
		s += 2;
	while (*s == '/')
		s++;
	while (*s) {
		if (*s == '%')
			buf_puts(&b, variable(&s));
		else if (strchr("[]?\\", *s))
			buf_putc(&b, '?'), s++; /* not meant as a pattern */
		else
			buf_putc(&b, *s++);
	}
	while (b.n && b.p[b.n - 1] == '/')
		b.p[--b.n] = 0;
	return buf_err(&b) ? NULL : arena_str(a, buf_span(&b));
}

/* --- reading --- */

static const char *lower_text(struct arena *a, struct json_val v)
{
	char *s = json_cstr(v, a);

	if (s)
		plain(s);
	return s;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* "CN=Microsoft Windows, O=…" has a common name; without one the whole text is. */
static const char *common_name(struct arena *a, const char *subject)
{
	const char *cn = subject ? strstr(subject, "cn=") : NULL;

	if (!subject || !cn)
		return subject;
	cn += 3;
	if (*cn == '"')
		return arena_printf(a, "%.*s", (int)strcspn(cn + 1, "\""), cn + 1);
	return arena_printf(a, "%.*s", (int)strcspn(cn, ","), cn);
}

/* The strings of a list; of objects the member that is named. */
static int texts(struct sideload_rules *r, struct json_val list, const char *member,
    const char ***ret_v, size_t *ret_n, struct fault *f)
{
	uint32_t n = json_count(list);

	if (!json_ok(list) || json_type_of(list) == JSON_NULL)
		return 0;
	if (json_type_of(list) != JSON_ARR)
		return json_fault(list, f, "not a list");
	if (n > SIDELOAD_LIST_MAX)
		return json_fault(list, f, "more than %d elements", SIDELOAD_LIST_MAX);
	*ret_v = arena_array(r->arena, n, sizeof(**ret_v));
	if (!*ret_v)
		return -ENOMEM;
	JSON_EACH(x, list)
	{
		struct json_val v = json_type_of(x) == JSON_OBJ && member ? json_get(x, member) : x;
		if (!json_ok(v))
			continue;
		if (json_type_of(v) != JSON_STR)
			return json_fault(x, f, "neither a text nor something with a \"%s\"",
			    member ? member : "text");
		const char *s = lower_text(r->arena, v);
		if (!s)
			return -ENOMEM;
		(*ret_v)[(*ret_n)++] = s;
	}
	return 0;
}

static int read_rule(struct sideload_rules *r, struct json_val v, struct fault *f)
{
	struct sideload_rule *x = ARENA_NEW(r->arena, struct sideload_rule);
	struct json_val name = json_get(v, "Name"), vendor = json_get(v, "Vendor");

	if (!x)
		return -ENOMEM;
	if (json_type_of(name) != JSON_STR)
		return json_fault(v, f, "a rule without a Name, the name of a library");
	x->name = lower_text(r->arena, name);
	x->vendor = json_type_of(vendor) == JSON_STR ? json_cstr(vendor, r->arena) : "";
	if (!x->name || !x->vendor)
		return -ENOMEM;
	if (!x->name[0] || strchr(x->name, '/'))
		return json_fault(name, f, "not the name of a library");
	int rc = texts(r, json_get(v, "ExpectedLocations"), NULL, &x->location, &x->nlocations, f);
	if (rc == 0)
		rc = texts(r, json_get(v, "ExpectedSignatureInformation"), "Subject", &x->signer, &x->nsigners, f);
	if (rc == 0)
		rc = texts(r, json_get(v, "VulnerableExecutables"), "Path", &x->program, &x->nprograms, f);
	for (size_t i = 0; rc == 0 && i < x->nlocations; i++) {
		char *copy = arena_str(r->arena, span_str(x->location[i]));
		x->location[i] = copy ? location(r->arena, copy) : NULL;
		rc = x->location[i] ? 0 : -ENOMEM;
	}
	for (size_t i = 0; rc == 0 && i < x->nsigners; i++)
		rc = (x->signer[i] = common_name(r->arena, x->signer[i])) ? 0 : -ENOMEM;
	for (size_t i = 0; i < x->nprograms; i++)
		x->program[i] = base(x->program[i]);
	if (rc == 0)
		rc = map_add(&r->by_name, span_str(x->name), x, NULL);
	if (rc == 0)
		r->n++;
	return rc == -ENOSPC ? -E2BIG : rc < 0 ? rc : 0; /* the first of two rules for a name stands */
}

int sideload_rules_read(struct sideload_rules *r, struct span yaml, const char *name, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(YAML_ARENA_MAX);
	struct json_doc d;
	int rc = yaml_parse(&d, name, yaml, &a, f);

	if (rc < 0)
		return rc;
	struct json_val root = json_root(&d);
	if (json_type_of(root) == JSON_OBJ)
		return read_rule(r, root, f);
	if (json_type_of(root) != JSON_ARR)
		return json_fault(root, f, "neither a rule nor a list of rules");
	JSON_EACH(x, root)
	{
		rc = json_type_of(x) == JSON_OBJ ? read_rule(r, x, f) : json_fault(x, f, "not a rule");
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- asking --- */

const struct sideload_rule *sideload_rule(const struct sideload_rules *r, const char *lower_name)
{
	return map_get(&r->by_name, span_str(lower_name));
}

/* Where Windows itself keeps further copies of its libraries. */
static bool in_store(const char *folder)
{
	return strstr(folder, "windows/winsxs/") || strstr(folder, "windows/servicing/") ||
	    strstr(folder, "windows/system32/driverstore/") || strstr(folder, "windows/softwaredistribution/");
}

bool sideload_expected(const struct sideload_rule *r, const char *path, size_t n)
{
	char folder[PATH_ROOM];
	bool windows = false;

	while (n && (path[n - 1] == '/' || path[n - 1] == '!'))
		n--;
	if (n >= sizeof(folder))
		return false;
	memcpy(folder, path, n);
	folder[n] = 0;
	plain(folder);
	for (char *p = folder; *p; p++)
		if (*p == '!')
			*p = '/';
	for (size_t i = 0; i < r->nlocations; i++) {
		windows |= strncmp(r->location[i], "windows", 7) == 0;
		for (const char *s = folder; s; s = strchr(s, '/')) {
			s += *s == '/';
			if (fnmatch(r->location[i], s, FNM_PATHNAME | FNM_NOESCAPE) == 0)
				return true;
		}
	}
	return windows && in_store(folder);
}

bool sideload_signer(const struct sideload_rule *r, const char *signer)
{
	for (size_t i = 0; signer[0] && i < r->nsigners; i++)
		if (span_eq_nocase(span_str(signer), span_str(r->signer[i])))
			return true;
	return false;
}
