/* SPDX-License-Identifier: Apache-2.0 */

/* watch: the network sensor. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* --- signals --- */

static struct net *volatile running;

static void on_signal(int sig)
{
	(void)sig;
	if (running)
		net_stop(running);
}

/* The first Ctrl-C ends the watch and tells what it saw; the second one ends the process. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

/* --- what comes --- */

static int on_event(void *ctx, const struct net_event *e)
{
	struct watch *w = ctx;
	struct watch_more more = { .domain = SPAN_NONE };
	struct buf *b = watch_out_buf(w->out);

	if (w->all)
		watch_json_event(w, b, e, &more);
	return watch_out_full(b) ? watch_out_flush(w->out, &w->f) : 0;
}

static int on_batch(void *ctx, ts at)
{
	struct watch *w = ctx;

	(void)at;
	return watch_out_flush(w->out, &w->f);
}

/* --- options --- */

/* "128M", "1G", "65536": bytes. */
static bool size_of(const char *s, uint64_t *ret_n)
{
	static const char unit[] = "KMG";
	uint64_t n = 0;
	size_t digits = strspn(s, "0123456789");
	char number[24];

	if (!digits || digits >= sizeof(number))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)digits, s);
	if (!cli_count(number, &n))
		return false;
	const char *u = s + digits;
	const char *at = *u ? strchr(unit, *u & ~0x20) : NULL;
	if (*u && (!at || (u[1] && strcmp(u + 1, "iB") != 0 && strcmp(u + 1, "B") != 0)))
		return false;
	int shift = at ? 10 * (int)(at - unit + 1) : 0;
	if (n > UINT64_MAX >> shift)
		return false;
	*ret_n = n << shift;
	return true;
}

/* -1 or an exit code. */
static int numbers(struct watch *w)
{
	struct cli *c = w->c;
	const char *workers = cli_opt(c, "workers"), *memory = cli_opt(c, "memory");
	uint64_t n = 0;

	if (workers && (!cli_count(workers, &n) || n < 1 || n > NET_WORKERS_MAX))
		return cli_failf(c, CLI_USAGE, "--workers %s: not a number from 1 to %d",
		    QUOTE(span_str(workers)), NET_WORKERS_MAX);
	w->opts.workers = (unsigned)n;
	if (memory && (!size_of(memory, &w->opts.memory) || w->opts.memory < NET_MEMORY_MIN))
		return cli_failf(c, CLI_USAGE, "--memory %s: not a size of at least %uM, such as 256M",
		    QUOTE(span_str(memory)), NET_MEMORY_MIN >> 20);
	w->opts.no_sandbox = cli_has(c, "no-sandbox");
	return -1;
}

static int options(struct watch *w)
{
	struct cli *c = w->c;
	const char *events = cli_opt(c, "events");

	if (events && strcmp(events, "all") != 0 && strcmp(events, "hits") != 0)
		return cli_failf(c, CLI_USAGE, "--events %s: give all or hits", QUOTE(span_str(events)));
	w->all = !events || strcmp(events, "all") == 0;
	return numbers(w);
}

/* --read and arguments. -1 or an exit code. */
static int open_files(struct watch *w)
{
	struct cli *c = w->c;
	const char *name[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "read", name, CLI_OPT_VALUES_MAX), stdins = 0;

	w->src = arena_array(&c->arena, n + (size_t)c->nargs, sizeof(*w->src));
	if (!w->src)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < n + (size_t)c->nargs; i++) {
		const char *path = i < n ? name[i] : c->arg[i - n];
		bool in = strcmp(path, "-") == 0;
		int fd = in ? STDIN_FILENO : file_open_user(path, &w->f);
		if (fd < 0)
			return cli_errno(c, fd, &w->f);
		w->src[w->nsrc++] = (struct net_source){ .name = in ? "standard input" : path, .fd = fd };
		stdins += in;
		if (stdins > 1)
			return cli_failf(c, CLI_USAGE, "\"-\" is standard input: give it once");
	}
	if (!w->nsrc)
		return cli_failf(c, CLI_USAGE, "nothing to watch: give --read FILE");
	return -1;
}

static void close_files(struct watch *w)
{
	for (size_t i = 0; i < w->nsrc; i++)
		if (w->src[i].fd > STDERR_FILENO)
			close(w->src[i].fd);
}

/* --- the run --- */

static void stats_line(struct watch *w)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct jw j = jw_of(&b);

	watch_json_stats(&j, &w->stats, w->hits);
	printf("%s\n", buf_str(&b));
	fflush(stdout);
}

static int run(struct watch *w)
{
	struct net_sink sink = { .on_event = on_event, .on_batch = on_batch, .ctx = w };
	struct cli *c = w->c;
	int rc = net_files(&w->net, w->src, w->nsrc, &w->opts, &w->f);

	if (rc == NET_NOT_CAPTURE)
		return cli_fail(c, CLI_INPUT, &w->f);
	if (rc)
		return rc < 0 ? cli_errno(c, rc, &w->f) : cli_fail(c, CLI_INTERNAL, &w->f);
	running = w->net;
	catch_signals();
	rc = net_run(w->net, &sink, &w->f);
	net_stats(w->net, &w->stats);
	running = NULL;
	w->net = net_free(w->net);
	if (rc == 0 || rc == NET_INCOMPLETE) {
		int written = watch_out_flush(w->out, &w->f);
		rc = written < 0 ? written : rc;
	}
	if (cli_has(c, "stats") && rc != -EPIPE)
		stats_line(w);
	if (rc == -EPIPE)
		return CLI_INTERNAL;
	if (rc == NET_NOT_CAPTURE)
		return cli_fail(c, CLI_INPUT, &w->f);
	if (rc)
		return rc < 0 ? cli_errno(c, rc, &w->f) : cli_fail(c, CLI_INTERNAL, &w->f);
	return w->hits ? CLI_NEGATIVE : net_stats_losses(&w->stats) ? CLI_INTERNAL : CLI_OK;
}

static int run_watch(struct cli *c)
{
	struct watch w = { .c = c };
	struct watch_out_opts out = { .path = cli_opt(c, "output"), .keep = 9 };
	int code = options(&w);

	if (code < 0)
		code = open_files(&w);
	if (code < 0) {
		int rc = watch_out_open(&w.out, &out, &w.f);
		code = rc < 0 ? cli_errno(c, rc, &w.f) : run(&w);
	}
	w.out = watch_out_close(w.out);
	close_files(&w);
	return code;
}

static const struct cli_opt watch_opts[] = {
	CLI_HEADING("What to watch"),
	{ "read", "FILE", "read this capture (pcap, pcapng); - is standard input", true },
	CLI_HEADING("What is told"),
	{ "events", "WHICH", "all (default), or hits only", false },
	{ "output", "FILE", "append the lines to this file instead of standard output", false },
	{ "stats", NULL, "end with one JSON object of all counts and losses", false },
	CLI_HEADING("How"),
	{ "workers", "N", "decode with this many processes (default: one for each CPU)", false },
	{ "memory", "SIZE", "of all of them together (default: 128M)", false },
	{ "no-sandbox", NULL, "decode without a sandbox, where the kernel has none", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_watch = {
	.name = "watch",
	.args = "[FILE…]",
	.summary = "Watch the network: DNS names, TLS and QUIC hellos, certificates, HTTP requests",
	.help =
	    "Reads packet captures and tells every DNS message, TLS and QUIC hello, certificate, HTTP\n"
	    "request and connection in them, one line each, in the order of the capture.\n\n"
	    "  firebreak watch --read march.pcap --json\n\n"
	    "Exit: 0 nothing found, 1 hits, 3 usage, 4 not everything could be looked at,\n"
	    "5 a file is no capture.\n",
	.opts = watch_opts,
	.min_args = 0,
	.max_args = -1,
	.run = run_watch,
};
