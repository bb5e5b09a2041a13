/* SPDX-License-Identifier: Apache-2.0 */

/* watch: the network sensor. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/watch.h"
#include "cli/watch_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Reading files, workers run ahead of us by what their rings hold: not so far that the packets of a
 * hit are overwritten before we ask for them. One of several waits for nobody, so it is one. */
#define EVIDENCE_RING (128u << 10)

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
	w->memory = NET_MEMORY_DEFAULT;
	if (memory && (!size_of(memory, &w->memory) || w->memory < NET_MEMORY_MIN))
		return cli_failf(c, CLI_USAGE, "--memory %s: not a size of at least %uM, such as 256M",
		    QUOTE(span_str(memory)), NET_MEMORY_MIN >> 20);
	w->opts.no_sandbox = cli_has(c, "no-sandbox");
	w->opts.promiscuous = cli_has(c, "promiscuous");
	return -1;
}

/* "100M", "1h": when a file is full, or old. */
static bool rotation(const char *s, struct watch_out_opts *o)
{
	ts age;

	if (ts_parse_duration(span_str(s), &age) == 0 && strchr("smhd", s[strlen(s) - 1])) {
		o->rotate_age = age;
		return age > 0;
	}
	return size_of(s, &o->rotate_size) && o->rotate_size > 0;
}

static int output(struct watch *w, struct watch_out_opts *o)
{
	struct cli *c = w->c;
	const char *when[CLI_OPT_VALUES_MAX], *keep = cli_opt(c, "keep");
	size_t n = cli_opts(c, "rotate", when, CLI_OPT_VALUES_MAX);
	uint64_t files = 9;

	*o = (struct watch_out_opts){ .path = cli_opt(c, "output") };
	if ((n || keep) && !o->path)
		return cli_failf(c, CLI_USAGE, "--rotate and --keep go with --output FILE");
	for (size_t i = 0; i < n; i++)
		if (!rotation(when[i], o))
			return cli_failf(c, CLI_USAGE, "--rotate %s: give a size such as 100M, or an age such "
			    "as 1h", QUOTE(span_str(when[i])));
	if (keep && (!cli_count(keep, &files) || files < 1 || files > 999))
		return cli_failf(c, CLI_USAGE, "--keep %s: not a number from 1 to 999",
		    QUOTE(span_str(keep)));
	o->keep = (unsigned)files;
	return -1;
}

static int options(struct watch *w)
{
	static const char *const of_signals[] = { "reporter", "routes", "join" };
	struct cli *c = w->c;
	const char *events = cli_opt(c, "events");

	if (events && strcmp(events, "all") != 0 && strcmp(events, "hits") != 0)
		return cli_failf(c, CLI_USAGE, "--events %s: give all or hits", QUOTE(span_str(events)));
	w->all = !events || strcmp(events, "all") == 0;
	w->json = c->json;
	w->community = cli_has(c, "community-id");
	w->expired = cli_has(c, "include-expired");
	if (cli_has(c, "processes") && !cli_has(c, "interface"))
		return cli_failf(c, CLI_USAGE, "--processes goes with --interface");
	if (cli_has(c, "promiscuous") && !cli_has(c, "interface"))
		return cli_failf(c, CLI_USAGE, "--promiscuous goes with --interface");
	for (size_t i = 0; i < ARRAY_LEN(of_signals); i++)
		if (cli_has(c, of_signals[i]) && !cli_has(c, "signal"))
			return cli_failf(c, CLI_USAGE, "--%s goes with --signal", of_signals[i]);
	return numbers(w);
}

/* A pipe has a name, too: <(tcpdump -w -). */
static int open_capture(const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISFIFO(st.st_mode))
		return file_open_user(path, f);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
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
		int fd = in ? STDIN_FILENO : open_capture(path, &w->f);
		if (fd < 0)
			return cli_errno(c, fd, &w->f);
		w->src[w->nsrc++] = (struct net_source){ .name = in ? "standard input" : path, .fd = fd };
		stdins += in;
		if (stdins > 1)
			return cli_failf(c, CLI_USAGE, "\"-\" is standard input: give it once");
	}
	if (!w->nsrc)
		return cli_failf(c, CLI_USAGE, "nothing to watch: give --interface IF or --read FILE");
	return -1;
}

static void close_files(struct watch *w)
{
	for (size_t i = 0; i < w->nsrc; i++)
		if (w->src[i].fd > STDERR_FILENO)
			close(w->src[i].fd);
}

/* --interface. */
static int name_interfaces(struct watch *w)
{
	struct cli *c = w->c;
	const char *name[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "interface", name, CLI_OPT_VALUES_MAX);

	if (cli_has(c, "read") || c->nargs)
		return cli_failf(c, CLI_USAGE, "give --interface or captures, not both");
	w->src = arena_array(&c->arena, n, sizeof(*w->src));
	if (!w->src)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < n; i++)
		w->src[w->nsrc++] = (struct net_source){ .name = name[i], .fd = -1 };
	w->live = true;
	w->salt = (uint64_t)clock_now(&c->clock);
	return -1;
}

static int sources(struct watch *w)
{
	return cli_has(w->c, "interface") ? name_interfaces(w) : open_files(w);
}

/* What this process takes is not the workers'. */
static void share_memory(struct watch *w)
{
	uint64_t own = w->memory / WATCH_NAMES_SHARE + w->memory / WATCH_BEACONS_SHARE +
		       w->memory / WATCH_PAIRS_SHARE + WATCH_FIXED +
		       (w->record ? WATCH_SEEN_MEMORY : 0);

	w->opts.memory = w->memory > own + NET_MEMORY_MIN ? w->memory - own : NET_MEMORY_MIN;
}

/* --stats-file is written at the end; that it cannot be is said now. */
static int try_stats_file(struct watch *w)
{
	const char *path = cli_opt(w->c, "stats-file");

	if (!path)
		return 0;
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return fd >= 0 ? 0 : fault_set(&w->f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
}

/* Everything that has a file, a folder or a table. */
static int open_all(struct watch *w, const struct watch_out_opts *out)
{
	struct cli *c = w->c;
	int code = hunt_set(&w->h);

	if (code < 0 && cli_has(c, "signal"))
		code = wire_ready(c);
	if (code >= 0)
		return code;
	watch_pairs_init(w);
	int rc = watch_match_open(w);
	if (rc == 0)
		rc = watch_join_open(w);
	if (rc == 0)
		rc = watch_beacon_open(w);
	if (rc == 0)
		rc = hasher_new(&w->sha1, HASH_SET(DIGEST_SHA1));
	if (rc == 0)
		rc = watch_record_open(w);
	if (rc == -ENOMEM && cli_has(c, "memory"))
		return cli_failf(c, CLI_INTERNAL, "there is not that much memory; give less with --memory");
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	rc = watch_process_open(w);
	if (rc == 0)
		rc = watch_evidence_open(w);
	if (rc == 0)
		rc = try_stats_file(w);
	if (rc == 0)
		rc = watch_out_open(&w->out, out, &w->f);
	w->opts.keep_packets = w->evidence != NULL;
	share_memory(w);
	if (w->evidence && !w->live) {
		w->opts.ring = EVIDENCE_RING;
		w->opts.workers = w->opts.workers ? w->opts.workers : 1;
	}
	w->progress = !c->quiet && isatty(STDERR_FILENO) && (out->path || !isatty(STDOUT_FILENO));
	return rc < 0 ? cli_fail(c, CLI_INTERNAL, &w->f) : -1;
}

static int run_watch(struct cli *c)
{
	struct watch *w = ARENA_NEW(&c->arena, struct watch);
	struct watch_out_opts out;

	if (!w)
		return cli_errno(c, -ENOMEM, NULL);
	*w = (struct watch){ .c = c, .code = -1,
		.h = { .c = c, .now = clock_now(&c->clock) } };
	int code = options(w);
	if (code < 0)
		code = output(w, &out);
	if (code < 0)
		code = sources(w);
	if (code < 0)
		code = open_all(w, &out);
	if (code < 0)
		code = watch_run(w);
	w->out = watch_out_close(w->out);
	watch_evidence_close(w);
	watch_beacon_close(w);
	watch_process_close(w);
	w->names = names_free(w->names);
	w->record = watch_seen_free(w->record);
	w->sha1 = hasher_free(w->sha1);
	watch_pairs_free(w);
	w->h.shelf = shelf_close(w->h.shelf);
	close_files(w);
	return code;
}

static const struct cli_opt watch_opts[] = {
	CLI_HEADING("What to watch"),
	{ "interface", "IF", "watch this interface; any: all of them", true },
	{ "promiscuous", NULL, "take packets for others, too (a mirror port)", false },
	{ "processes", NULL, "say which program of this host a connection is of (Linux 5.8, root)", false },
	{ "read", "FILE", "read this capture (pcap, pcapng) or pipe; - is standard input", true },
	CLI_HEADING("What to look for"),
	{ "indicators", "FILE", "look for what intel import takes, instead of the state", true },
	{ "case", "NAME", "look for a case that comes with firebreak, such as 3cx-2023", true },
	{ "include-expired", NULL, "show matches of indicators that had expired, too", false },
	CLI_HEADING("What is told"),
	{ "events", "WHICH", "all (default), or hits only", false },
	{ "community-id", NULL, "with --json: name each connection as other tools do, too", false },
	{ "beacons", NULL, "end with a table of who calls a destination at even intervals", false },
	{ "stats", NULL, "end with one JSON object of all counts and losses", false },
	{ "stats-file", "FILE", "write that object to this file", false },
	{ "output", "FILE", "append the lines to this file instead of standard output", false },
	{ "rotate", "WHEN", "begin a new file at this size (100M) or age (1h)", true },
	{ "keep", "N", "old files to keep, as FILE.1 … (default: 9)", false },
	CLI_HEADING("What becomes of hits"),
	{ "pcap-hits", "DIR", "write the packets of each hit's connection there", false },
	{ "signal", NULL, "make each client and indicator a downstream-impact signal", false },
	{ "reporter", "NAME", "with --signal: who reports it (default: --as)", false },
	{ "routes", "FILE", "with --signal: take the routes from this file", false },
	{ "join", "CASE", "with --signal: join this case", false },
	{ "no-record", NULL, "leave out what firebreak seen and intel retro look into", false },
	CLI_HEADING("How"),
	{ "workers", "N", "decode with this many processes (default: one for each CPU)", false },
	{ "memory", "SIZE", "of all of them together (default: 128M)", false },
	{ "no-sandbox", NULL, "decode without a sandbox, where the kernel has none", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_watch = {
	.name = "watch",
	.args = "[FILE…]",
	.summary = "Watch the network: names, TLS and QUIC hellos, certificates, requests",
	.help =
	    "Tells every DNS message, TLS and QUIC hello, certificate, HTTP request and connection on\n"
	    "interfaces or in captures, one line each in the order of the packets, and compares what is\n"
	    "in them with the indicators: those imported into the state (firebreak intel import), or\n"
	    "those of --indicators and --case. Without any, the shipped case 3cx-2023 is looked for.\n"
	    "A hit is a line of its own behind the event. Indicators that are imported meanwhile count\n"
	    "within seconds; SIGHUP looks for them at once and opens --output again. Packets are decoded\n"
	    "by processes without any privilege, file or network. Ctrl-C ends it.\n\n"
	    "  firebreak watch --read march.pcap\n"
	    "  firebreak watch --read march.pcap --json --events hits --indicators edr.csv\n"
	    "  tcpdump -w - | firebreak watch - --json\n"
	    "  firebreak watch --interface eth0 --signal --pcap-hits /var/log/firebreak/hits\n"
	    "  firebreak watch --interface eth0 --json --output net.json --rotate 100M --rotate 1h\n\n"
	    "--json gives one object a line with the names that Zeek gives its fields: _path (dns, ssl,\n"
	    "x509, http, conn, intel), ts, uid, id.orig_h … docs/watch.md lists them.\n"
	    "What could not be read is counted, and never counts as clean.\n"
	    "Exit: 0 nothing found, 1 hits (also when not everything could be looked at), 3 usage,\n"
	    "4 no hits but something was lost, or a file could not be written, 5 no hits but a file is\n"
	    "no capture or not there, or an indicator file is malformed, 6 the state does not allow it.\n",
	.opts = watch_opts,
	.min_args = 0,
	.max_args = -1,
	.run = run_watch,
};
