/* SPDX-License-Identifier: Apache-2.0 */

/* package_deb: dpkg's database (dpkg(1), deb-md5sums(5), dpkg-divert(1)). */

#include "base/file.h"
#include "base/hex.h"
#include "sense/host/package_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define DPKG "var/lib/dpkg/"
#define INFO DPKG "info/"
#define MD5 16u

struct stanza {
	struct span package, arch, version, status, multi_arch, conffiles;
};

struct diversion {
	struct span to, by;
};

struct load {
	struct packages *p;
	struct fault *f;
	struct buf diversions, status, list, sums;
	struct map diverted; /* path -> struct diversion */
	/* of the package at hand */
	uint32_t package;
	struct span name;
	struct map listed;   /* paths of its .list -> line number */
	bool have_list;
	uint8_t *done; /* [listed.n]: an entry was made of it */
};

/* --- diversions --- */

static int read_diversions(struct load *l)
{
	struct span rest, from, to, by;
	int rc = packages_document(l->p, DPKG "diversions", &l->diversions, NULL);

	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return fault_set(l->f, rc, "/" DPKG "diversions: %s", strerror(-rc));
	rest = buf_span(&l->diversions);
	while (span_next_line(&rest, &from)) {
		if (!span_next_line(&rest, &to) || !span_next_line(&rest, &by))
			return fault_set(l->f, -EBADMSG, "/" DPKG "diversions: ends in mid-entry");
		struct diversion *d = ARENA_NEW(&l->p->arena, struct diversion);
		if (!d)
			return -ENOMEM;
		*d = (struct diversion){ to, by };
		rc = map_add(&l->diverted, from, d, NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Where a file of the package at hand is. */
static struct span diverted(const struct load *l, struct span path)
{
	const struct diversion *d = map_get(&l->diverted, path);

	return d && !span_eq(d->by, l->name) ? d->to : path;
}

/* --- dpkg.cfg: path-exclude, path-include --- */

static int exclude_line(struct packages *p, struct span line)
{
	line = span_trim(line);
	if (span_starts(line, SPAN_LIT("--")))
		line = span_from(line, 2);
	bool out = span_starts(line, SPAN_LIT("path-exclude"));
	if (!out && !span_starts(line, SPAN_LIT("path-include")))
		return 0;
	line = span_trim(span_from(line, 12));
	if (span_starts(line, SPAN_LIT("=")))
		line = span_trim(span_from(line, 1));
	if (!line.n)
		return 0;
	if (p->nexcludes == PACKAGE_EXCLUDES_MAX)
		return -E2BIG;
	p->excludes[p->nexcludes] = arena_printf(&p->arena, "%c%.*s", out ? '-' : '+', SPAN_ARG(line));
	return p->excludes[p->nexcludes++] ? 0 : -ENOMEM;
}

static int exclude_file(struct packages *p, const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct span rest, line;
	int rc = packages_document(p, path, &b, NULL);

	if (rc < 0)
		return rc == -ENOMEM ? rc : 0; /* then nothing is excused */
	rest = buf_span(&b);
	while (rc == 0 && span_next_line(&rest, &line))
		rc = exclude_line(p, line);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Files of letters, digits, "_" and "-" only, in order: as dpkg reads them. */
static bool cfg_name(const char *s)
{
	static const char good[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return s[0] && strspn(s, good) == strlen(s);
}

static int read_excludes(struct packages *p)
{
	int fd = file_open_in_root(p->root, "etc/dpkg/dpkg.cfg.d", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const char *name[256];
	size_t n = 0;
	int rc = 0;

	for (const struct dirent *d; dir && n < ARRAY_LEN(name) && (d = readdir(dir));)
		if (cfg_name(d->d_name) && !(name[n++] = arena_printf(&p->arena, "etc/dpkg/dpkg.cfg.d/%s", d->d_name)))
			rc = -ENOMEM;
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		fd_close_p(&fd);
	if (rc == 0 && n)
		qsort(name, n, sizeof(*name), by_name);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = exclude_file(p, name[i]);
	return rc ? rc : exclude_file(p, "etc/dpkg/dpkg.cfg");
}

/* --- a package --- */

static bool name_ok(struct span s, const char *more)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] && strchr(more, s.p[i]))))
			return false;
	return s.n > 0 && s.n < 256 && s.p[0] != '.';
}

/* Its .list or .md5sums: -ENOENT if it has none. */
static int info(struct load *l, const struct stanza *s, const char *what, struct buf *out)
{
	char path[640];
	int rc;

	buf_reset(out);
	snprintf(path, sizeof(path), INFO "%.*s:%.*s.%s", SPAN_ARG(s->package), SPAN_ARG(s->arch), what);
	rc = packages_document(l->p, path, out, NULL);
	if (rc == -ENOENT) {
		snprintf(path, sizeof(path), INFO "%.*s.%s", SPAN_ARG(s->package), what);
		rc = packages_document(l->p, path, out, NULL);
	}
	return rc == 0 || rc == -ENOENT ? rc :
					  fault_set(l->f, rc, "/%s: %s", path, strerror(-rc));
}

static int read_list(struct load *l, const struct stanza *s)
{
	struct span rest, line;
	uintptr_t n = 0;
	int rc = info(l, s, "list", &l->list);

	map_free(&l->listed);
	map_init(&l->listed, PACKAGE_FILES_MAX);
	free(l->done);
	l->done = NULL;
	l->have_list = rc == 0;
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rest = buf_span(&l->list);
	while (rc >= 0 && span_next_line(&rest, &line))
		if (line.n > 1 && !span_eq_str(line, "/.") && line.p[0] == '/')
			if ((rc = map_add(&l->listed, line, (void *)(n + 1), NULL)) == 0)
				n++;
	l->done = calloc(n + 1, 1);
	return rc < 0 ? rc : l->done ? 0 : -ENOMEM;
}

static int put(struct load *l, struct span path, enum package_type type, const uint8_t *want,
    unsigned flags)
{
	struct packages *p = l->p;
	struct span at = diverted(l, path);
	struct entry e = { .path = arena_str(&p->arena, at), .want = want, .package = l->package,
		.alg = want ? DIGEST_MD5 : DIGEST_NONE, .type = (uint8_t)type, .flags = (uint8_t)flags };
	uintptr_t line = (uintptr_t)map_get(&l->listed, path);

	if (line)
		l->done[line - 1] = 1;
	return e.path ? packages_put(p, &e) : -ENOMEM;
}

static const uint8_t *md5_of(struct load *l, struct span hex)
{
	uint8_t *d = hex.n == 2 * MD5 ? arena_alloc(&l->p->arena, MD5) : NULL;

	return d && hex_decode(d, hex) == 0 ? d : NULL;
}

/* The next word of a line, and the rest of it. */
static struct span word(struct span *line)
{
	*line = span_trim(*line);
	size_t n = 0;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	struct span w = span_cut(*line, 0, n);
	*line = span_from(*line, n);
	return w;
}

/* " /etc/x 0123… [obsolete] [remove-on-upgrade]" */
static int conffile(struct load *l, struct span line)
{
	struct span w, path = word(&line), hex = word(&line);
	unsigned flags = ENTRY_CONFIG;
	const uint8_t *want = md5_of(l, hex);

	if (path.n < 2 || path.p[0] != '/')
		return 0;
	while ((w = word(&line)).n) {
		if (span_eq_str(w, "remove-on-upgrade"))
			return 0;
		if (span_eq_str(w, "obsolete"))
			flags |= ENTRY_OPTIONAL;
	}
	/* "newconffile": it was not yet configured, its digest is not known. */
	return put(l, path, want ? PACKAGE_FILE : PACKAGE_OTHER, want, flags);
}

/* md5sum(1) writes "\" in front of a line whose name has escapes. */
static void unescape(struct span *line, struct buf *room)
{
	if (!line->n || line->p[0] != '\\')
		return;
	buf_reset(room);
	for (size_t i = 1; i < line->n; i++) {
		char c = (char)line->p[i];
		if (c == '\\' && i + 1 < line->n)
			c = line->p[++i] == 'n' ? '\n' : (char)line->p[i];
		buf_putc(room, c);
	}
	*line = buf_span(room);
}

/* "0123…  usr/bin/x" */
static int sum_line(struct load *l, struct span line)
{
	AUTO_BUF struct buf plain = BUF_INIT(1u << 16), path = BUF_INIT(1u << 16);

	unescape(&line, &plain);
	const uint8_t *want = md5_of(l, span_cut(line, 0, 2 * MD5));
	struct span name = span_from(line, 2 * MD5 + 2);
	if (!want || !name.n || line.p[2 * MD5] != ' ')
		return -EBADMSG;
	if (name.p[0] != '/')
		buf_putc(&path, '/');
	buf_put_span(&path, span_starts(name, SPAN_LIT("./")) ? span_from(name, 2) : name);
	if (buf_err(&path))
		return buf_err(&path);
	uintptr_t at = (uintptr_t)map_get(&l->listed, buf_span(&path));
	/* What its list does not name is another package's by now; conffiles are there already. */
	if (l->have_list && (!at || l->done[at - 1]))
		return 0;
	return put(l, buf_span(&path), PACKAGE_FILE, want, 0);
}

static int read_sums(struct load *l, const struct stanza *s)
{
	struct span rest, line;
	unsigned n = 0;
	int rc = info(l, s, "md5sums", &l->sums);

	if (rc == -ENOENT) {
		l->p->package[l->package].no_digests = l->listed.n > 0;
		return 0;
	}
	rest = buf_span(&l->sums);
	while (rc == 0 && span_next_line(&rest, &line)) {
		n++;
		rc = line.n ? sum_line(l, line) : 0;
	}
	return rc != -EBADMSG ? rc :
		fault_set(l->f, rc, "/" INFO "%s.md5sums: line %u: not a digest and a path",
		    l->p->package[l->package].name, n);
}

/* What is listed and has no digest: links, directories, files of packages without md5sums. */
static int read_others(struct load *l)
{
	int rc = 0;

	for (size_t i = 0; i < l->listed.n && rc == 0; i++)
		if (!l->done[(uintptr_t)l->listed.e[i].val - 1])
			rc = put(l, l->listed.e[i].key, PACKAGE_OTHER, NULL, 0);
	return rc;
}

static bool has_files(struct span status)
{
	static const char *const states[] = { " installed", " half-configured", " unpacked",
		" triggers-awaited", " triggers-pending" };

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (span_ends(status, span_str(states[i])))
			return true;
	return false;
}

static int add_package(struct load *l, const struct stanza *s)
{
	struct packages *p = l->p;
	struct span rest = s->conffiles, line;
	bool same = span_eq_str(s->multi_arch, "same");

	if (!s->package.n || !has_files(s->status))
		return 0;
	if (!name_ok(s->package, "+.-") || !name_ok(s->arch, "-"))
		return fault_set(l->f, -EBADMSG, "/" DPKG "status: package \"%s\": not a name",
		    QUOTE(s->package));
	struct package k = { .kind = PACKAGE_DEB, .version = arena_str(&p->arena, s->version),
		.arch = arena_str(&p->arena, s->arch),
		.name = same ? arena_printf(&p->arena, "%.*s:%.*s", SPAN_ARG(s->package), SPAN_ARG(s->arch)) :
			       arena_str(&p->arena, s->package) };
	if (!k.version || !k.arch || !k.name)
		return -ENOMEM;
	l->name = s->package;
	int rc = packages_put_package(p, &k, &l->package);
	if (rc == 0)
		rc = read_list(l, s);
	while (rc == 0 && span_next_line(&rest, &line))
		rc = conffile(l, line);
	if (rc == 0)
		rc = read_sums(l, s);
	return rc ? rc : read_others(l);
}

/* The field's value, continuation lines as they are. */
static void field(struct stanza *s, struct span name, struct span value)
{
	static const struct {
		const char *name;
		size_t off;
	} want[] = {
		{ "Package", offsetof(struct stanza, package) },
		{ "Architecture", offsetof(struct stanza, arch) },
		{ "Version", offsetof(struct stanza, version) },
		{ "Status", offsetof(struct stanza, status) },
		{ "Multi-Arch", offsetof(struct stanza, multi_arch) },
		{ "Conffiles", offsetof(struct stanza, conffiles) },
	};

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		if (span_eq_nocase(name, span_str(want[i].name)))
			*(struct span *)((char *)s + want[i].off) = span_trim(value);
}

/* The end of the field that starts at rest: where the first line that is no continuation begins. */
static struct span take_field(struct span *rest)
{
	size_t n = 0;

	do {
		size_t end = span_find(span_from(*rest, n), '\n');
		n = end == SIZE_MAX ? rest->n : n + end + 1;
	} while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'));
	struct span x = span_cut(*rest, 0, n);
	*rest = span_from(*rest, n);
	return x;
}

static int read_status(struct load *l)
{
	struct span rest = buf_span(&l->status);
	struct stanza s = { 0 };
	int rc = 0;

	while (rest.n && rc == 0) {
		struct span x = take_field(&rest);
		size_t colon = span_find(x, ':');
		if (span_trim(x).n == 0) {
			rc = add_package(l, &s);
			s = (struct stanza){ 0 };
		} else if (colon == SIZE_MAX) {
			return fault_set(l->f, -EBADMSG, "/" DPKG "status: byte %zu: not a field",
			    (size_t)(x.p - l->status.p));
		} else {
			field(&s, span_cut(x, 0, colon), span_from(x, colon + 1));
		}
	}
	return rc ? rc : add_package(l, &s);
}

int packages_load_dpkg(struct packages *p, struct fault *f)
{
	struct load l = { .p = p, .f = f, .diversions = BUF_INIT(PACKAGE_DOCUMENT_MAX),
		.status = BUF_INIT(PACKAGE_DOCUMENT_MAX), .list = BUF_INIT(PACKAGE_DOCUMENT_MAX),
		.sums = BUF_INIT(PACKAGE_DOCUMENT_MAX) };

	map_init(&l.diverted, PACKAGE_FILES_MAX);
	map_init(&l.listed, PACKAGE_FILES_MAX);
	int rc = packages_document(p, DPKG "status", &l.status, f);
	if (rc == 0)
		rc = read_excludes(p);
	if (rc == 0)
		rc = read_diversions(&l);
	if (rc == 0)
		rc = read_status(&l);
	map_free(&l.diverted);
	map_free(&l.listed);
	free(l.done);
	buf_free(&l.diversions);
	buf_free(&l.status);
	buf_free(&l.list);
	buf_free(&l.sums);
	return rc;
}
