/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_sign: signatures that minisign, signify, ssh-keygen, openssl and Sigstore's verifiers
 * accept. */

#include "base/file.h"
#include "cli/commands.h"
#include "crypto/hash.h"
#include "trust/detached/sign.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define STATEMENT "application/vnd.in-toto+json"

enum format {
	F_DSSE,
	F_SIGSTORE,
	F_MINISIGN,
	F_SIGNIFY,
	F_SIGNIFY_LIST,
	F_SSH,
	F_CMS,
	F_RAW,
	FORMATS,
};

static const struct {
	const char *name, *suffix;
} formats[FORMATS] = {
	[F_DSSE] = { "dsse", ".dsse.json" },
	[F_SIGSTORE] = { "sigstore", ".sigstore.json" },
	[F_MINISIGN] = { "minisign", ".minisig" },
	[F_SIGNIFY] = { "signify", ".sig" },
	[F_SIGNIFY_LIST] = { "signify-list", NULL },
	[F_SSH] = { "ssh", ".sig" },
	[F_CMS] = { "cms", ".p7s" },
	[F_RAW] = { "raw", ".sig" },
};

#define BIT(f) (1u << (f))

/* Which option says something to which format. */
static const struct {
	const char *opt;
	unsigned formats;
} belongs[] = {
	{ "comment", BIT(F_MINISIGN) | BIT(F_SIGNIFY) | BIT(F_SIGNIFY_LIST) },
	{ "trusted-comment", BIT(F_MINISIGN) },
	{ "namespace", BIT(F_SSH) },
	{ "certificate", BIT(F_CMS) },
	{ "predicate", BIT(F_DSSE) | BIT(F_SIGSTORE) },
	{ "predicate-type", BIT(F_DSSE) | BIT(F_SIGSTORE) },
	{ "payload-type", BIT(F_DSSE) },
	{ "base64", BIT(F_RAW) },
};

static const struct cli_opt opts[] = {
	{ "format", "FORMAT", "dsse, sigstore, minisign, signify, signify-list, ssh, cms or raw", false },
	{ "key", "FILE", "private key: PEM, minisign, signify or OpenSSH, not encrypted", false },
	{ "out", "FILE", "write the signature here (default: beside the file)", false },
	{ "force", NULL, "overwrite a signature that is there", false },
	{ "comment", "TEXT", "untrusted comment (minisign, signify)", false },
	{ "trusted-comment", "TEXT", "signed comment (minisign)", false },
	{ "namespace", "NAME", "what the signature is for (ssh; default file)", false },
	{ "certificate", "FILE", "the key's certificate first, then its chain (cms)", false },
	{ "predicate", "FILE", "JSON: sign a statement about the files with it (dsse, sigstore)", false },
	{ "predicate-type", "URI", "what the predicate is", false },
	{ "payload-type", "TYPE", "what FILE is (dsse; default " STATEMENT ")", false },
	{ "base64", NULL, "write text (raw), as cosign does", false },
	{ NULL, NULL, NULL, false },
};

struct signing {
	struct cli *c;
	enum format format;
	struct secret secret;
	struct buf certs, predicate;
	struct jw json;
};

/* -1 to go on, else the exit code. */
static int pick_format(struct signing *s)
{
	const char *name = cli_opt(s->c, "format");

	if (!name || !cli_opt(s->c, "key"))
		return cli_failf(s->c, CLI_USAGE, "--format FORMAT and --key FILE are needed");
	for (s->format = 0; s->format < FORMATS; s->format++)
		if (strcmp(formats[s->format].name, name) == 0)
			break;
	if (s->format == FORMATS)
		return cli_failf(s->c, CLI_USAGE, "--format %s is not known: dsse, sigstore, "
		    "minisign, signify, signify-list, ssh, cms or raw", QUOTE(span_str(name)));
	for (size_t i = 0; i < ARRAY_LEN(belongs); i++)
		if (cli_has(s->c, belongs[i].opt) && !(belongs[i].formats & BIT(s->format)))
			return cli_failf(s->c, CLI_USAGE, "--%s says nothing to --format %s",
			    belongs[i].opt, name);
	return -1;
}

static bool is_statement(const struct signing *s)
{
	return cli_has(s->c, "predicate");
}

/* One output for several files? */
static bool is_joint(const struct signing *s)
{
	return s->format == F_SIGNIFY_LIST || is_statement(s);
}

static int check_options(struct signing *s)
{
	struct cli *c = s->c;

	if (is_statement(s) != cli_has(c, "predicate-type"))
		return cli_failf(c, CLI_USAGE, "--predicate and --predicate-type go together");
	if (is_statement(s) && cli_has(c, "payload-type"))
		return cli_failf(c, CLI_USAGE, "--payload-type is for a FILE that is the payload itself");
	if (s->format == F_CMS && !cli_has(c, "certificate"))
		return cli_failf(c, CLI_USAGE, "--format cms needs --certificate");
	if (s->format == F_SIGNIFY_LIST && !cli_has(c, "out"))
		return cli_failf(c, CLI_USAGE, "--format signify-list needs --out, such as SHA256.sig");
	if (c->nargs > 1 && is_joint(s) != cli_has(c, "out"))
		return cli_failf(c, CLI_USAGE, is_joint(s)
			? "one statement about several files needs --out"
			: "--out is for one file, %d are given", c->nargs);
	return -1;
}

static int read_secret(struct signing *s)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX + 1);
	const char *path = cli_opt(s->c, "key");
	struct fault f = FAULT_INIT;

	/* room for all of it, so that no copy stays behind */
	int rc = buf_reserve(&text, KEY_TEXT_MAX);
	if (rc == 0)
		rc = file_read(path, &text, KEY_TEXT_MAX, &f);
	if (rc == 0) {
		rc = secret_read(&s->secret, buf_span(&text), &f);
		if (rc < 0)
			fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	}
	if (text.p)
		explicit_bzero(text.p, text.cap);
	return rc < 0 ? cli_errno(s->c, rc, &f) : -1;
}

static int read_opt(struct signing *s, const char *opt, struct buf *out)
{
	const char *path = cli_opt(s->c, opt);
	struct fault f = FAULT_INIT;
	int rc = path ? file_read(path, out, FILE_SMALL_MAX, &f) : 0;

	return rc < 0 ? cli_errno(s->c, rc, &f) : -1;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int check_name(struct signing *s, const char *path)
{
	const char *name = base_name(path);

	/* a list ends a name at the first ")" */
	if (*name && quote_plain(span_str(name)) &&
	    !(s->format == F_SIGNIFY_LIST && strchr(name, ')')))
		return -1;
	return cli_failf(s->c, CLI_USAGE, "%s: a name that cannot stand in a signed text",
	    QUOTE(span_str(path)));
}

static int make(struct signing *s, const char *path, struct span content, struct buf *out,
    struct fault *f)
{
	struct cli *c = s->c;
	const char *space = cli_opt(c, "namespace"), *type = cli_opt(c, "payload-type");
	struct sign_minisign mini = { cli_opt(c, "comment"), cli_opt(c, "trusted-comment"),
		base_name(path), clock_now(&c->clock) };

	switch (s->format) {
	case F_MINISIGN:
		return sign_minisign(&s->secret, content, &mini, out, f);
	case F_SIGNIFY:
		return sign_signify(&s->secret, content, cli_opt(c, "comment"), false, out, f);
	case F_SSH:
		return sign_ssh(&s->secret, content, space ? space : "file", out, f);
	case F_CMS:
		return sign_cms(
		    &s->secret, content, buf_span(&s->certs), clock_now(&c->clock), out, f);
	case F_RAW:
		return sign_raw(&s->secret, content, cli_has(c, "base64"), out, f);
	case F_SIGSTORE:
		return sign_bundle(&s->secret, content, out, f);
	case F_DSSE:
		return sign_dsse(&s->secret, type ? type : STATEMENT, content, false, out, f);
	default:
		return -EINVAL;
	}
}

static void tell(struct signing *s, const char *what, const char *out)
{
	struct digest id = key_id(s->secret.key);

	if (s->c->json) {
		jw_obj(&s->json);
		jw_kcstr(&s->json, "artifact", what);
		jw_kcstr(&s->json, "format", formats[s->format].name);
		jw_kcstr(&s->json, "key", DIGEST_TEXT(&id));
		jw_kcstr(&s->json, "out", out);
		jw_end(&s->json);
	} else if (!s->c->quiet) {
		printf("%s\n", cli_safe(s->c, out));
	}
}

static int save(struct signing *s, const char *what, const char *path, const struct buf *b)
{
	struct fault f = FAULT_INIT;

	if (!cli_has(s->c, "force") && access(path, F_OK) == 0)
		return cli_failf(s->c, CLI_REFUSED, "%s is there already; --force overwrites it",
		    QUOTE(span_str(path)));
	int rc = file_replace_path(path, buf_span(b), 0644, &f);
	if (rc < 0)
		return cli_errno(s->c, rc, &f);
	tell(s, what, path);
	return -1;
}

static int make_failed(struct signing *s, const char *path, int rc, struct fault *f)
{
	if (path)
		fault_wrap(f, rc, "%s", QUOTE(span_str(path)));
	return cli_errno(s->c, rc, f);
}

static int sign_one(struct signing *s, const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(BUF_MAX_DEFAULT);
	struct file_map m = FILE_MAP_NONE;
	struct fault f = FAULT_INIT;
	const char *out = cli_opt(s->c, "out");

	int code = check_name(s, path);
	if (code >= 0)
		return code;
	int rc = file_map_open(&m, path, &f);
	if (rc < 0)
		return cli_errno(s->c, rc, &f);
	rc = make(s, path, m.s, &b, &f);
	file_map_close(&m);
	if (rc < 0)
		return make_failed(s, path, rc, &f);
	if (!out)
		out = arena_printf(&s->c->arena, "%s%s", path, formats[s->format].suffix);
	return out ? save(s, path, out, &b) : cli_errno(s->c, -ENOMEM, NULL);
}

/* The SHA-256 of each file, for a list or a statement. */
static int hash_files(struct signing *s, struct sign_subject *subject)
{
	for (int i = 0; i < s->c->nargs; i++) {
		const char *path = s->c->arg[i];
		AUTO_HASHER struct hasher *h = NULL;
		struct digest d[DIGEST_ALGS];
		struct fault f = FAULT_INIT;
		int code = check_name(s, path);
		if (code >= 0)
			return code;
		AUTO_FD int fd = file_open_user(path, &f);
		int rc = fd < 0 ? fd : hasher_new(&h, HASH_SET(DIGEST_SHA256));
		if (rc == 0)
			rc = hash_fd(h, fd, d, NULL);
		if (rc < 0)
			return cli_errno(s->c, rc, &f);
		subject[i] = (struct sign_subject){ base_name(path), d[DIGEST_SHA256] };
	}
	return -1;
}

static int make_joint(struct signing *s, const struct sign_subject *subject, struct buf *out,
    struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(BUF_MAX_DEFAULT);
	size_t n = (size_t)s->c->nargs;

	if (s->format == F_SIGNIFY_LIST) {
		for (size_t i = 0; i < n; i++)
			buf_printf(&text, "SHA256 (%s) = %s\n", subject[i].name,
			    DIGEST_HEX(&subject[i].sha256));
		return buf_err(&text) < 0 ? buf_err(&text)
					  : sign_signify(&s->secret, buf_span(&text),
						cli_opt(s->c, "comment"), true, out, f);
	}
	int rc = sign_statement(subject, n, cli_opt(s->c, "predicate-type"),
	    buf_span(&s->predicate), &text, f);
	return rc < 0 ? rc
		      : sign_dsse(&s->secret, STATEMENT, buf_span(&text), s->format == F_SIGSTORE,
			    out, f);
}

static int sign_joint(struct signing *s)
{
	AUTO_BUF struct buf b = BUF_INIT(BUF_MAX_DEFAULT);
	struct fault f = FAULT_INIT;
	const char *out = cli_opt(s->c, "out");
	struct sign_subject *subject =
	    arena_array(&s->c->arena, (size_t)s->c->nargs, sizeof(*subject));

	if (!out)
		out = arena_printf(&s->c->arena, "%s%s", s->c->arg[0], formats[s->format].suffix);
	if (!subject || !out)
		return cli_errno(s->c, -ENOMEM, NULL);
	int code = hash_files(s, subject);
	if (code >= 0)
		return code;
	int rc = make_joint(s, subject, &b, &f);
	return rc < 0 ? make_failed(s, NULL, rc, &f) : save(s, s->c->arg[0], out, &b);
}

static int sign_all(struct signing *s)
{
	if (is_joint(s))
		return sign_joint(s);
	for (int i = 0; i < s->c->nargs; i++) {
		int code = sign_one(s, s->c->arg[i]);
		if (code >= 0)
			return code;
	}
	return -1;
}

static int run(struct cli *c)
{
	struct signing s = { .c = c, .certs = BUF_INIT(FILE_SMALL_MAX),
		.predicate = BUF_INIT(FILE_SMALL_MAX) };
	int code = pick_format(&s);

	if (code < 0)
		code = check_options(&s);
	if (code < 0)
		code = read_secret(&s);
	if (code < 0)
		code = read_opt(&s, "certificate", &s.certs);
	if (code < 0)
		code = read_opt(&s, "predicate", &s.predicate);
	s.json = jw_of(&c->out);
	if (code < 0 && c->json) {
		jw_obj(&s.json);
		jw_key(&s.json, "signatures");
		jw_arr(&s.json);
	}
	if (code < 0)
		code = sign_all(&s);
	if (code < 0 && c->json) {
		jw_end(&s.json);
		jw_end(&s.json);
	}
	secret_free(&s.secret);
	buf_free(&s.certs);
	buf_free(&s.predicate);
	return code < 0 ? CLI_OK : code;
}

const struct cli_cmd cmd_sign = {
	.name = "sign", .args = "FILE…", .summary = "Sign files so that others' tools accept it",
	.help =
	"Makes a signature over each FILE, in the form that another tool verifies. The signature is\n"
	"written beside the file, or to --out.\n\n"
	"  minisign      FILE.minisig: minisign -V; Ed25519; prehashed\n"
	"  signify       FILE.sig: signify -V; Ed25519\n"
	"  signify-list  a signed list of SHA-256 of all FILEs: signify -C; Ed25519\n"
	"  ssh           FILE.sig: ssh-keygen -Y verify; any key\n"
	"  cms           FILE.p7s (DER): openssl cms -verify -binary; RSA, ECDSA; needs --certificate\n"
	"  raw           FILE.sig: openssl dgst -verify, cosign verify-blob (--base64); any key\n"
	"  sigstore      FILE.sigstore.json: a bundle v0.3 by a key, without log entry (verify takes it with\n"
	"                --insecure-ignore-tlog); P-256, RSA\n"
	"  dsse          FILE.dsse.json: an envelope; FILE is the payload, by default a statement\n\n"
	"With --predicate, dsse and sigstore sign an in-toto statement whose subjects are the FILEs.\n"
	"Keys: firebreak key generate, or minisign -G -W, signify -G -n, ssh-keygen, openssl genpkey.\n"
	"Encrypted keys are not read: decrypt a copy on a file system in memory.\n\n"
	"  firebreak sign --format minisign --key release.key setup.exe\n"
	"  firebreak sign --format signify-list --key release.sec --out SHA256.sig dist/*\n"
	"  firebreak sign --format dsse --key builder.pem --predicate build.json \\\n"
	"      --predicate-type https://slsa.dev/provenance/v1 setup.exe\n\n"
	"Exit codes: 0 signed, 3 usage, 4 could not, 5 a key or file is malformed or not there, or the\n"
	"key is of a kind that the format does not have, 6 a signature is there already.\n",
	.opts = opts, .min_args = 1, .max_args = -1, .run = run,
};
