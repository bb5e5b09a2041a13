/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/advise_input.h"

#include "base/file.h"
#include "cli/share.h"
#include "conf/yaml.h"
#include "crypto/hash.h"
#include "incident/record.h"
#include "intel/intel.h"

#include <errno.h>

#define INDICATORS_FILE_MAX (64u << 20)

static int take(
    struct cli *c, struct buf *b, const char *name, struct advise_file *out, struct fault *f)
{
	int rc = 0;
	struct span text = arena_dup(&c->arena, buf_span(b), &rc);

	if (rc == 0 && !text.p)
		text = SPAN_LIT(""); /* an empty file is a file */
	if (rc < 0)
		return fault_set(
		    f, rc, "%s: needs more memory than there is", QUOTE(span_str(name)));
	*out = (struct advise_file){ name, text, true };
	return 0;
}

static int from_path(
    struct cli *c, const char *path, size_t max, struct advise_file *out, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(max + 1);
	int rc = file_read(path, &b, max, f);

	return rc < 0 ? rc : take(c, &b, path, out, f);
}

static int from_blob(struct cli *c, struct store *s, const struct digest *d, const char *name,
    struct advise_file *out, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(INDICATORS_FILE_MAX + 1);
	AUTO_FD int fd = -1;

	if (!digest_is_set(d))
		return 0;
	fd = store_blob_open(s, d, f);
	int rc = fd < 0 ? fd : file_read_fd(fd, &b, INDICATORS_FILE_MAX);
	if (rc < 0)
		return fault_set(
		    f, rc, "%s of the last advisory (%s): %s", name, DIGEST_TEXT(d), strerror(-rc));
	struct digest is = sha256_of(buf_span(&b));
	if (!digest_eq(&is, d))
		return fault_set(f, -EBADMSG,
		    "%s of the last advisory (%s) was changed in the store", name, DIGEST_TEXT(d));
	return take(c, &b, name, out, f);
}

/* "3cx-2023" means share/cases/3cx-2023, with the indicators that lie beside. */
static bool is_name(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0;
}

static int shared(
    struct cli *c, const char *name, const char *what, struct advise_file *out, struct fault *f)
{
	const char *rel = arena_printf(&c->arena, "cases/%s/%s", name, what);
	const char *path = rel ? cli_share(c, rel, f) : NULL;

	return path ? from_path(c, path, INDICATORS_FILE_MAX, out, f) : -ENOENT;
}

static int read_case_data(struct advise_input *in, struct cli *c, struct store *s,
    const struct incident_advisory *last, struct fault *f)
{
	const char *data = cli_opt(c, "case-data"), *more = cli_opt(c, "indicators");
	int rc = 0;

	if (data && is_name(data)) {
		rc = shared(c, data, "case.yaml", &in->case_data, f);
		if (rc == 0 && !more)
			rc = shared(c, data, "indicators.csv", &in->indicators, f);
	} else if (data) {
		rc = from_path(c, data, YAML_TEXT_MAX, &in->case_data, f);
	} else if (last) {
		rc = from_blob(c, s, &last->case_data, "case data", &in->case_data, f);
	}
	if (rc < 0)
		return rc;
	if (more)
		return from_path(c, more, INDICATORS_FILE_MAX, &in->indicators, f);
	if (last && !in->indicators.text.p)
		return from_blob(c, s, &last->indicators, "indicators", &in->indicators, f);
	return 0;
}

static int read_example(struct cli *c, struct advise_file *out, struct fault *f)
{
	const char *path = cli_share(c, "publisher.example.yaml", f);
	return path ? from_path(c, path, YAML_TEXT_MAX, out, f) : -ENOENT;
}

/* The example that comes with firebreak speaks for nobody, given by hand or not. */
static int refuse_example(const struct advise_input *in, struct cli *c, struct fault *f)
{
	struct fault none = FAULT_INIT;
	struct advise_file example;

	if (read_example(c, &example, &none) < 0 || !span_eq(example.text, in->publisher.text))
		return 0;
	return fault_set(f, INCIDENT_INCOMPLETE,
	    "the publisher is the example that comes with "
	    "firebreak, which makes drafts only: copy it, fill it in, and give it with "
	    "--publisher");
}

/* An advisory that leaves the house says whose it is. */
static int read_publisher(struct advise_input *in, struct cli *c, struct store *s,
    const struct incident_advisory *last, struct fault *f)
{
	const char *path = cli_opt(c, "publisher");
	bool draft = strcmp(in->status, "draft") == 0;
	int rc = 0;

	if (path)
		rc = from_path(c, path, YAML_TEXT_MAX, &in->publisher, f);
	else if (last)
		rc = from_blob(c, s, &last->publisher, "publisher", &in->publisher, f);
	if (rc < 0)
		return rc;
	if (in->publisher.text.p)
		return draft ? 0 : refuse_example(in, c, f);
	if (!draft)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "--publisher FILE is missing: who speaks in this "
		    "advisory (share/publisher.example.yaml is a start)");
	rc = read_example(c, &in->publisher, f);
	in->publisher.keep = false;
	return rc;
}

static int read_words(
    struct advise_input *in, struct cli *c, const struct incident_advisory *last, struct fault *f)
{
	const char *tlp = cli_opt(c, "tlp"), *title = cli_opt(c, "title");
	const char *overview = cli_opt(c, "overview");
	int rc = 0;

	in->status = cli_opt(c, "status") ? cli_opt(c, "status") : last ? last->status : "draft";
	if (strcmp(in->status, "draft") != 0 && strcmp(in->status, "interim") != 0 &&
	    strcmp(in->status, "final") != 0)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "--status %s: not one of draft, interim, final", QUOTE(span_str(in->status)));
	in->tlp = tlp ? publisher_tlp(span_str(tlp)) : last ? last->tlp : NULL;
	if (tlp && !in->tlp)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "--tlp %s: not one of CLEAR, GREEN, AMBER, RED", QUOTE(span_str(tlp)));
	in->title = title ? title : last ? last->title : NULL;
	in->overview = overview ? overview : last ? last->overview : NULL;
	in->summary = cli_opt(c, "summary");
	if (title)
		rc = incident_check_text("--title", title, 256, f);
	if (rc == 0 && overview)
		rc = incident_check_text("--overview", overview, INCIDENT_TEXT_MAX, f);
	if (rc == 0 && in->summary)
		rc = incident_check_text("--summary", in->summary, INCIDENT_TEXT_MAX, f);
	return rc;
}

int advise_input_read(
    struct advise_input *in, struct cli *c, struct store *s, const struct incident_advisory *last)
{
	struct fault f = FAULT_INIT;
	int rc;

	*in = (struct advise_input){ 0 };
	rc = read_words(in, c, last, &f);
	if (rc == 0)
		rc = read_publisher(in, c, s, last, &f);
	if (rc == 0)
		rc = read_case_data(in, c, s, last, &f);
	if (rc == INCIDENT_INCOMPLETE)
		return cli_fail(c, CLI_USAGE, &f);
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

static int keep(
    struct store *s, const struct advise_file *file, struct digest *ret_d, struct fault *f)
{
	return file->text.p && file->keep ? store_blob_put(s, file->text, ret_d, f) : 0;
}

int advise_input_keep(
    const struct advise_input *in, struct store *s, struct incident_advisory *v, struct fault *f)
{
	int rc = keep(s, &in->publisher, &v->publisher, f);

	if (rc == 0)
		rc = keep(s, &in->case_data, &v->case_data, f);
	return rc == 0 ? keep(s, &in->indicators, &v->indicators, f) : rc;
}

/* --- indicators --- */

struct reading {
	struct facts *x;
	const char *name;
	struct fault *f;
};

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	struct reading *r = ctx;

	(void)line;
	return facts_add_indicator(
	    r->x, indicator_type_name(i->type), i->value, i->source, i->note);
}

/* What cannot be read must not silently be missing from an advisory. */
static int on_reject(void *ctx, const struct intel_reject *j)
{
	struct reading *r = ctx;

	return fault_set(r->f, -EBADMSG, "%s:%llu: %s: %s%s%s", QUOTE(span_str(r->name)),
	    (unsigned long long)j->line, QUOTE(j->value), j->reason, j->detail ? ": " : "",
	    j->detail ? QUOTE(span_str(j->detail)) : "");
}

int advise_add_indicators(struct facts *x, const struct advise_file *file, struct fault *f)
{
	const struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct reading reading = { x, file->name, f };
	const struct intel_sink sink = { &reading, on_indicator, on_reject };
	struct intel_result r;

	return intel_read(file->text, file->name, &o, &sink, &r, f);
}
