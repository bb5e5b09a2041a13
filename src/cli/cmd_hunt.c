/* SPDX-License-Identifier: Apache-2.0 */

/* hunt: indicators against files on disk and captures of the wire. */

#include "cli/commands.h"
#include "cli/hunt.h"
#include "cli/hunt_pe.h"
#include "cli/hunt_places.h"
#include "cli/hunt_yara.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int look(struct hunt *h, const char *const *capture, size_t n)
{
	struct cli *c = h->c;
	int rc = 0;

	h->capture = arena_array(&c->arena, n, sizeof(*h->capture));
	if (!h->capture)
		return -ENOMEM;
	hunt_record_open(h);
	hunt_progress_start(h);
	for (int i = 0; i < c->nargs && rc == 0 && !hunt_stop; i++)
		rc = hunt_tree(h, c->arg[i]);
	for (size_t i = 0; i < n && rc == 0 && !hunt_stop; i++)
		rc = hunt_capture(h, capture[i]);
	for (const struct hunt_source *const *s = hunt_sources; *s && rc == 0 && !hunt_stop; s++)
		if ((*s)->look)
			rc = (*s)->look(h);
	hunt_progress_end(h);
	if (rc == 0 && hunt_stop)
		rc = hunt_problem(h, "interrupted", "what comes after this was not looked at; with a state "
		    "the next hunt goes on here");
	hunt_record_close(h);
	return rc;
}

volatile sig_atomic_t hunt_stop;

static void on_signal(int sig)
{
	(void)sig;
	hunt_stop = 1;
}

/* The first Ctrl-C ends the hunt and tells what it found; the second one ends the process. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

/* -1 or an exit code. */
static int start(struct hunt *h)
{
	int code = -1;

	for (const struct hunt_source *const *s = hunt_sources; *s && code < 0; s++)
		if ((*s)->start)
			code = (*s)->start(h);
	return code;
}

static void end(struct hunt *h)
{
	for (const struct hunt_source *const *s = hunt_sources; *s; s++)
		if ((*s)->end)
			(*s)->end(h);
}

static bool asked(const struct cli *c)
{
	for (const struct hunt_source *const *s = hunt_sources; *s; s++)
		if ((*s)->asked && (*s)->asked(c))
			return true;
	return c->nargs || cli_has(c, "pcap");
}

/* --sarif and --stix. -1 or an exit code. */
static int files(struct hunt *h)
{
	const char *sarif = cli_opt(h->c, "sarif"), *stix = cli_opt(h->c, "stix");
	int rc = sarif ? hunt_sarif(h, sarif, &h->f) : 0;

	if (rc == 0 && stix)
		rc = hunt_stix(h, stix, &h->f);
	if (rc == 0 && (sarif || stix) && h->nhits + h->nexpired > h->nhit)
		fprintf(stderr, "firebreak hunt: %llu more matches than the %zu that are in %s\n",
		    (unsigned long long)(h->nhits + h->nexpired - h->nhit), h->nhit,
		    QUOTE(span_str(sarif ? sarif : stix)));
	return rc < 0 ? cli_fail(h->c, CLI_INTERNAL, &h->f) : -1;
}

/* As text, hits are shown before they are handed on, which may fail. */
static int report(struct hunt *h)
{
	struct cli *c = h->c;
	bool signal = cli_has(c, "signal");
	int code = files(h);

	if (code >= 0)
		return code;
	if (cli_has(c, "jsonl")) {
		hunt_jsonl(h, true);
		if (signal)
			code = hunt_signals_quietly(h);
	} else if (!c->json) {
		hunt_print(h);
		if (signal)
			code = hunt_signals(h, NULL);
	} else {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		hunt_json(h, &w);
		if (signal)
			code = hunt_signals(h, &w);
		if (code < 0)
			jw_end(&w);
	}
	if (code >= 0)
		return code;
	return h->nhits ? CLI_NEGATIVE : hunt_incomplete(h) ? CLI_INTERNAL : CLI_OK;
}

static int run_hunt(struct cli *c)
{
	const char *capture[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "pcap", capture, CLI_OPT_VALUES_MAX);
	struct hunt h = { .c = c, .now = clock_now(&c->clock) };
	const char *jobs = cli_opt(c, "jobs");

	if (!asked(c))
		return cli_failf(c, CLI_USAGE, "nothing to hunt in: give a directory or file, or "
		    "--pcap FILE");
	if (cli_has(c, "jsonl") && c->json)
		return cli_failf(c, CLI_USAGE, "--json is one object, --jsonl one a line: give one of them");
	if (cli_has(c, "reporter") && !cli_has(c, "signal"))
		return cli_failf(c, CLI_USAGE, "--reporter goes with --signal");
	h.jobs = jobs ? (unsigned)strtoul(jobs, NULL, 10) : 0;
	if (jobs && (h.jobs < 1 || h.jobs > SENSE_JOBS_MAX))
		return cli_failf(c, CLI_USAGE, "--jobs %s: not a number from 1 to %d",
		    QUOTE(span_str(jobs)), SENSE_JOBS_MAX);
	map_init(&h.seen, HUNT_HITS_MAX);
	int code = hunt_set(&h);
	if (code < 0)
		code = start(&h);
	if (code < 0) {
		catch_signals();
		int rc = look(&h, capture, n);
		code = rc < 0 ? cli_errno(c, rc, NULL) : report(&h);
	}
	end(&h);
	map_free(&h.seen);
	h.shelf = shelf_close(h.shelf);
	return code;
}

static const struct cli_opt hunt_opts[] = {
	CLI_HEADING("Where to look"),
	{ "pcap", "FILE", "hunt in this capture (pcap, pcapng)", true },
	{ "one-file-system", NULL, "do not enter mount points", false },
	{ "no-sandbox", NULL, "read captures without a sandbox, where the kernel has none", false },
	HUNT_PLACES_OPTS,
	HUNT_PE_OPTS,
	CLI_HEADING("What to look for"),
	{ "indicators", "FILE", "hunt with what intel import takes, instead of the state", true },
	{ "case", "NAME", "hunt with a case that comes with firebreak, such as 3cx-2023", true },
	HUNT_YARA_OPTS,
	{ "include-expired", NULL, "show matches of indicators that had expired, too", false },
	CLI_HEADING("How files are read"),
	{ "jobs", "N", "read with this many processes (default: one for each CPU)", false },
	{ "no-cache", NULL, "leave no pages of the files in the page cache", false },
	{ "all-digests", NULL, "MD5, SHA-1 and SHA-256 of every file, so that the record has them", false },
	{ "rehash", NULL, "read every file, also those unchanged since the last hunt", false },
	{ "no-record", NULL, "record nothing, and use nothing that was recorded", false },
	CLI_HEADING("What becomes of hits"),
	{ "jsonl", NULL, "one JSON object a line: hits as they are found, then a summary", false },
	{ "sarif", "FILE", "write the hits as SARIF 2.1.0, too", false },
	{ "stix", "FILE", "write the hits as STIX 2.1 sightings, too", false },
	{ "signal", NULL, "make each different hit a downstream-impact signal", false },
	{ "reporter", "NAME", "with --signal: who reports it (default: --as)", false },
	{ "routes", "FILE", "with --signal: take the routes from this file", false },
	{ "join", "CASE", "with --signal: join this case", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_hunt = {
	.name = "hunt",
	.args = "[PATH…]",
	.summary = "Hunt for known-bad files on disk and names in packet captures",
	.help =
	    "Reads every regular file below each PATH once (the digests that are looked for, rules, its\n"
	    "name), and what the captures show (names of DNS, TLS, QUIC and HTTP, addresses,\n"
	    "fingerprints JA3 and JA4, certificates, URLs; in tunnels too), and compares it with the\n"
	    "indicators: those imported into the state (firebreak intel import), or those of\n"
	    "--indicators and --case. Without any, the shipped case 3cx-2023 is hunted.\n"
	    "A domain matches its sub-domains unless it was imported as exact. Links are not followed.\n"
	    "With a state, what is seen is recorded (firebreak seen), and files that are unchanged since\n"
	    "an earlier hunt are not read again; an interrupted hunt goes on where it was.\n\n"
	    "  firebreak hunt /srv/endpoints\n"
	    "  firebreak hunt --pcap march.pcap --case 3cx-2023 --json\n"
	    "  firebreak hunt /srv --indicators edr.csv --signal --reporter acme-soc\n"
	    "  firebreak hunt --packages --processes --autostart\n"
	    "  firebreak hunt --archives --sideload /mnt/windows /srv/images\n"
	    "  firebreak hunt / --one-file-system --sarif hits.sarif --stix hits.stix --jsonl\n\n"
	    "What cannot be read is listed, and never counts as clean.\n"
	    "Exit: 0 nothing found, 1 hits (also when not everything could be looked at: see\n"
	    "\"incomplete\"), 3 usage, 4 nothing found but not everything could be looked at,\n"
	    "5 an indicator file is malformed, 6 the state does not allow it. docs/hunt.md and\n"
	    "docs/hunt-places.md say more.\n",
	.opts = hunt_opts,
	.min_args = 0,
	.max_args = -1,
	.run = run_hunt,
};
