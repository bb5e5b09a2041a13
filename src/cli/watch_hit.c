/* SPDX-License-Identifier: Apache-2.0 */

/* watch_hit: one hit: told as a line, counted for its client and indicator. */

#include "cli/watch.h"

#include <errno.h>
#include <stdio.h>

#define KEY_MAX (INTEL_TEXT_MAX + SENSE_ADDR_TEXT_MAX + 16)

/* --- who and what: counts --- */

static const char *process_of(struct watch *w, const struct watch_sight *s)
{
	const struct socket_owner *o = s->more->owner;
	struct arena *a = &w->pairs.arena;

	if (!o)
		return arena_str(a, SPAN_NONE);
	return arena_printf(a, "%s (%s, pid %u)",
	    QUOTE(span_of(o->comm, strnlen(o->comm, sizeof(o->comm)))), QUOTE(span_str(o->exe)),
	    o->pid);
}

static struct watch_pair *new_pair(struct watch *w, const struct watch_sight *s, struct span key,
    const char *value, const char *client)
{
	struct arena *a = &w->pairs.arena;
	struct watch_pair *p = ARENA_NEW(a, struct watch_pair);
	char server[SENSE_ADDR_TEXT_MAX];
	char *own = arena_str(a, key);

	if (!p || !own)
		return NULL;
	p->value = arena_str(a, span_str(value));
	p->client = arena_str(a, span_str(client));
	p->server = arena_str(a, span_str(sense_addr_text(&s->e->server, server)));
	p->observed = arena_str(a, s->value);
	p->query = arena_str(a, s->query);
	p->where = s->where; /* a constant */
	p->process = process_of(w, s);
	p->first = p->last = s->e->time;
	if (!p->value || !p->client || !p->server || !p->observed || !p->query || !p->process ||
	    map_add(&w->pairs.map, span_of(own, key.n), p, NULL) < 0)
		return NULL;
	return p;
}

void watch_pairs_init(struct watch *w)
{
	w->pairs.arena = ARENA_INIT(w->memory / WATCH_PAIRS_SHARE);
	map_init(&w->pairs.map, WATCH_PAIRS_MAX);
	w->pairs.fresh = NULL;
	w->pairs.nfresh = 0;
}

void watch_pairs_free(struct watch *w)
{
	map_free(&w->pairs.map);
	arena_free(&w->pairs.arena);
}

/* Who has it is counted anew; what was handed on stays so. */
static int forget_pairs(struct watch *w)
{
	int rc = watch_signals_now(w);

	if (rc < 0 && rc != -EPIPE && w->live) {
		w->left_out += w->pairs.nfresh;
		w->code = -1;
		rc = 0;
	}
	watch_pairs_free(w);
	watch_pairs_init(w);
	w->pairs.forgotten++;
	return rc;
}

/* *ret_p may be NULL: no memory. */
static int pair_of(struct watch *w, const struct watch_sight *s, enum indicator_type t,
    const char *value, struct watch_pair **ret_p)
{
	char client[SENSE_ADDR_TEXT_MAX], key[KEY_MAX];
	int rc = 0;

	sense_addr_text(&s->e->client, client);
	size_t n = (size_t)snprintf(key, sizeof(key), "%d %s %s", (int)t, client, value);
	struct span k = span_of(key, n < sizeof(key) ? n : sizeof(key) - 1);
	struct watch_pair *p = map_get(&w->pairs.map, k);
	if (!p) {
		p = new_pair(w, s, k, value, client);
		if (!p) {
			rc = forget_pairs(w);
			p = rc < 0 ? NULL : new_pair(w, s, k, value, client);
		}
		if (p)
			p->type = t;
	}
	*ret_p = p;
	return rc;
}

static void count(
    struct watch *w, struct watch_pair *p, const struct watch_sight *s, const struct hunt_hit *x)
{
	struct indicator best = hunt_best_claim(&w->h, x);

	p->count++;
	if (s->e->time > p->last)
		p->last = s->e->time;
	if (s->e->time < p->first)
		p->first = s->e->time;
	if (p->count > 1)
		return;
	p->confidence = best.confidence < 0 ? 0 : best.confidence;
	p->category = arena_str(&w->pairs.arena, span_str(best.category ? best.category : ""));
	p->evidence = s->evidence;
	p->next = w->pairs.fresh;
	w->pairs.fresh = p;
	w->pairs.nfresh++;
}

/* --- the line --- */

static void sources(struct line *l, const struct watch *w, const struct hunt_hit *x)
{
	struct indicator i;
	uint32_t pos = 0;
	bool first = true;

	LINE_KEY(l, "sources");
	LINE_LIT(l, "[");
	while (hunt_hit_claim(&w->h, x, &pos, &i))
		if (i.source && (x->expired || !hunt_claim_expired(x, &i))) {
			line_comma(l, &first);
			line_string(l, span_str(i.source));
		}
	LINE_LIT(l, "]");
}

static void claim(struct line *l, const struct watch *w, const struct hunt_hit *x)
{
	struct indicator best = hunt_best_claim(&w->h, x);
	int sure = hunt_hit_confidence(&w->h, x);

	sources(l, w, x);
	LINE_KUINT(l, "confidence", sure < 0 ? 0 : (uint64_t)sure);
	if (best.category)
		LINE_KSTRING(l, "category", span_str(best.category));
	if (best.campaign)
		LINE_KSTRING(l, "campaign", span_str(best.campaign));
	LINE_KPLAIN(l, "verdict", weigh_verdict_name(x->m.verdict));
	LINE_KBOOL(l, "expired", x->expired);
	LINE_KBOOL(l, "block", x->m.block);
}

/* What Zeek calls the type of an indicator. */
static const char *zeek_type(enum indicator_type t, const char *value)
{
	switch (t) {
	case INDICATOR_DOMAIN:
		return "Intel::DOMAIN";
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
		return strchr(value, '/') ? "Intel::SUBNET" : "Intel::ADDR";
	case INDICATOR_IP_PORT:
		return "Intel::ADDR_PORT";
	case INDICATOR_URL:
	case INDICATOR_URL_PATH:
		return "Intel::URL";
	case INDICATOR_JA3:
		return "Intel::JA3";
	case INDICATOR_JA4:
		return "Intel::JA4";
	case INDICATOR_CERT_SERIAL:
		return "Intel::CERT_SERIAL";
	default:
		return "Intel::CERT_HASH";
	}
}

static void hit_line(struct watch *w, const struct watch_sight *s, const struct hunt_hit *x,
    const struct intel_entry *e, const struct watch_pair *p)
{
	struct line l = watch_json_head(w, watch_out_buf(w->out), "intel", s->e, s->e->time);

	LINE_KSTRING(&l, "seen.indicator", s->value);
	LINE_KPLAIN(&l, "seen.indicator_type", s->type);
	LINE_KPLAIN(&l, "seen.where", s->where);
	LINE_KEY(&l, "matched");
	LINE_LIT(&l, "[");
	line_plain(&l, zeek_type(e->type, e->value));
	LINE_LIT(&l, "]");
	LINE_KSTRING(&l, "threat.indicator.name", span_str(e->value));
	LINE_KPLAIN(&l, "threat.indicator.type", indicator_type_name(e->type));
	LINE_KPLAIN(&l, "match", intel_how_name(x->m.how));
	claim(&l, w, x);
	if (s->query.n)
		LINE_KSTRING(&l, "query", s->query);
	if (s->e->kind == NET_TLS_CLIENT && s->e->client_hello->ja4[0])
		LINE_KPLAIN(&l, "ja4", s->e->client_hello->ja4);
	watch_json_more(&l, s->more);
	if (s->public)
		LINE_LIT(&l, ",\"server_name_public\":true");
	LINE_KUINT(&l, "count", p ? p->count : 1);
	if (s->file[0]) {
		LINE_KSTRING(&l, "evidence.file", span_str(s->file));
		LINE_KPLAIN(&l, "evidence.sha256", DIGEST_TEXT(&s->evidence));
	}
	w->lines_lost += !watch_json_tail(&l, s->e, s->more);
}

int watch_hit(struct watch *w, struct watch_sight *s, const struct shelf_hit *m)
{
	struct hunt_hit x = { .place = HUNT_IN_CAPTURE, .m = *m, .expired = m->expired };
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct watch_pair *p = NULL;

	if (m->expired && !w->expired)
		return 0;
	if (shelf_entry(w->h.shelf, m, room, &e) < 0)
		return 0; /* damaged there: the shelf says so elsewhere */
	watch_evidence(w, s);
	int rc = m->expired ? 0 : pair_of(w, s, e.type, e.value, &p);
	if (rc < 0)
		return rc;
	if (p)
		count(w, p, s, &x);
	w->hits += !m->expired;
	if (w->json)
		hit_line(w, s, &x, &e, p);
	else
		watch_text_hit(w, watch_out_buf(w->out), s, &x, &e);
	return 0;
}
