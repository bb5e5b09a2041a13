/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_key: key generate, key show. */

#include "base/cur.h"
#include "base/file.h"
#include "base/hex.h"
#include "cli/commands.h"
#include "trust/detached/secret.h"
#include "trust/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
	const char *name;
	enum key_kind kind;
} kinds[] = {
	{ "ed25519", KEY_ED25519 },
	{ "p256", KEY_P256 },
	{ "p384", KEY_P384 },
	{ "p521", KEY_P521 },
	{ "rsa", KEY_RSA },
};

static const struct cli_opt generate_opts[] = {
	{ "form", "FORM", "pem (default), minisign, signify or ssh", false },
	{ "type", "TYPE", "ed25519 (default), p256, p384, p521 or rsa", false },
	{ "comment", "TEXT", "a comment in the files (signify, ssh)", false },
	{ "public", "FILE", "the public half goes here", false },
	{ NULL, NULL, NULL, false },
};

static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

/* A new file that nobody else can read; never replaces one. */
static int write_new(struct cli *c, const char *path, struct span text, unsigned mode)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0 && errno == EEXIST)
		return cli_failf(c, CLI_REFUSED, "%s is there already", QUOTE(span_str(path)));
	if (fd < 0)
		return cli_failf(c, CLI_INTERNAL, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	int rc = file_write_all(fd, text);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (rc == 0)
		return -1;
	(void)unlink(path);
	return cli_failf(c, CLI_INTERNAL, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
}

/* "release.key" -> "release.pub"; signify insists on names like that. */
static const char *public_path(struct cli *c, const char *path)
{
	static const char *const tails[] = { ".key", ".sec", ".pem" };
	struct span s = span_str(path);

	if (cli_has(c, "public"))
		return cli_opt(c, "public");
	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (span_ends(s, span_str(tails[i])))
			s.n -= strlen(tails[i]);
	return arena_printf(&c->arena, "%.*s.pub", SPAN_ARG(s));
}

static int write_pair(struct cli *c, const struct secret *s, const char *path)
{
	FB_CLEANUP(wipe) struct buf secret = BUF_INIT(KEY_TEXT_MAX);
	AUTO_BUF struct buf public = BUF_INIT(KEY_TEXT_MAX);
	const char *comment = cli_opt(c, "comment");
	const char *pub = public_path(c, path);
	struct fault f = FAULT_INIT;

	int rc = pub ? buf_reserve(&secret, KEY_TEXT_MAX / 2) : -ENOMEM;
	if (rc == 0)
		rc = secret_write(s, s->form, comment, &secret, &f);
	if (rc == 0)
		rc = secret_write_public(s->key, s->number, s->form, comment, &public, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (access(pub, F_OK) == 0)
		return cli_failf(c, CLI_REFUSED, "%s is there already", QUOTE(span_str(pub)));
	int code = write_new(c, path, buf_span(&secret), 0600);
	if (code >= 0)
		return code;
	code = write_new(c, pub, buf_span(&public), 0644);
	if (code >= 0) {
		(void)unlink(path);
		return code;
	}
	struct digest id = key_id(s->key);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kcstr(&w, "form", secret_form_name(s->form));
		jw_kcstr(&w, "id", DIGEST_TEXT(&id));
		jw_kcstr(&w, "private", path);
		jw_kcstr(&w, "public", pub);
		jw_kcstr(&w, "type", key_kind_name(key_kind_of(s->key)));
		jw_end(&w);
	} else if (!c->quiet) {
		printf("%s (private, not encrypted), %s\n%s %s\n", cli_safe(c, path), cli_safe(c, pub),
		    key_kind_name(key_kind_of(s->key)), DIGEST_TEXT(&id));
	}
	return -1;
}

static bool one_line(const char *s)
{
	return !s || (quote_plain(span_str(s)) && strlen(s) <= 80);
}

static int run_generate(struct cli *c)
{
	const char *form_name = cli_opt(c, "form"), *type = cli_opt(c, "type");
	enum secret_form form = SECRET_PEM;
	enum key_kind kind = type ? KEY_NONE : KEY_ED25519;
	struct fault f = FAULT_INIT;
	struct secret s;

	if (form_name && secret_form_of(span_str(form_name), &form) < 0)
		return cli_failf(c, CLI_USAGE, "--form %s is not known: pem, minisign, "
		    "signify or ssh", QUOTE(span_str(form_name)));
	for (size_t i = 0; type && i < ARRAY_LEN(kinds); i++)
		if (strcmp(type, kinds[i].name) == 0)
			kind = kinds[i].kind;
	if (kind == KEY_NONE)
		return cli_failf(c, CLI_USAGE, "--type %s is not known: ed25519, p256, p384, "
		    "p521 or rsa", QUOTE(span_str(type)));
	if (!one_line(cli_opt(c, "comment")))
		return cli_failf(c, CLI_USAGE, "--comment must be one line of at most 80 bytes");
	int rc = secret_generate(&s, form, kind, &f);
	if (rc == -EINVAL)
		return cli_fail(c, CLI_USAGE, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	int code = write_pair(c, &s, c->arg[0]);
	secret_free(&s);
	return code < 0 ? CLI_OK : code;
}

const struct cli_cmd cmd_key_generate = {
	.name = "key generate", .args = "FILE", .summary = "Make a key pair",
	.help =
	"Writes a new private key to FILE (mode 0600, not encrypted) and its public half to FILE.pub (with\n"
	".pub in place of .key, .sec or .pem), in the form of the tool that is to use them. Files that are\n"
	"there are never overwritten.\n\n"
	"  firebreak key generate release.pem\n"
	"  firebreak key generate --form minisign release.key\n\n"
	"Exit codes: 0 made, 3 usage, 4 could not, 6 a file is there already.\n",
	.opts = generate_opts, .min_args = 1, .max_args = 1, .run = run_generate,
};

/* --- show --- */

static const struct cli_opt show_opts[] = {
	{ "form", "FORM", "print the public key so: pem, minisign, signify or ssh", false },
	{ NULL, NULL, NULL, false },
};

static const char *fingerprint(struct cli *c, const struct trust_key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(128);

	b64_encode(&b, span_of(k->ssh.b, k->ssh.len), B64_STD);
	while (b.n && b.p[b.n - 1] == '=')
		b.p[--b.n] = 0;
	return arena_printf(&c->arena, "SHA256:%s", buf_str(&b));
}

static const char *number_text(struct cli *c, const struct trust_key *k)
{
	struct cur cur = cur_of(span_of(k->number, sizeof(k->number)));

	return k->has_number ? arena_printf(&c->arena, "%016" PRIX64, cur_le64(&cur)) : NULL;
}

/* A private key file shows its public half. */
static int read_keys(struct cli *c, const char *path, struct keyring *keys)
{
	FB_CLEANUP(wipe) struct buf text = BUF_INIT(KEY_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;
	struct secret s;

	int rc = buf_reserve(&text, KEY_TEXT_MAX);
	if (rc == 0)
		rc = file_read(path, &text, KEY_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (secret_read(&s, buf_span(&text), NULL) == 0) {
		struct trust_key k = { .key = s.key, .name = path, .general = true };
		k.has_number = s.form == SECRET_MINISIGN || s.form == SECRET_SIGNIFY;
		memcpy(k.number, s.number, sizeof(k.number));
		rc = keyring_put(keys, &k);
	} else {
		rc = keyring_read(keys, buf_span(&text), path, true, &c->arena, &f);
	}
	if (rc < 0)
		fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

static int put_form(struct cli *c, const struct trust_key *k, enum secret_form form, struct buf *out)
{
	struct fault f = FAULT_INIT;
	uint8_t number[8];

	secret_number(k->key, number);
	if (k->sk && form == SECRET_SSH)
		return cli_failf(c, CLI_INPUT, "%s: a FIDO key is printed by ssh-keygen only",
		    QUOTE(span_str(k->name)));
	int rc = secret_write_public(
	    k->key, k->has_number ? k->number : number, form, NULL, out, &f);
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

static void show_json(struct cli *c, struct jw *w, const struct trust_key *k, const char *text)
{
	jw_obj(w);
	jw_kcstr(w, "file", k->name);
	jw_kcstr(w, "id", DIGEST_TEXT(&k->id));
	jw_kcstr(w, "number", number_text(c, k));
	jw_kcstr(w, "public", text);
	jw_kcstr(w, "ssh", fingerprint(c, k));
	jw_kcstr(w, "type", key_kind_name(key_kind_of(k->key)));
	jw_end(w);
}

static void show_text(struct cli *c, const struct trust_key *k)
{
	printf("%s\n  %-11s %s%s%s\n  %-11s %s\n", cli_safe(c, k->name),
	    key_kind_name(key_kind_of(k->key)), DIGEST_TEXT(&k->id), k->sk ? ", FIDO " : "",
	    k->sk ? cli_safe(c, k->sk) : "", "ssh", fingerprint(c, k));
	if (k->has_number)
		printf("  %-11s %s\n", "number", number_text(c, k));
	for (const struct ssh_grant *g = k->grant; g; g = g->next)
		printf("  %-11s %s%s%s\n", "may sign as", cli_safe(c, g->principals),
		    g->namespaces ? ", namespaces " : "",
		    g->namespaces ? cli_safe(c, g->namespaces) : "");
}

static int show(struct cli *c, const struct keyring *keys)
{
	const char *name = cli_opt(c, "form");
	enum secret_form form = SECRET_PEM;
	struct jw w = jw_of(&c->out);

	if (name && secret_form_of(span_str(name), &form) < 0)
		return cli_failf(c, CLI_USAGE, "--form %s is not known: pem, minisign, "
		    "signify or ssh", QUOTE(span_str(name)));
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "keys");
		jw_arr(&w);
	}
	for (size_t i = 0; i < keys->n; i++) {
		AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX);
		int code = name ? put_form(c, &keys->key[i], form, &text) : -1;
		if (code >= 0)
			return code;
		if (c->json)
			show_json(c, &w, &keys->key[i], name ? buf_str(&text) : NULL);
		else if (name)
			fputs(buf_str(&text), stdout);
		else
			show_text(c, &keys->key[i]);
	}
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	}
	return -1;
}

static int run_show(struct cli *c)
{
	struct keyring *keys = ARENA_NEW(&c->arena, struct keyring);
	int code = keys ? -1 : cli_errno(c, -ENOMEM, NULL);

	for (int i = 0; code < 0 && i < c->nargs; i++)
		code = read_keys(c, c->arg[i], keys);
	if (code < 0)
		code = show(c, keys);
	if (keys)
		keyring_free(keys);
	return code < 0 ? CLI_OK : code;
}

const struct cli_cmd cmd_key_show = {
	.name = "key show", .args = "FILE…", .summary = "What a key file holds, by all its names",
	.help =
	"Reads key files in any form (PEM, DER, certificate, minisign, signify, OpenSSH, allowed_signers,\n"
	"private or public) and shows each key's id here (SHA-256 of its SubjectPublicKeyInfo), its\n"
	"OpenSSH fingerprint, and its minisign or signify number. With --form it prints the public key in\n"
	"another form; a key without a number gets the first eight bytes of its id.\n\n"
	"  firebreak key show release.pub\n"
	"  firebreak key show --form ssh release.pem > allowed_key.pub\n\n"
	"Exit codes: 0 shown, 3 usage, 4 could not, 5 a file is malformed or not there, or the form does\n"
	"not have this kind of key.\n",
	.opts = show_opts, .min_args = 1, .max_args = 32, .run = run_show,
};
