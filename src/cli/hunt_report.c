/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_report: what a hunt found, as text. */

#include "cli/hunt.h"
#include "cli/print.h"

#include <stdio.h>

#define PROBLEMS_SHOWN 20

/* --- text --- */

/* "sophos, volexity" of the claims that apply. */
static void print_sources(const struct hunt *h, const struct hunt_hit *x)
{
	struct indicator i;
	uint32_t pos = 0;
	const char *sep = "";

	while (hunt_hit_claim(h, x, &pos, &i)) {
		printf("%s%s%s", sep, QUOTE(span_str(i.source)),
		    hunt_claim_expired(x, &i) ? " (expired)" : "");
		sep = ", ";
	}
}

/* "known to: cdn list; confidence lowered from 90" where something speaks against it. */
static void print_weighing(const struct hunt *h, const struct hunt_hit *x)
{
	struct weighing w;

	if (x->finding)
		return;
	hunt_weigh(h, x, &w);
	if (w.benign != BENIGN_NONE)
		printf("    also on a list of %s (%s): seeing it proves less\n",
		    benign_category_name(w.benign), QUOTE(span_str(w.benign_list)));
	if (w.claimed > w.confidence && !x->expired)
		printf("    its source said %d; age and benign lists lower it to %d\n", w.claimed,
		    w.confidence);
}

static void print_indicator(const struct hunt *h, const struct hunt_hit *x)
{
	struct indicator best = hunt_best_claim(h, x);

	printf("    %s %s%s\n", hunt_hit_what(h, x), cli_whole(h->c, hunt_hit_value(h, x)),
	    hunt_hit_parent(x) ? " (and what is below it)" : "");
	printf("    %s%sconfidence %d, named by ", best.category ? QUOTE(span_str(best.category)) : "",
	    best.category ? ", " : "", hunt_hit_confidence(h, x));
	print_sources(h, x);
	printf("%s%s\n", best.campaign ? "; campaign " : "",
	    best.campaign ? QUOTE(span_str(best.campaign)) : "");
	if (best.note)
		printf("    %s\n", QUOTE(span_str(best.note)));
	print_weighing(h, x);
	printf("    next: %s\n", QUOTE(span_str(hunt_next(x))));
}

static void print_record(const struct hunt_hit *x)
{
	char first[TS_TEXT_MAX], last[TS_TEXT_MAX];

	printf("    recorded %llu times, first %s, last %s; not looked at now\n",
	    (unsigned long long)x->count, ts_format(x->time, first), ts_format(x->last, last));
}

static void print_content(const struct hunt_hit *x)
{
	char mtime[TS_TEXT_MAX];

	if (!digest_is_set(&x->sha256))
		printf("    its content was not read\n");
	else if (x->mtime != TS_NONE)
		printf("    %llu bytes, changed %s, %s\n", (unsigned long long)x->size,
		    ts_format(x->mtime, mtime), DIGEST_TEXT(&x->sha256));
	else
		printf("    %s\n", DIGEST_TEXT(&x->sha256));
}

static void print_file(const struct hunt *h, const struct hunt_hit *x)
{
	struct cli *c = h->c;

	printf("%s%s%s  by its %s\n", cli_red(c), cli_whole(c, x->path), cli_reset(c), hunt_by(x->kind));
	if (x->detail)
		printf("    %s%s\n", x->place == HUNT_IN_TREE ? "" : "in ", cli_whole(c, x->detail));
	print_indicator(h, x);
	if (x->place == HUNT_IN_RECORD)
		print_record(x);
	print_content(x);
}

static const char *verb(const struct hunt_hit *x)
{
	switch (x->kind) {
	case HUNT_TLS:
		return strcmp(x->how, "quic-sni") == 0 ? "opened QUIC to" : "opened TLS to";
	case HUNT_ADDRESS:
		return strcmp(x->how, "server") == 0 ? "talked to" :
		    strcmp(x->how, "client") == 0    ? "is known bad:" :
		    strcmp(x->how, "answered") == 0  ? "was given the address" :
						       "named the address";
	case HUNT_HTTP:
		return "asked by HTTP for";
	case HUNT_FINGERPRINT:
		return strcmp(x->how, "ja3s") == 0 ? "was greeted with" : "said hello as";
	case HUNT_CERTIFICATE:
		return "was shown the certificate";
	default:
		return strcmp(x->how, "query") == 0 ? "asked for" : "was answered with";
	}
}

static void print_network(const struct hunt *h, const struct hunt_hit *x)
{
	struct cli *c = h->c;
	char time[TS_TEXT_MAX], last[TS_TEXT_MAX];

	if (x->place == HUNT_IN_RECORD) {
		printf("%s%s%s  shows %s\n", cli_red(c), cli_whole(c, x->path), cli_reset(c),
		    cli_whole(c, x->observed));
		print_indicator(h, x);
		print_record(x);
		return;
	}
	printf("%s%s%s, packet %llu, %s\n", cli_red(c), cli_whole(c, x->path), cli_reset(c),
	    (unsigned long long)x->packet, ts_format(x->time, time));
	printf("    %s %s %s (%s)\n", x->client, verb(x), cli_whole(c, x->observed), x->server);
	if (x->asked)
		printf("    asked for: %s\n", cli_whole(c, x->asked));
	if (x->count > 1)
		printf("    seen in %llu packets, the last is %llu, %s\n", (unsigned long long)x->count,
		    (unsigned long long)x->last_packet, ts_format(x->last, last));
	print_indicator(h, x);
}

static void print_hits(const struct hunt *h, bool expired)
{
	for (size_t i = 0; i < h->nhit; i++) {
		const struct hunt_hit *x = &h->hit[i];
		if (x->expired != expired)
			continue;
		if (hunt_is_file(x))
			print_file(h, x);
		else
			print_network(h, x);
	}
}

static void print_problems(const struct hunt *h)
{
	if (!h->nproblems)
		return;
	printf("%sNot looked at (%llu):%s\n", cli_yellow(h->c), (unsigned long long)h->nproblems,
	    cli_reset(h->c));
	for (size_t i = 0; i < h->nproblem && i < PROBLEMS_SHOWN; i++)
		printf("    %s: %s\n", cli_whole(h->c, h->problem[i].path), h->problem[i].text);
	if (h->nproblems > PROBLEMS_SHOWN)
		printf("    … and %llu more; --json lists them\n",
		    (unsigned long long)(h->nproblems - PROBLEMS_SHOWN));
}

static uint64_t sum(const struct hunt *h, enum net_stat s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < h->ncapture; i++)
		n += h->capture[i].stats.n[s];
	return n;
}

/* What the set holds that this hunt could not have found. */
static void print_set(const struct hunt *h)
{
	const char *sep = "Not looked for: ";

	for (size_t i = 0; i < h->norigin; i++) {
		const struct hunt_origin *o = &h->origin[i];
		printf("Indicators: %s, %llu claims", o->name, (unsigned long long)o->claims);
		if (o->rejected)
			printf(", %llu that could not be used (%s)", (unsigned long long)o->rejected,
			    o->first_reject ? o->first_reject : "");
		printf("\n");
	}
	for (int t = INDICATOR_MD5; t < INDICATOR_TYPES; t++)
		if (h->set.n[t] && !hunt_can_look(t)) {
			printf("%s%llu %s", sep, (unsigned long long)h->set.n[t],
			    indicator_type_name(t));
			sep = ", ";
		}
	if (sep[0] == ',')
		printf(" (no hunt looks for these)\n");
	if (h->set.early)
		printf("Not yet valid: %llu claims\n", (unsigned long long)h->set.early);
}

static void print_summary(const struct hunt *h)
{
	printf("%s%llu hits%s in %llu files (%.1f MB)", h->nhits ? cli_red(h->c) : cli_green(h->c),
	    (unsigned long long)h->nhits, cli_reset(h->c), (unsigned long long)h->tree.files,
	    (double)h->tree.bytes / 1e6);
	if (h->ncapture)
		printf(" and %llu packets (%llu DNS messages, %llu TLS hellos)",
		    (unsigned long long)sum(h, NET_STAT_PACKETS),
		    (unsigned long long)(sum(h, NET_STAT_DNS_QUERIES) +
			sum(h, NET_STAT_DNS_RESPONSES)),
		    (unsigned long long)(sum(h, NET_STAT_TLS_CLIENT_HELLOS) +
			sum(h, NET_STAT_QUIC_CLIENT_HELLOS)));
	printf("%s\n", hunt_incomplete(h) ? "; not everything could be looked at" : "");
	if (h->unchanged)
		printf("%llu files (%.1f MB) were unchanged since an earlier hunt and not read again\n",
		    (unsigned long long)h->unchanged, (double)h->unchanged_bytes / 1e6);
	if (!cli_has(h->c, "no-record") && !hunt_has_state(h->c))
		printf("Nothing was recorded, and the next hunt reads all of it again: there is no state "
		    "directory (firebreak ledger init makes one)\n");
	if (h->unread)
		printf("%llu files were not read: no digest is looked for\n",
		    (unsigned long long)h->unread);
	if (sum(h, NET_STAT_TLS_ECH))
		printf("%llu TLS hellos hide the host name (ECH)\n",
		    (unsigned long long)sum(h, NET_STAT_TLS_ECH));
	if (h->nhits + h->nexpired > h->nhit)
		printf("only %zu of them are listed\n", h->nhit);
}

void hunt_print_hits(struct hunt *h)
{
	bool expired = cli_has(h->c, "include-expired");

	print_hits(h, false);
	if (h->nexpired && expired) {
		printf("Matches of indicators that had expired (they are no hits):\n");
		print_hits(h, true);
	} else if (h->nexpired) {
		printf("%llu matches of indicators that had expired; --include-expired shows them\n",
		    (unsigned long long)h->nexpired);
	}
}

void hunt_print(struct hunt *h)
{
	hunt_print_hits(h);
	for (const struct hunt_source *const *s = hunt_sources; *s; s++)
		if ((*s)->print)
			(*s)->print(h);
	print_problems(h);
	print_set(h);
	print_summary(h);
}
