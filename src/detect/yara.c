/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_set.h"

#include "base/file.h"
#include "crypto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* --- which files --- */

struct list {
	const char **path, **space;
	size_t n, cap, found; /* found: those given twice as well */
	struct map seen; /* real paths: what is given twice is read once */
};

static int list_add(struct yara *y, struct list *l, const char *path, const char *space)
{
	AUTO_FREE char *real = realpath(path, NULL);
	char *key = arena_str(&y->arena, span_str(real ? real : path));

	if (!key)
		return -ENOMEM;
	l->found++;
	int rc = map_add(&l->seen, span_str(key), key, NULL);
	if (rc)
		return rc == 1 ? 0 : rc == -ENOSPC ? -E2BIG : rc;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		const char **p = arena_grow(&y->arena, l->path, l->cap * sizeof(*p), cap * sizeof(*p));
		const char **s = arena_grow(&y->arena, l->space, l->cap * sizeof(*s), cap * sizeof(*s));
		if (!p || !s)
			return -ENOMEM;
		l->path = p;
		l->space = s;
		l->cap = cap;
	}
	l->path[l->n] = path;
	l->space[l->n++] = space;
	return 0;
}

static bool is_rule_file(const char *name)
{
	struct span s = span_str(name);
	return span_ends(s, SPAN_LIT(".yar")) || span_ends(s, SPAN_LIT(".yara"));
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

#define DEPTH_MAX 32

/* Everything below path, in the order of names; space is the way from the folder given. */
static int list_folder(struct yara *y, struct list *l, const char *path, const char *space,
    unsigned depth, struct fault *f)
{
	struct dirent **entry = NULL;
	int n = scandir(path, &entry, not_dots, alphasort), rc = 0;

	if (n < 0)
		return fault_set(f, YARA_BAD, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	for (int i = 0; i < n && rc == 0; i++) {
		const char *name = entry[i]->d_name;
		char *p = arena_printf(&y->arena, "%s/%s", path, name);
		char *s = arena_printf(&y->arena, "%s%s%s", space, *space ? "/" : "", name);
		struct stat st;
		if (!p || !s)
			rc = -ENOMEM;
		else if (lstat(p, &st) == 0 && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			rc = list_folder(y, l, p, s, depth + 1, f);
		else if (is_rule_file(name))
			rc = list_add(y, l, p, s);
	}
	for (int i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
	return rc;
}

static int list_all(struct yara *y, struct list *l, struct fault *f)
{
	for (size_t i = 0; i < y->o.npaths; i++) {
		const char *path = y->o.paths[i];
		const char *slash = strrchr(path, '/');
		struct stat st;
		int rc = 0;
		size_t before = l->found;

		if (stat(path, &st) < 0)
			return fault_set(f, YARA_BAD, "%s: %s", QUOTE(span_str(path)), strerror(errno));
		if (S_ISDIR(st.st_mode))
			rc = list_folder(y, l, path, "", 0, f);
		else
			rc = list_add(y, l, path, slash ? slash + 1 : path);
		if (rc == -E2BIG)
			return fault_set(f, YARA_BAD, "%s: more than %u rule files",
			    QUOTE(span_str(path)), YARA_FILES_MAX);
		if (rc)
			return rc;
		if (l->found == before)
			return fault_set(f, YARA_BAD, "%s: no *.yar and no *.yara file in it",
			    QUOTE(span_str(path)));
	}
	return 0;
}

/* Namespaces are told to users and compared by libyara: each file has one of its own. */
static int name_spaces(struct yara *y)
{
	AUTO_MAP struct map seen;

	map_init(&seen, YARA_FILES_MAX);
	for (size_t i = 0; i < y->nfiles; i++) {
		struct yara_file *file = &y->file[i];
		const char *base = file->space;
		for (unsigned n = 2;; n++) {
			int rc = map_add(&seen, span_str(file->space), file, NULL);
			if (rc <= 0) {
				if (rc < 0)
					return rc;
				break;
			}
			file->space = arena_printf(&y->arena, "%s#%u", base, n);
			if (!file->space)
				return -ENOMEM;
		}
	}
	return 0;
}

/* --- reading them --- */

void yara_warn(struct yara *y, const char *fmt, ...)
{
	char text[FAULT_MAX];
	va_list ap;

	if (!y->o.warn)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	y->o.warn(y->o.warn_ctx, text);
}

int yara_left_out(struct yara *y, const struct yara_file *file, unsigned line, const char *why,
    struct fault *f)
{
	char where[32] = "";

	if (line)
		snprintf(where, sizeof(where), ", line %u", line);
	if (!y->o.skip_bad)
		return fault_set(f, YARA_BAD, "%s%s: %s", QUOTE(span_str(file->path)), where,
		    QUOTE(span_str(why)));
	y->stats.bad++;
	yara_warn(y, "left out: %s%s: %s", QUOTE(span_str(file->path)), where,
	    QUOTE(span_str(why)));
	return 0;
}

static int add_units(struct yara *y, uint32_t index)
{
	struct yara_file *file = &y->file[index];
	size_t n = file->opaque ? 1 : file->source.nrules;

	if (y->nunits + n > y->capunits) {
		size_t cap = (y->nunits + n) * 2;
		struct yara_unit *p = arena_grow(&y->arena, y->unit, y->capunits * sizeof(*p),
		    cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		y->unit = p;
		y->capunits = cap;
	}
	file->first = (uint32_t)y->nunits;
	for (size_t i = 0; i < n; i++)
		y->unit[y->nunits++] = (struct yara_unit){
			.file = index,
			.group = YARA_NONE,
			.rule = file->opaque ? NULL : &file->source.rule[i],
			.gates = { { YARA_GATE_OPEN }, 1 },
		};
	file->end = (uint32_t)y->nunits;
	return 0;
}

/* These modules read files, or answers of a sandbox that is not there. */
static const char *refused_module(const struct yara_source *s)
{
	for (size_t i = 0; i < s->nimports; i++) {
		if (span_eq_str(s->import[i], "magic"))
			return "module \"magic\" is not available here (it reads files of its own)";
		if (span_eq_str(s->import[i], "cuckoo"))
			return "module \"cuckoo\" is not available here";
	}
	return NULL;
}

static bool is_known_module(const struct yara *y, struct span name)
{
	for (size_t i = 0; i < y->nmodules; i++)
		if (span_eq(y->module[i], name))
			return true;
	return false;
}

static int know_modules(struct yara *y, struct yara_file *file, struct fault *f)
{
	for (size_t i = 0; i < file->source.nimports && !file->bad; i++) {
		struct span name = file->source.import[i];
		bool has = y->nmodules < YARA_MODULES_MAX;
		if (is_known_module(y, name))
			continue;
		int rc = has ? yara_has_module(y, name, &has) : 0;
		if (rc < 0)
			return rc;
		if (has) {
			y->module[y->nmodules++] = name;
			continue;
		}
		char why[QUOTE_MAX + 64];
		snprintf(why, sizeof(why), "unknown module \"%s\"", QUOTE(name));
		file->bad = true;
		rc = yara_left_out(y, file, 0, why, f);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_file(struct yara *y, struct yara_file *file, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(YARA_SOURCE_MAX);

	int rc = file_read(file->path, &b, YARA_SOURCE_MAX, f);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		return YARA_BAD;
	if (memchr(b.p, 0, b.n)) {
		file->bad = true;
		return yara_left_out(y, file, 0, "a NUL byte: not a text of rules", f);
	}
	char *text = arena_str(&y->arena, buf_span(&b));
	if (!text)
		return -ENOMEM;
	file->text = span_of(text, b.n);
	rc = yara_source(file->text, &y->arena, &file->source);
	if (rc < 0)
		return rc;
	file->opaque = rc == YARA_SOURCE_ODD;
	const char *refused = refused_module(&file->source);
	if (refused) {
		file->bad = true;
		return yara_left_out(y, file, 0, refused, f);
	}
	return know_modules(y, file, f);
}

static int read_files(struct yara *y, struct fault *f)
{
	struct list l = { 0 };

	map_init(&l.seen, YARA_FILES_MAX);
	int rc = list_all(y, &l, f);
	map_free(&l.seen);
	if (rc)
		return rc;
	y->file = arena_array(&y->arena, l.n, sizeof(*y->file));
	if (!y->file)
		return -ENOMEM;
	for (size_t i = 0; i < l.n; i++)
		y->file[i] = (struct yara_file){ .path = l.path[i], .space = l.space[i] };
	y->nfiles = l.n;
	rc = name_spaces(y);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		rc = read_file(y, &y->file[i], f);
		if (rc == 0 && !y->file[i].bad)
			rc = add_units(y, (uint32_t)i);
	}
	return rc;
}

/* --- the whole --- */

/* What verdicts depend on. The format of reports counts too: they are kept and read again. */
static int identify(struct yara *y)
{
	AUTO_BUF struct buf b = BUF_INIT(BUF_MAX_DEFAULT);
	struct digest d;

	buf_printf(&b, "yara %s report 1 timeout %lld size %llu skip %d\n", YR_VERSION,
	    (long long)y->o.timeout, (unsigned long long)y->o.max_size, y->o.skip_bad);
	for (size_t i = 0; i < y->nfiles; i++) {
		int rc = hash_span(DIGEST_SHA256, y->file[i].text, &d);
		if (rc < 0)
			return rc;
		buf_printf(&b, "%s %zu:%s\n", DIGEST_HEX(&d), strlen(y->file[i].space),
		    y->file[i].space);
	}
	if (buf_err(&b) < 0)
		return buf_err(&b);
	return hash_span(DIGEST_SHA256, buf_span(&b), &y->identity);
}

int yara_new(struct yara **ret_y, const struct yara_opts *o, struct fault *f)
{
	int rc = yara_lib_load(f);

	if (rc < 0)
		return rc;
	AUTO_YARA struct yara *y = calloc(1, sizeof(*y));
	if (!y)
		return -ENOMEM;
	y->arena = ARENA_INIT(YARA_ARENA_MAX);
	y->owner = getpid();
	y->o = *o;
	if (!y->o.timeout)
		y->o.timeout = YARA_TIMEOUT;
	if (!y->o.max_size)
		y->o.max_size = YARA_SIZE_MAX;
	rc = read_files(y, f);
	if (rc == 0)
		rc = identify(y);
	if (rc == 0)
		rc = yara_group_all(y, f);
	if (rc)
		return rc;
	y->stats.files = y->nfiles;
	y->stats.groups = y->ngroups;
	y->stats.literals = yara_sieve_count(y->sieve);
	*ret_y = TAKE_PTR(y);
	return 0;
}

struct yara *yara_free(struct yara *y)
{
	if (!y)
		return NULL;
	for (size_t i = 0; i < y->ngroups; i++) {
		if (y->group[i].scanner)
			yara_lib.yr_scanner_destroy(y->group[i].scanner);
		if (y->group[i].rules)
			yara_lib.yr_rules_destroy(y->group[i].rules);
	}
	for (size_t i = 0; i < y->nfiles; i++)
		map_free(&y->file[i].names);
	yara_sieve_free(y->sieve);
	arena_free(&y->arena);
	free(y);
	return NULL;
}

void yara_free_p(struct yara **y)
{
	yara_free(*y);
}

void yara_stats(const struct yara *y, struct yara_stats *ret_st)
{
	*ret_st = y->stats;
}

void yara_identity(const struct yara *y, struct digest *ret_d)
{
	*ret_d = y->identity;
}
