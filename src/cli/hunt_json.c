/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_json: what a hunt found, as one object, or as one a line while it runs. */

#include "cli/hunt.h"
#include "cli/print.h"

#include <stdio.h>

/* A rule, a changed file: what needs no indicator. */
static void finding_of(const struct hunt_finding *f, struct jw *w)
{
	jw_key(w, "finding");
	jw_obj(w);
	jw_kcstr(w, "name", f->name);
	jw_kcstr(w, "source", f->source);
	jw_kcstr(w, "category", f->category);
	jw_kcstr(w, "text", f->text);
	jw_end(w);
}

static void claims_of(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	struct indicator i;
	uint32_t pos = 0;

	jw_key(w, "claims");
	jw_arr(w);
	while (hunt_hit_claim(h, x, &pos, &i)) {
		i.value = hunt_hit_value(h, x);
		indicator_json(w, &i);
	}
	jw_end(w);
}

static void indicator_of(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	struct indicator best = hunt_best_claim(h, x);
	struct weighing g;

	hunt_weigh(h, x, &g);
	jw_key(w, "indicator");
	jw_obj(w);
	jw_kcstr(w, "type", indicator_type_name(hunt_hit_type(h, x)));
	jw_kcstr(w, "value", hunt_hit_value(h, x));
	jw_kbool(w, "parent", hunt_hit_parent(x));
	jw_kcstr(w, "category", best.category);
	jw_kcstr(w, "campaign", best.campaign);
	jw_kint(w, "confidence", best.confidence);
	if (g.benign != BENIGN_NONE) {
		jw_kcstr(w, "benign", benign_category_name(g.benign));
		jw_kcstr(w, "benign_list", g.benign_list);
	}
	claims_of(h, x, w);
	jw_end(w);
}

/* The names of the sources, each once. */
static void sources_of(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	struct indicator i;
	uint32_t pos = 0;

	jw_key(w, "sources");
	jw_arr(w);
	while (hunt_hit_claim(h, x, &pos, &i))
		jw_cstr(w, i.source);
	jw_end(w);
}

static void k_time(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	if (t != TS_NONE)
		jw_kcstr(w, key, ts_format(t, text));
}

static void file_json(const struct hunt_hit *x, struct jw *w)
{
	jw_kbool(w, "read", digest_is_set(&x->sha256));
	if (!digest_is_set(&x->sha256))
		return;
	jw_kcstr(w, "sha256", DIGEST_HEX(&x->sha256));
	jw_kint(w, "size", (int64_t)x->size);
	k_time(w, "changed", x->mtime);
}

static void network_json(const struct hunt_hit *x, struct jw *w)
{
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

static void record_json(const struct hunt_hit *x, struct jw *w)
{
	jw_kcstr(w, "observed", x->observed);
	jw_kint(w, "count", (int64_t)x->count);
	k_time(w, "first", x->time);
	k_time(w, "last", x->last);
}

void hunt_hit_json(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	jw_obj(w);
	jw_kcstr(w, "kind", hunt_kind_name(x->kind));
	jw_kcstr(w, "place", hunt_place_name(x->place));
	cli_json_path(w, hunt_is_file(x) ? "path" : "capture", x->path);
	jw_kcstr(w, "detail", x->detail);
	if (hunt_is_file(x))
		file_json(x, w);
	else if (x->place != HUNT_IN_RECORD)
		network_json(x, w);
	if (hunt_is_file(x) && x->place != HUNT_IN_RECORD)
		jw_kcstr(w, "observed", x->observed);
	if (x->place == HUNT_IN_RECORD)
		record_json(x, w);
	jw_kcstr(w, "matched", hunt_hit_value(h, x));
	sources_of(h, x, w);
	jw_kint(w, "confidence", hunt_hit_confidence(h, x));
	jw_kcstr(w, "next", hunt_next(x));
	if (x->finding)
		finding_of(x->finding, w);
	else
		indicator_of(h, x, w);
	jw_end(w);
}

static void hits_json(const struct hunt *h, struct jw *w, const char *key, bool expired)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < h->nhit; i++)
		if (h->hit[i].expired == expired)
			hunt_hit_json(h, &h->hit[i], w);
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
		for (int s = 0; s < NET_STATS; s++)
			jw_kint(w, net_stat_name(s), (int64_t)x->stats.n[s]);
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

void hunt_json_hits(struct hunt *h, struct jw *w)
{
	hits_json(h, w, "hits", false);
	jw_kint(w, "hits_total", (int64_t)h->nhits);
	if (cli_has(h->c, "include-expired"))
		hits_json(h, w, "expired", true);
	jw_kint(w, "expired_total", (int64_t)h->nexpired);
}

static void files_json(const struct hunt *h, struct jw *w)
{
	jw_key(w, "files");
	jw_obj(w);
	jw_kint(w, "bytes", (int64_t)h->tree.bytes);
	jw_kint(w, "count", (int64_t)h->tree.files);
	jw_kint(w, "directories", (int64_t)h->tree.dirs);
	jw_kint(w, "hard_links", (int64_t)h->tree.again);
	jw_kint(w, "links_not_followed", (int64_t)h->tree.links);
	jw_kint(w, "loops", (int64_t)h->tree.loops);
	jw_kint(w, "opened", (int64_t)h->tree.opened);
	jw_kint(w, "other_file_systems", (int64_t)h->tree.other_fs);
	jw_kint(w, "pseudo_file_systems", (int64_t)h->tree.pseudo);
	jw_kint(w, "special", (int64_t)h->tree.special);
	jw_kint(w, "unchanged", (int64_t)h->unchanged);
	jw_kint(w, "unchanged_bytes", (int64_t)h->unchanged_bytes);
	jw_end(w);
}

void hunt_json_rest(struct hunt *h, struct jw *w)
{
	jw_kbool(w, "incomplete", hunt_incomplete(h));
	jw_kbool(w, "recorded", h->recorded);
	problems_json(h, w);
	jw_kint(w, "problems_total", (int64_t)h->nproblems);
	files_json(h, w);
	captures_json(h, w);
	set_json(h, w);
	for (const struct hunt_source *const *s = hunt_sources; *s; s++)
		if ((*s)->json)
			(*s)->json(h, w);
}

void hunt_json(struct hunt *h, struct jw *w)
{
	hunt_json_hits(h, w);
	hunt_json_rest(h, w);
}

/* --- one object a line --- */

static void line(struct hunt *h, struct buf *b)
{
	(void)h;
	fputs(buf_str(b), stdout);
	putchar('\n');
	fflush(stdout);
	buf_reset(b);
}

/* Hits as they come; those of captures count on, so they are told at the end. */
void hunt_jsonl(struct hunt *h, bool all)
{
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);

	for (; h->told < h->nhit && (all || hunt_is_file(&h->hit[h->told])); h->told++) {
		const struct hunt_hit *x = &h->hit[h->told];
		if (x->expired && !cli_has(h->c, "include-expired"))
			continue;
		struct jw w = jw_of(&b);
		jw_obj(&w);
		jw_key(&w, x->expired ? "expired" : "hit");
		hunt_hit_json(h, x, &w);
		jw_end(&w);
		line(h, &b);
	}
	if (!all)
		return;
	struct jw w = jw_of(&b);
	jw_obj(&w);
	jw_key(&w, "summary");
	jw_obj(&w);
	jw_kint(&w, "hits_total", (int64_t)h->nhits);
	jw_kint(&w, "expired_total", (int64_t)h->nexpired);
	hunt_json_rest(h, &w);
	jw_end(&w);
	jw_end(&w);
	line(h, &b);
}
