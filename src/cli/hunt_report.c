/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_report: what a hunt found, as text and as JSON. */

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

static void print_indicator(const struct hunt *h, const struct hunt_hit *x)
{
	struct indicator best = hunt_best_claim(h, x);

	printf("    %s %s%s\n", indicator_type_name(hunt_hit_type(h, x)),
	    cli_whole(h->c, hunt_hit_value(h, x)), hunt_hit_parent(x) ? " (and what is below it)" : "");
	printf("    %s%sconfidence %d, named by ", best.category ? QUOTE(span_str(best.category)) : "",
	    best.category ? ", " : "", best.confidence);
	print_sources(h, x);
	printf("%s%s\n", best.campaign ? "; campaign " : "",
	    best.campaign ? QUOTE(span_str(best.campaign)) : "");
	if (best.note)
		printf("    %s\n", QUOTE(span_str(best.note)));
}

static void print_file(const struct hunt *h, const struct hunt_hit *x)
{
	struct cli *c = h->c;
	char mtime[TS_TEXT_MAX];

	printf("%s%s%s  by its %s\n", cli_red(c), cli_whole(c, x->path), cli_reset(c),
	    x->kind == HUNT_FILE_NAME ? "name" : "digest");
	print_indicator(h, x);
	if (digest_is_set(&x->sha256))
		printf("    %llu bytes, changed %s, %s\n", (unsigned long long)x->size,
		    ts_format(x->mtime, mtime), DIGEST_TEXT(&x->sha256));
	else
		printf("    its content could not be read\n");
}

static const char *verb(const struct hunt_hit *x)
{
	if (x->kind == HUNT_TLS)
		return "opened TLS to";
	if (x->kind == HUNT_ADDRESS)
		return strcmp(x->how, "server") == 0 ? "talked to" : "was given the address";
	return strcmp(x->how, "query") == 0 ? "asked for" : "was answered with";
}

static void print_network(const struct hunt *h, const struct hunt_hit *x)
{
	struct cli *c = h->c;
	char time[TS_TEXT_MAX], last[TS_TEXT_MAX];

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

static uint64_t sum(const struct hunt *h, enum sense_stat s)
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
		printf(" (neither files nor these captures show them)\n");
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
		    (unsigned long long)sum(h, SENSE_STAT_PACKETS),
		    (unsigned long long)(sum(h, SENSE_STAT_DNS_QUERIES) +
			sum(h, SENSE_STAT_DNS_RESPONSES)),
		    (unsigned long long)sum(h, SENSE_STAT_TLS_HELLOS));
	printf("%s\n", hunt_incomplete(h) ? "; not everything could be looked at" : "");
	if (sum(h, SENSE_STAT_TLS_ECH))
		printf("%llu TLS hellos hide the host name (ECH)\n",
		    (unsigned long long)sum(h, SENSE_STAT_TLS_ECH));
	if (h->nhits + h->nexpired > h->nhit)
		printf("only the first %u are listed\n", HUNT_HITS_MAX);
}

void hunt_print(struct hunt *h)
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
	for (const struct hunt_source *const *s = hunt_sources; *s; s++)
		if ((*s)->print)
			(*s)->print(h);
	print_problems(h);
	print_set(h);
	print_summary(h);
}

/* --- JSON --- */

static void indicator_of(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	struct indicator i, best = hunt_best_claim(h, x);
	uint32_t pos = 0;

	jw_key(w, "indicator");
	jw_obj(w);
	jw_kcstr(w, "type", indicator_type_name(hunt_hit_type(h, x)));
	jw_kcstr(w, "value", hunt_hit_value(h, x));
	jw_kbool(w, "parent", hunt_hit_parent(x));
	jw_kcstr(w, "category", best.category);
	jw_kcstr(w, "campaign", best.campaign);
	jw_kint(w, "confidence", best.confidence);
	jw_key(w, "claims");
	jw_arr(w);
	while (hunt_hit_claim(h, x, &pos, &i))
		indicator_json(w, &i);
	jw_end(w);
	jw_end(w);
}

static void k_time(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	if (t != TS_NONE)
		jw_kcstr(w, key, ts_format(t, text));
}

static void hit_json(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	jw_obj(w);
	jw_kcstr(w, "kind", hunt_kind_name(x->kind));
	cli_json_path(w, hunt_is_file(x) ? "path" : "capture", x->path);
	if (hunt_is_file(x)) {
		jw_kbool(w, "read", digest_is_set(&x->sha256));
		if (digest_is_set(&x->sha256)) {
			jw_kcstr(w, "sha256", DIGEST_HEX(&x->sha256));
			jw_kint(w, "size", (int64_t)x->size);
			k_time(w, "changed", x->mtime);
		}
	} else {
		jw_kcstr(w, "observed", x->observed);
		jw_kcstr(w, "asked", x->asked);
		jw_kcstr(w, "how", x->how);
		jw_kcstr(w, "client", x->client);
		jw_kcstr(w, "server", x->server);
		jw_kint(w, "count", (int64_t)x->count);
		jw_kint(w, "packet", (int64_t)x->packet);
		k_time(w, "time", x->time);
		jw_kint(w, "last_packet", (int64_t)x->last_packet);
		k_time(w, "last_time", x->last);
	}
	indicator_of(h, x, w);
	jw_end(w);
}

static void hits_json(const struct hunt *h, struct jw *w, const char *key, bool expired)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < h->nhit; i++)
		if (h->hit[i].expired == expired)
			hit_json(h, &h->hit[i], w);
	jw_end(w);
}

static void captures_json(const struct hunt *h, struct jw *w)
{
	jw_key(w, "captures");
	jw_arr(w);
	for (size_t i = 0; i < h->ncapture; i++) {
		const struct hunt_capture *x = &h->capture[i];
		jw_obj(w);
		jw_kcstr(w, "path", x->path);
		if (digest_is_set(&x->sha256))
			jw_kcstr(w, "sha256", DIGEST_HEX(&x->sha256));
		k_time(w, "first", x->stats.first);
		k_time(w, "last", x->stats.last);
		jw_key(w, "counts");
		jw_obj(w);
		for (int s = 0; s < SENSE_STATS; s++)
			jw_kint(w, sense_stat_name(s), (int64_t)x->stats.n[s]);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

static void set_json(const struct hunt *h, struct jw *w)
{
	jw_key(w, "indicators");
	jw_obj(w);
	jw_kint(w, "early", (int64_t)h->set.early);
	jw_key(w, "not_looked_for");
	jw_obj(w);
	for (int t = INDICATOR_MD5; t < INDICATOR_TYPES; t++)
		if (h->set.n[t] && !hunt_can_look(t))
			jw_kint(w, indicator_type_name(t), (int64_t)h->set.n[t]);
	jw_end(w);
	jw_key(w, "sets");
	jw_arr(w);
	for (size_t i = 0; i < h->norigin; i++) {
		jw_obj(w);
		jw_kint(w, "claims", (int64_t)h->origin[i].claims);
		jw_kcstr(w, "first_reject", h->origin[i].first_reject);
		jw_kcstr(w, "name", h->origin[i].name);
		jw_kint(w, "rejected", (int64_t)h->origin[i].rejected);
		jw_end(w);
	}
	jw_end(w);
	jw_kint(w, "total", (int64_t)h->set.indicators);
	jw_end(w);
}

static void problems_json(const struct hunt *h, struct jw *w)
{
	jw_key(w, "problems");
	jw_arr(w);
	for (size_t i = 0; i < h->nproblem; i++) {
		jw_obj(w);
		cli_json_path(w, "path", h->problem[i].path);
		jw_kcstr(w, "text", h->problem[i].text);
		jw_end(w);
	}
	jw_end(w);
}

void hunt_json(struct hunt *h, struct jw *w)
{
	hits_json(h, w, "hits", false);
	jw_kint(w, "hits_total", (int64_t)h->nhits);
	if (cli_has(h->c, "include-expired"))
		hits_json(h, w, "expired", true);
	jw_kint(w, "expired_total", (int64_t)h->nexpired);
	jw_kbool(w, "incomplete", hunt_incomplete(h));
	problems_json(h, w);
	jw_kint(w, "problems_total", (int64_t)h->nproblems);
	jw_key(w, "files");
	jw_obj(w);
	jw_kint(w, "bytes", (int64_t)h->tree.bytes);
	jw_kint(w, "count", (int64_t)h->tree.files);
	jw_kint(w, "directories", (int64_t)h->tree.dirs);
	jw_kint(w, "links_not_followed", (int64_t)h->tree.links);
	jw_kint(w, "other_file_systems", (int64_t)h->tree.other_fs);
	jw_kint(w, "pseudo_file_systems", (int64_t)h->tree.pseudo);
	jw_kint(w, "special", (int64_t)h->tree.special);
	jw_end(w);
	captures_json(h, w);
	set_json(h, w);
	for (const struct hunt_source *const *s = hunt_sources; *s; s++)
		if ((*s)->json)
			(*s)->json(h, w);
}
