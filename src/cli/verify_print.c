/* SPDX-License-Identifier: Apache-2.0 */

/* verify_print: one artifact's outcome for people. */

#include "cli/verify.h"

#include <inttypes.h>

static const char *color_of(const struct cli *c, enum verdict_status s)
{
	return s == VERDICT_PASS ? cli_green(c) : s == VERDICT_FAIL ? cli_red(c) : cli_yellow(c);
}

static void print_reason(
    struct cli *c, struct buf *out, const struct reason *r, const char *color)
{
	buf_printf(out, "  %s%-7s%s  %s: %s\n", color, reason_name(r->kind), cli_reset(c), r->code,
	    r->text);
	/* A reason about a component begins with its path. */
	if (digest_is_set(&r->evidence))
		buf_printf(out, "           evidence %s %s\n", cli_safe(c, r->file),
		    DIGEST_TEXT(&r->evidence));
}

/* The line "anatomy" has said so already. */
static bool is_said(const struct reason *r)
{
	return strcmp(r->code, "anatomy.format") == 0 || strcmp(r->code, "anatomy.no-file") == 0;
}

static void print_reasons(struct cli *c, struct buf *out, const struct verdict *v)
{
	static const enum reason_kind order[] = { REASON_FAIL, REASON_WARN, REASON_PROVEN,
		REASON_NOTE };
	const char *color[] = { cli_red(c), cli_yellow(c), cli_green(c), "" };

	for (size_t k = 0; k < ARRAY_LEN(order); k++)
		for (size_t i = 0; i < v->n; i++)
			if (v->reason[i].kind == order[k] && !is_said(&v->reason[i]))
				print_reason(c, out, &v->reason[i], color[k]);
	if (!verdict_has(v, REASON_MISSING))
		return;
	buf_printf(out, "  %sMissing evidence:%s\n", cli_yellow(c), cli_reset(c));
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == REASON_MISSING)
			buf_printf(out, "    %s: %s\n", v->reason[i].code, v->reason[i].text);
}

static void print_fact(struct cli *c, struct buf *out, const char *name, const char *value)
{
	if (value && *value)
		buf_printf(out, "  %-12s  %s\n", name, cli_safe(c, value));
}

static void print_package(struct cli *c, struct buf *out, const struct verify_package *p)
{
	char at[TS_TEXT_MAX];

	if (p->name && p->name[0])
		buf_printf(out, "  %-12s  %s %s (%s)\n", "package", cli_safe(c, p->name),
		    cli_safe(c, p->version), cli_safe(c, p->arch));
	if (p->name && p->codename && p->date != TS_NONE)
		buf_printf(out, "  %-12s  %s %s (%s), %s\n", "archive", cli_safe(c, p->origin),
		    cli_safe(c, p->codename), cli_safe(c, p->suite), ts_format(p->date, at));
}

static const char *anatomy_words(const struct verify_artifact *a)
{
	if (a->anatomy.status == VERDICT_PASS)
		return "every byte is accounted for by the signature inside the file";
	if (a->anatomy.status == VERDICT_FAIL)
		return a->inside.containers ?
		    "what is in it does not hold together" :
		    "structure and signature do not account for the whole file";
	if (!a->is_file)
		return "only a digest was given, not what is inside";
	if (a->inside.containers)
		return a->inside.closed ? "nothing is wrong with what could be taken apart" :
					  "taken apart, and nothing is wrong with what is in it";
	return strcmp(a->format, "unknown") != 0 ? "not signed" :
						   "not looked inside: no PE file";
}

static const char *or_log(const char *url)
{
	return url && *url ? url : "an authority of the trusted root";
}

/* When a signature that counts was made, on whose word, and where that is on record. */
static void print_time(
    struct cli *c, struct buf *out, const struct signer *s, const char *what)
{
	char at[TS_TEXT_MAX];

	if (s->time == TS_NONE && !s->log)
		return;
	bool same = s->log && s->time_by && strcmp(s->log, s->time_by) == 0;
	buf_printf(out, "  %-12s  ", s->time == TS_NONE ? "logged" : "signed at");
	if (s->time != TS_NONE)
		buf_printf(out, "%s%s%s", ts_format(s->time, at), same ? "" : " by ",
		    same ? "" : cli_safe(c, or_log(s->time_by)));
	if (s->log)
		buf_printf(out, "%s%s index %" PRId64,
		    s->time == TS_NONE ? "" : same ? " by " : ", logged by ",
		    cli_safe(c, or_log(s->log)), s->log_index);
	if (what)
		buf_printf(out, " (%s)", what);
	buf_puts(out, "\n");
}

/* Did the trusted root have a say, for good or ill? */
static bool used_root(const struct verify_artifact *a)
{
	const struct verdict *v = &a->verdict;

	for (size_t i = 0; i < a->ncounted; i++)
		if (a->counted[i].signer->kind == SIGNER_IDENTITY || a->counted[i].signer->log)
			return true;
	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->reason[i].code, "evidence.sigstore-", 18) == 0)
			return true;
	return false;
}

static bool is_unknown(const struct verify_artifact *a)
{
	return strcmp(a->format, "unknown") == 0;
}

static void print_head(struct cli *c, struct buf *out, const struct verify_artifact *a)
{
	buf_printf(out, "%s%s%-7s%s  %s", cli_bold(c), color_of(c, a->verdict.status),
	    verdict_name(a->verdict.status), cli_reset(c), cli_safe(c, a->name));
	if (a->is_file)
		buf_printf(out, "  (%" PRIu64 " bytes%s%s)", a->size, is_unknown(a) ? "" : ", ",
		    is_unknown(a) ? "" : a->format);
	buf_puts(out, "\n");
}

void verify_print(
    struct cli *c, struct buf *out, const struct verify_artifact *a, const char *root)
{
	static const enum digest_alg order[] = { DIGEST_SHA256, DIGEST_SHA1, DIGEST_SHA384,
		DIGEST_SHA512, DIGEST_BLAKE2B };

	print_head(c, out, a);
	for (size_t i = 0; a->is_file && i < ARRAY_LEN(order); i++)
		if (digest_is_set(&a->digest[order[i]]))
			print_fact(
			    c, out, digest_name(order[i]), DIGEST_HEX(&a->digest[order[i]]));
	if (a->has_authenticode)
		print_fact(c, out, "authenticode", DIGEST_TEXT(&a->authenticode));
	buf_printf(out, "  %-12s  %s%s%s: %s\n", "anatomy", color_of(c, a->anatomy.status),
	    verdict_name(a->anatomy.status), cli_reset(c), anatomy_words(a));
	print_package(c, out, &a->package);
	print_fact(c, out, "builder", a->builder_id);
	print_fact(c, out, "source", a->source_uri);
	print_fact(c, out, "source ref", a->source_ref);
	print_fact(c, out, "commit", a->source_digest);
	for (size_t i = 0; i < a->ncounted; i++)
		print_time(c, out, a->counted[i].signer,
		    a->ncounted > 1 ? a->counted[i].what : NULL);
	if (used_root(a))
		buf_printf(out, "  %-12s  %s\n", "trusted root", root);
	print_reasons(c, out, &a->verdict);
}
