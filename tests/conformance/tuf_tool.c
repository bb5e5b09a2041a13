/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tuf_tool: the TUF client by itself, with the command line of the TUF conformance suite's clients:
 *
 *   tuf_tool --metadata-dir DIR [--clock TIME] init ROOT.json
 *   tuf_tool --metadata-dir DIR --metadata-url URL [--clock TIME] refresh
 *   tuf_tool --metadata-dir DIR --metadata-url URL --target-name PATH --target-base-url URL
 *            --target-dir DIR [--clock TIME] download
 *
 * URLs are http(s) or folders. --target-name may be given several times. The last line on stdout is
 * "ok" or "RESULT STEP: words". --memory N repeats refresh and download N times with a store in
 * memory (the bench). Exit 0 or 1; 2 usage.
 */

#include "base/file.h"
#include "fetch/http.h"
#include "trust/tuf/files.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAMES_MAX 64

struct tool {
	int store;
	struct map memory; /* name -> struct buf, with --memory */
	bool in_memory;
	const char *url[2];
	int dir[2]; /* -1: url is one */
	struct http *http;
};

static int fetch(void *ctx, enum tuf_base base, const char *name, size_t max, struct buf *out,
    struct fault *f)
{
	struct tool *t = ctx;
	AUTO_BUF struct buf url = BUF_INIT(HTTP_URL_MAX);

	if (t->dir[base] >= 0)
		return tuf_files_fetch(t->dir[base], name, max, out, f);
	size_t n = strlen(t->url[base]);
	buf_printf(&url, "%s%s%s", t->url[base], n && t->url[base][n - 1] == '/' ? "" : "/", name);
	return http_get(t->http, buf_str(&url), max, NULL, out, f);
}

static int load(void *ctx, const char *name, size_t max, struct buf *out, struct fault *f)
{
	struct tool *t = ctx;

	if (!t->in_memory)
		return tuf_files_load(t->store, name, max, out, f);
	struct buf *b = map_get(&t->memory, span_str(name));
	if (!b || !b->n)
		return TUF_IO_ABSENT;
	buf_put_span(out, buf_span(b));
	return buf_err(out);
}

static int keep(void *ctx, const char *name, struct span bytes, struct fault *f)
{
	struct tool *t = ctx;

	if (!t->in_memory)
		return tuf_files_keep(t->store, name, bytes, f);
	struct buf *b = map_get(&t->memory, span_str(name));
	if (!b) {
		b = calloc(1, sizeof(*b));
		*b = BUF_INIT(TUF_TARGETS_MAX);
		if (map_add(&t->memory, span_str(strdup(name)), b, NULL) < 0)
			return -ENOMEM;
	}
	buf_reset(b);
	buf_put_span(b, bytes);
	return buf_err(b);
}

static int drop(void *ctx, const char *name, struct fault *f)
{
	struct tool *t = ctx;

	if (!t->in_memory)
		return tuf_files_drop(t->store, name, f);
	struct buf *b = map_get(&t->memory, span_str(name));
	if (b)
		buf_reset(b);
	return 0;
}

static int tell(int rc, const struct tuf_report *w)
{
	if (rc == 0)
		puts("ok");
	else
		printf("%s %s: %s\n", rc < 0 ? strerror(-rc) : tuf_result_name(rc),
		    w->step ? w->step : "-", w->f.text);
	return rc ? 1 : 0;
}

static int open_base(struct tool *t, int i)
{
	struct http_options o = { .slow_s = 2, .timeout_s = 5, .ca_file = getenv("TUF_TOOL_CA") };
	struct fault f = FAULT_INIT;

	t->dir[i] = -1;
	if (!t->url[i])
		return 0;
	if (strncmp(t->url[i], "http", 4) != 0) {
		t->dir[i] = open(t->url[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return t->dir[i] < 0 ? -errno : 0;
	}
	int rc = t->http ? 0 : http_open(&t->http, &o, &f);
	if (rc < 0)
		fprintf(stderr, "tuf_tool: %s\n", f.text);
	return rc;
}

static int save(const char *dir, const char *name, struct span bytes)
{
	AUTO_BUF struct buf path = BUF_INIT(4096);

	buf_printf(&path, "%s/", dir);
	for (const char *p = name; *p; p++)
		if (*p == '/')
			buf_puts(&path, "%2F");
		else
			buf_putc(&path, *p);
	return file_replace_path(buf_str(&path), bytes, 0644, NULL);
}

static int update(struct tool *t, struct span root, ts now, const char *const *name, size_t n,
    const char *dir, struct tuf_report *w)
{
	const struct tuf_io io = { t, fetch, load, keep, drop, NULL };
	AUTO_TUF_CLIENT struct tuf_client *c = NULL;
	struct tuf_file file;

	int rc = tuf_client_new(&c, &io, root, now, w);
	if (rc == 0)
		rc = tuf_client_refresh(c, w);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		AUTO_BUF struct buf out = BUF_INIT(TUF_TARGET_MAX + 1);
		rc = tuf_client_find(c, name[i], &file, w);
		if (rc == 0)
			rc = tuf_client_download(c, name[i], &file, TUF_TARGET_MAX, &out, w);
		if (rc == 0 && dir)
			rc = save(dir, name[i], buf_span(&out));
	}
	return rc;
}

static void forget(struct tool *t)
{
	for (size_t i = 0; i < t->memory.n; i++)
		buf_reset(t->memory.e[i].val);
}

static int usage(void)
{
	fprintf(stderr, "usage: tuf_tool --metadata-dir DIR … init ROOT | refresh | download\n");
	return 2;
}

int main(int argc, char **argv)
{
	enum { DIR = 1, URL, TARGET, TARGETDIR, TARGETURL, CLOCK, MEMORY };
	static const struct option opts[] = { { "metadata-dir", 1, NULL, DIR },
		{ "metadata-url", 1, NULL, URL }, { "target-name", 1, NULL, TARGET },
		{ "target-dir", 1, NULL, TARGETDIR }, { "target-base-url", 1, NULL, TARGETURL },
		{ "clock", 1, NULL, CLOCK }, { "memory", 1, NULL, MEMORY }, { NULL, 0, NULL, 0 } };
	AUTO_BUF struct buf root = BUF_INIT(TUF_ROOT_MAX + 1);
	struct tool t = { .store = -1 };
	struct tuf_report w = TUF_REPORT_INIT;
	const char *meta = NULL, *dir = NULL, *name[NAMES_MAX];
	struct clock clock = clock_system();
	ts now = clock_now(&clock);
	size_t n = 0;
	int o, rc = 0, times = 0;

	while ((o = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		if (o == DIR)
			meta = optarg;
		else if (o == URL)
			t.url[TUF_METADATA] = optarg;
		else if (o == TARGETURL)
			t.url[TUF_TARGETFILES] = optarg;
		else if (o == TARGETDIR)
			dir = optarg;
		else if (o == TARGET && n < NAMES_MAX)
			name[n++] = optarg;
		else if (o == MEMORY)
			times = atoi(optarg);
		else if (o != CLOCK || ts_parse(span_str(optarg), &now) < 0)
			return usage();
	}
	if (!meta || optind == argc)
		return usage();
	map_init(&t.memory, 1024);
	const char *verb = argv[optind];
	t.store = open(meta, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.store < 0 || open_base(&t, TUF_METADATA) < 0 || open_base(&t, TUF_TARGETFILES) < 0)
		return 1;
	if (strcmp(verb, "init") == 0) {
		struct tuf_set set = { .start = now };
		if (optind + 1 == argc || file_read(argv[optind + 1], &root, TUF_ROOT_MAX, &w.f) < 0)
			return usage();
		rc = tuf_set_trust(&set, buf_span(&root), &w);
		tuf_set_free(&set);
		if (rc == 0)
			rc = keep(&t, "root.json", buf_span(&root), &w.f);
		http_close(t.http);
		return tell(rc, &w);
	}
	if (tuf_files_load(t.store, "root.json", TUF_ROOT_MAX, &root, &w.f))
		return usage();
	if (strcmp(verb, "refresh") == 0)
		n = 0;
	else if (strcmp(verb, "download") != 0 || !n || (!dir && !times))
		return usage();
	t.in_memory = times > 0;
	for (int i = 0; rc == 0 && i < (times ? times : 1); i++) {
		forget(&t);
		rc = update(&t, buf_span(&root), now, name, n, dir, &w);
	}
	http_close(t.http);
	return tell(rc, &w);
}
