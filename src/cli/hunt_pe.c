/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/hunt_pe.h"

#include "base/cur.h"
#include "base/file.h"
#include "base/hex.h"
#include "cli/hunt_places.h"
#include "cli/share.h"
#include "detect/sideload.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SIGHT_ARENA (64u << 20)
#define RULES_MAX (1u << 20)
#define REPORT_VERSION 1
#define TEXT_MAX 255

enum report_flag { REPORT_LIBRARY = 1, REPORT_SLACK = 2, REPORT_IMPHASH = 4, REPORT_CERT = 8 };

static bool sideload_on(const struct cli *c)
{
	return cli_has(c, "sideload") || cli_has(c, "sideload-rules");
}

bool hunt_pe_wanted(const struct hunt *h)
{
	return sideload_on(h->c) || hunt_looks_for(h, INDICATOR_AUTHENTIHASH) ||
	    hunt_looks_for(h, INDICATOR_IMPHASH) || hunt_looks_for(h, INDICATOR_CERT) ||
	    hunt_looks_for(h, INDICATOR_CERT_SERIAL);
}

/* --- what a worker reports --- */

static void put_text(struct buf *b, const char *s)
{
	size_t n = strnlen(s, TEXT_MAX);

	buf_putc(b, (char)n);
	buf_put(b, s, n);
}

static int look_at(void *ctx, const char *path, const struct sense_id *id, struct span bytes,
    struct buf *out)
{
	AUTO_ARENA struct arena a = ARENA_INIT(SIGHT_ARENA);
	struct pe_sight s;

	(void)ctx;
	(void)path;
	(void)id;
	if (!span_starts(bytes, SPAN_LIT("MZ")))
		return 0;
	int rc = pe_sight(&s, bytes, &a);
	if (rc < 0 || !s.is_pe)
		return rc;
	buf_putc(out, REPORT_VERSION);
	buf_putc(out, (char)((s.library ? REPORT_LIBRARY : 0) | (s.slack ? REPORT_SLACK : 0) |
			  (digest_is_set(&s.imphash) ? REPORT_IMPHASH : 0) |
			  (digest_is_set(&s.cert_sha256) ? REPORT_CERT : 0)));
	buf_putc(out, (char)s.state);
	buf_put(out, s.authenticode_sha1.b, 20);
	buf_put(out, s.authenticode_sha256.b, 32);
	buf_put(out, s.imphash.b, 16);
	buf_put(out, s.cert_sha1.b, 20);
	buf_put(out, s.cert_sha256.b, 32);
	put_text(out, s.serial);
	put_text(out, s.signer);
	return 0;
}

static struct digest take_digest(struct cur *c, enum digest_alg alg, bool is_set)
{
	const uint8_t *p = cur_need(c, digest_len(alg));
	return p && is_set ? digest_of(alg, p) : (struct digest){ 0 };
}

static const char *take_text(struct cur *c, char out[static TEXT_MAX + 1])
{
	struct span s = cur_take(c, cur_u8(c));

	if (s.n)
		memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return out;
}

static int found(void *ctx, struct hunt *h, const struct hunt_obs *o, struct span report, int rc)
{
	char serial[TEXT_MAX + 1], signer[TEXT_MAX + 1];
	struct cur c = cur_of(report);
	struct pe_sight s = { .is_pe = true };

	(void)ctx;
	if (rc < 0)
		return hunt_problem(h, o->path, "the facts of this program could not be read");
	if (!report.n)
		return 0;
	uint8_t version = cur_u8(&c), flags = cur_u8(&c), state = cur_u8(&c);
	s.library = flags & REPORT_LIBRARY;
	s.slack = flags & REPORT_SLACK;
	s.state = (enum pe_sight_state)state;
	s.authenticode_sha1 = take_digest(&c, DIGEST_SHA1, true);
	s.authenticode_sha256 = take_digest(&c, DIGEST_SHA256, true);
	s.imphash = take_digest(&c, DIGEST_MD5, flags & REPORT_IMPHASH);
	s.cert_sha1 = take_digest(&c, DIGEST_SHA1, flags & REPORT_CERT);
	s.cert_sha256 = take_digest(&c, DIGEST_SHA256, flags & REPORT_CERT);
	s.serial = take_text(&c, serial);
	s.signer = take_text(&c, signer);
	if (c.err || cur_left(&c) || version != REPORT_VERSION || state > PE_SIGHT_SIGNED)
		return hunt_problem(h, o->path, "what was seen in it came back garbled");
	return hunt_pe_saw(h, o, &s);
}

/* --- facts --- */

static int fact(struct hunt *h, const struct hunt_obs *o, enum indicator_type t, const struct digest *d)
{
	if (!digest_is_set(d) || !hunt_looks_for(h, t))
		return 0;
	return hunt_fact(h, o, t, span_str(DIGEST_HEX(d)));
}

int hunt_pe_saw(struct hunt *h, const struct hunt_obs *o, const struct pe_sight *s)
{
	int rc = fact(h, o, INDICATOR_AUTHENTIHASH, &s->authenticode_sha256);

	if (rc == 0)
		rc = fact(h, o, INDICATOR_AUTHENTIHASH, &s->authenticode_sha1);
	if (rc == 0)
		rc = fact(h, o, INDICATOR_IMPHASH, &s->imphash);
	if (rc == 0)
		rc = fact(h, o, INDICATOR_CERT, &s->cert_sha256);
	if (rc == 0)
		rc = fact(h, o, INDICATOR_CERT, &s->cert_sha1);
	if (rc == 0 && s->serial[0] && hunt_looks_for(h, INDICATOR_CERT_SERIAL))
		rc = hunt_fact(h, o, INDICATOR_CERT_SERIAL, span_str(s->serial));
	if (rc || !h->places || !h->places->sideload)
		return rc;
	struct sideload_file x = { .path = o->path, .library = s->library, .signer = s->signer,
		.slack = s->slack, .state = (enum sideload_signed)s->state };
	if (o->digest)
		x.sha256 = o->digest[DIGEST_SHA256];
	h->places->pe_files++;
	return sideload_see(h->places->sideload, &x);
}

/* --- rules --- */

static int read_rules(struct hunt *h, const char *path, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(RULES_MAX);
	int rc = file_read(path, &text, RULES_MAX, f);

	return rc ? rc : sideload_rules(h->places->sideload, buf_span(&text), QUOTE(span_str(path)), f);
}

static int is_rule_file(const struct dirent *d)
{
	struct span s = span_str(d->d_name);
	return span_ends(s, SPAN_LIT(".yaml")) || span_ends(s, SPAN_LIT(".yml"));
}

/* A file, or all rule files of a folder. */
static int read_rules_at(struct hunt *h, const char *path, struct fault *f)
{
	struct dirent **list;
	int n = scandir(path, &list, is_rule_file, alphasort), rc = 0;

	if (n < 0)
		return read_rules(h, path, f);
	for (int i = 0; i < n; i++) {
		const char *p = arena_printf(&h->c->arena, "%s/%s", path, list[i]->d_name);
		if (rc == 0)
			rc = p ? read_rules(h, p, f) : -ENOMEM;
		free(list[i]);
	}
	free(list);
	return rc ? rc : n ? 0 : fault_set(f, -ENOENT, "%s: no rules (*.yaml, *.yml) in it", QUOTE(span_str(path)));
}

static int load_rules(struct hunt *h, struct fault *f)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(h->c, "sideload-rules", path, CLI_OPT_VALUES_MAX);
	int rc = sideload_new(&h->places->sideload);

	if (rc == 0 && !n) {
		const char *own = cli_share(h->c, "rules/sideload.yaml", f);
		rc = own ? read_rules(h, own, f) : -ENOENT;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = read_rules_at(h, path[i], f);
	return rc;
}

static int start(struct hunt *h)
{
	struct fault f = FAULT_INIT;
	struct hunt_probe p = { .name = "pe", .key = REPORT_VERSION, .look = look_at, .found = found };

	if (!hunt_pe_wanted(h))
		return -1;
	if (!hunt_places_of(h))
		return cli_errno(h->c, -ENOMEM, NULL);
	int rc = sideload_on(h->c) ? load_rules(h, &f) : 0;
	if (rc == 0)
		rc = hunt_add_probe(h, &p);
	return rc < 0 ? cli_errno(h->c, rc, &f) : -1;
}

/* --- candidates --- */

static int on_finding(void *ctx, const struct sideload_finding *x)
{
	static const char *const names[] = { [SIDELOAD_PLACE] = "library-outside-its-place",
		[SIDELOAD_PROGRAM] = "library-beside-its-program", [SIDELOAD_SIGNER] = "library-of-another-signer",
		[SIDELOAD_ODD_ONE] = "library-unlike-its-neighbours", [SIDELOAD_SLACK] = "signed-with-unsigned-data" };
	struct hunt *h = ctx;
	struct digest digest[DIGEST_ALGS] = { { 0 } };
	const char *detail = x->program ? arena_printf(&h->c->arena, "beside %s", x->program) : NULL;
	struct hunt_obs o = { .path = x->file->path, .detail = detail, .mtime = TS_NONE, .digest = digest };

	digest[DIGEST_SHA256] = x->file->sha256;
	return hunt_find(h, &o,
	    &(struct hunt_finding){ .kind = HUNT_SIDELOAD, .name = names[x->why],
		.source = x->rule ? "sideload rules" : "firebreak", .category = "side-loading", .text = x->text,
		.confidence = x->confidence,
		.next = "compare it with the library in the vendor's own installer; look at what the program "
			"beside it did since the library appeared" });
}

static int judge(struct hunt *h)
{
	struct sideload *s = h->places ? h->places->sideload : NULL;

	return s ? sideload_judge(s, on_finding, h) : 0;
}

static void print(const struct hunt *h)
{
	if (h->places && h->places->sideload)
		printf("side-loading: %llu programs and libraries, %zu rules; what is told are candidates\n",
		    (unsigned long long)h->places->pe_files, sideload_nrules(h->places->sideload));
}

static void json(const struct hunt *h, struct jw *w)
{
	if (!h->places || !h->places->sideload)
		return;
	jw_key(w, "sideload");
	jw_obj(w);
	jw_kint(w, "files", (int64_t)h->places->pe_files);
	jw_kint(w, "rules", (int64_t)sideload_nrules(h->places->sideload));
	jw_end(w);
}

const struct hunt_source hunt_pe = {
	.name = "pe",
	.start = start,
	.look = judge,
	.print = print,
	.json = json,
};
