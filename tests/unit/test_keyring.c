/* SPDX-License-Identifier: Apache-2.0 */

/* Key files in every form: what is read, what the form says, what is refused. */

#include "crypto/key_secret.h"
#include "crypto/key_ssh.h"
#include "detached.h"
#include "tap.h"
#include "trust/detached/priv.h"
#include "wire/ssh.h"

#include <errno.h>

/* Made by minisign, signify and ssh-keygen, with what ssh-keygen -l says. */
static const char minisign_pub[] = "untrusted comment: minisign public key D695ACD76888A791\n"
    "RWSRp4ho16yV1nAWXhwW1xjyFmgO6N84xfKmVMVWmnaXsJcy2w5MTOdw\n";
static const char minisign_fpr[] = "SHA256:N5X7qa/2sI59rM4qlwC5z83bRMZ4Xb2HQoLcssKIph0";
static const char ssh_pub[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIneBkK580u2u/wvLp2/7iWCL2HD0XC5EtmuwRqXIF3B a@b";

static int read_into(struct keyring *r, const char *text, struct fault *f)
{
	*f = FAULT_INIT;
	return keyring_read(r, span_str(text), "k", true, &dt_arena, f);
}

static struct keyring *empty(void)
{
	return ARENA_NEW(&dt_arena, struct keyring);
}

static void test_forms(void)
{
	static const enum secret_form forms[] = { SECRET_PEM, SECRET_MINISIGN, SECRET_SIGNIFY,
		SECRET_SSH };
	struct secret s = dt_secret(SECRET_MINISIGN, KEY_ED25519);
	struct digest id = key_id(s.key);
	struct keyring *all = empty();

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct keyring *r = dt_ring(dt_public(&s, forms[i]));
		bool numbered = forms[i] == SECRET_MINISIGN || forms[i] == SECRET_SIGNIFY;
		ok(r->n == 1 && digest_eq(&r->key[0].id, &id), "%s: the key",
		    secret_form_name(forms[i]));
		ok(r->key[0].general && !r->key[0].limited && r->key[0].may_sign, "may sign anything");
		ok(r->key[0].has_number == numbered &&
		    (!numbered || memcmp(r->key[0].number, s.number, 8) == 0), "its number");
		is_int(r->key[0].minisign, forms[i] == SECRET_MINISIGN, "whose form it surely is");
		is_int(keyring_read(all, dt_public(&s, forms[i]), "k", false, &dt_arena, NULL), 0, "again");
	}
	ok(all->n == 1 && all->key[0].has_number && all->key[0].minisign && !all->key[0].may_sign,
	    "one key in all forms is one key");
	is_int(keyring_read(all, dt_public(&s, SECRET_PEM), "k", true, &dt_arena, NULL), 0, "and");
	ok(all->key[0].may_sign, "may sign if once it may");
	secret_free(&s);
	s = dt_secret(SECRET_PEM, KEY_P256);
	struct span cert = dt_cert(&s);
	ok(span_eq(dt_ring(cert)->key[0].cert, cert), "a DER certificate is kept");
	ok(span_eq(dt_ring(dt_pem(cert, "CERTIFICATE"))->key[0].cert, cert), "a PEM one, too");
	ok(!dt_ring(dt_public(&s, SECRET_PEM))->key[0].cert.n, "a key is none");
	secret_free(&s);
}

static void test_known(void)
{
	struct keyring *r = empty();
	struct fault f;

	is_int(read_into(r, minisign_pub, &f), 0, "minisign.pub");
	is_int(memcmp(r->key[0].number, "\x91\xa7\x88\x68\xd7\xac\x95\xd6", 8), 0, "number");
	ok(keyring_names(minisign_fpr, &r->key[0]), "named by its OpenSSH fingerprint");
	ok(keyring_names(minisign_fpr + 7, &r->key[0]), "and without the prefix");
	ok(!keyring_names(minisign_fpr + 8, &r->key[0]), "not by a part of it");
	is_int(read_into(r, "RWSRp4ho16yV1nAWXhwW1xjyFmgO6N84xfKmVMVWmnaXsJcy2w5MTOdw\n", &f), 0,
	    "the bare base64");
	is_int(r->n, 1, "is the same key");
	is_int(read_into(r, ssh_pub, &f), 0, "an OpenSSH line without line end");
	is_int(r->n, 2, "is another");
}

/* What each kind of key is in OpenSSH's form, and back. */
static void test_ssh_blobs(void)
{
	static const enum key_kind kinds[] = { KEY_ED25519, KEY_P256, KEY_P384, KEY_P521, KEY_RSA };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct secret s = dt_secret(SECRET_PEM, kinds[i]);
		AUTO_BUF struct buf b = BUF_INIT(KEY_TEXT_MAX);
		struct digest id = key_id(s.key), other;
		struct key *k = NULL;
		struct span sk;
		ok(key_write_ssh(s.key, &b) == 0 && key_from_ssh(&k, buf_span(&b), &sk, NULL) == 0,
		    "%s as a blob and back", key_ssh_type(kinds[i]));
		other = key_id(k);
		ok(digest_eq(&id, &other) && !sk.p, "is the same key");
		k = key_free(k);
		size_t good = 0;
		for (size_t n = 0; n < b.n; n++)
			good += key_from_ssh(&k, span_of(b.p, n), &sk, NULL) == 0;
		is_int(good, 0, "no prefix is one");
		buf_putc(&b, 0);
		is_int(key_from_ssh(&k, buf_span(&b), &sk, NULL), -EBADMSG, "nor with a byte more");
		secret_free(&s);
	}
}

static void test_secrets(void)
{
	static const enum key_kind kinds[] = { KEY_ED25519, KEY_P256, KEY_P384, KEY_P521, KEY_RSA };
	static const enum secret_form forms[] = { SECRET_PEM, SECRET_MINISIGN, SECRET_SIGNIFY,
		SECRET_SSH };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct secret s = dt_secret(SECRET_PEM, kinds[i]), back;
		struct digest id = key_id(s.key), other;
		for (size_t j = 0; j < ARRAY_LEN(forms); j++) {
			AUTO_BUF struct buf b = BUF_INIT(KEY_TEXT_MAX);
			struct fault f = FAULT_INIT;
			int rc = secret_write(&s, forms[j], "c", &b, &f);
			bool fits = kinds[i] == KEY_ED25519 ||
				    (forms[j] != SECRET_MINISIGN && forms[j] != SECRET_SIGNIFY);
			is_int(rc, fits ? 0 : -EINVAL, "%s as %s", key_kind_name(kinds[i]),
			    secret_form_name(forms[j]));
			if (rc < 0)
				continue;
			is_int(secret_read(&back, buf_span(&b), &f), 0, "read again %s", f.text);
			other = key_id(back.key);
			ok(digest_eq(&id, &other) && back.form == forms[j] &&
			    memcmp(back.number, s.number, 8) == 0, "the same key");
			secret_free(&back);
			size_t good = 0;
			for (size_t n = 0; n + 2 < b.n; n += 7) {
				struct secret cut = { 0 };
				good += secret_read(&cut, span_of(b.p, n), NULL) == 0;
				secret_free(&cut);
			}
			is_int(good, 0, "no prefix is a key");
		}
		secret_free(&s);
	}
}

/* Bits of a private key file: none changes the key without being seen. */
static void test_secret_flips(enum secret_form form)
{
	struct secret s = dt_secret(form, KEY_ED25519);
	AUTO_BUF struct buf b = BUF_INIT(KEY_TEXT_MAX);
	struct digest id = key_id(s.key);
	size_t other = 0;

	if (secret_write(&s, form, "c", &b, NULL) < 0)
		abort();
	for (size_t bit = 0; bit < 8 * b.n; bit++) {
		struct secret x = { 0 };
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (secret_read(&x, buf_span(&b), NULL) == 0) {
			struct digest d = key_id(x.key);
			other += !digest_eq(&d, &id);
		}
		secret_free(&x);
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	is_int(other, 0, "%s: no bit flip of a private key gives another key", secret_form_name(form));
	secret_free(&s);
}

static void test_refused(void)
{
#define PUB "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIneBkK580u2u/wvLp2/7iWCL2HD0XC5EtmuwRqXIF3B"
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "", "empty" },
		{ "untrusted comment: x\n", "ends after its comment" },
		{ "untrusted comment: x\nRWQ\n", "base64" },
		{ "untrusted comment: x\nRWQ=\n", "bytes" },
		{ "untrusted comment: minisign public key D695ACD76888A791\n"
		  "RWSRp4ho16yV1nAWXhwW1xjyFmgO6N84xfKmVMVWmnaXsJcy2w5MTOdw\nmore\n", "line 3" },
		{ "untrusted comment: small order\nRWQAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
		  "small order" },
		{ "ssh-dss AAAAB3NzaC1kc3MAAAAA\n", "ssh-dss" },
		{ "ssh-ed25519 !!!\n", "base64" },
		{ "ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAIIneBkK580u2u/wvLp2/7iWCL2HD0XC5EtmuwRqXIF3B\n",
		  "another type" },
		{ "# comment\n\n" PUB "\nssh-ed25519 AAAA\n", "line 4" },
		{ "a@b cert-authority " PUB "\n", "cert-authority" },
		{ "a@b unknown " PUB "\n", "unknown option" },
		{ "a@b namespaces=file " PUB "\n", "namespaces" },
		{ "a@b namespaces=\"a\",namespaces=\"b\" " PUB "\n", "twice" },
		{ "a@b namespaces=\"a\", " PUB "\n", "comma" },
		{ "a@b valid-after=\"2024\" " PUB "\n", "not a time" },
		{ "a@b valid-after=\"20240230Z\" " PUB "\n", "not a time" },
		{ "a@b valid-after=\"20250101Z\",valid-before=\"20240101Z\" " PUB "\n", "later" },
		{ "a@b\n", "" },
		{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "OpenPGP" },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\n", "RFC 4716" },
		{ "-----BEGIN PUBLIC KEY-----\n", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct keyring *r = empty();
		struct fault f;
		is_int(read_into(r, t[i].text, &f), -EBADMSG, "refused: %s", f.text);
		ok(r->n == 0 && strstr(f.text, t[i].says), "with words, and nothing was added (%s)",
		    t[i].says);
	}
}

static void test_too_many(void)
{
	struct keyring *r = empty();
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct fault f = FAULT_INIT;

	for (int i = 0; i <= KEYRING_MAX; i++) {
		struct secret s = dt_secret(SECRET_SSH, KEY_ED25519);
		if (i == KEYRING_MAX)
			is_int(keyring_read(r, buf_span(&b), "k", true, &dt_arena, &f), 0,
			    "as many keys as there is room for");
		if (secret_write_public(s.key, s.number, SECRET_SSH, NULL, &b, NULL) < 0)
			abort();
		secret_free(&s);
	}
	is_int(r->n, KEYRING_MAX, "all of them");
	struct keyring *more = empty();
	is_int(keyring_read(more, buf_span(&b), "k", true, &dt_arena, &f), -ENOSPC, "one more is too many");
	is_int(more->n, 0, "then none is added");
	keyring_free(r);
}

static void test_grants(void)
{
	struct keyring *r = empty();
	struct fault f;

	is_int(read_into(r, "# who\n\n  *@b,!x@b NameSpaces=\"a,\\\"b\",valid-after=\"20240101Z\","
			    "valid-before=\"202512312359Z\" " PUB " words at the end\n\"p q\" " PUB "\n",
		   &f), 0, "allowed_signers %s", f.text);
	ok(r->n == 1 && r->key[0].limited && !r->key[0].general, "one key, limited to its grants");
	const struct ssh_grant *g = r->key[0].grant;
	ok(g && g->next && !g->next->next, "two of them");
	is_str(g->principals, "*@b,!x@b", "principals");
	is_str(g->namespaces, "a,\"b", "namespaces");
	ok(g->valid_after == 1704067200 * TS_SECOND && g->valid_before == 1767225540 * TS_SECOND, "times");
	is_str(g->next->principals, "p q", "quoted principals");
	ok(!g->next->namespaces && g->next->valid_after == TS_NONE && g->next->valid_before == TS_FOREVER,
	    "without limits");
	is_int(read_into(r, PUB "\n", &f), 0, "the same key in a file of keys");
	ok(r->n == 1 && !r->key[0].limited && r->key[0].general, "lifts the limits");
}

static void test_patterns(void)
{
	static const struct {
		const char *s, *list;
		bool want;
	} t[] = {
		{ "a", "a", true }, { "a", "b", false }, { "a", "", false }, { "", "", false },
		{ "", "*", true }, { "abc", "*", true }, { "abc", "a*c", true }, { "abc", "a?c", true },
		{ "abc", "a?", false }, { "abc", "*b*", true }, { "abc", "*d*", false },
		{ "a@b", "*@b", true }, { "a@bb", "*@b", false }, { "a@b", "x@y,*@b", true },
		{ "a@b", "*@b,!a@b", false }, { "c@b", "!a@b,*@b", true }, { "c@b", "!a@b", false },
		{ "aXbXc", "a*X*c", true }, { "A", "a", false }, { "aaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*c", false },
		{ "a,b", "a,b", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(ssh_pattern_match(t[i].s, t[i].list), t[i].want, "\"%s\" in \"%s\"", t[i].s, t[i].list);
}

/* A FIDO key made of an Ed25519 or P-256 key: what it signs is application, flags, counter, data. */
static struct span sk_blob(const struct secret *s, const char *app)
{
	AUTO_BUF struct buf plain = BUF_INIT(KEY_TEXT_MAX);
	struct buf b = BUF_INIT(KEY_TEXT_MAX), type = BUF_INIT(64);

	if (key_write_ssh(s->key, &plain) < 0)
		abort();
	struct cur c = cur_of(buf_span(&plain));
	struct span name = ssh_string(&c);
	buf_printf(&type, "sk-%.*s@openssh.com", SPAN_ARG(name));
	ssh_put_string(&b, buf_span(&type));
	buf_put_span(&b, cur_rest(&c));
	ssh_put_string(&b, span_str(app));
	buf_free(&type);
	return dt_keep(&b);
}

static struct span sk_file(struct span blob)
{
	struct cur c = cur_of(blob);
	struct buf b = BUF_INIT(KEY_TEXT_MAX);

	struct span type = ssh_string(&c);
	buf_printf(&b, "%.*s ", SPAN_ARG(type));
	b64_encode(&b, blob, B64_STD);
	buf_putc(&b, '\n');
	return dt_keep(&b);
}

static struct span sk_sign(const struct secret *s, struct span blob, const char *app, uint8_t flags)
{
	struct buf data = BUF_INIT(4096), m = BUF_INIT(4096), sig = BUF_INIT(4096), in = BUF_INIT(4096),
		   out = BUF_INIT(4096);
	struct digest h, a = sha256_of(span_str(app)), d;
	struct cur c = cur_of(blob);
	struct span type = ssh_string(&c);

	if (hash_span(DIGEST_SHA512, SPAN_LIT("content"), &h) < 0)
		abort();
	buf_puts(&data, "SSHSIG");
	ssh_put_string(&data, SPAN_LIT("file"));
	ssh_put_string(&data, SPAN_NONE);
	ssh_put_string(&data, SPAN_LIT("sha512"));
	ssh_put_string(&data, span_of(h.b, h.len));
	d = sha256_of(buf_span(&data));
	buf_put(&m, a.b, a.len);
	buf_put(&m, &flags, 1);
	buf_put_be32(&m, 7);
	buf_put(&m, d.b, d.len);
	if (key_sign(s->key, buf_span(&m), &sig) < 0)
		abort();
	ssh_put_string(&in, type);
	if (key_kind_of(s->key) == KEY_ED25519) {
		ssh_put_string(&in, buf_span(&sig));
	} else { /* SEQUENCE { r, s }, both short */
		struct buf rs = BUF_INIT(256);
		struct span r = span_of(sig.p + 4, sig.p[3]);
		ssh_put_string(&rs, r);
		ssh_put_string(&rs, span_of(sig.p + 6 + r.n, sig.p[5 + r.n]));
		ssh_put_string(&in, buf_span(&rs));
		buf_free(&rs);
	}
	buf_put(&in, &flags, 1);
	buf_put_be32(&in, 7);
	buf_puts(&out, "SSHSIG");
	buf_put_be32(&out, 1);
	ssh_put_string(&out, blob);
	ssh_put_string(&out, SPAN_LIT("file"));
	ssh_put_string(&out, SPAN_NONE);
	ssh_put_string(&out, SPAN_LIT("sha512"));
	ssh_put_string(&out, buf_span(&in));
	struct span file = dt_pem(buf_span(&out), "SSH SIGNATURE");
	buf_free(&data);
	buf_free(&m);
	buf_free(&sig);
	buf_free(&in);
	buf_free(&out);
	return file;
}

static void test_fido(enum key_kind kind, const char *save)
{
	struct secret s = dt_secret(SECRET_PEM, kind);
	struct span blob = sk_blob(&s, "ssh:"), other = sk_blob(&s, "ssh:other");
	struct keyring *r = dt_ring(sk_file(blob));
	struct span sig = sk_sign(&s, blob, "ssh:", 1);

	ok(r->n == 1 && !r->key[0].general && strcmp(r->key[0].sk, "ssh:") == 0, "a FIDO key");
	is_int(dt_verify(sig, SPAN_LIT("content"), r), DETACHED_GOOD, "its signature");
	is_int(dt_verify(sig, SPAN_LIT("contents"), r), DETACHED_BAD, "not over another file");
	is_int(dt_verify(sk_sign(&s, blob, "ssh:", 5), SPAN_LIT("content"), r), DETACHED_GOOD,
	    "user verified, too");
	is_int(dt_verify(sk_sign(&s, blob, "ssh:", 0), SPAN_LIT("content"), r), DETACHED_BAD,
	    "not without a touch");
	is_int(dt_verify(sk_sign(&s, blob, "ssh:x", 1), SPAN_LIT("content"), r), DETACHED_BAD,
	    "not for another application");
	is_int(dt_verify(sig, SPAN_LIT("content"), dt_ring(sk_file(other))), DETACHED_STRANGER,
	    "the same key for another application is another key");
	is_int(dt_verify(sig, SPAN_LIT("content"), dt_ring(dt_public(&s, SECRET_SSH))), DETACHED_STRANGER,
	    "and so is the key without FIDO");
	size_t good = 0;
	uint8_t *p = malloc(sig.n);
	memcpy(p, sig.p, sig.n);
	for (size_t bit = 0; bit < 8 * sig.n; bit += 3) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		good += dt_verify(span_of(p, sig.n), SPAN_LIT("content"), r) == DETACHED_GOOD;
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	is_int(good, 0, "no bit is free");
	free(p);
	/* for ssh-keygen -Y verify: tests/conformance/detached.t */
	if (save) {
		char path[4096];
		struct fault f = FAULT_INIT;
		snprintf(path, sizeof(path), "%s.sig", save);
		ok(file_replace_path(save, sk_file(blob), 0644, &f) == 0 &&
		    file_replace_path(path, sig, 0644, &f) == 0, "saved");
	}
	secret_free(&s);
}

int main(int argc, char **argv)
{
	test_forms();
	test_known();
	test_ssh_blobs();
	test_secrets();
	test_secret_flips(SECRET_MINISIGN);
	test_secret_flips(SECRET_SIGNIFY);
	test_secret_flips(SECRET_SSH);
	test_refused();
	test_too_many();
	test_grants();
	test_patterns();
	test_fido(KEY_ED25519, argc > 2 ? argv[1] : NULL);
	test_fido(KEY_P256, argc > 2 ? argv[2] : NULL);
	return tap_done();
}
