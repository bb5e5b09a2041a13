/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/msi_paths.h"

#include <errno.h>
#include <stdio.h>

static int read_table(const struct msi_base *b, const char *name, struct msi_table *t,
    struct unpack_work *w)
{
	struct fault f = FAULT_INIT;
	int rc = msi_base_table(b, name, t, &f);

	return rc > 0 ? unpack_stop(w, UNPACK_DAMAGED, "%s", f.text) : rc;
}

/* The rows by their key, which is unique. */
static int index_rows(struct map *m, const struct msi_table *t, const char *key,
    struct unpack_work *w)
{
	int column = msi_column(t, key);

	map_init(m, MSI_ROWS_MAX);
	for (uintptr_t i = 0; i < t->nrows; i++) {
		int rc = map_add(m, msi_text(t, (uint32_t)i, column), (void *)(i + 1), NULL);
		if (rc == 1)
			return unpack_stop(w, UNPACK_DAMAGED, "table %s has two rows of one key",
			    QUOTE(t->name));
		if (rc)
			return rc;
	}
	return 0;
}

static bool row_of(const struct map *m, struct span key, uint32_t *ret_row)
{
	uintptr_t v = (uintptr_t)map_get(m, key);

	*ret_row = (uint32_t)(v - 1);
	return v;
}

/* --- one path, put together from its end ----------------------------------------------------- */

struct path {
	char text[UNPACK_PATH_MAX];
	size_t at; /* where it begins so far */
};

static int prepend(struct path *p, struct span name, struct unpack_work *w)
{
	if (!name.n || span_eq_str(name, ".") || span_eq_str(name, "SourceDir"))
		return 0;
	if (span_find(name, '/') != SIZE_MAX || span_find(name, '\\') != SIZE_MAX)
		return unpack_stop(w, UNPACK_REFUSED, "a file or directory called %s", QUOTE(name));
	if (p->at <= name.n + 1)
		return unpack_stop(w, UNPACK_REFUSED, "a path of more than %d bytes",
		    UNPACK_PATH_MAX - 1);
	if (p->text[p->at])
		p->text[--p->at] = '/';
	p->at -= name.n;
	memcpy(p->text + p->at, name.p, name.n);
	return 0;
}

/* The directory and what it is in, up to one that is not there. */
static int prepend_dirs(struct msi_paths *m, struct path *p, struct span key, struct unpack_work *w)
{
	int id = msi_column(&m->dirs, "Directory"), parent = msi_column(&m->dirs, "Directory_Parent");
	int name = msi_column(&m->dirs, "DefaultDir");
	uint32_t row;

	for (unsigned deep = 0; row_of(&m->dir, key, &row); deep++) {
		struct span up = msi_text(&m->dirs, row, parent);
		bool programs = span_eq_str(msi_text(&m->dirs, row, id), "ProgramFilesFolder");
		if (deep == MSI_DIRS_DEEP)
			return unpack_stop(w, UNPACK_REFUSED,
			    "directories in a circle, or more than %d deep", MSI_DIRS_DEEP);
		int rc = prepend(p, programs ? span_str("Program Files") :
					       msi_long_name(msi_text(&m->dirs, row, name)),
		    w);
		if (rc)
			return rc;
		if (span_eq(up, key))
			break; /* its own parent: a root */
		key = up;
	}
	return 0;
}

static int add_file(struct msi_paths *m, uint32_t i, struct unpack_work *w)
{
	const struct msi_table *t = &m->files;
	struct path *p = &(struct path){ .at = UNPACK_PATH_MAX - 1 };
	struct msi_file *f = ARENA_NEW(m->base->arena, struct msi_file);
	struct span key = msi_text(t, i, msi_column(t, "File"));
	uint32_t component;

	int rc = f ? prepend(p, msi_long_name(msi_text(t, i, msi_column(t, "FileName"))), w) : -ENOMEM;
	if (rc)
		return rc;
	if (!p->text[p->at])
		return unpack_stop(w, UNPACK_DAMAGED, "file %s has no name", QUOTE(key));
	if (!row_of(&m->component, msi_text(t, i, msi_column(t, "Component_")), &component))
		return unpack_stop(w, UNPACK_DAMAGED, "file %s is of no component", QUOTE(key));
	rc = prepend_dirs(m, p,
	    msi_text(&m->components, component, msi_column(&m->components, "Directory_")), w);
	if (rc)
		return rc;
	f->path = arena_str(m->base->arena, span_str(p->text + p->at));
	f->size = msi_int(t, i, msi_column(t, "FileSize"));
	if (!f->path)
		return -ENOMEM;
	rc = map_add(&m->file, key, f, NULL);
	return rc == 1 ? unpack_stop(w, UNPACK_DAMAGED, "two files of the key %s", QUOTE(key)) : rc;
}

int msi_paths_read(struct msi_paths *p, const struct msi_base *b, struct unpack_work *w)
{
	p->base = b;
	map_init(&p->file, MSI_ROWS_MAX);
	int rc = read_table(b, "Directory", &p->dirs, w);
	if (rc == 0)
		rc = read_table(b, "Component", &p->components, w);
	if (rc == 0)
		rc = read_table(b, "File", &p->files, w);
	if (rc == 0)
		rc = index_rows(&p->dir, &p->dirs, "Directory", w);
	if (rc == 0)
		rc = index_rows(&p->component, &p->components, "Component", w);
	for (uint32_t i = 0; rc == 0 && i < p->files.nrows; i++)
		rc = add_file(p, i, w);
	return rc;
}

struct msi_file *msi_paths_find(const struct msi_paths *p, const char *key)
{
	return map_get(&p->file, span_str(key));
}
