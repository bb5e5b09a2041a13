/* SPDX-License-Identifier: Apache-2.0 */

/*
 * unpack_tool: what unpack.h says about a file, for the shell tests.
 *
 *   unpack_tool list FILE    a line an entry: TYPE DEPTH SHA256 SIZE PATH [-> TARGET]
 *   unpack_tool cat FILE     the bytes of all entries that are not opened, one after the other
 *   unpack_tool raw FILE     what the compressed file holds
 *
 * Exit: enum unpack_result, or 100 for an error; the fault goes to stderr.
 */

#include "unpack/unpack.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
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

int main(int argc, char **argv)
{
	struct fault f = FAULT_INIT;
	struct unpack_stats stats;

	AUTO_FD int fd = argc == 3 ? file_open_user(argv[2], &f) : -1;
	int rc = fd;
	if (fd >= 0 && strcmp(argv[1], "raw") == 0)
		rc = raw(fd, argv[2], &f);
	else if (fd >= 0)
		rc = unpack_archive(fd, argv[2], NULL,
		    strcmp(argv[1], "cat") == 0 ? quiet_entry : on_entry,
		    strcmp(argv[1], "cat") == 0 ? on_data : NULL, NULL, &stats, &f);
	if (rc)
		fprintf(stderr, "%d %s\n", rc, f.text);
	return rc < 0 ? 100 : rc;
}
