/* SPDX-License-Identifier: Apache-2.0 */

/*
 * autostart_windows: Windows trees: start-up folders and scheduled tasks. Names are compared without
 * case; "C:" is the root, whatever its letter; environment variables are those of a usual install.
 * The registry is not read.
 */

#include "sense/host/autostart_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define TASK_DEPTH_MAX 8

/* The path as it is spelled on disk; NULL: not there (or no memory: *ret_rc). */
static const char *spelled(struct autostart *a, const char *path, int *ret_rc)
{
	char part[256];
	const char *at = ".";

	*ret_rc = 0;
	while (*path && at) {
		size_t n = strcspn(path, "/\\"), i, k;
		struct autostart_name *v;
		if (n >= sizeof(part))
			return NULL;
		memcpy(part, path, n);
		part[n] = 0;
		path += n;
		while (*path == '/' || *path == '\\')
			path++;
		if (!n)
			continue;
		*ret_rc = autostart_list(a, at, &v, &k);
		if (*ret_rc < 0)
			return NULL;
		for (i = 0; i < k && strcasecmp(v[i].name, part) != 0; i++)
			;
		if (i == k)
			return NULL;
		at = strcmp(at, ".") == 0 ? v[i].name : autostart_join(a, at, v[i].name);
	}
	if (!at)
		*ret_rc = -ENOMEM;
	return at;
}

/* --- commands --- */

static const struct {
	const char *name, *path;
} variables[] = {
	{ "%systemroot%", "Windows" }, { "%windir%", "Windows" }, { "%systemdrive%", "" },
	{ "%programfiles%", "Program Files" }, { "%programfiles(x86)%", "Program Files (x86)" },
	{ "%programw6432%", "Program Files" }, { "%programdata%", "ProgramData" },
	{ "%allusersprofile%", "ProgramData" }, { "%public%", "Users/Public" },
	{ "%commonprogramfiles%", "Program Files/Common Files" },
};

/* "%windir%\system32\x.exe", "C:\x" as a path below the root. */
static void unix_path(const char *s, char *out, size_t size)
{
	const char *head = "";

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		size_t n = strlen(variables[i].name);
		if (strncasecmp(s, variables[i].name, n) == 0) {
			head = variables[i].path;
			s += n;
			break;
		}
	}
	if (s[0] && s[1] == ':')
		s += 2;
	snprintf(out, size, "%s%s%s", head, head[0] ? "/" : "", s);
	for (char *p = out; *p; p++)
		if (*p == '\\')
			*p = '/';
}

/* The file that a name in a task stands for: as it is, with ".exe", in system32. */
static const char *find(struct autostart *a, const char *name, int *ret_rc)
{
	static const char *const tries[] = { "%s", "%s.exe", "Windows/System32/%s", "Windows/System32/%s.exe" };
	char path[1024], full[1100];

	unix_path(name, path, sizeof(path));
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(full, sizeof(full), tries[i], path);
#pragma GCC diagnostic pop
		const char *at = (i < 2) || !strchr(path, '/') ? spelled(a, full, ret_rc) : NULL;
		if (at || *ret_rc < 0)
			return at;
	}
	return NULL;
}

/* Without its quotes; words behind a program that is not quoted are found by trying. */
static int command(struct autostart *a, struct autostart_draft *d, const char *program)
{
	char name[1024];
	int rc;

	snprintf(name, sizeof(name), "%s", program[0] == '"' ? program + 1 : program);
	if (program[0] == '"')
		name[strcspn(name, "\"")] = 0;
	const char *at = find(a, name, &rc);
	for (char *space; !at && rc == 0 && (space = strrchr(name, ' '));) {
		*space = 0;
		at = find(a, name, &rc);
	}
	if (rc < 0)
		return rc;
	if (at)
		return autostart_put(a, d, at);
	char path[1024];
	bool absolute = program[0] == '%' || strchr(program, '\\') || strchr(program, ':');
	unix_path(program[0] == '"' ? name : program, path, sizeof(path));
	char *own = absolute && !strchr(path, '%') ? arena_str(&a->arena, span_str(path)) : NULL;
	return autostart_put(a, d, own);
}

/* rundll32, regsvr32, mshta … run what their first argument names. */
static int argument(struct autostart *a, struct autostart_draft *d, const char *program, const char *args)
{
	static const char *const hosts[] = { "rundll32", "regsvr32", "wscript", "cscript", "mshta", "cmd",
		"powershell" };
	char word[1024];
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		if (!strcasestr(program, hosts[i]))
			continue;
		while (rc == 0 && *args) {
			args += strspn(args, " \t");
			bool quoted = *args == '"';
			args += quoted;
			size_t n = strcspn(args, quoted ? "\"" : " ,");
			snprintf(word, sizeof(word), "%.*s", (int)(n < 1023 ? n : 1023), args);
			args += n + (args[n] != 0);
			const char *at = strchr(word, '\\') ? find(a, word, &rc) : NULL;
			if (at)
				return autostart_put(a, d, at);
		}
		return rc;
	}
	return 0;
}

/* --- tasks: XML, mostly UTF-16 --- */

static void from_utf16(struct buf *b)
{
	size_t n = 0;

	if (b->n < 2 || b->p[0] != 0xff || b->p[1] != 0xfe)
		return;
	for (size_t i = 2; i + 1 < b->n; i += 2)
		b->p[n++] = b->p[i + 1] ? '?' : b->p[i]; /* paths of interest are ASCII; others do not resolve */
	b->n = n;
	b->p[n] = 0;
}

/* The text of the next <tag> from *at on, with the five entities of XML; NULL: none. */
static const char *element(struct autostart *a, const char **at, const char *tag)
{
	static const struct {
		const char *name;
		char c;
	} entity[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	char open[64];

	snprintf(open, sizeof(open), "<%s>", tag);
	const char *s = strstr(*at, open), *e = s ? strchr(s + strlen(open), '<') : NULL;
	if (!e)
		return NULL;
	s += strlen(open);
	*at = e;
	char *out = arena_str(&a->arena, span_of(s, (size_t)(e - s))), *w = out;
	for (const char *p = out; out && *p; w++) {
		size_t i = 0;
		while (i < ARRAY_LEN(entity) && strncmp(p, entity[i].name, strlen(entity[i].name)) != 0)
			i++;
		*w = i < ARRAY_LEN(entity) ? entity[i].c : *p;
		p += i < ARRAY_LEN(entity) ? strlen(entity[i].name) : 1;
	}
	if (out)
		*w = 0;
	return out;
}

static int task(struct autostart *a, const char *path, const char *name)
{
	AUTO_BUF struct buf b = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = { .kind = "windows-task", .source = path, .name = name };
	int rc = autostart_read_once(a, path, &b);

	if (rc)
		return rc > 0 ? 0 : rc == -ENOMEM ? rc : autostart_problem(a, path, -rc);
	from_utf16(&b);
	const char *text = buf_str(&b), *at = text, *user = text, *what, *on = text;
	d.user = element(a, &user, "UserId");
	what = element(a, &on, "Enabled");
	for (const char *s = strstr(text, "<Settings>"); s; s = NULL)
		if ((what = element(a, &s, "Enabled")) && strcmp(what, "false") == 0)
			d.flags |= AUTOSTART_OFF;
	d.trigger = strstr(text, "<BootTrigger") ? "boot" :
	    strstr(text, "<LogonTrigger")       ? "log-in" :
	    strstr(text, "<CalendarTrigger")    ? "calendar" :
	    strstr(text, "<TimeTrigger")        ? "time" :
						  "";
	while (rc == 0 && (at = strstr(at, "<Exec"))) {
		const char *args = at;
		what = element(a, &at, "Command");
		if (!what)
			break;
		const char *more = element(a, &args, "Arguments");
		d.command = more ? arena_printf(&a->arena, "%s %s", what, more) : what;
		if (!d.command)
			return -ENOMEM;
		rc = command(a, &d, what);
		if (rc == 0 && more)
			rc = argument(a, &d, what, more);
	}
	return rc;
}

static int tasks(struct autostart *a, const char *dir, unsigned depth)
{
	struct autostart_name *v;
	size_t n;
	int rc = autostart_list(a, dir, &v, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const char *path = autostart_join(a, dir, v[i].name);
		if (!path)
			return -ENOMEM;
		if (v[i].type == DT_REG)
			rc = task(a, path, v[i].name);
		else if (v[i].type == DT_DIR && depth < TASK_DEPTH_MAX)
			rc = tasks(a, path, depth + 1);
	}
	return rc;
}

/* --- start-up folders --- */

static int startup(struct autostart *a, const char *dir, const char *user)
{
	struct autostart_name *v;
	size_t n;
	int rc = autostart_list(a, dir, &v, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct autostart_draft d = { .kind = "windows-startup", .name = v[i].name, .trigger = "log-in",
			.user = user, .source = autostart_join(a, dir, v[i].name) };
		if (v[i].type != DT_REG || strcasecmp(v[i].name, "desktop.ini") == 0)
			continue;
		rc = d.source ? autostart_put(a, &d, d.source) : -ENOMEM;
	}
	return rc;
}

static int startups(struct autostart *a)
{
	static const char menu[] = "Microsoft/Windows/Start Menu/Programs/Startup";
	struct autostart_name *v;
	char path[1024];
	size_t n = 0;
	int rc;

	snprintf(path, sizeof(path), "ProgramData/%s", menu);
	const char *dir = spelled(a, path, &rc), *users;
	if (rc == 0 && dir)
		rc = startup(a, dir, "");
	users = rc ? NULL : spelled(a, "Users", &rc);
	if (rc == 0 && users)
		rc = autostart_list(a, users, &v, &n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (v[i].type != DT_DIR)
			continue;
		snprintf(path, sizeof(path), "Users/%s/AppData/Roaming/%s", v[i].name, menu);
		dir = spelled(a, path, &rc);
		if (rc == 0 && dir)
			rc = startup(a, dir, v[i].name);
	}
	return rc;
}

int autostart_windows(struct autostart *a)
{
	int rc;
	const char *system = spelled(a, "Windows/System32", &rc), *dir;

	if (rc < 0 || !system)
		return rc;
	a->st->windows = true;
	rc = startups(a);
	dir = rc ? NULL : spelled(a, "Windows/System32/Tasks", &rc);
	return rc || !dir ? rc : tasks(a, dir, 0);
}
