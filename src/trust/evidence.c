/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/evidence_read.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "trust/sigstore/sigstore.h"

#include <errno.h>

/* Room for one more, with state BROKEN. NULL when memory or the cap is reached. */
static struct attestation *add(struct evidence_reader *r, size_t line)
{
	struct evidence *e = r->e;

	if (e->n == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 8;
		struct attestation *item = arena_array(e->keep, cap, sizeof(*item));
		if (!item)
			return NULL;
		if (e->n)
			memcpy(item, e->item, e->n * sizeof(*item));
		e->item = item;
		e->cap = cap;
	}
	const char *file = line ? arena_printf(e->keep, "%s:%zu", r->name, line)
				: arena_str(e->keep, span_str(r->name));
	if (!file)
		return NULL;
	struct attestation *a = &e->item[e->n++];
	*a = (struct attestation){ .file = file, .digest = r->digest };
	return a;
}

/* One JSON value: an envelope, or a bundle. */
static int read_one(struct evidence_reader *r, struct json_val v, size_t line)
{
	struct attestation *a = add(r, line);

	if (!a)
		return -ENOMEM;
	if (r->e->n > EVIDENCE_ENVELOPES_MAX)
		return evidence_say(
		    r, a, ATTESTATION_BROKEN, "more envelopes than are accepted at once");
	if (envelope_is(v))
		return evidence_envelope(r, a, v);
	if (json_ok(json_get(v, "dsseEnvelope")) || json_ok(json_get(v, "messageSignature")))
		return evidence_bundle(r, a, v);
	return evidence_say(
	    r, a, ATTESTATION_BROKEN, "neither a DSSE envelope nor a Sigstore bundle");
}

static int read_value(struct evidence_reader *r, struct json_val v, size_t line)
{
	struct json_val list = json_get(v, "attestations");

	if (json_type_of(list) != JSON_ARR || envelope_is(v))
		return read_one(r, v, line);
	int rc = json_count(list) ? 0 : read_one(r, list, line);
	JSON_EACH(x, list) {
		if (rc < 0 || r->e->n > EVIDENCE_ENVELOPES_MAX)
			break;
		struct json_val bundle = json_get(x, "bundle");
		rc = read_one(r, json_ok(bundle) ? bundle : x, line);
	}
	return rc;
}

/* A signature over a file, kept beside it. Whether it holds depends on the file: judge_file.c. */
static int read_detached(struct evidence_reader *r, struct span text)
{
	struct attestation *a = add(r, 0);
	struct detached *d;
	struct fault f = FAULT_INIT;
	int err = 0;

	if (!a)
		return -ENOMEM;
	struct span keep = arena_dup(r->e->keep, text, &err);
	int rc = err < 0 ? err : detached_read(&d, keep, r->e->keep, &f);
	if (rc < 0)
		return evidence_broken(r, a, rc, &f);
	a->kind = ATTESTATION_DETACHED;
	a->detached = d;
	a->state = ATTESTATION_GOOD;
	return 0;
}

/* What begins like JSON is meant to be JSON, however damaged it is; but any byte may begin a bare
 * binary signature. */
static bool is_detached(struct span text)
{
	struct span s = span_trim(text);
	enum detached_kind kind = detached_kind_of(text);

	return kind == DETACHED_RAW ||
	       (s.n && s.p[0] != '{' && s.p[0] != '[' && kind != DETACHED_NONE);
}

static int read_lines(struct evidence_reader *r, struct span text);

/* line is 0 for a whole file: then it may also hold one value a line. */
static int read_text(struct evidence_reader *r, struct span text, size_t line)
{
	struct fault f = FAULT_INIT;
	struct json_doc doc;

	int rc = json_doc_parse(&doc, text, &r->scratch);
	if (rc == 0)
		return read_value(r, json_root(&doc), line);
	if (rc == JSON_E_TRAILING && !line)
		return read_lines(r, text);
	struct attestation *a = add(r, line);
	if (!a)
		return -ENOMEM;
	if (doc.err_off == 0 && !line)
		fault_set(&f, 0, "offset 0: no evidence of a known kind: neither JSON nor a signature");
	else
		fault_set(&f, 0, "offset %zu: %s", doc.err_off, json_strerror(rc));
	return evidence_broken(r, a, rc, &f);
}

static int read_lines(struct evidence_reader *r, struct span text)
{
	struct span line;

	for (size_t n = 1; span_next_line(&text, &line); n++) {
		if (!span_trim(line).n)
			continue;
		arena_free(&r->scratch);
		int rc = read_text(r, line, n);
		if (rc < 0)
			return rc;
		if (r->e->n > EVIDENCE_ENVELOPES_MAX)
			break;
	}
	return 0;
}

int evidence_add(struct evidence *e, struct span text, const char *name,
    const struct evidence_trust *t)
{
	struct evidence_reader r = { .e = e,
		.t = t,
		.name = name,
		.digest = sha256_of(text),
		.scratch = ARENA_INIT(EVIDENCE_SCRATCH_MAX) };

	int rc = is_detached(text) ? read_detached(&r, text) : read_text(&r, text, 0);
	arena_free(&r.scratch);
	return rc;
}

int evidence_load(struct evidence *e, const char *path, const char *name,
    const struct evidence_trust *t, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(BUF_MAX_DEFAULT);

	AUTO_FD int fd = file_open_user(path, f);
	int rc = fd < 0 ? fd : evidence_archive(e, fd, name, t, f);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = file_read(path, &text, EVIDENCE_FILE_MAX, f);
	if (rc == -EMSGSIZE) {
		struct evidence_reader r = { .e = e, .name = name };
		struct attestation *a = add(&r, 0);
		return a ? evidence_say(&r, a, ATTESTATION_BROKEN, f->text) : -ENOMEM;
	}
	if (rc < 0)
		return rc;
	rc = evidence_add(e, buf_span(&text), name, t);
	return rc < 0 ? fault_set(f, rc, "%s: not enough memory", QUOTE(span_str(path))) : rc;
}

unsigned evidence_needs(const struct evidence *e)
{
	unsigned set = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct attestation *a = &e->item[i];
		if (a->kind == ATTESTATION_STATEMENT)
			set |= statement_needs(&a->st) | (a->sbom ? a->sbom->set : 0);
		else if (a->kind == ATTESTATION_DETACHED)
			set |= detached_needs(a->detached);
		else
			set |= sigstore_needs(a->bundle);
	}
	return set;
}

void evidence_done(struct evidence *e)
{
	if (e->archive)
		debian_end(e->archive);
	e->archive = NULL;
	while (e->n) {
		struct attestation *a = &e->item[--e->n];
		if (a->bundle)
			sigstore_result_free(a->bundle);
	}
}
