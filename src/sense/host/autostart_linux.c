/* SPDX-License-Identifier: Apache-2.0 */

/* autostart_linux: the places of Linux systems, as a table, and the way through them. */

#include "sense/host/autostart_place.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- the table --- */

static const struct place places[] = {
	{ "systemd-service", "etc/systemd/system", ".service", "", place_unit },
	{ "systemd-service", "run/systemd/system", ".service", "", place_unit },
	{ "systemd-service", "run/systemd/transient", ".service", "", place_unit },
	{ "systemd-service", "usr/local/lib/systemd/system", ".service", "", place_unit },
	{ "systemd-service", "usr/lib/systemd/system", ".service", "", place_unit },
	{ "systemd-service", "lib/systemd/system", ".service", "", place_unit },
	{ "systemd-socket", "etc/systemd/system", ".socket", "", place_unit },
	{ "systemd-socket", "usr/lib/systemd/system", ".socket", "", place_unit },
	{ "systemd-user", "etc/systemd/user", ".service", "log-in", place_unit },
	{ "systemd-user", "usr/local/lib/systemd/user", ".service", "log-in", place_unit },
	{ "systemd-user", "usr/lib/systemd/user", ".service", "log-in", place_unit },
	{ "systemd-user", "~/.config/systemd/user", ".service", "log-in", place_unit },
	{ "systemd-user", "~/.local/share/systemd/user", ".service", "log-in", place_unit },
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
	{ "cron", "etc/crontab", NULL, "", place_system_crontab },
	{ "cron", "etc/cron.d", "", "", place_system_crontab },
	{ "cron", "var/spool/cron/crontabs", "", "", place_user_crontab },
	{ "cron", "var/spool/cron", "", "", place_user_crontab },
	{ "cron", "etc/anacrontab", NULL, "", place_anacrontab },
	{ "cron-script", "etc/cron.hourly", "", "hourly", NULL },
	{ "cron-script", "etc/cron.daily", "", "daily", NULL },
	{ "cron-script", "etc/cron.weekly", "", "weekly", NULL },
	{ "cron-script", "etc/cron.monthly", "", "monthly", NULL },
	{ "at", "var/spool/cron/atjobs", "", "at", NULL },
	{ "at", "var/spool/at", "", "at", NULL },
	{ "init", "etc/init.d", "", "boot", NULL },
	{ "init", "etc/rc.local", NULL, "boot", NULL },
	{ "init", "etc/rc.d/rc.local", NULL, "boot", NULL },
	{ "init", "etc/inittab", NULL, "boot", place_inittab },
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
	{ "desktop", "etc/xdg/autostart", ".desktop", "session", place_desktop },
	{ "desktop", "usr/share/gnome/autostart", ".desktop", "session", place_desktop },
	{ "desktop", "~/.config/autostart", ".desktop", "session", place_desktop },
	{ "desktop", "~/.config/plasma-workspace/env", "", "session", NULL },
	{ "desktop", "~/.config/autostart-scripts", "", "session", NULL },
	{ "x11", "etc/X11/Xsession.d", "", "session", NULL },
	{ "x11", "~/.xprofile", NULL, "session", NULL },
	{ "x11", "~/.xinitrc", NULL, "session", NULL },
	{ "x11", "~/.xsession", NULL, "session", NULL },
	{ "dbus", "usr/share/dbus-1/system-services", ".service", "bus", place_desktop },
	{ "dbus", "etc/dbus-1/system-services", ".service", "bus", place_desktop },
	{ "dbus", "usr/share/dbus-1/services", ".service", "bus", place_desktop },
	{ "dbus", "~/.local/share/dbus-1/services", ".service", "bus", place_desktop },
	{ "ld-preload", "etc/ld.so.preload", NULL, "every program", place_preload },
	{ "ld-folder", "etc/ld.so.conf", NULL, "every program", place_folders },
	{ "ld-folder", "etc/ld.so.conf.d", ".conf", "every program", place_folders },
	{ "module", "etc/modules", NULL, "boot", place_modules },
	{ "module", "etc/modules-load.d", ".conf", "boot", place_modules },
	{ "module", "usr/lib/modules-load.d", ".conf", "boot", place_modules },
	{ "module", "run/modules-load.d", ".conf", "boot", place_modules },
	{ "modprobe", "etc/modprobe.d", ".conf", "module", place_modprobe },
	{ "modprobe", "usr/lib/modprobe.d", ".conf", "module", place_modprobe },
	{ "udev", "etc/udev/rules.d", ".rules", "device", place_udev },
	{ "udev", "run/udev/rules.d", ".rules", "device", place_udev },
	{ "udev", "usr/lib/udev/rules.d", ".rules", "device", place_udev },
	{ "udev", "lib/udev/rules.d", ".rules", "device", place_udev },
	{ "sysctl", "etc/sysctl.conf", NULL, "kernel", place_sysctl },
	{ "sysctl", "etc/sysctl.d", ".conf", "kernel", place_sysctl },
	{ "sysctl", "usr/lib/sysctl.d", ".conf", "kernel", place_sysctl },
	{ "pam", "etc/pam.d", "", "log-in", place_pam },
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
	{ "apt", "etc/apt/apt.conf", NULL, "apt", place_apt },
	{ "apt", "etc/apt/apt.conf.d", "", "apt", place_apt },
	{ "dpkg-hook", "etc/dpkg/dpkg.cfg.d", "", "dpkg", NULL },
	{ "git-hook", "usr/share/git-core/templates/hooks", "", "git init", NULL },
	{ "acpi", "etc/acpi", ".sh", "power", NULL },
	{ "power", "etc/pm/sleep.d", "", "sleep", NULL },
};

/* --- going through it --- */

static int one_file(struct autostart *a, const struct place *p, const char *path, const char *user)
{
	AUTO_BUF struct buf text = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_draft d = place_draft(p, path, user);
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
			if (p->read == place_unit && span_ends(span_str(v[i].name), SPAN_LIT(".service.d")))
				rc = drop_ins(a, p, path, user);
			continue;
		}
		if (!of_this_place(p, v[i].name))
			continue;
		if (v[i].type == DT_LNK && p->read == place_unit && masked(a, path)) {
			struct autostart_draft d = place_draft(p, path, user);
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
			if (place_value(line, "Unit").n)
				unit = place_value(line, "Unit");
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
