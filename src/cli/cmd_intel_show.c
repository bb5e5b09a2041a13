/* SPDX-License-Identifier: Apache-2.0 */

/* intel show: who says what about values, and where that came from. */

#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "cli/print.h"
#include "intel/intel.h"
#include "intel/url.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define IMPORTS_KEPT 256 /* a power of two */

/* What the ledger says of an import. */
struct import {
	uint32_t entry; /* 1 + seq; 0: unused */
	char *at, *file, *sha256, *kind; /* file, sha256: NULL when it was no file */
	struct arena arena;
};

struct show {
	struct cli *c;
	struct store *store;
	struct shelf *s; /* NULL: there is no intelligence */
	enum indicator_type type; /* --type */
	bool many; /* values from stdin: only hits are told */
	ts now;
	uint64_t values, named, bad;
	struct import import[IMPORTS_KEPT];
	/* of the value that is being asked for */
	const char *asked;
	struct shelf_hit told[SHELF_HITS_MAX];
	size_t ntold;
};

/* --- imports --- */

static const struct import *import_of(struct show *x, uint32_t entry)
{
	struct import *m = &x->import[entry % IMPORTS_KEPT];
	AUTO_BUF struct buf body = BUF_INIT(LEDGER_ENTRY_MAX + 1);
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct json_doc d;

	if (!entry)
		return NULL;
	if (m->entry == entry)
		return m;
	arena_free(&m->arena);
	*m = (struct import){ .arena = ARENA_INIT(64u << 10) };
	if (ledger_get(x->store, entry - 1, &body, NULL) < 0 ||
	    json_doc_parse(&d, buf_span(&body), &a))
		return NULL;
	struct json_val e = json_root(&d), data = json_get(e, "data");
	m->at = json_cstr(json_get(e, "at"), &m->arena);
	m->kind = json_cstr(json_get(e, "kind"), &m->arena);
	m->file = json_cstr(json_get(data, "file"), &m->arena);
	m->sha256 = json_cstr(json_get(data, "sha256"), &m->arena);
	m->entry = entry;
	return m;
}

static void import_json(struct show *x, struct jw *w, const char *key, uint32_t entry)
{
	const struct import *m = import_of(x, entry);

	if (!m)
		return;
	jw_key(w, key);
	jw_obj(w);
	jw_kcstr(w, "at", m->at);
	jw_kint(w, "entry", entry - 1);
	jw_kcstr(w, "file", m->file);
	jw_kcstr(w, "kind", m->kind);
	jw_kcstr(w, "sha256", m->sha256);
	jw_end(w);
}

static void import_text(struct show *x, const char *verb, uint32_t entry)
{
	const struct import *m = import_of(x, entry);

	if (!m || !m->at)
		return;
	if (m->file && m->sha256)
		printf("    %s %s from %s (sha256 %.12s…, ledger entry %u)\n", verb, m->at,
		    QUOTE(span_str(m->file)), m->sha256, entry - 1);
	else
		printf("    %s %s (ledger entry %u)\n", verb, m->at, entry - 1);
}

/* --- one hit --- */

/* A hit, with all that is told of it. */
struct told {
	const struct shelf_hit *h;
	struct intel_entry e;
	char room[INTEL_TEXT_MAX];
	const char *value; /* that was asked */
	struct weighing w;
	bool begun;
	size_t nbenign;
	struct shelf_hit benign[SHELF_HITS_MAX];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order: the overlay's claims come after the database's. */
static void sources_json(const struct show *x, struct jw *w, const struct shelf_hit *h)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	const char **name = NULL;
	struct indicator i;
	uint32_t pos = 0;
	size_t n = 0;

	while (shelf_claim(x->s, h, &pos, &i))
		n++;
	name = arena_array(&a, n + 1, sizeof(*name));
	pos = 0;
	for (n = 0; name && shelf_claim(x->s, h, &pos, &i);)
		name[n++] = i.source;
	if (name)
		qsort(name, n, sizeof(*name), by_name);
	jw_arr(w);
	for (size_t k = 0; k < n; k++)
		jw_cstr(w, name[k]);
	jw_end(w);
}

static void claims_json(struct show *x, struct jw *w, const struct shelf_hit *h, const char *value)
{
	struct indicator i;
	uint32_t pos = 0;

	jw_arr(w);
	while (shelf_claim(x->s, h, &pos, &i)) {
		i.value = value;
		jw_obj(w);
		jw_key(w, "claim");
		indicator_json(w, &i);
		jw_kbool(w, "expired", i.valid_until <= x->now);
		import_json(x, w, "first_import", i.first_import);
		if (i.last_import != i.first_import)
			import_json(x, w, "last_import", i.last_import);
		jw_end(w);
	}
	jw_end(w);
}

static void benign_json(const struct show *x, struct jw *w, const struct told *t)
{
	struct indicator i;

	jw_arr(w);
	for (size_t k = 0; k < t->nbenign; k++) {
		uint32_t pos = 0;
		while (shelf_claim(x->s, &t->benign[k], &pos, &i)) {
			jw_obj(w);
			jw_kcstr(w, "category", i.category);
			jw_kcstr(w, "how", intel_how_name(t->benign[k].how));
			jw_kcstr(w, "list", i.source);
			jw_end(w);
		}
	}
	jw_end(w);
}

static void hit_json(struct show *x, const struct told *t)
{
	struct jw w = jw_of(&x->c->out);

	if (x->c->out.n)
		buf_putc(&x->c->out, '\n');
	jw_obj(&w);
	jw_kbool(&w, "begun", t->begun);
	jw_key(&w, "benign");
	benign_json(x, &w, t);
	jw_kbool(&w, "block", t->w.block);
	jw_kint(&w, "claimed", t->w.claimed);
	jw_key(&w, "claims");
	claims_json(x, &w, t->h, t->e.value);
	jw_kint(&w, "confidence", t->w.confidence);
	jw_kbool(&w, "expired", t->h->expired);
	jw_kcstr(&w, "how", intel_how_name(t->h->how));
	jw_kcstr(&w, "matched", t->e.value);
	jw_key(&w, "sources");
	sources_json(x, &w, t->h);
	jw_kcstr(&w, "type", indicator_type_name(t->e.type));
	jw_kcstr(&w, "value", x->asked);
	jw_kcstr(&w, "verdict", weigh_verdict_name(t->w.verdict));
	jw_kcstr(&w, "why", t->w.why);
	jw_end(&w);
}

static const char *how_text(enum intel_how how, enum indicator_type t)
{
	switch (how) {
	case INTEL_PARENT:
		return ", matches as a parent domain";
	case INTEL_NETWORK:
		return ", matches as a network that holds it";
	case INTEL_ON_PORT:
		return ", matches with this port";
	case INTEL_PATTERN:
		return t == INDICATOR_URL ? ", matches as a part of it" : ", matches as a pattern";
	default:
		return "";
	}
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static void claim_text(struct show *x, const struct indicator *i)
{
	char a[TS_TEXT_MAX] = "", b[TS_TEXT_MAX] = "";
	bool over = i->valid_until <= x->now;

	printf("    %s: confidence %d, category %s, campaign %s", QUOTE(span_str(i->source)),
	    i->confidence, QUOTE(span_str(or_dash(i->category))),
	    QUOTE(span_str(or_dash(i->campaign))));
	if (i->tlp)
		printf(", TLP %s", tlp_name(i->tlp));
	if (i->licence)
		printf(", licence %s", QUOTE(span_str(i->licence)));
	printf("%s\n", i->exact ? ", this name only" : "");
	if (i->note)
		printf("    %s\n", QUOTE(span_str(i->note)));
	if (i->first_seen != TS_NONE)
		printf("    seen first %s, last %s\n", ts_format(i->first_seen, a),
		    i->last_seen == TS_NONE ? "-" : ts_format(i->last_seen, b));
	if (i->valid_from != TS_NONE || i->valid_until != TS_FOREVER)
		printf("    valid %s%s%s%s\n", i->valid_from == TS_NONE ? "" : ts_format(i->valid_from, a),
		    i->valid_until == TS_FOREVER ? "" : " until ",
		    i->valid_until == TS_FOREVER ? "" : ts_format(i->valid_until, b),
		    over		    ? " (expired)" :
		    i->valid_from > x->now ? " (not yet)" :
					      "");
	import_text(x, "imported", i->first_import);
	if (i->last_import != i->first_import)
		import_text(x, "again", i->last_import);
}

static void benign_text(const struct show *x, const struct told *t)
{
	struct indicator i;

	for (size_t k = 0; k < t->nbenign; k++) {
		uint32_t pos = 0;
		while (shelf_claim(x->s, &t->benign[k], &pos, &i)) {
			bool below = t->benign[k].how == INTEL_PARENT && benign_is_house(benign_of(&i));
			if (below && benign_of(&i) == BENIGN_SUFFIX) /* every name is */
				continue;
			printf("    %s: %s (%s)\n",
			    below ? "below a name that many share" : "on a list of what is ordinary",
			    QUOTE(span_str(i.source)), QUOTE(span_str(or_dash(i.category))));
		}
	}
}

static void weight_text(const struct told *t)
{
	const struct weighing *w = &t->w;

	if (!t->begun)
		printf("  in all: no claim has begun yet\n");
	else if (w->verdict == WEIGH_MATCH)
		printf("  in all: confidence %d now%s\n", w->confidence,
		    w->block ? ", may be blocked" : ", not to be blocked");
	else if (w->why)
		printf("  in all: no hit: %s\n", w->why);
}

static void hit_text(struct show *x, const struct told *t)
{
	struct indicator i;
	uint32_t pos = 0;

	if (x->many)
		printf("%s: ", intel_value(x->c, x->asked));
	printf("%s %s%s%s\n", indicator_type_name(t->e.type), intel_value(x->c, t->e.value),
	    how_text(t->h->how, t->e.type), t->h->expired ? " (expired)" : "");
	while (shelf_claim(x->s, t->h, &pos, &i))
		claim_text(x, &i);
	benign_text(x, t);
	weight_text(t);
}

/* A claim that begins later is told, and is no reason to block anything yet. */
static bool has_begun(const struct show *x, const struct shelf_hit *h)
{
	struct indicator i;
	uint32_t pos = 0;

	while (shelf_claim(x->s, h, &pos, &i))
		if (i.valid_from <= x->now)
			return true;
	return false;
}

static void tell(struct show *x, const struct shelf_hit *h, enum indicator_type type,
    const char *value)
{
	struct told t = { .h = h, .value = value };

	if (shelf_entry(x->s, h, t.room, &t.e) < 0)
		return;
	shelf_weigh(x->s, h, type, value, &t.w);
	t.begun = has_begun(x, h);
	t.w.block = t.w.block && t.begun;
	t.nbenign = shelf_value(x->s, INDICATOR_BENIGN, type, value, x->now, t.benign);
	if (x->c->json)
		hit_json(x, &t);
	else
		hit_text(x, &t);
	intel_flush(x->c, "\n");
}

/* --- one value --- */

/* Parts of a URL may find the same: a folder, with the query and without. */
static bool is_told(struct show *x, const struct shelf_hit *h)
{
	for (size_t i = 0; i < x->ntold; i++)
		if (x->told[i].entry == h->entry && x->told[i].over == h->over)
			return true;
	if (x->ntold < SHELF_HITS_MAX)
		x->told[x->ntold++] = *h;
	return false;
}

static size_t ask(struct show *x, enum indicator_type t, const char *value)
{
	struct shelf_hit hit[SHELF_HITS_MAX];
	size_t n = shelf_value(x->s, INDICATOR_BAD, t, value, x->now, hit);

	for (size_t i = 0; i < n; i++)
		if (!is_told(x, &hit[i]))
			tell(x, &hit[i], t, value);
	return n;
}

/* What a value of that guessed type can be, too; its spelling is the same. */
static size_t also(enum indicator_type t, enum indicator_type out[static 2])
{
	size_t n = 0;

	switch (t) {
	case INDICATOR_MD5:
		out[n++] = INDICATOR_IMPHASH;
		out[n++] = INDICATOR_JA3;
		break;
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
		out[n++] = INDICATOR_AUTHENTIHASH;
		out[n++] = INDICATOR_CERT;
		break;
	case INDICATOR_DOMAIN:
		out[n++] = INDICATOR_FILE_NAME;
		break;
	case INDICATOR_FILE_NAME:
		out[n++] = INDICATOR_DOMAIN;
		break;
	case INDICATOR_PATH:
		out[n++] = INDICATOR_URL_PATH;
		break;
	default:
		break;
	}
	return n;
}

/* The rest of a URL: less of it, its path, its host. */
static size_t ask_parts(struct show *x, const char *url, struct arena *a)
{
	struct url_part part[URL_PARTS_MAX];
	size_t parts = url_parts(url, a, part), n = 0;

	for (size_t i = 1; i < parts; i++) /* 0 is the URL itself */
		n += ask(x, part[i].type, part[i].value);
	return n;
}

/* 0, or -EINVAL with the reason. */
static int show(struct show *x, struct span raw, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	enum indicator_type type = x->type, other[2];
	const char *value, *second;
	size_t n = 0;

	if (!type && span_starts(raw, SPAN_LIT("/"))) /* of files, or on any host */
		type = INDICATOR_PATH;
	int rc = indicator_normalise(&type, raw, &a, &value, f);
	if (rc < 0)
		return rc;
	x->values++;
	x->asked = value;
	x->ntold = 0;
	if (x->s)
		n = ask(x, type, value);
	for (size_t i = 0, k = x->s && !x->type ? also(type, other) : 0; i < k; i++) {
		if (indicator_normalise(&other[i], raw, &a, &second, NULL) == 0)
			n += ask(x, other[i], second);
	}
	if (x->s && type == INDICATOR_URL)
		n += ask_parts(x, value, &a);
	x->named += n > 0;
	if (!n && !x->many && !x->c->json)
		printf("Nobody names %s %s.\n", indicator_type_name(type), QUOTE(span_str(value)));
	return 0;
}

/* What is no value is told, and the others are still answered. 0 or negative. */
static int show_or_tell(struct show *x, struct span raw, const char *where, bool whole)
{
	struct fault f = FAULT_INIT;
	int rc = whole ? show(x, raw, &f) : fault_set(&f, -EINVAL, "the line is too long");

	if (rc != -EINVAL)
		return rc;
	x->bad++;
	fprintf(stderr, "firebreak intel show: %s%s: %s\n", where, QUOTE(raw), f.text);
	return 0;
}

/* The next line of stdin into room: -1 at the end, else its length; more than INTEL_LINE_MAX bytes
 * are counted, not kept. */
static ssize_t read_line(char room[static INTEL_LINE_MAX])
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(stdin)) != EOF && c != '\n') {
		if (n < INTEL_LINE_MAX)
			room[n] = (char)c;
		n++;
	}
	return c == EOF && !n ? -1 : (ssize_t)n;
}

static int show_lines(struct show *x)
{
	char *room = arena_alloc(&x->c->arena, INTEL_LINE_MAX), where[40];
	uint64_t number = 0;
	int rc = room ? 0 : -ENOMEM;
	ssize_t n;

	while (rc == 0 && (n = read_line(room)) >= 0) {
		bool whole = n <= INTEL_LINE_MAX;
		struct span s = span_of(room, whole ? (size_t)n : INTEL_LINE_MAX);
		number++;
		s = span_trim(s);
		if (whole && (!s.n || s.p[0] == '#'))
			continue;
		snprintf(where, sizeof(where), "line %llu: ", (unsigned long long)number);
		rc = show_or_tell(x, s, where, whole);
	}
	return rc == 0 && ferror(stdin) ? -EIO : rc;
}

static int show_args(struct show *x)
{
	struct cli *c = x->c;
	struct fault f = FAULT_INIT;
	int rc = 0;

	if (c->nargs > 1) {
		for (int i = 0; i < c->nargs && rc == 0; i++)
			rc = show_or_tell(x, span_str(c->arg[i]), "", true);
		return rc;
	}
	rc = show(x, span_str(c->arg[0]), &f);
	return rc == -EINVAL ?
		  cli_failf(c, CLI_USAGE, "%s: %s", QUOTE(span_str(c->arg[0])), f.text) :
		  rc;
}

static int show_all(struct show *x)
{
	int rc = x->many ? show_lines(x) : show_args(x);

	if (rc)
		return rc < 0 ? cli_errno(x->c, rc, NULL) : rc;
	if (x->many && !x->c->json)
		printf("%llu of %llu values are named%s\n", (unsigned long long)x->named,
		    (unsigned long long)x->values, x->bad ? "; some lines are no values" : "");
	if (x->bad)
		return CLI_INPUT;
	return x->named ? CLI_NEGATIVE : CLI_OK;
}

static int run_show(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	struct show *x = ARENA_NEW(&c->arena, struct show);
	enum indicator_type type;
	int code = intel_type_opt(c, &type);

	if (code >= 0)
		return code;
	if (!x)
		return cli_errno(c, -ENOMEM, NULL);
	if (intel_shelf_open(c, &store, &s, &code) < 0)
		return code;
	if (s)
		shelf_set_held(s, true); /* shown as what they are */
	*x = (struct show){ .c = c, .store = store, .s = s, .type = type,
		.many = c->nargs == 1 && strcmp(c->arg[0], "-") == 0, .now = clock_now(&c->clock) };
	code = show_all(x);
	for (size_t i = 0; i < IMPORTS_KEPT; i++)
		arena_free(&x->import[i].arena);
	return code;
}

static const struct cli_opt show_opts[] = {
	{ "type", "TYPE", "what the values are (default: guessed)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_show = {
	.name = "intel show",
	.args = "VALUE…|-",
	.summary = "Show who says what about values, and where that came from",
	.help = "Values may be defanged; - reads them from stdin, one a line. For a domain, the domains\n"
		"above it that match it are shown, too; for an address, the networks that hold it; for a\n"
		"URL, what is said of its host. Each claim names the imports that brought it.\n\n"
		"With --json each hit is one object on a line of its own: value (what was asked, in one\n"
		"spelling), matched (the indicator), how (same, parent, network, port, pattern), sources,\n"
		"type, confidence (weighed; claimed: before), block, begun, expired, claims, benign,\n"
		"verdict. What nobody names gives no object.\n\n"
		"  firebreak intel show 'www.akamaicontainer[.]com'\n"
		"  cut -d, -f2 proxy.csv | firebreak intel show - --json\n\n"
		"Exit: 0 nobody names any, 1 somebody does, 3 usage, or the one argument is no value, 4 the\n"
		"database is damaged, 5 some are no values (the others are answered), 6 there is no state\n"
		"directory.\n",
	.opts = show_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run_show,
};
