/* SPDX-License-Identifier: Apache-2.0 */

/* diff_maintainer: scripts that a package manager runs as root: which commands are new in them. */

#include "anatomy/diff/script.h"

#include <ctype.h>

static const char *const script_names[] = { "postinst", "preinst", "prerm", "postrm", "config",
	"postinstall", "preinstall", ".INSTALL", "postinst.in", "preinst.in" };

/* Words at the place of a command that are no news in such a script. */
static const char *const usual[] = { "if", "then", "else", "elif", "fi", "case", "esac", "for", "do",
	"done", "while", "until", "in", "!", "[", "[[", "test", "set", "shift", "exit", "return",
	"true", "false", ":", "echo", "printf", "cd", "local", "export", "unset", "read", "break",
	"continue", "trap", "umask", "wait", "command", "type", "which", "ldconfig",
	"update-alternatives", "dpkg-maintscript-helper", "dpkg-divert", "dpkg-statoverride", "dpkg",
	"dpkg-query", "dpkg-trigger", "deb-systemd-helper", "deb-systemd-invoke",
	"systemd-tmpfiles", "systemd-sysusers", "systemctl", "invoke-rc.d", "update-rc.d",
	"service", "adduser", "addgroup", "deluser", "delgroup", "getent", "id", "chown", "chgrp",
	"chmod", "mkdir", "rmdir", "rm", "mv", "cp", "ln", "touch", "install", "cat", "grep",
	"egrep", "sed", "awk", "cut", "tr", "sort", "head", "tail", "find", "xargs", "readlink",
	"realpath", "basename", "dirname", "stat", "ls", "date", "uname", "expr", "tempfile",
	"mktemp", "py3compile", "py3clean", "pycompile", "pyclean", "ucf", "ucfr", "db_get", "db_set",
	"db_input", "db_go", "db_stop", "db_purge", "db_version", "db_title", "db_fset",
	"db_metaget", "db_subst", "db_unregister", ".", "apparmor_parser", "aa-status",
	"update-mime-database", "update-desktop-database", "gtk-update-icon-cache",
	"glib-compile-schemas", "update-ca-certificates", "update-initramfs", "update-grub",
	"update-menus", "update-icon-caches", "install-info", "udevadm", "fc-cache", "mandb",
	"add-shell", "remove-shell", "ischroot", "esc", "EOF" };

bool diff_is_maintainer(const struct diff_run *r, uint32_t n)
{
	const struct component *c = diff_new(r, n), *in;
	const char *base = diff_base(c->path);
	bool named = false;

	for (size_t i = 0; i < ARRAY_LEN(script_names); i++)
		named |= strcmp(base, script_names[i]) == 0;
	if (c->parent == COMPONENT_NONE)
		return false;
	in = diff_new(r, c->parent);
	if (in->format == FORMAT_RPM && strncmp(c->path, "!scripts/", 9) == 0)
		return true;
	if (!named)
		return false;
	return strncmp(diff_base(in->path), "control.tar", 11) == 0 || strstr(c->path, "DEBIAN/") ||
	    strncmp(base, "postinstall", 11) == 0 || strncmp(base, "preinstall", 10) == 0 ||
	    base[0] == '.' || in->format == FORMAT_DEB;
}

static bool is_usual(struct span w)
{
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (span_eq_str(w, usual[i]))
			return true;
	return false;
}

static bool is_function(struct span script, struct span w)
{
	char def[64];

	if (w.n + 3 > sizeof(def))
		return false;
	memcpy(def, w.p, w.n);
	memcpy(def + w.n, "()", 2);
	return memmem(script.p, script.n, def, w.n + 2) != NULL;
}

static bool is_word_byte(uint8_t c)
{
	return isalnum(c) || strchr("_-./+!:[]$\"'{}@%~", c);
}

static bool is_assignment(struct span w)
{
	size_t eq = 0;

	while (eq < w.n && (isalnum(w.p[eq]) || w.p[eq] == '_'))
		eq++;
	return eq && eq < w.n && w.p[eq] == '=';
}

/* A quoted string or an expansion tells nothing about what is run. */
static bool is_plain(struct span w)
{
	for (size_t i = 0; i < w.n; i++)
		if (strchr("\"'{}%", w.p[i]))
			return false;
	return w.n && !isdigit(w.p[0]) && w.p[0] != '-' && w.p[0] != '$';
}

/* The first word of what stands between two separators; label: a case pattern ends here. */
static void segment(struct diff_maintainer *m, struct span s, bool label)
{
	s = span_trim(s);
	while (s.n) {
		size_t n = 0;
		while (n < s.n && (is_word_byte(s.p[n]) || s.p[n] == '='))
			n++;
		struct span w = span_cut(s, 0, n);
		s = span_trim(span_from(s, n ? n : 1));
		if (!n || is_assignment(w))
			continue;
		bool keyword = span_eq_str(w, "if") || span_eq_str(w, "then") ||
		    span_eq_str(w, "else") || span_eq_str(w, "do") || span_eq_str(w, "!") ||
		    span_eq_str(w, "while") || span_eq_str(w, "elif") || span_eq_str(w, "exec") ||
		    span_eq_str(w, "until");
		if (keyword)
			continue;
		if (!label && is_plain(w) && !is_usual(w) && !is_function(m->script, w)) {
			m->unusual++;
			if (!m->word.p)
				m->word = w;
		}
		return;
	}
}

void diff_maintainer_line(struct diff_maintainer *m, struct span line)
{
	size_t from = 0;
	unsigned open = 0;
	uint8_t quoted = 0;

	if (!line.n || line.p[0] == '#')
		return;
	m->lines++;
	if (!m->first.p)
		m->first = line;
	for (size_t i = 0; i <= line.n; i++) {
		uint8_t c = i < line.n ? line.p[i] : ';';
		if (quoted) {
			quoted = c == quoted ? 0 : quoted;
			continue;
		}
		if (c == '"' || c == '\'')
			quoted = c;
		if (!strchr(";&|()`", c))
			continue;
		segment(m, span_cut(line, from, i - from), c == ')' && !open);
		open += c == '(';
		open -= c == ')' && open;
		from = i + 1;
	}
}

void diff_maintainer_tell(struct diff_run *r, uint32_t o, uint32_t n,
    const struct diff_maintainer *m, unsigned kinds, struct span gravest)
{
	const char *new_ = o == COMPONENT_NONE ? "new script: " : "";
	struct diff_finding *x;

	if (!m->lines)
		return;
	if (kinds) {
		x = diff_add(r, DIFF_MAINTAINER_COMMAND, o, n, "%s%u new line%s, among them: %s", new_,
		    m->lines, m->lines == 1 ? "" : "s", QUOTE(gravest));
	} else if (m->unusual) {
		x = diff_add(r, DIFF_MAINTAINER, o, n, "%s%u new line%s, and it runs %s", new_, m->lines,
		    m->lines == 1 ? "" : "s", QUOTE(m->word));
		x->score = 48;
		gravest = m->word;
	} else {
		x = diff_add(r, DIFF_MAINTAINER, o, n, "%s%u new line%s: %s", new_, m->lines,
		    m->lines == 1 ? "" : "s", QUOTE(m->first));
		gravest = m->first;
	}
	x->has_off = true;
	x->off = (uint64_t)(gravest.p - m->script.p);
	x->len = gravest.n;
}
