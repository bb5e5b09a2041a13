/* SPDX-License-Identifier: Apache-2.0 */

/* autostart_files: what the files in the places of Linux systems start, one reader for each kind. */

#include "sense/host/autostart_place.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* --- small helpers --- */

/* The next line, with those behind it that a "\" at the end joins; *no counts. */
static bool logical_line(struct span *rest, struct buf *line, uint32_t *no, uint32_t *step)
{
	struct span s;

	buf_reset(line);
	*no += *step;
	*step = 0;
	while (span_next_line(rest, &s)) {
		++*step;
		if (!*no)
			*no = 1, *step = 1;
		if (!span_ends(s, SPAN_LIT("\\"))) {
			buf_put_span(line, s);
			return true;
		}
		s.n--;
		buf_put_span(line, s);
		buf_putc(line, ' ');
	}
	return *step > 0;
}

static const char *copy(struct autostart *a, struct span s)
{
	return arena_str(&a->arena, s);
}

static struct span word(struct span *s)
{
	*s = span_trim(*s);
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct span w = span_cut(*s, 0, n);
	*s = span_trim(span_from(*s, n));
	return w;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

struct autostart_draft place_draft(const struct place *p, const char *path, const char *user)
{
	return (struct autostart_draft){ .kind = p->kind, .source = path, .name = base(path),
		.trigger = p->trigger, .user = user };
}

struct span place_value(struct span line, const char *key)
{
	struct span s = span_trim(line);
	size_t n = strlen(key);

	if (!span_starts(s, span_str(key)))
		return SPAN_NONE;
	s = span_trim(span_from(s, n));
	return s.n && s.p[0] == '=' ? span_trim(span_from(s, 1)) : SPAN_NONE;
}

/* --- systemd.unit(5), systemd.service(5) --- */

int place_unit(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	static const char *const keys[] = { "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition",
		"ExecReload", "ExecStop", "ExecStopPre", "ExecStopPost" };
	AUTO_BUF struct buf line = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = place_draft(p, path, user);
	uint32_t step = 0;
	int rc = 0;

	const char *target = map_get(&a->wanted, span_str(d.name));
	d.trigger = target ? target : p->trigger;
	while (rc == 0 && logical_line(&text, &line, &d.line, &step)) {
		struct span u = place_value(buf_span(&line), "User");
		if (u.n && !(d.user = copy(a, u)))
			return -ENOMEM;
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(keys); i++) {
			struct span v = place_value(buf_span(&line), keys[i]);
			while (v.n && strchr("@-:+!|", v.p[0]))
				v = span_from(v, 1);
			if (!v.n)
				continue;
			d.command = copy(a, v);
			rc = d.command ? autostart_command(a, &d, false) : -ENOMEM;
		}
	}
	return rc;
}

/* --- cron(8), crontab(5) --- */

static int crontab(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text, bool user_column)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(line), when = s;
		if (!s.n || s.p[0] == '#')
			continue;
		struct span first = word(&s);
		if (span_find(first, '=') != SIZE_MAX || (s.n && s.p[0] == '='))
			continue; /* NAME = value */
		for (int i = 1; first.p[0] != '@' && i < 5; i++)
			word(&s);
		when.n = (size_t)(s.p - when.p);
		struct span who = user_column ? word(&s) : SPAN_NONE;
		if (!s.n)
			continue;
		d.trigger = copy(a, span_trim(when));
		d.user = user_column ? copy(a, who) : user;
		d.command = copy(a, s);
		rc = d.trigger && d.user && d.command ? autostart_command(a, &d, true) : -ENOMEM;
	}
	return rc;
}

int place_system_crontab(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text)
{
	return crontab(a, p, path, user, text, true);
}

/* var/spool/cron/crontabs/USER */
int place_user_crontab(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text)
{
	(void)user;
	return crontab(a, p, path, base(path), text, false);
}

/* anacrontab(5): period delay name command */
int place_anacrontab(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text)
{
	struct autostart_draft d = place_draft(p, path, "root");
	struct span line;
	int rc = 0;

	(void)user;
	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(line), first = word(&s);
		if (!first.n || first.p[0] == '#' || span_find(first, '=') != SIZE_MAX)
			continue;
		word(&s);
		d.name = copy(a, word(&s));
		d.command = copy(a, s);
		if (!d.name || !d.command)
			return -ENOMEM;
		rc = s.n ? autostart_command(a, &d, true) : 0;
	}
	return rc;
}

/* --- desktop entries, D-Bus services: "Exec=" --- */

int place_desktop(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line, all = text;
	int rc = 0;

	while (span_next_line(&all, &line))
		if (span_eq_str(place_value(line, "Hidden"), "true") ||
		    span_eq_str(place_value(line, "X-GNOME-Autostart-enabled"), "false"))
			d.flags |= AUTOSTART_OFF;
	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span v = place_value(line, "Exec"), u = place_value(line, "User");
		if (u.n && !(d.user = copy(a, u)))
			return -ENOMEM;
		if (!v.n)
			continue;
		d.command = copy(a, v);
		rc = d.command ? autostart_command(a, &d, false) : -ENOMEM;
	}
	return rc;
}

/* --- ld.so(8) --- */

int place_preload(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_cut(line, 0, span_find(line, '#'));
		while (rc == 0 && (s = span_trim(s)).n) {
			size_t n = 0;
			while (n < s.n && !strchr(" \t:", s.p[n]))
				n++;
			struct span w = span_cut(s, 0, n);
			s = span_from(s, n + 1);
			if (!w.n)
				continue;
			d.command = copy(a, w);
			rc = d.command ? autostart_put(a, &d, w.p[0] == '/' ? d.command : NULL) : -ENOMEM;
		}
	}
	return rc;
}

/* ld.so.conf.d: folders that libraries are taken from: one that anybody may write, or that is not
 * there and anybody may make, is what is looked for. */
int place_folders(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(span_cut(line, 0, span_find(line, '#')));
		if (!s.n || s.p[0] != '/')
			continue;
		d.command = copy(a, s);
		rc = d.command ? autostart_put(a, &d, d.command) : -ENOMEM;
	}
	return rc;
}

/* --- modules-load.d(5) --- */

int place_modules(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(line);
		if (!s.n || s.p[0] == '#' || s.p[0] == ';')
			continue;
		d.command = copy(a, s);
		rc = d.command ? autostart_put(a, &d, NULL) : -ENOMEM;
	}
	return rc;
}

/* modprobe.d(5): "install NAME COMMAND" runs a shell. */
int place_modprobe(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(line), verb = word(&s);
		if (!span_eq_str(verb, "install") && !span_eq_str(verb, "remove"))
			continue;
		d.name = copy(a, word(&s));
		d.command = copy(a, s);
		rc = d.name && d.command ? autostart_command(a, &d, true) : -ENOMEM;
	}
	return rc;
}

/* --- udev(7): RUN, PROGRAM, IMPORT{program} --- */

static int udev_value(struct autostart *a, struct autostart_draft *d, struct span value)
{
	d->command = copy(a, value);
	if (!d->command)
		return -ENOMEM;
	/* Names without a slash are taken from udev's own folder. */
	if (value.n && value.p[0] != '/' && span_find(value, '/') == SIZE_MAX) {
		const char *path = arena_printf(&a->arena, "/usr/lib/udev/%.*s",
		    (int)strcspn(d->command, " "), d->command);
		if (!path)
			return -ENOMEM;
		AUTO_FD int fd = file_open_in_root(a->root, path, O_PATH);
		if (fd >= 0)
			return autostart_put(a, d, path);
	}
	return autostart_command(a, d, false);
}

int place_udev(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	static const char *const keys[] = { "RUN", "PROGRAM", "IMPORT{program}", "RUN{program}" };
	AUTO_BUF struct buf line = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = place_draft(p, path, user);
	uint32_t step = 0;
	int rc = 0;

	while (rc == 0 && logical_line(&text, &line, &d.line, &step)) {
		struct span s = span_trim(buf_span(&line));
		while (rc == 0 && s.n && s.p[0] != '#') {
			size_t q = span_find(s, '"'), e = q == SIZE_MAX ? q : span_find(span_from(s, q + 1), '"');
			if (e == SIZE_MAX)
				break;
			struct span key = span_cut(s, 0, q), value = span_cut(s, q + 1, e);
			while (key.n && strchr(" ,\t", key.p[0]))
				key = span_from(key, 1);
			while (key.n && strchr("+=!:- \t", key.p[key.n - 1]))
				key.n--;
			for (size_t i = 0; rc == 0 && i < ARRAY_LEN(keys); i++)
				if (span_eq_str(key, keys[i]) && value.n)
					rc = udev_value(a, &d, value);
			s = span_from(s, q + 1 + e + 1);
		}
	}
	return rc;
}

/* --- pam.conf(5): "type control module arguments" --- */

static int pam_module(struct autostart *a, struct autostart_draft *d, struct span name)
{
	static const char *const dirs[] = { "/usr/lib/x86_64-linux-gnu/security", "/lib/x86_64-linux-gnu/security",
		"/usr/lib/aarch64-linux-gnu/security", "/usr/lib64/security", "/lib64/security",
		"/usr/lib/security", "/lib/security" };
	const char *module = copy(a, name);

	if (!module || module[0] == '/')
		return module ? autostart_put(a, d, module) : -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		const char *path = autostart_join(a, dirs[i], module);
		if (!path)
			return -ENOMEM;
		AUTO_FD int fd = file_open_in_root(a->root, path, O_PATH);
		if (fd >= 0)
			return autostart_put(a, d, path);
	}
	return autostart_put(a, d, NULL);
}

int place_pam(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	AUTO_BUF struct buf line = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = place_draft(p, path, user);
	uint32_t step = 0;
	int rc = 0;

	while (rc == 0 && logical_line(&text, &line, &d.line, &step)) {
		struct span s = span_trim(buf_span(&line));
		if (!s.n || s.p[0] == '#' || s.p[0] == '@')
			continue;
		word(&s);
		struct span control = word(&s);
		if (span_eq_str(control, "include") || span_eq_str(control, "substack"))
			continue;
		if (control.n && control.p[0] == '[' && control.p[control.n - 1] != ']')
			s = span_trim(span_from(s, span_find(s, ']') == SIZE_MAX ? s.n : span_find(s, ']') + 1));
		struct span module = word(&s);
		if (!module.n)
			continue;
		d.command = arena_printf(&a->arena, "%.*s %.*s", SPAN_ARG(module), SPAN_ARG(s));
		rc = d.command ? pam_module(a, &d, module) : -ENOMEM;
		/* pam_exec(8) starts a program. */
		if (rc == 0 && span_ends(module, SPAN_LIT("pam_exec.so"))) {
			while (s.n && s.p[0] != '/')
				word(&s);
			struct autostart_draft x = d;
			x.command = copy(a, s);
			rc = x.command ? autostart_command(a, &x, false) : -ENOMEM;
		}
	}
	return rc;
}

/* --- apt.conf(5): "DPkg::Pre-Invoke { "command"; };" --- */

int place_apt(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	bool inside = false;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(line);
		if (!s.n || span_starts(s, SPAN_LIT("//")) || s.p[0] == '#')
			continue;
		char room[256];
		snprintf(room, sizeof(room), "%.*s", (int)(s.n < 255 ? s.n : 255), (const char *)s.p);
		inside |= strcasestr(room, "-Invoke") || strcasestr(room, "Install-Pkgs");
		for (size_t q; inside && rc == 0 && (q = span_find(s, '"')) != SIZE_MAX;) {
			s = span_from(s, q + 1);
			struct span v = span_cut(s, 0, span_find(s, '"'));
			s = span_from(s, v.n + 1);
			d.command = copy(a, v);
			rc = !d.command ? -ENOMEM : v.n ? autostart_command(a, &d, true) : 0;
		}
		if (span_find(span_trim(line), '}') != SIZE_MAX ||
		    (inside && span_ends(span_trim(line), SPAN_LIT(";")) && span_find(line, '{') == SIZE_MAX &&
			span_find(line, ':') != SIZE_MAX))
			inside = false;
	}
	return rc;
}

/* inittab(5): id:levels:action:process */
int place_inittab(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span s = span_trim(line);
		for (int i = 0; s.n && s.p[0] != '#' && i < 3; i++)
			s = span_find(s, ':') == SIZE_MAX ? SPAN_NONE : span_from(s, span_find(s, ':') + 1);
		if (!s.n || s.p[0] == '#')
			continue;
		d.command = copy(a, s);
		rc = d.command ? autostart_command(a, &d, true) : -ENOMEM;
	}
	return rc;
}

/* sysctl.d(5): kernel.core_pattern = |PROGRAM is started for each crash. */
int place_sysctl(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	static const char *const keys[] = { "kernel.core_pattern", "kernel/core_pattern", "kernel.modprobe",
		"kernel.hotplug" };
	struct autostart_draft d = place_draft(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++)
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(keys); i++) {
			struct span v = place_value(line, keys[i]);
			if (!v.n || (v.p[0] != '|' && v.p[0] != '/'))
				continue;
			d.name = keys[i];
			d.command = copy(a, v.p[0] == '|' ? span_from(v, 1) : v);
			rc = d.command ? autostart_command(a, &d, false) : -ENOMEM;
		}
	return rc;
}
