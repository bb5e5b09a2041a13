/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each kind of detached signature: made here, it is good; over other bytes, under another key, with any
 * bit flipped or cut anywhere it is not, but for the bytes that docs/detached.md calls free.
 */

#include "detached.h"
#include "tap.h"

#include <errno.h>

#define CONTENT SPAN_LIT("the content of a release\n")

/* A kind: how it is made, and which bytes of it are free. */
struct sample {
	const char *name;
	enum detached_kind kind;
	struct span sig;
	const struct keyring *keys;
	size_t free_from, free_to; /* bits in here may be flipped */
	size_t cut;                /* so many bytes may be missing at the end */
	size_t more_free;          /* flips outside of that range that are good: exactly so many */
	size_t step;               /* every so many bits are flipped */
};

static struct sample minisign(void)
{
	struct secret s = dt_secret(SECRET_MINISIGN, KEY_ED25519);
	struct sign_minisign how = { "free text", NULL, "file", DT_NOW };
	struct buf b = BUF_INIT(1u << 16);

	if (sign_minisign(&s, CONTENT, &how, &b, NULL) < 0)
		abort();
	struct sample x = { "minisign", DETACHED_MINISIGN, dt_keep(&b),
		dt_ring(dt_public(&s, SECRET_MINISIGN)), 19, 28, 1, 0, 1 };
	secret_free(&s);
	return x;
}

/* As minisign -l makes it: signify's two lines over the bytes, and the trusted comment. */
static struct sample minisign_legacy(void)
{
	struct secret s = dt_secret(SECRET_MINISIGN, KEY_ED25519);
	struct buf b = BUF_INIT(1u << 16), sig = BUF_INIT(256), both = BUF_INIT(256),
		   global = BUF_INIT(256);

	if (key_sign(s.key, CONTENT, &sig) < 0 || sign_signify(&s, CONTENT, "free text", false, &b, NULL) < 0)
		abort();
	buf_put_span(&both, buf_span(&sig));
	buf_puts(&both, "signed words");
	if (key_sign(s.key, buf_span(&both), &global) < 0)
		abort();
	buf_puts(&b, "trusted comment: signed words\n");
	b64_encode(&b, buf_span(&global), B64_STD);
	buf_putc(&b, '\n');
	struct sample x = { "minisign, legacy", DETACHED_MINISIGN, dt_keep(&b),
		dt_ring(dt_public(&s, SECRET_MINISIGN)), 19, 28, 1, 0, 1 };
	buf_free(&sig);
	buf_free(&both);
	buf_free(&global);
	secret_free(&s);
	return x;
}

static struct sample signify(bool list)
{
	struct secret s = dt_secret(SECRET_SIGNIFY, KEY_ED25519);
	struct buf b = BUF_INIT(1u << 16), text = BUF_INIT(1u << 16);
	struct digest d = sha256_of(CONTENT);

	buf_printf(&text, "SHA256 (other) = %064d\nSHA256 (file) = %s\n", 0, DIGEST_HEX(&d));
	if (sign_signify(&s, list ? buf_span(&text) : CONTENT, "free text", list, &b, NULL) < 0)
		abort();
	struct sample x = { list ? "signify list" : "signify",
		list ? DETACHED_SIGNIFY_LIST : DETACHED_SIGNIFY, dt_keep(&b),
		dt_ring(dt_public(&s, SECRET_SIGNIFY)), 19, 28, 0, 0, 1 };
	buf_free(&text);
	secret_free(&s);
	return x;
}

static struct sample ssh(enum key_kind kind, const char *name, size_t step)
{
	struct secret s = dt_secret(SECRET_SSH, kind);
	struct buf b = BUF_INIT(1u << 16);

	if (sign_ssh(&s, CONTENT, "file", &b, NULL) < 0)
		abort();
	struct sample x = { name, DETACHED_SSH, dt_keep(&b), dt_ring(dt_public(&s, SECRET_SSH)), 0, 0,
		1, 0, step };
	secret_free(&s);
	return x;
}

/* The certificate given: only the SignedData's version is free (1 may become 3 or 5). */
static struct sample cms(enum key_kind kind, bool given, const char *name, size_t step)
{
	struct secret s = dt_secret(SECRET_PEM, kind);
	struct buf b = BUF_INIT(1u << 16);
	struct span cert = dt_cert(&s);

	if (sign_cms(&s, CONTENT, cert, DT_NOW, &b, NULL) < 0)
		abort();
	struct sample x = { name, DETACHED_CMS, dt_keep(&b),
		dt_ring(given ? cert : dt_public(&s, SECRET_PEM)), 0, 0, 0, 2, step };
	secret_free(&s);
	return x;
}

static struct sample raw(enum key_kind kind, bool base64, const char *name, size_t step)
{
	struct secret s = dt_secret(SECRET_PEM, kind);
	struct buf b = BUF_INIT(1u << 16);

	if (sign_raw(&s, CONTENT, base64, &b, NULL) < 0)
		abort();
	struct sample x = { name, DETACHED_RAW, dt_keep(&b), dt_ring(dt_public(&s, SECRET_PEM)), 0, 0,
		0, 0, step };
	secret_free(&s);
	return x;
}

static bool refused(int rc)
{
	return rc == -EBADMSG || rc == DETACHED_BAD || rc == DETACHED_STRANGER ||
	       rc == DETACHED_SILENT || rc == DETACHED_REPLACED;
}

static void test_flips(const struct sample *x)
{
	uint8_t *p = malloc(x->sig.n);
	size_t bad = 0, free_good = 0, more = 0, broken = 0;

	memcpy(p, x->sig.p, x->sig.n);
	for (size_t bit = 0; bit < 8 * x->sig.n; bit += x->step) {
		size_t at = bit / 8;
		p[at] ^= (uint8_t)(1u << bit % 8);
		int rc = dt_verify(span_of(p, x->sig.n), CONTENT, x->keys);
		bool in_free = at >= x->free_from && at < x->free_to;
		bad += rc != DETACHED_GOOD && !refused(rc);
		free_good += in_free && rc == DETACHED_GOOD;
		broken += in_free && rc != DETACHED_GOOD && p[at] != '\n';
		more += !in_free && rc == DETACHED_GOOD;
		p[at] ^= (uint8_t)(1u << bit % 8);
	}
	free(p);
	is_int(bad, 0, "%s: %zu bit flips give no other error", x->name, 8 * x->sig.n);
	is_int(more, x->more_free, "%s: flips outside the free bytes that stay good", x->name);
	ok(broken == 0 && (free_good > 0) == (x->free_to > 0), "%s: the free bytes are free (%zu flips)",
	    x->name, free_good);
}

static void test_cuts(const struct sample *x)
{
	size_t good = 0;

	for (size_t n = 0; n < x->sig.n; n++)
		if (dt_verify(span_cut(x->sig, 0, n), CONTENT, x->keys) == DETACHED_GOOD)
			good += n + x->cut < x->sig.n ? 1000 : 1;
	is_int(good, x->cut, "%s: %zu truncations, only the last line end may be missing", x->name,
	    x->sig.n);
}

static void test_more(const struct sample *x)
{
	static const char *const tails[] = { "\n", "x", " ", "\n\n" };
	size_t good = 0;

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		struct buf b = BUF_INIT(1u << 20);
		buf_put_span(&b, x->sig);
		buf_puts(&b, tails[i]);
		int rc = dt_verify(buf_span(&b), CONTENT, x->keys);
		/* base64 of a bare signature may have line ends around it */
		bool free_end = x->kind == DETACHED_RAW && i != 1;
		good += rc == DETACHED_GOOD && !free_end;
		buf_free(&b);
	}
	is_int(good, 0, "%s: nothing may follow it", x->name);
}

static void test_sample(struct sample x)
{
	static struct keyring nobody;
	struct secret other = dt_secret(SECRET_SSH, KEY_ED25519);

	is_int(detached_kind_of(x.sig), x.kind, "%s: recognised", x.name);
	is_int(dt_verify(x.sig, CONTENT, x.keys), DETACHED_GOOD, "%s: good", x.name);
	ok(refused(dt_verify(x.sig, SPAN_LIT("the content of a release"), x.keys)),
	    "%s: not over other bytes", x.name);
	ok(refused(dt_verify(x.sig, SPAN_NONE, x.keys)), "%s: not over an empty file", x.name);
	is_int(dt_verify(x.sig, CONTENT, &nobody), DETACHED_STRANGER, "%s: without a key", x.name);
	is_int(dt_verify(x.sig, CONTENT, dt_ring(dt_public(&other, SECRET_SSH))), DETACHED_STRANGER,
	    "%s: another key", x.name);
	secret_free(&other);
	test_flips(&x);
	test_cuts(&x);
	test_more(&x);
}

static void test_sizes(void)
{
	struct secret s = dt_secret(SECRET_MINISIGN, KEY_ED25519);
	struct keyring *keys = dt_ring(dt_public(&s, SECRET_MINISIGN));
	struct span content[] = { SPAN_NONE, SPAN_LIT("x") };

	for (size_t i = 0; i < ARRAY_LEN(content); i++) {
		struct buf b = BUF_INIT(1u << 16);
		struct sign_minisign how = { NULL, "t", "file", DT_NOW };
		ok(sign_minisign(&s, content[i], &how, &b, NULL) == 0 &&
		    dt_verify(buf_span(&b), content[i], keys) == DETACHED_GOOD, "minisign, %zu bytes",
		    content[i].n);
		buf_free(&b);
	}
	secret_free(&s);
	s = dt_secret(SECRET_SIGNIFY, KEY_ED25519);
	keys = dt_ring(dt_public(&s, SECRET_SIGNIFY));
	for (size_t i = 0; i < ARRAY_LEN(content); i++) {
		struct buf b = BUF_INIT(1u << 16);
		ok(sign_signify(&s, content[i], NULL, false, &b, NULL) == 0 &&
		    dt_verify(buf_span(&b), content[i], keys) == DETACHED_GOOD, "signify, %zu bytes",
		    content[i].n);
		buf_free(&b);
	}
	secret_free(&s);
}

/* Ring, signature, result, and what check says. */
static void test_facts(void)
{
	struct sample m = minisign(), old = minisign_legacy();
	struct detached_trust t = { .keys = m.keys, .now = DT_NOW };
	struct detached_check c;

	is_int(dt_verify_named(m.sig, CONTENT, "file", &t, &dt_arena, &c), DETACHED_GOOD, "good");
	is_str(c.comment, "timestamp:1767225600\tfile:file\thashed", "the trusted comment is told");
	ok(c.good == 1 && c.signer.kind == SIGNER_KEY && !c.signer.may_sign && !c.why && !c.named,
	    "and the key");
	is_str(c.signer.name, "k.pub", "by its file");
	is_int(dt_verify_named(m.sig, SPAN_LIT("?"), "file", &t, &dt_arena, &c), DETACHED_BAD, "bad");
	ok(c.named == &m.keys->key[0] && c.good == 0 && !c.comment && c.why &&
	    c.signer.kind == SIGNER_NONE, "names the key, says nothing else");
	t.keys = old.keys;
	is_int(dt_verify_named(m.sig, CONTENT, "file", &t, &dt_arena, &c), DETACHED_STRANGER, "another's");

	/* Its comment taken off, it would be a signify signature. */
	struct span rest = old.sig, line;
	if (!span_next_line(&rest, &line) || !span_next_line(&rest, &line))
		abort();
	struct span two = span_cut(old.sig, 0, old.sig.n - rest.n);
	is_int(detached_kind_of(two), DETACHED_SIGNIFY, "minisign without its trusted comment");
	is_int(dt_verify(two, CONTENT, old.keys), DETACHED_BAD, "is not good under a minisign key");

	/* only digests known */
	struct artifact art = ARTIFACT_INIT;
	struct detached *d;
	if (detached_read(&d, old.sig, &dt_arena, NULL) < 0)
		abort();
	is_int(detached_needs(d), ARTIFACT_NEEDS_BYTES, "legacy needs the bytes");
	is_int(detached_verify(&c, d, &art, &t, &dt_arena), DETACHED_NO_FILE, "without them: not decided");
	ok(c.why && !c.good, "and says so");
	if (detached_read(&d, m.sig, &dt_arena, NULL) < 0)
		abort();
	is_int(detached_needs(d), HASH_SET(DIGEST_BLAKE2B), "prehashed needs a digest");
	is_int(detached_verify(&c, d, &art, &t, &dt_arena), -EINVAL, "which must be there");
}

/* The form of the key file decides what must match. */
static void test_numbers(void)
{
	struct secret s = dt_secret(SECRET_MINISIGN, KEY_ED25519);
	struct buf b = BUF_INIT(1u << 16);
	struct sign_minisign how = { NULL, NULL, "file", DT_NOW };

	s.number[0] ^= 1;
	if (sign_minisign(&s, CONTENT, &how, &b, NULL) < 0)
		abort();
	struct span sig = dt_keep(&b);
	is_int(dt_verify(sig, CONTENT, dt_ring(dt_public(&s, SECRET_MINISIGN))), DETACHED_GOOD,
	    "the number of the key file");
	is_int(dt_verify(sig, CONTENT, dt_ring(dt_public(&s, SECRET_PEM))), DETACHED_GOOD,
	    "a PEM key has no number");
	s.number[0] ^= 1;
	is_int(dt_verify(sig, CONTENT, dt_ring(dt_public(&s, SECRET_MINISIGN))), DETACHED_STRANGER,
	    "another number is another key");
	secret_free(&s);
}

static void test_list(void)
{
	struct secret s = dt_secret(SECRET_SIGNIFY, KEY_ED25519);
	struct keyring *keys = dt_ring(dt_public(&s, SECRET_SIGNIFY));
	struct digest d = sha256_of(CONTENT), d5;
	char text[1024];
	struct detached_check c;
	struct detached_trust t = { .keys = keys, .now = DT_NOW };
	AUTO_BUF struct buf b64 = BUF_INIT(256);

	if (hash_span(DIGEST_SHA512, CONTENT, &d5) < 0)
		abort();
	b64_encode(&b64, span_of(d.b, d.len), B64_STD);
	const struct {
		const char *what, *head, *tail, *name;
		int want;
	} cases[] = {
		{ "by name", "SHA256 (a) = ", "\n", "dist/a", DETACHED_GOOD },
		{ "by path", "SHA256 (x/a) = ", "\n", "dist/x/a", DETACHED_GOOD },
		{ "by longer path", "SHA256 (dist/x/a) = ", "\n", "a", DETACHED_GOOD },
		{ "without a last line end", "SHA256 (a) = ", "", "a", DETACHED_GOOD },
		{ "under another name", "SHA256 (b) = ", "\n", "a", DETACHED_GOOD },
		{ "one of two of the name", "SHA256 (x/a) = "
		  "0000000000000000000000000000000000000000000000000000000000000000\nSHA256 (y/a) = ",
		  "\n", "a", DETACHED_GOOD },
		{ "another file's digest under its name", "SHA256 (a) = "
		  "0000000000000000000000000000000000000000000000000000000000000000\nSHA256 (b) = ",
		  "\n", "a", DETACHED_REPLACED },
		{ "an unknown algorithm", "SHA1 (a) = ", "\n", "a", -EBADMSG },
		{ "no space", "SHA256(a) = ", "\n", "a", -EBADMSG },
		{ "no name", "SHA256 () = ", "\n", "a", -EBADMSG },
		{ "an empty line", "\nSHA256 (a) = ", "\n", "a", -EBADMSG },
		{ "text behind", "SHA256 (a) = ", " \n", "a", -EBADMSG },
		{ "as sha256sum has it", "", "  a\n", "a", -EBADMSG },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT(1u << 16);
		snprintf(text, sizeof(text), "%s%s%s", cases[i].head, DIGEST_HEX(&d), cases[i].tail);
		if (sign_signify(&s, span_str(text), "c", true, &b, NULL) < 0)
			abort();
		is_int(dt_verify_named(buf_span(&b), CONTENT, cases[i].name, &t, &dt_arena, &c),
		    cases[i].want, "list: %s", cases[i].what);
		buf_free(&b);
	}
	struct buf b = BUF_INIT(1u << 16);
	snprintf(text, sizeof(text), "SHA512 (a) = %s\nSHA256 (b) = %s\n", DIGEST_HEX(&d5), buf_str(&b64));
	if (sign_signify(&s, span_str(text), "c", true, &b, NULL) < 0)
		abort();
	is_int(dt_verify_named(buf_span(&b), CONTENT, "a", &t, &dt_arena, &c), DETACHED_GOOD, "SHA-512");
	is_int(dt_verify_named(buf_span(&b), CONTENT, "b", &t, &dt_arena, &c), DETACHED_GOOD, "base64");
	is_int(dt_verify_named(buf_span(&b), SPAN_LIT("?"), "c", &t, &dt_arena, &c), DETACHED_SILENT,
	    "a file that it does not name");
	ok(c.good == 1 && c.why, "by whom is told");
	is_int(dt_verify_named(buf_span(&b), SPAN_LIT("?"), "b", &t, &dt_arena, &c), DETACHED_REPLACED,
	    "a file of its name, but other bytes");
	buf_free(&b);
	secret_free(&s);
}

/* What is not a signature of these kinds, and what is a damaged one. */
static void test_bad(void)
{
	static const struct {
		const char *text;
		enum detached_kind kind;
	} t[] = {
		{ "", DETACHED_NONE },
		{ "{}", DETACHED_NONE },
		{ "hello\n", DETACHED_NONE },
		{ "untrusted comment", DETACHED_NONE },
		{ "untrusted comment: x", DETACHED_SIGNIFY },
		{ "untrusted comment: x\nRWQ=\n", DETACHED_SIGNIFY },
		{ "untrusted comment: x\n\ntrusted comment: y\n\n", DETACHED_MINISIGN },
		{ "-----BEGIN SSH SIGNATURE-----", DETACHED_SSH },
		{ "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", DETACHED_SSH },
		{ "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n", DETACHED_SSH },
		{ "-----BEGIN CMS-----\n-----END CMS-----\n", DETACHED_CMS },
		{ "-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n", DETACHED_CMS },
		{ "MIME-Version: 1.0\n", DETACHED_CMS },
		{ "-----BEGIN PGP SIGNATURE-----\n", DETACHED_NONE },
		{ "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", DETACHED_NONE },
	};
	struct detached *d = NULL;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct fault f = FAULT_INIT;
		is_int(detached_kind_of(span_str(t[i].text)), t[i].kind, "bad text %zu", i);
		ok(detached_read(&d, span_str(t[i].text), &dt_arena, &f) == -EBADMSG && f.text[0] && !d,
		    "is refused: %s", f.text);
	}
	for (enum detached_kind k = DETACHED_NONE; k <= DETACHED_RAW; k++)
		ok(detached_kind_name(k)[0], "a name: %s", detached_kind_name(k));
}

int main(void)
{
	test_sample(minisign());
	test_sample(minisign_legacy());
	test_sample(signify(false));
	test_sample(signify(true));
	test_sample(ssh(KEY_ED25519, "ssh ed25519", 1));
	test_sample(ssh(KEY_P256, "ssh p256", 3));
	test_sample(ssh(KEY_P521, "ssh p521", 31));
	test_sample(ssh(KEY_RSA, "ssh rsa", 31));
	test_sample(cms(KEY_P256, true, "cms p256, certificate given", 1));
	test_sample(cms(KEY_P256, false, "cms p256, key given", 1));
	test_sample(cms(KEY_RSA, true, "cms rsa", 1));
	test_sample(raw(KEY_P256, false, "raw p256", 1));
	test_sample(raw(KEY_P384, true, "raw p384, base64", 3));
	test_sample(raw(KEY_ED25519, false, "raw ed25519", 1));
	test_sample(raw(KEY_RSA, false, "raw rsa", 7));
	test_sizes();
	test_facts();
	test_numbers();
	test_list();
	test_bad();
	return tap_done();
}
