/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/hash.h"
#include "trust/sigstore/root_priv.h"

#include <errno.h>
#include <stdlib.h>

#define ROOT_ARENA_MAX (16u << 20)

static const char *const media_types[] = {
	"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
	"application/vnd.dev.sigstore.trustedroot+json;version=0.2",
	"application/vnd.dev.sigstore.trustedroot.v0.1+json",
	"application/vnd.dev.sigstore.trustedroot.v0.2+json",
};

static int check_type(struct json_val v, struct fault *f)
{
	struct json_val type = pj_get(v, "mediaType");

	for (size_t i = 0; i < ARRAY_LEN(media_types); i++)
		if (json_is(type, media_types[i]))
			return 0;
	return json_fault(json_ok(type) ? type : v, f,
	    "\"mediaType\" is not the one of a Sigstore trusted root v0.1 or v0.2");
}

struct authority {
	const char *uri;
	struct root_window window;
	struct span cert[SIGSTORE_CA_CHAIN_MAX];
	size_t ncerts;
};

static int read_certs(
    struct authority *au, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const chain_members[] = { "certificates", NULL };
	static const char *const members[] = { "rawBytes", NULL };
	struct json_val chain, list;

	int rc = pj_obj(&chain, v, "certChain", chain_members, f);
	if (rc == 0)
		rc = pj_list(&list, chain, "certificates", SIGSTORE_CA_CHAIN_MAX, f);
	if (rc < 0)
		return rc;
	if (!json_count(list))
		return json_fault(v, f, "an authority without certificates");
	JSON_EACH (x, list) {
		rc = pj_only(x, members, f);
		if (rc == 0)
			rc = pj_bytes(&au->cert[au->ncerts], x, "rawBytes", a, f);
		if (rc < 0)
			return rc;
		au->ncerts++;
	}
	return 0;
}

/* v is a CertificateAuthority. subject and operator are what people call it: nothing hangs on it. */
static int read_authority(
    struct authority *au, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "subject", "uri", "certChain", "validFor",
		"operator", NULL };

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_cstr(&au->uri, v, "uri", a, f);
	if (rc == 0)
		rc = root_read_window(&au->window, v, "validFor", f);
	return rc < 0 ? rc : read_certs(au, v, a, f);
}

/* A chain that the crypto room refuses is the file's fault. */
static int chain_fault(int rc, struct json_val v, const char *uri, struct fault *f)
{
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	struct fault why = f ? *f : FAULT_INIT;
	return json_fault(v, f, "the certificates of \"%s\": %s", QUOTE(span_str(uri)), why.text);
}

static int read_ca(struct sigstore_root *r, struct json_val v, struct fault *f)
{
	struct authority au = { 0 };
	struct root_ca *ca = &r->ca[r->ncas++];

	int rc = read_authority(&au, v, &r->arena, f);
	if (rc < 0)
		return rc;
	ca->uri = au.uri;
	ca->window = au.window;
	rc = chain_roots_new(&ca->roots);
	if (rc == 0)
		rc = chain_roots_add_chain(ca->roots, au.cert, au.ncerts, f);
	return chain_fault(rc, v, au.uri, f);
}

static int read_tsa(struct sigstore_root *r, struct json_val v, struct fault *f)
{
	struct authority au = { 0 };
	struct root_tsa *tsa = &r->tsa[r->ntsas++];

	int rc = read_authority(&au, v, &r->arena, f);
	if (rc < 0)
		return rc;
	tsa->uri = au.uri;
	tsa->window = au.window;
	tsa->chain = ARENA_NEW(&r->arena, struct root_tsa_chain);
	if (!tsa->chain)
		return -ENOMEM;
	memcpy(tsa->chain->cert, au.cert, sizeof(au.cert));
	tsa->chain->ncerts = au.ncerts;
	return 0;
}

int root_tsa_authority(
    const struct tsp_authority **ret_a, const struct root_tsa *tsa, struct fault *f)
{
	struct root_tsa_chain *c = tsa->chain;
	int rc = c->authority ? 0 : tsp_authority_new(&c->authority, c->cert, c->ncerts, f);

	*ret_a = c->authority;
	return rc;
}

static int read_tlog(struct sigstore_root *r, struct json_val v, struct fault *f)
{
	return root_read_log(&r->tlog[r->ntlogs++], v, &r->arena, f);
}

static int read_ctlog(struct sigstore_root *r, struct json_val v, struct fault *f)
{
	return root_read_log(&r->ctlog[r->nctlogs++], v, &r->arena, f);
}

typedef int read_fn(struct sigstore_root *r, struct json_val v, struct fault *f);

/* A list of things: room for them in *ret_p, then each one. */
static int read_list(struct sigstore_root *r, void **ret_p, size_t size, struct json_val root,
    const char *name, uint32_t max, read_fn *read, struct fault *f)
{
	struct json_val list;

	int rc = pj_list(&list, root, name, max, f);
	if (rc < 0)
		return rc;
	*ret_p = arena_array(&r->arena, json_count(list), size);
	if (!*ret_p)
		return -ENOMEM;
	JSON_EACH (x, list) {
		rc = read(r, x, f);
		if (rc < 0)
			return fault_wrap(f, rc, "%s", name);
	}
	return 0;
}

static int read_all(struct sigstore_root *r, struct json_val v, struct fault *f)
{
	static const char *const members[] = { "mediaType", "tlogs", "certificateAuthorities",
		"ctlogs", "timestampAuthorities", NULL };

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = check_type(v, f);
	if (rc == 0)
		rc = read_list(r, (void **)&r->tlog, sizeof(*r->tlog), v, "tlogs",
		    SIGSTORE_LOGS_MAX, read_tlog, f);
	if (rc == 0)
		rc = read_list(r, (void **)&r->ctlog, sizeof(*r->ctlog), v, "ctlogs",
		    SIGSTORE_LOGS_MAX, read_ctlog, f);
	if (rc == 0)
		rc = read_list(r, (void **)&r->ca, sizeof(*r->ca), v, "certificateAuthorities",
		    SIGSTORE_CAS_MAX, read_ca, f);
	if (rc == 0)
		rc = read_list(r, (void **)&r->tsa, sizeof(*r->tsa), v, "timestampAuthorities",
		    SIGSTORE_CAS_MAX, read_tsa, f);
	return rc;
}

int sigstore_root_parse(struct sigstore_root **ret_r, struct span text, struct fault *f)
{
	AUTO_ARENA struct arena scratch = ARENA_INIT(ROOT_ARENA_MAX);
	struct json_doc d;

	if (text.n > SIGSTORE_ROOT_MAX)
		return fault_set(f, -EBADMSG, "%zu bytes: too long for a trusted root", text.n);
	struct sigstore_root *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->arena = ARENA_INIT(ROOT_ARENA_MAX);
	int rc = json_parse(&d, text, &scratch, f);
	if (rc == 0)
		rc = read_all(r, json_root(&d), f);
	if (rc < 0) {
		sigstore_root_free(r);
		return rc;
	}
	r->digest = sha256_of(text);
	*ret_r = r;
	return 0;
}

struct sigstore_root *sigstore_root_free(struct sigstore_root *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->ntlogs; i++)
		key_free(r->tlog[i].key);
	for (size_t i = 0; i < r->nctlogs; i++)
		key_free(r->ctlog[i].key);
	for (size_t i = 0; i < r->ncas; i++)
		chain_roots_free(r->ca[i].roots);
	for (size_t i = 0; i < r->ntsas; i++)
		if (r->tsa[i].chain)
			tsp_authority_free(r->tsa[i].chain->authority);
	arena_free(&r->arena);
	free(r);
	return NULL;
}

void sigstore_root_free_p(struct sigstore_root **r)
{
	*r = sigstore_root_free(*r);
}

struct digest sigstore_root_digest(const struct sigstore_root *r)
{
	return r->digest;
}
