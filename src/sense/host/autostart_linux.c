/* SPDX-License-Identifier: Apache-2.0 */

/* autostart_linux: the places of Linux systems, as a table, and how their files are read. */

#include "sense/host/autostart_priv.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct place;
typedef int read_fn(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text);

struct place {
	const char *kind;
	const char *path;   /* "~/" is each home; a folder if suffix is set, else a file */
	const char *suffix; /* of the files in the folder; "": all of them */
	const char *trigger;
	read_fn *read; /* NULL: the file itself is what starts */
};

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

static struct autostart_draft draft_of(const struct place *p, const char *path, const char *user)
{
	return (struct autostart_draft){ .kind = p->kind, .source = path, .name = base(path),
		.trigger = p->trigger, .user = user };
}

/* "Key = value" or "Key=value": the value; SPAN_NONE if it is another key. */
static struct span value_of(struct span line, const char *key)
{
	struct span s = span_trim(line);
	size_t n = strlen(key);

	if (!span_starts(s, span_str(key)))
		return SPAN_NONE;
	s = span_trim(span_from(s, n));
	return s.n && s.p[0] == '=' ? span_trim(span_from(s, 1)) : SPAN_NONE;
}

/* --- systemd.unit(5), systemd.service(5) --- */

static int read_unit(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	static const char *const keys[] = { "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition",
		"ExecReload", "ExecStop", "ExecStopPre", "ExecStopPost" };
	AUTO_BUF struct buf line = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = draft_of(p, path, user);
	uint32_t step = 0;
	int rc = 0;

	const char *target = map_get(&a->wanted, span_str(d.name));
	d.trigger = target ? target : p->trigger;
	while (rc == 0 && logical_line(&text, &line, &d.line, &step)) {
		struct span u = value_of(buf_span(&line), "User");
		if (u.n && !(d.user = copy(a, u)))
			return -ENOMEM;
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(keys); i++) {
			struct span v = value_of(buf_span(&line), keys[i]);
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
	struct autostart_draft d = draft_of(p, path, user);
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

static int read_system_crontab(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text)
{
	return crontab(a, p, path, user, text, true);
}

/* var/spool/cron/crontabs/USER */
static int read_user_crontab(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text)
{
	(void)user;
	return crontab(a, p, path, base(path), text, false);
}

/* anacrontab(5): period delay name command */
static int read_anacrontab(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text)
{
	struct autostart_draft d = draft_of(p, path, "root");
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

static int read_desktop(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
	struct span line, all = text;
	int rc = 0;

	while (span_next_line(&all, &line))
		if (span_eq_str(value_of(line, "Hidden"), "true") ||
		    span_eq_str(value_of(line, "X-GNOME-Autostart-enabled"), "false"))
			d.flags |= AUTOSTART_OFF;
	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++) {
		struct span v = value_of(line, "Exec"), u = value_of(line, "User");
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

static int read_preload(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
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
static int read_folders(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
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

static int read_modules(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
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
static int read_modprobe(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
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

static int read_udev(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	static const char *const keys[] = { "RUN", "PROGRAM", "IMPORT{program}", "RUN{program}" };
	AUTO_BUF struct buf line = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = draft_of(p, path, user);
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

static int read_pam(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	AUTO_BUF struct buf line = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = draft_of(p, path, user);
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

static int read_apt(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
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
static int read_inittab(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	struct autostart_draft d = draft_of(p, path, user);
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
static int read_sysctl(struct autostart *a, const struct place *p, const char *path, const char *user,
    struct span text)
{
	static const char *const keys[] = { "kernel.core_pattern", "kernel/core_pattern", "kernel.modprobe",
		"kernel.hotplug" };
	struct autostart_draft d = draft_of(p, path, user);
	struct span line;
	int rc = 0;

	for (d.line = 1; rc == 0 && span_next_line(&text, &line); d.line++)
		for (size_t i = 0; rc == 0 && i < ARRAY_LEN(keys); i++) {
			struct span v = value_of(line, keys[i]);
			if (!v.n || (v.p[0] != '|' && v.p[0] != '/'))
				continue;
			d.name = keys[i];
			d.command = copy(a, v.p[0] == '|' ? span_from(v, 1) : v);
			rc = d.command ? autostart_command(a, &d, false) : -ENOMEM;
		}
	return rc;
}

/* --- the table --- */

static const struct place places[] = {
	{ "systemd-service", "etc/systemd/system", ".service", "", read_unit },
	{ "systemd-service", "run/systemd/system", ".service", "", read_unit },
	{ "systemd-service", "run/systemd/transient", ".service", "", read_unit },
	{ "systemd-service", "usr/local/lib/systemd/system", ".service", "", read_unit },
	{ "systemd-service", "usr/lib/systemd/system", ".service", "", read_unit },
	{ "systemd-service", "lib/systemd/system", ".service", "", read_unit },
	{ "systemd-socket", "etc/systemd/system", ".socket", "", read_unit },
	{ "systemd-socket", "usr/lib/systemd/system", ".socket", "", read_unit },
	{ "systemd-user", "etc/systemd/user", ".service", "log-in", read_unit },
	{ "systemd-user", "usr/local/lib/systemd/user", ".service", "log-in", read_unit },
	{ "systemd-user", "usr/lib/systemd/user", ".service", "log-in", read_unit },
	{ "systemd-user", "~/.config/systemd/user", ".service", "log-in", read_unit },
	{ "systemd-user", "~/.local/share/systemd/user", ".service", "log-in", read_unit },
	{ "systemd-generator", "etc/systemd/system-generators", "", "boot", NULL },
	{ "systemd-generator", "usr/local/lib/systemd/system-generators", "", "boot", NULL },
	{ "systemd-generator", "usr/lib/systemd/system-generators", "", "boot", NULL },
	{ "systemd-generator", "lib/systemd/system-generators", "", "boot", NULL },
	{ "systemd-generator", "etc/systemd/user-generators", "", "log-in", NULL },
	{ "systemd-generator", "usr/lib/systemd/user-generators", "", "log-in", NULL },
	{ "systemd-hook", "usr/lib/systemd/system-shutdown", "", "shutdown", NULL },
	{ "systemd-hook", "usr/lib/systemd/system-sleep", "", "sleep", NULL },
	{ "systemd-hook", "etc/systemd/system-sleep", "", "sleep", NULL },
	{ "systemd-environment", "usr/lib/systemd/system-environment-generators", "", "boot", NULL },
	{ "systemd-environment", "usr/lib/systemd/user-environment-generators", "", "log-in", NULL },
	{ "cron", "etc/crontab", NULL, "", read_system_crontab },
	{ "cron", "etc/cron.d", "", "", read_system_crontab },
	{ "cron", "var/spool/cron/crontabs", "", "", read_user_crontab },
	{ "cron", "var/spool/cron", "", "", read_user_crontab },
	{ "cron", "etc/anacrontab", NULL, "", read_anacrontab },
	{ "cron-script", "etc/cron.hourly", "", "hourly", NULL },
	{ "cron-script", "etc/cron.daily", "", "daily", NULL },
	{ "cron-script", "etc/cron.weekly", "", "weekly", NULL },
	{ "cron-script", "etc/cron.monthly", "", "monthly", NULL },
	{ "at", "var/spool/cron/atjobs", "", "at", NULL },
	{ "at", "var/spool/at", "", "at", NULL },
	{ "init", "etc/init.d", "", "boot", NULL },
	{ "init", "etc/rc.local", NULL, "boot", NULL },
	{ "init", "etc/rc.d/rc.local", NULL, "boot", NULL },
	{ "init", "etc/inittab", NULL, "boot", read_inittab },
	{ "initramfs", "etc/initramfs-tools/scripts", "", "boot", NULL },
	{ "initramfs", "etc/initramfs-tools/hooks", "", "initramfs", NULL },
	{ "shell", "etc/profile", NULL, "log-in", NULL },
	{ "shell", "etc/profile.d", "", "log-in", NULL },
	{ "shell", "etc/bash.bashrc", NULL, "shell", NULL },
	{ "shell", "etc/bashrc", NULL, "shell", NULL },
	{ "shell", "etc/zsh/zshenv", NULL, "shell", NULL },
	{ "shell", "etc/zsh/zshrc", NULL, "shell", NULL },
	{ "shell", "etc/zsh/zprofile", NULL, "log-in", NULL },
	{ "shell", "etc/environment", NULL, "log-in", NULL },
	{ "shell", "~/.bashrc", NULL, "shell", NULL },
	{ "shell", "~/.bash_profile", NULL, "log-in", NULL },
	{ "shell", "~/.bash_login", NULL, "log-in", NULL },
	{ "shell", "~/.bash_logout", NULL, "log-out", NULL },
	{ "shell", "~/.profile", NULL, "log-in", NULL },
	{ "shell", "~/.zshrc", NULL, "shell", NULL },
	{ "shell", "~/.zshenv", NULL, "shell", NULL },
	{ "shell", "~/.zprofile", NULL, "log-in", NULL },
	{ "shell", "~/.config/fish/config.fish", NULL, "shell", NULL },
	{ "ssh", "~/.ssh/rc", NULL, "log-in", NULL },
	{ "ssh", "etc/ssh/sshrc", NULL, "log-in", NULL },
	{ "desktop", "etc/xdg/autostart", ".desktop", "session", read_desktop },
	{ "desktop", "usr/share/gnome/autostart", ".desktop", "session", read_desktop },
	{ "desktop", "~/.config/autostart", ".desktop", "session", read_desktop },
	{ "desktop", "~/.config/plasma-workspace/env", "", "session", NULL },
	{ "desktop", "~/.config/autostart-scripts", "", "session", NULL },
	{ "x11", "etc/X11/Xsession.d", "", "session", NULL },
	{ "x11", "~/.xprofile", NULL, "session", NULL },
	{ "x11", "~/.xinitrc", NULL, "session", NULL },
	{ "x11", "~/.xsession", NULL, "session", NULL },
	{ "dbus", "usr/share/dbus-1/system-services", ".service", "bus", read_desktop },
	{ "dbus", "etc/dbus-1/system-services", ".service", "bus", read_desktop },
	{ "dbus", "usr/share/dbus-1/services", ".service", "bus", read_desktop },
	{ "dbus", "~/.local/share/dbus-1/services", ".service", "bus", read_desktop },
	{ "ld-preload", "etc/ld.so.preload", NULL, "every program", read_preload },
	{ "ld-folder", "etc/ld.so.conf", NULL, "every program", read_folders },
	{ "ld-folder", "etc/ld.so.conf.d", ".conf", "every program", read_folders },
	{ "module", "etc/modules", NULL, "boot", read_modules },
	{ "module", "etc/modules-load.d", ".conf", "boot", read_modules },
	{ "module", "usr/lib/modules-load.d", ".conf", "boot", read_modules },
	{ "module", "run/modules-load.d", ".conf", "boot", read_modules },
	{ "modprobe", "etc/modprobe.d", ".conf", "module", read_modprobe },
	{ "modprobe", "usr/lib/modprobe.d", ".conf", "module", read_modprobe },
	{ "udev", "etc/udev/rules.d", ".rules", "device", read_udev },
	{ "udev", "run/udev/rules.d", ".rules", "device", read_udev },
	{ "udev", "usr/lib/udev/rules.d", ".rules", "device", read_udev },
	{ "udev", "lib/udev/rules.d", ".rules", "device", read_udev },
	{ "sysctl", "etc/sysctl.conf", NULL, "kernel", read_sysctl },
	{ "sysctl", "etc/sysctl.d", ".conf", "kernel", read_sysctl },
	{ "sysctl", "usr/lib/sysctl.d", ".conf", "kernel", read_sysctl },
	{ "pam", "etc/pam.d", "", "log-in", read_pam },
	{ "network", "etc/NetworkManager/dispatcher.d", "", "network", NULL },
	{ "network", "etc/NetworkManager/dispatcher.d/pre-up.d", "", "network", NULL },
	{ "network", "etc/NetworkManager/dispatcher.d/pre-down.d", "", "network", NULL },
	{ "network", "usr/lib/NetworkManager/dispatcher.d", "", "network", NULL },
	{ "network", "etc/network/if-up.d", "", "network", NULL },
	{ "network", "etc/network/if-down.d", "", "network", NULL },
	{ "network", "etc/network/if-pre-up.d", "", "network", NULL },
	{ "network", "etc/network/if-post-down.d", "", "network", NULL },
	{ "network", "etc/dhcp/dhclient-enter-hooks.d", "", "network", NULL },
	{ "network", "etc/dhcp/dhclient-exit-hooks.d", "", "network", NULL },
	{ "network", "etc/ppp/ip-up.d", "", "network", NULL },
	{ "network", "usr/lib/networkd-dispatcher/routable.d", "", "network", NULL },
	{ "network", "etc/networkd-dispatcher/routable.d", "", "network", NULL },
	{ "motd", "etc/update-motd.d", "", "log-in", NULL },
	{ "kernel-hook", "etc/kernel/postinst.d", "", "kernel update", NULL },
	{ "kernel-hook", "etc/kernel/install.d", "", "kernel update", NULL },
	{ "apt", "etc/apt/apt.conf", NULL, "apt", read_apt },
	{ "apt", "etc/apt/apt.conf.d", "", "apt", read_apt },
	{ "dpkg-hook", "etc/dpkg/dpkg.cfg.d", "", "dpkg", NULL },
	{ "git-hook", "usr/share/git-core/templates/hooks", "", "git init", NULL },
	{ "acpi", "etc/acpi", ".sh", "power", NULL },
	{ "power", "etc/pm/sleep.d", "", "sleep", NULL },
};

/* --- going through it --- */

static int one_file(struct autostart *a, const struct place *p, const char *path, const char *user)
{
	AUTO_BUF struct buf text = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = draft_of(p, path, user);
	struct stat st;

	if (!p->read) {
		AUTO_FD int fd = file_open_in_root(a->root, path, O_PATH);
		return fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? 0 : autostart_put(a, &d, path);
	}
	int rc = autostart_read_once(a, path, &text);
	if (rc == 0)
		return p->read(a, p, path, user, buf_span(&text));
	if (rc == -ENOENT || rc == -ENOTDIR || rc == -EINVAL || rc > 0)
		return 0;
	return rc == -ENOMEM ? rc : autostart_problem(a, path, -rc);
}

/* A unit that is a link to /dev/null is masked. */
static bool masked(struct autostart *a, const char *path)
{
	char target[16];
	AUTO_FD int fd = file_open_in_root(a->root, path, O_PATH | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));

	return n > 0 && span_eq_str(span_of(target, (size_t)n), "/dev/null");
}

static bool of_this_place(const struct place *p, const char *name)
{
	size_t n = strlen(name), k = strlen(p->suffix);

	if (name[0] == '.' || name[n - 1] == '~' || span_ends(span_str(name), SPAN_LIT(".dpkg-old")) ||
	    span_ends(span_str(name), SPAN_LIT(".dpkg-dist")))
		return false;
	return n >= k && strcmp(name + n - k, p->suffix) == 0 && strcmp(name, "README") != 0;
}

/* Drop-ins: UNIT.service.d/NAME.conf */
static int drop_ins(struct autostart *a, const struct place *p, const char *dir, const char *user)
{
	struct place inside = *p;
	struct autostart_name *v;
	size_t n;
	int rc = autostart_list(a, dir, &v, &n);

	inside.suffix = ".conf";
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (of_this_place(&inside, v[i].name)) {
			const char *path = autostart_join(a, dir, v[i].name);
			rc = path ? one_file(a, p, path, user) : -ENOMEM;
		}
	return rc;
}

static int folder(struct autostart *a, const struct place *p, const char *dir, const char *user)
{
	struct autostart_name *v;
	size_t n;
	int rc = autostart_list(a, dir, &v, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const char *path = autostart_join(a, dir, v[i].name);
		if (!path)
			return -ENOMEM;
		if (v[i].type == DT_DIR) {
			if (p->read == read_unit && span_ends(span_str(v[i].name), SPAN_LIT(".service.d")))
				rc = drop_ins(a, p, path, user);
			continue;
		}
		if (!of_this_place(p, v[i].name))
			continue;
		if (v[i].type == DT_LNK && p->read == read_unit && masked(a, path)) {
			struct autostart_draft d = draft_of(p, path, user);
			d.flags = AUTOSTART_OFF;
			rc = autostart_put(a, &d, NULL);
			continue;
		}
		rc = one_file(a, p, path, user);
	}
	return rc;
}

static int at_path(struct autostart *a, const struct place *p, const char *path, const char *user)
{
	return p->suffix ? folder(a, p, path, user) : one_file(a, p, path, user);
}

static int at_homes(struct autostart *a, const struct place *p)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->nhomes; i++) {
		const char *path = autostart_join(a, a->home[i], p->path + 2);
		rc = path ? at_path(a, p, path, a->owner[i]) : -ENOMEM;
	}
	return rc;
}

/* TARGET.wants/UNIT: what wants it. */
static int wants(struct autostart *a, const char *dir)
{
	struct autostart_name *v, *u;
	size_t n, k;
	int rc = autostart_list(a, dir, &v, &n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct span name = span_str(v[i].name);
		size_t cut = span_ends(name, SPAN_LIT(".wants")) ? 6 :
		    span_ends(name, SPAN_LIT(".requires"))   ? 9 :
							       0;
		if (!cut)
			continue;
		const char *path = autostart_join(a, dir, v[i].name);
		char *target = arena_str(&a->arena, span_cut(name, 0, name.n - cut));
		rc = path && target ? autostart_list(a, path, &u, &k) : -ENOMEM;
		for (size_t j = 0; rc >= 0 && j < k; j++)
			rc = map_add(&a->wanted, span_str(u[j].name), target, NULL);
		rc = rc > 0 ? 0 : rc;
	}
	return rc;
}

/* A timer starts the service of its name, or the one that it names. */
static int timers(struct autostart *a, const char *dir)
{
	struct autostart_name *v;
	size_t n;
	int rc = autostart_list(a, dir, &v, &n);

	for (size_t i = 0; rc >= 0 && i < n; i++) {
		struct span name = span_str(v[i].name), line, unit = SPAN_NONE;
		size_t cut = span_ends(name, SPAN_LIT(".timer")) ? 6 : span_ends(name, SPAN_LIT(".path")) ? 5 : 0;
		AUTO_BUF struct buf text = BUF_INIT(2 * AUTOSTART_FILE_MAX);
		const char *path = autostart_join(a, dir, v[i].name);
		if (!path)
			return -ENOMEM;
		if (!cut || autostart_read_file(a, path, &text) < 0)
			continue;
		struct span rest = buf_span(&text);
		while (span_next_line(&rest, &line))
			if (value_of(line, "Unit").n)
				unit = value_of(line, "Unit");
		char *key = unit.n ? arena_str(&a->arena, unit) :
				     arena_printf(&a->arena, "%.*s.service", (int)(name.n - cut), v[i].name);
		char *timer = arena_str(&a->arena, name);
		rc = key && timer ? map_add(&a->wanted, span_str(key), timer, NULL) : -ENOMEM;
	}
	return rc < 0 ? rc : 0;
}

int autostart_linux(struct autostart *a)
{
	static const char *const dirs[] = { "etc/systemd/system", "run/systemd/system",
		"usr/lib/systemd/system", "lib/systemd/system", "etc/systemd/user", "usr/lib/systemd/user" };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(dirs); i++)
		if ((rc = timers(a, dirs[i])) == 0)
			rc = wants(a, dirs[i]);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(places); i++)
		rc = strncmp(places[i].path, "~/", 2) == 0 ? at_homes(a, &places[i]) :
							       at_path(a, &places[i], places[i].path, "");
	return rc;
}
