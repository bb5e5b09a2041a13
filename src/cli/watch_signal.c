/* SPDX-License-Identifier: Apache-2.0 */

/* watch_signal: what met an indicator is handed on: one signal for each client and indicator. */

#include "base/file.h"
#include "cli/watch.h"
#include "cli/wire.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define ARENA_SIGNALS (256u << 20)

static bool where_is(const struct watch_pair *p, const char *head)
{
	return strncmp(p->where, head, strlen(head)) == 0;
}

static const char *source_of(const struct watch_pair *p)
{
	return where_is(p, "DNS")    ? "watch.dns"
	       : where_is(p, "SSL")  ? "watch.tls"
	       : where_is(p, "X509") ? "watch.certificate"
	       : where_is(p, "HTTP") ? "watch.http"
				     : "watch.address";
}

static const char *what_happened(struct cli *c, const struct watch_pair *p)
{
	struct arena *a = &c->arena;
	const char *what = p->category[0] ? QUOTE(span_str(p->category)) : "known bad";
	const char *observed = QUOTE(span_str(p->observed));
	const char *asked = p->query[0] ? QUOTE(span_str(p->query)) : observed;

	if (where_is(p, "DNS"))
		return p->query[0]
			   ? arena_printf(a, "%s asked DNS for %s, which led to %s (%s)", p->client,
				 asked, observed, what)
			   : arena_printf(a, "%s asked DNS for %s (%s)", p->client, observed, what);
	if (strcmp(p->where, "SSL::IN_SERVER_NAME") == 0)
		return arena_printf(a, "%s opened TLS to %s (%s)", p->client, observed, what);
	if (where_is(p, "SSL"))
		return arena_printf(a, "%s and %s spoke TLS with the fingerprint %s (%s)",
		    p->client, p->server, observed, what);
	if (where_is(p, "X509"))
		return arena_printf(a, "%s was shown the certificate %s by %s (%s)", p->client,
		    observed, p->server, what);
	if (where_is(p, "HTTP"))
		return arena_printf(a, "%s asked by HTTP for %s (%s)", p->client, observed, what);
	return arena_printf(
	    a, "%s and %s talked; %s is listed (%s)", p->client, p->server, observed, what);
}

static const char *sentence(struct cli *c, const struct watch_pair *p)
{
	const char *s = what_happened(c, p);

	if (s && p->process[0])
		s = arena_printf(&c->arena, "%s, by %s", s, p->process);
	if (s && p->count > 1)
		s = arena_printf(&c->arena, "%s; seen %llu times", s, (unsigned long long)p->count);
	return s;
}

/* Of a capture that was read from a file: its SHA-256, made once there is something to prove. */
static void digest_captures(struct watch *w)
{
	for (size_t i = 0; i < w->nsrc && !w->digested; i++) {
		AUTO_HASHER struct hasher *hs = NULL;
		struct digest out[DIGEST_ALGS] = { { 0 } };
		struct stat st;
		if (w->src[i].fd < 0 || fstat(w->src[i].fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		    lseek(w->src[i].fd, 0, SEEK_SET) < 0)
			continue;
		if (hasher_new(&hs, HASH_SET(DIGEST_SHA256)) == 0 &&
		    hash_fd(hs, w->src[i].fd, out, NULL) == 0)
			w->capture[w->ncapture++] = out[DIGEST_SHA256];
		if (w->ncapture == WATCH_CAPTURES_MAX)
			break;
	}
	w->digested = true;
}

static struct signal signal_of(struct watch *w, const struct watch_pair *p)
{
	struct cli *c = w->c;
	ts now = clock_now(&c->clock);
	struct signal s = { .kind = SIGNAL_DOWNSTREAM_IMPACT,
		.obs_type = indicator_type_name(p->type),
		.obs_value = p->value,
		.source = source_of(p),
		.reporter = cli_opt(c, "reporter") ? cli_opt(c, "reporter") : c->actor,
		.summary = sentence(c, p),
		.confidence = p->confidence,
		.learned = now,
		.seen = p->first > 0 && p->first < now ? p->first : now };

	if (digest_is_set(&p->evidence))
		s.evidence[s.nevidence++] = p->evidence;
	for (size_t i = 0; i < w->ncapture; i++)
		s.evidence[s.nevidence++] = w->capture[i];
	return s;
}

/* The fresh ones, oldest first; how many. */
static size_t take_fresh(struct watch *w, struct watch_pair **out, size_t max)
{
	struct watch_pair *p = w->pairs.fresh, *turned = NULL;
	size_t n = 0;

	while (p) {
		struct watch_pair *next = p->next;
		p->next = turned;
		turned = p;
		p = next;
	}
	for (; turned; turned = turned->next) {
		if (n < max)
			out[n++] = turned;
		else
			w->left_out++;
	}
	w->pairs.fresh = NULL;
	w->pairs.nfresh = 0;
	return n;
}

static int hand_on(struct watch *w, const struct signal *s, size_t n, struct wire_result *r)
{
	AUTO_STORE struct store *st = NULL;
	struct cli *c = w->c;
	int code;

	if (cli_store(c, STORE_RDWR, &st, &code) < 0) {
		w->code = code;
		return -ECANCELED;
	}
	int rc = wire_signals_together(c, st, s, n, w->case_id[0] ? w->case_id : NULL, r, &w->f);
	if (rc == WIRE_REFUSED) {
		w->code = cli_fail(c, CLI_REFUSED, &w->f);
		return -ECANCELED;
	}
	return rc;
}

static int tell(struct watch *w, const struct signal *s, const struct wire_result *r, size_t n)
{
	int rc = watch_out_flush(w->out, &w->f); /* what people read comes in order */

	for (size_t i = 0; i < n; i++) {
		if (i && strcmp(r[i].case_id, r[0].case_id) == 0 && !w->json)
			continue;
		if (!w->json)
			wire_print(w->c, &r[i]);
		else
			watch_json_signal(w, &s[i], &r[i]);
	}
	fflush(stdout);
	return rc;
}

/* What a call takes from the arena is given back: a watch may run for months. */
static int hand_on_all(struct watch *w, struct watch_pair *const *p, size_t n)
{
	struct cli *c = w->c;
	struct signal *s = arena_array(&c->arena, n, sizeof(*s));
	struct wire_result *r = arena_array(&c->arena, n, sizeof(*r));

	if (!s || !r)
		return -ENOMEM;
	digest_captures(w);
	for (size_t i = 0; i < n; i++)
		s[i] = signal_of(w, p[i]);
	int rc = hand_on(w, s, n, r);
	if (rc)
		return rc;
	/* All of a run go into one case. */
	memcpy(w->case_id, r[0].case_id, sizeof(w->case_id));
	return tell(w, s, r, n);
}

/* For another time. */
static void put_back(struct watch *w, struct watch_pair *const *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		p[i]->next = w->pairs.fresh;
		w->pairs.fresh = p[i];
	}
	w->pairs.nfresh = n;
}

/* How many may be handed on yet: so many a run, of a live watch a day. */
static size_t room_today(struct watch *w)
{
	if (w->live && clock_mono() - w->day >= TS_DAY) {
		w->day = clock_mono();
		w->today = 0;
	}
	return w->today < HUNT_SIGNALS_MAX ? HUNT_SIGNALS_MAX - w->today : 0;
}

int watch_signals_now(struct watch *w)
{
	struct cli *c = w->c;
	struct watch_pair *p[HUNT_SIGNALS_MAX];

	if (!w->pairs.fresh || !cli_has(c, "signal"))
		return 0;
	size_t n = take_fresh(w, p, room_today(w));
	if (!n)
		return 0;
	struct arena own = c->arena;
	c->arena = ARENA_INIT(ARENA_SIGNALS);
	int rc = hand_on_all(w, p, n);
	arena_free(&c->arena);
	c->arena = own;
	if (rc < 0) {
		put_back(w, p, n);
		return rc;
	}
	w->signals += n;
	w->today += n;
	return 0;
}
