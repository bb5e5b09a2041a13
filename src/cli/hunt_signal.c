/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_signal: what was found is handed on as signals, one for each different thing. */

#include "cli/hunt.h"
#include "cli/wire.h"

#include <errno.h>
#include <stdio.h>

struct batch {
	struct hunt *h;
	struct signal s[HUNT_SIGNALS_MAX];
	size_t n;
	uint64_t left_out;
	bool silent;
	struct map seen;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static const char *sentence(struct hunt *h, const struct hunt_hit *x)
{
	struct arena *a = &h->c->arena;
	struct indicator best = hunt_best_claim(h, x);
	const char *what = best.category ? QUOTE(span_str(best.category)) : "known bad";
	const char *name = QUOTE(span_str(base_name(x->path)));

	if (!x->client && !hunt_is_file(x))
		return arena_printf(a, "Capture \"%s\" showed %s (%s)", name,
		    QUOTE(span_str(x->observed)), what);
	switch (x->kind) {
	case HUNT_FILE_DIGEST:
		return arena_printf(a, "File \"%s\" has a digest that %s names (%s)", name,
		    QUOTE(span_str(best.source)), what);
	case HUNT_FILE_NAME:
		return arena_printf(a, "File \"%s\" has a name that %s names (%s)", name,
		    QUOTE(span_str(best.source)), what);
	case HUNT_DNS:
		return arena_printf(a, "%s asked DNS for %s (%s)", x->client,
		    QUOTE(span_str(x->asked ? x->asked : x->observed)), what);
	case HUNT_TLS:
		return arena_printf(a, "%s opened TLS to %s (%s)", x->client,
		    QUOTE(span_str(x->observed)), what);
	case HUNT_HTTP:
		return arena_printf(a, "%s asked by HTTP for %s (%s)", x->client,
		    QUOTE(span_str(x->observed)), what);
	case HUNT_FINGERPRINT:
		return arena_printf(a, "%s and %s spoke TLS with the fingerprint %s (%s)", x->client,
		    x->server, QUOTE(span_str(x->observed)), what);
	case HUNT_CERTIFICATE:
		return arena_printf(a, "%s was shown the certificate %s by %s (%s)", x->client,
		    QUOTE(span_str(x->observed)), x->server, what);
	case HUNT_FILE_PATH:
	case HUNT_FILE_FACT:
		return arena_printf(a, "File \"%s\" has the %s of what %s names (%s)", name,
		    indicator_type_name(hunt_hit_type(h, x)), QUOTE(span_str(best.source)), what);
	case HUNT_RULE:
	case HUNT_SIDELOAD:
	case HUNT_PACKAGE:
		return arena_printf(a, "File \"%s\": %s of %s (%s)", name,
		    QUOTE(span_str(hunt_hit_value(h, x))), QUOTE(span_str(best.source)), what);
	default:
		return arena_printf(a, "%s met the address %s (%s)", x->client, x->observed, what);
	}
}

static const char *source_of(enum hunt_kind k)
{
	return k == HUNT_DNS	    ? "hunt.dns" :
	    k == HUNT_TLS	    ? "hunt.tls" :
	    k == HUNT_ADDRESS	    ? "hunt.address" :
	    k == HUNT_HTTP	    ? "hunt.http" :
	    k == HUNT_FINGERPRINT   ? "hunt.fingerprint" :
	    k == HUNT_CERTIFICATE   ? "hunt.certificate" :
				      "hunt.file";
}

/* What makes it a thing of its own: the artifact, else the indicator. */
static const char *identity(struct hunt *h, const struct hunt_hit *x)
{
	if (digest_is_set(&x->sha256))
		return arena_printf(&h->c->arena, "%s", DIGEST_TEXT(&x->sha256));
	return arena_printf(&h->c->arena, "%d %s", (int)hunt_hit_type(h, x),
	    hunt_hit_value(h, x));
}

static void add_evidence(const struct hunt *h, struct signal *s, const struct hunt_hit *x)
{
	for (size_t i = 0; i < h->ncapture; i++)
		if (h->capture[i].path == x->path && digest_is_set(&h->capture[i].sha256))
			s->evidence[s->nevidence++] = h->capture[i].sha256;
}

static int add(struct batch *b, const struct hunt_hit *x)
{
	struct hunt *h = b->h;
	const char *key = identity(h, x);
	ts now = clock_now(&h->c->clock);

	if (!key)
		return -ENOMEM;
	if (map_get(&b->seen, span_str(key)))
		return 0;
	if (b->n == HUNT_SIGNALS_MAX) {
		b->left_out++;
		return 0;
	}
	struct signal *s = &b->s[b->n];
	*s = (struct signal){ .kind = SIGNAL_DOWNSTREAM_IMPACT, .subject = x->sha256,
		.source = source_of(x->kind),
		.reporter = cli_opt(h->c, "reporter") ? cli_opt(h->c, "reporter") : h->c->actor,
		.summary = sentence(h, x), .confidence = hunt_best_claim(h, x).confidence,
		.learned = now, .seen = now };
	if (!x->finding) {
		s->obs_type = indicator_type_name(hunt_hit_type(h, x));
		s->obs_value = hunt_hit_value(h, x);
	} else if (!digest_is_set(&x->sha256)) {
		s->obs_type = indicator_type_name(INDICATOR_FILE_NAME);
		s->obs_value = base_name(x->path);
	}
	/* A capture and the record know when it was; a file only says what was written into it. */
	if ((!hunt_is_file(x) || x->place == HUNT_IN_RECORD) && x->time > 0 && x->time < now)
		s->seen = x->time;
	add_evidence(h, s, x);
	b->n++;
	return s->summary ? map_add(&b->seen, span_str(key), s, NULL) : -ENOMEM;
}

static int collect(struct batch *b)
{
	struct hunt *h = b->h;
	int rc = 0;

	for (size_t i = 0; i < h->nhit && rc == 0; i++)
		if (!h->hit[i].expired)
			rc = add(b, &h->hit[i]);
	return rc;
}

static void tell(struct batch *b, const struct wire_result *r, struct jw *w)
{
	if (b->silent)
		return;
	if (!w) {
		for (size_t i = 0; i < b->n; i++)
			wire_print(b->h->c, &r[i]);
		if (b->left_out)
			printf("%llu more different hits were not handed on\n",
			    (unsigned long long)b->left_out);
		return;
	}
	jw_key(w, "signals");
	jw_arr(w);
	for (size_t i = 0; i < b->n; i++) {
		jw_obj(w);
		jw_key(w, "signal");
		signal_json(w, &b->s[i]);
		wire_json(w, &r[i]);
		jw_end(w);
	}
	jw_end(w);
	jw_kint(w, "signals_left_out", (int64_t)b->left_out);
}

static int hand_on(struct batch *b, struct jw *w)
{
	AUTO_STORE struct store *s = NULL;
	struct cli *c = b->h->c;
	struct fault f = FAULT_INIT;
	int code;
	struct wire_result *r = arena_array(&c->arena, b->n, sizeof(*r));

	if (!r)
		return cli_errno(c, -ENOMEM, NULL);
	if (cli_store(c, STORE_RDWR, &s, &code) < 0)
		return code;
	int rc = wire_signals_together(c, s, b->s, b->n, NULL, r, &f);
	if (rc == WIRE_REFUSED)
		return cli_fail(c, CLI_REFUSED, &f);
	if (rc)
		return cli_errno(c, rc, &f);
	tell(b, r, w);
	return -1;
}

static int signals(struct hunt *h, struct jw *w, bool silent)
{
	struct batch *b = ARENA_NEW(&h->c->arena, struct batch);
	int code = -1;

	if (!b)
		return cli_errno(h->c, -ENOMEM, NULL);
	b->h = h;
	b->silent = silent;
	map_init(&b->seen, HUNT_SIGNALS_MAX);
	int rc = collect(b);
	if (rc < 0)
		code = cli_errno(h->c, rc, NULL);
	else if (b->n)
		code = hand_on(b, w);
	map_free(&b->seen);
	return code;
}

int hunt_signals(struct hunt *h, struct jw *w)
{
	return signals(h, w, false);
}

int hunt_signals_quietly(struct hunt *h)
{
	return signals(h, NULL, true);
}
