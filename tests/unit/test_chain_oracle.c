/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Path validation against OpenSSL's X509_verify_cert (with the same time, purpose, anchor and
 * untrusted certificates) on generated chains, most of them with something wrong or unusual in
 * them; the seed is fixed. Same answer, or the difference is in the list below with the words that
 * decide it.
 */

#include "ca.h"
#include "crypto/chain.h"
#include "tap.h"

#include <openssl/err.h>

#define CASES 700
#define CERTS_MAX 6 /* leaf first, anchor last */

static uint64_t seed = 20230329;

static uint32_t rnd(uint32_t n)
{
	seed += 0x9e3779b97f4a7c15;
	uint64_t z = seed;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) % n);
}

/* Why we refuse what OpenSSL takes, or take what it refuses: bits set while a case is made. */
enum why {
	LEAF_CA = 1 << 0,
	LEAF_USAGE = 1 << 1,
	NESTED = 1 << 2,
	WITH_SHA1 = 1 << 3,
	VERSION = 1 << 4,
	NO_CONSTRAINTS = 1 << 5,
	DOUBLED = 1 << 6,
	CURVE = 1 << 7,
	PATHS = 1 << 8,
	EDGE = 1 << 9,
	WHYS = 10,
};
static const struct {
	const char *words;
	bool stricter; /* we refuse; otherwise we accept */
} whys[WHYS] = {
	{ "a leaf that is a CA, or may sign certificates: chain.h's rule (Sigstore and "
	  "Authenticode have "
	  "end entities sign)",
	    true },
	{ "RFC 5280 4.2.1.3: the key is only used for a purpose for which the keyUsage bit is set",
	    true },
	{ "RFC 5280 4.2.1.12 for CAs, as Windows and the browsers have it: a CA's list of usages "
	  "bounds what is below",
	    true },
	{ "SHA-1 is not accepted (OpenSSL refuses it from security level 1 on)", true },
	{ "RFC 5280 4.1.2.1: with extensions, which an end entity needs to have a usage, the "
	  "version "
	  "is 3",
	    true },
	{ "RFC 5280 6.1.4 (k): verify that the basicConstraints extension is present and cA is "
	  "TRUE",
	    true },
	{ "RFC 5280 4.2: a certificate must not include more than one instance of an extension",
	    true },
	{ "curves that key.h does not take", true },
	{ "RFC 5280 6.1 asks whether there is a path; OpenSSL follows the first issuer that looks "
	  "right",
	    false },
	{ "RFC 5280 4.1.2.5: the period from notBefore through notAfter, inclusive", false },
};

struct chaincase {
	struct ca_cert cert[CERTS_MAX], spare[2];
	size_t n, nspare;
	bool stamping;
	ts t;
	unsigned why;
	const char *said[8];
	size_t nsaid;
};

static bool chance(struct chaincase *c, uint32_t n, const char *what)
{
	if (rnd(n) != 0)
		return false;
	if (c->nsaid < 8)
		c->said[c->nsaid++] = what;
	return true;
}

static void ext(struct ca_req *r, const char *name, const char *value)
{
	size_t i = 0;

	while (r->ext[i].name)
		i++;
	r->ext[i].name = name;
	r->ext[i].value = value;
}

static void add_dates(struct chaincase *c, struct ca_req *r)
{
	if (chance(c, 40, "expired"))
		r->to = CA_FROM + rnd(500);
	else if (chance(c, 40, "not yet valid"))
		r->from = CA_FROM + 501 + rnd(100);
	else if (chance(c, 40, "dates at the edge")) {
		r->from = r->to = CA_FROM + 500;
		c->why |= EDGE;
	}
}

static void add_common(struct chaincase *c, struct ca_req *r)
{
	add_dates(c, r);
	if (chance(c, 60, "unknown critical extension"))
		ext(r, "1.2.3.4", "critical,DER:0500");
	if (chance(c, 30, "unknown extension"))
		ext(r, "1.2.3.5", "DER:0500");
	if (chance(c, 60, "SHA-1")) {
		r->md = "SHA1";
		c->why |= WITH_SHA1;
	}
	if (chance(c, 80, "doubled extension")) {
		ext(r, "1.2.3.6", "DER:0500");
		ext(r, "1.2.3.6", "DER:0500");
		c->why |= DOUBLED;
	}
	if (chance(c, 80, "secp256k1")) {
		r->curve = "secp256k1";
		c->why |= CURVE;
	}
	if (chance(c, 80, "another key identifier"))
		ext(r, "2.5.29.35", "DER:3006800401020304");
	else if (r->issuer && X509_get0_subject_key_id(r->issuer->x) && rnd(2))
		ext(r, "authorityKeyIdentifier", "keyid");
}

static void add_eku(struct chaincase *c, struct ca_req *r)
{
	static const char *const v[] = { "timeStamping", "codeSigning", "serverAuth,timeStamping",
		"anyExtendedKeyUsage", "serverAuth" };
	uint32_t i = rnd(ARRAY_LEN(v));

	if (!chance(c, 5, "a CA with extendedKeyUsage"))
		return;
	ext(r, "extendedKeyUsage", v[i]);
	if (c->stamping && (i == 1 || i == 4))
		c->why |= NESTED;
}

static void add_names(struct chaincase *c, struct ca_req *r)
{
	static const char *const v[] = { "permitted;URI:example.com", "permitted;URI:.example.com",
		"excluded;URI:example.com", "permitted;DNS:example.com", "excluded;DNS:example.com",
		"permitted;email:example.com", "excluded;email:a@example.com",
		"permitted;IP:192.0.2.0/255.255.255.0", "excluded;IP:192.0.2.0/255.255.255.0",
		"permitted;URI:example.org,permitted;DNS:example.org",
		"permitted;DNS:example.com,excluded;DNS:sub.example.com",
		"critical,permitted;email:example.org" };

	if (chance(c, 4, "name constraints"))
		ext(r, "nameConstraints", v[rnd(ARRAY_LEN(v))]);
}

static void add_limits(struct chaincase *c, struct ca_req *r)
{
	static const char *const lengths[] = { "critical,CA:TRUE,pathlen:0",
		"critical,CA:TRUE,pathlen:1", "critical,CA:TRUE,pathlen:2" };

	if (chance(c, 5, "pathlen"))
		ext(r, "basicConstraints", lengths[rnd(3)]);
	else if (chance(c, 30, "CA:FALSE"))
		ext(r, "basicConstraints", "CA:FALSE");
	else if (chance(c, 30, "no basicConstraints"))
		c->why |= NO_CONSTRAINTS;
	else
		ext(r, "basicConstraints", rnd(2) ? "critical,CA:TRUE" : "CA:TRUE");
	if (chance(c, 40, "no keyCertSign"))
		ext(r, "keyUsage", "critical,digitalSignature,cRLSign");
	else if (rnd(4))
		ext(r, "keyUsage", "critical,keyCertSign,cRLSign");
	if (chance(c, 40, "explicit policy"))
		ext(r, "policyConstraints",
		    rnd(2) ? "requireExplicitPolicy:0" : "requireExplicitPolicy:3");
	if (rnd(2))
		ext(r, "2.5.29.32", "DER:3006300406022a03");
}

static struct ca_cert make_ca(struct chaincase *c, const struct ca_cert *issuer, const char *name)
{
	struct ca_req r = { .subject = name, .issuer = issuer };

	if (chance(c, 80, "a CA of version 1")) {
		r.version = 1;
		add_dates(c, &r);
		return ca_make(&r);
	}
	ext(&r, "subjectKeyIdentifier", "hash");
	add_limits(c, &r);
	add_common(c, &r);
	add_eku(c, &r);
	add_names(c, &r);
	EVP_PKEY *wrong = NULL;
	if (issuer && chance(c, 60, "a CA signed by another key"))
		r.sign_with = wrong = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct ca_cert x = ca_make(&r);
	EVP_PKEY_free(wrong);
	return x;
}

static void add_leaf_usage(struct chaincase *c, struct ca_req *r)
{
	static const char *const usages[] = { "digitalSignature", "nonRepudiation",
		"digitalSignature,nonRepudiation", "keyEncipherment",
		"digitalSignature,keyAgreement" };
	static const char *const ekus[] = { "critical,timeStamping", "timeStamping",
		"critical,timeStamping,codeSigning", "codeSigning" };
	uint32_t i = rnd(3) ? 0 : rnd(ARRAY_LEN(usages));

	if (chance(c, 40, "keyCertSign on the leaf")) {
		ext(r, "keyUsage", "digitalSignature,keyCertSign");
		c->why |= LEAF_CA;
	} else if (rnd(3)) {
		ext(r, "keyUsage", usages[i]);
		if (i == 3)
			c->why |= LEAF_USAGE;
	}
	if (c->stamping)
		ext(r, "extendedKeyUsage", ekus[rnd(3) ? 0 : rnd(ARRAY_LEN(ekus))]);
	if (chance(c, 30, "a leaf that is a CA")) {
		ext(r, "basicConstraints", "CA:TRUE");
		c->why |= LEAF_CA;
	}
}

static struct ca_cert make_leaf(struct chaincase *c, const struct ca_cert *issuer)
{
	static const char *const names[] = { "URI:https://example.com/w",
		"URI:https://sub.example.com/w", "URI:https://example.org/w", "DNS:example.com",
		"DNS:sub.example.com,DNS:example.com", "email:a@example.com", "email:b@example.org",
		"IP:192.0.2.1", "IP:198.51.100.1",
		"URI:https://example.com/w,email:a@example.com" };
	struct ca_req r = { .subject = "leaf", .issuer = issuer };

	if (!c->stamping && chance(c, 60, "a leaf of version 1")) {
		r.version = 1;
		c->why |= VERSION;
		return ca_make(&r);
	}
	add_leaf_usage(c, &r);
	if (rnd(4))
		ext(&r, "subjectAltName", names[rnd(ARRAY_LEN(names))]);
	if (rnd(2))
		ext(&r, "2.5.29.32", "DER:3006300406022a03");
	add_common(c, &r);
	if (chance(c, 60, "an issuer of another name"))
		r.issuer_name = "nobody";
	return ca_make(&r);
}

/* root, then CAs below it, then the leaf; sometimes self-issued CAs, sometimes rivals of one name.
 */
static void make_case(struct chaincase *c)
{
	static const char *const names[] = { "root", "a", "b", "c", "d" };
	struct ca_cert made[CERTS_MAX];
	size_t cas = 1 + rnd(4);
	const char *name = names[0];

	*c = (struct chaincase){ .t = CA_NOW, .stamping = rnd(2) };
	for (size_t i = 0; i < cas; i++) {
		if (i && chance(c, 12, "self-issued CA"))
			c->why |= PATHS;
		else
			name = names[i];
		made[i] = make_ca(c, i ? &made[i - 1] : NULL, name);
	}
	made[cas] = make_leaf(c, &made[cas - 1]);
	c->n = cas + 1;
	for (size_t i = 0; i < c->n; i++)
		c->cert[i] = made[c->n - 1 - i];
	if (cas > 1 && chance(c, 6, "a rival CA of the same name")) {
		struct ca_req rival = { .subject = names[cas - 1],
			.issuer = &made[0],
			.to = CA_FROM + (rnd(2) ? 400 : 2000),
			.ext = { CA_EXT_CA } };
		if (rnd(2))
			rival.key = made[cas - 1].key;
		c->spare[c->nspare++] = ca_make(&rival);
		c->why |= PATHS;
	}
}

static void free_case(struct chaincase *c)
{
	for (size_t i = 0; i < c->n; i++)
		ca_free(&c->cert[i]);
	for (size_t i = 0; i < c->nspare; i++)
		ca_free(&c->spare[i]);
}

/* X509_V_OK or its error. */
static int theirs(const struct chaincase *c)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *beside = sk_X509_new_null();

	X509_STORE_add_cert(store, c->cert[c->n - 1].x);
	for (size_t i = 0; i < c->nspare; i++)
		sk_X509_push(beside, c->spare[i].x);
	for (size_t i = 1; i + 1 < c->n; i++)
		sk_X509_push(beside, c->cert[i].x);
	ca_check(X509_STORE_CTX_init(ctx, store, c->cert[0].x, beside) == 1, "store");
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(p, (time_t)(c->t / TS_SECOND));
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK);
	X509_VERIFY_PARAM_add0_policy(p, OBJ_nid2obj(NID_any_policy));
	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (c->stamping)
		X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_TIMESTAMP_SIGN);
	int rc = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(beside);
	ERR_clear_error();
	return rc;
}

static int ours(const struct chaincase *c, struct fault *f)
{
	AUTO_ROOTS struct chain_roots *r = NULL;
	AUTO_CERT struct cert *leaf = NULL;
	struct cert *x[CERTS_MAX] = { 0 };
	const struct cert *extra[CERTS_MAX];
	size_t n = 0;

	ca_check(chain_roots_new(&r) == 0, "roots");
	int rc = chain_roots_add_chain(r, &c->cert[c->n - 1].der, 1, f);
	if (rc == 0)
		rc = x509_open(&leaf, c->cert[0].der, f);
	for (size_t i = 0; i < c->nspare && rc == 0; i++, n++)
		rc = x509_open(&x[n], c->spare[i].der, f);
	for (size_t i = 1; i + 1 < c->n && rc == 0; i++, n++)
		rc = x509_open(&x[n], c->cert[i].der, f);
	for (size_t i = 0; i < n; i++)
		extra[i] = x[i];
	if (rc == 0)
		rc = chain_verify(NULL, r, leaf, extra, n, c->t,
		    c->stamping ? CHAIN_TIME_STAMPING : CHAIN_ANY, f);
	for (size_t i = 0; i < n; i++)
		x509_close(x[i]);
	return rc;
}

int main(void)
{
	unsigned both = 0, neither = 0, unexplained = 0, explained[WHYS] = { 0 };

	for (int i = 0; i < CASES; i++) {
		struct chaincase c;
		struct fault f = FAULT_INIT;
		bool found = false;

		make_case(&c);
		int a = ours(&c, &f), b = theirs(&c);
		both += a == 0 && b == X509_V_OK;
		neither += a != 0 && b != X509_V_OK;
		for (unsigned w = 0; w < WHYS && !found && (a == 0) != (b == X509_V_OK); w++) {
			found = c.why & 1u << w && whys[w].stricter == (a != 0);
			explained[w] += found;
		}
		if ((a == 0) != (b == X509_V_OK) && !found) {
			unexplained++;
			diag("case %d: ours %s (%s), OpenSSL %s", i, chain_result_name(a), f.text,
			    X509_verify_cert_error_string(b));
			for (size_t j = 0; j < c.nsaid; j++)
				diag("  %s", c.said[j]);
		}
		free_case(&c);
	}
	ok(both > CASES / 10, "both accept %u of %d chains", both, CASES);
	ok(neither > CASES / 10, "both refuse %u", neither);
	is_int(unexplained, 0, "every difference has its reason");
	for (unsigned w = 0; w < WHYS; w++)
		ok(explained[w] < CASES / 10, "%u: %s", explained[w], whys[w].words);
	return tap_done();
}
