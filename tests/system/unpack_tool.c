/* SPDX-License-Identifier: Apache-2.0 */

/*
 * unpack_tool: what unpack.h says about a file, for the shell tests.
 *
 *   unpack_tool list FILE    a line an entry: TYPE DEPTH SHA256 SIZE PATH [-> TARGET]
 *   unpack_tool tree FILE    files, links, others without digest, as "TYPE MODE SHA256 SIZE PATH" for
 *                            sorting; and a line "note KIND OFFSET LENGTH SHA256 TEXT" a note
 *   unpack_tool hash FILE    nothing but the number of entries and bytes, and "rss N": the KiB that
 *                            this process and its worker had in use at most, added up
 *   unpack_tool cat FILE     the bytes of all entries that are not opened, one after the other
 *   unpack_tool raw FILE     what the compressed file holds
 *
 * ENTRIES, BYTES, MEMORY, TIMEOUT (milliseconds), FLAT (depth 1) in the environment are limits.
 *
 * Exit: enum unpack_result, or 100 for an error; the fault goes to stderr.
 */

#include "unpack/unpack.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	static const char type[] = "?fdlhs";

	(void)ctx;
	printf("%c %u %s %llu %s%s%s%s%s\n", type[e->type], e->depth,
	    digest_is_set(&e->digest[DIGEST_SHA256]) ? DIGEST_HEX(&e->digest[DIGEST_SHA256]) : "-",
	    (unsigned long long)e->size, e->path, e->target[0] ? " -> " : "", e->target,
	    e->leads_out ? " (out)" : "", e->opened ? " (opened)" : "");
	return 0;
}

static int on_data(void *ctx, const struct unpack_entry *e, struct span bytes)
{
	(void)ctx;
	(void)e;
	return file_write_all(1, bytes);
}

/* What a folder would hold. */
static int tree_entry(void *ctx, const struct unpack_entry *e)
{
	static const char type[] = "?fdlfs", *const where[] = { "", " (elsewhere)", " (locked)" };
	const struct digest *d = e->content ? &e->claim : &e->digest[DIGEST_SHA256];

	(void)ctx;
	if (e->opened || e->depth > 1)
		return 0;
	printf("%c %o %s %llu %s%s%s%s\n", type[e->type], e->mode, digest_is_set(d) ? DIGEST_HEX(d) : "-",
	    (unsigned long long)e->size, e->path, e->target[0] ? " -> " : "", e->target,
	    where[e->content]);
	return 0;
}

static int tree_note(void *ctx, const struct unpack_note *n)
{
	static const char *const kind[UNPACK_NOTE_KINDS] = { "?", "front", "gap", "behind",
		"signature", "case", "header", "fact" };

	(void)ctx;
	printf("note %s %llu %llu %s %s\n", kind[n->kind], (unsigned long long)n->off,
	    (unsigned long long)n->len, digest_is_set(&n->digest) ? DIGEST_HEX(&n->digest) : "-",
	    n->text);
	return 0;
}

static int quiet_entry(void *ctx, const struct unpack_entry *e)
{
	(void)ctx;
	(void)e;
	return 0;
}

static int raw(int fd, const char *label, struct fault *f)
{
	AUTO_BUF struct buf out = BUF_INIT(1u << 30);

	int rc = unpack_raw(fd, label, NULL, &out, f);
	return rc == 0 ? file_write_all(1, buf_span(&out)) : rc;
}

static void tell_memory(void)
{
	struct rusage self, worker;

	if (getrusage(RUSAGE_SELF, &self) == 0 && getrusage(RUSAGE_CHILDREN, &worker) == 0)
		printf("rss %ld\n", self.ru_maxrss + worker.ru_maxrss);
}

static uint64_t limit(const char *name)
{
	const char *v = getenv(name);

	return v ? strtoull(v, NULL, 10) : 0;
}

static int archive(const char *what, int fd, const char *label, struct fault *f)
{
	struct unpack_opts o = { .entries = (uint32_t)limit("ENTRIES"), .bytes = limit("BYTES"),
		.memory = limit("MEMORY"), .timeout = (ts)limit("TIMEOUT") * (TS_SECOND / 1000),
		.depth = (unsigned)limit("FLAT") };
	bool cat = strcmp(what, "cat") == 0, tree = strcmp(what, "tree") == 0;
	bool hash = strcmp(what, "hash") == 0;
	struct unpack_stats stats;

	if (tree || hash)
		o.on_note = tree_note;
	int rc = unpack_archive(fd, label, &o, cat || hash ? quiet_entry : tree ? tree_entry : on_entry,
	    cat ? on_data : NULL, NULL, &stats, f);
	if (hash) {
		tell_memory();
		printf("%llu entries, %llu bytes, %s\n", (unsigned long long)stats.entries,
		    (unsigned long long)stats.bytes, unpack_format_name(stats.kind));
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct fault f = FAULT_INIT;

	AUTO_FD int fd = argc == 3 ? file_open_user(argv[2], &f) : -1;
	int rc = fd;
	if (fd >= 0)
		rc = strcmp(argv[1], "raw") == 0 ? raw(fd, argv[2], &f) :
		                                   archive(argv[1], fd, argv[2], &f);
	if (rc)
		fprintf(stderr, "%d %s\n", rc, f.text);
	return rc < 0 ? 100 : rc;
}
