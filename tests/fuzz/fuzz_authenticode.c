/* SPDX-License-Identifier: Apache-2.0 */

/*
 * authenticode: an error means zeroed output but der_len; twice means the same; what is handed out
 * lies in the input; anchors change nothing but what is said of chains, and a chain is anchored only
 * where there are anchors. The same bytes as a certificate, as roots, and as a signed PE file with page
 * hashes. The anchors are those of corpus/authenticode/root.der, built in.
 */

#include "crypto/authenticode.h"

#include "anatomy/anatomy.h"
#include "authenticode_root.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void inside(struct span outer, struct span s)
{
	check(
	    !s.n || (s.p >= outer.p && s.n <= outer.n && (size_t)(s.p - outer.p) <= outer.n - s.n));
}

static void check_good(const struct authenticode *x, struct span s)
{
	check(
	    digest_is_set(&x->digest) && x->signer.subject && x->signer.issuer && x->signer.serial);
	check(x->ncerts >= 1 && x->ncerts_unrelated < x->ncerts && x->nattr <= AC_ATTRS_MAX);
	inside(s, x->signer.der);
	for (size_t i = 0; i < x->nnested; i++)
		inside(s, x->nested[i]);
	for (size_t i = 0; i < x->nattr; i++)
		check(x->attr[i].oid && x->attr[i].oid[0]);
	check(x->nloose <= AC_LOOSE_MAX && x->nstamps <= AC_STAMPS_MAX);
	for (size_t i = 0; i < x->nloose; i++) {
		check(x->loose[i].kind > AC_LOOSE_NONE && x->loose[i].kind < AC_LOOSE_KINDS);
		inside(s, x->loose[i].where);
	}
	inside(s, x->pages);
	check(x->chain.state == AC_CHAIN_NONE || x->chain.state == AC_CHAIN_ANCHORED ||
	      (x->chain.why && x->chain.result != CHAIN_OK));
	check(x->stamp.result != AC_OK || !x->stamp.kind ||
	      (x->stamp.time != TS_NONE && x->stamp.signer.subject));
}

/* With the anchors of the corpus, and without. */
static void check_chain(struct span s, const struct authenticode *plain, struct arena *a)
{
	static struct chain_roots *roots;
	struct authenticode x;

	if (!roots && (chain_roots_new(&roots) < 0 ||
			  chain_roots_add_trusted(roots,
			      span_of(authenticode_root, sizeof(authenticode_root)), NULL) != 0))
		abort();
	const struct ac_trust trust = { roots, roots, 1700000000 * TS_SECOND, true };
	check(authenticode_read(&x, s, &trust, a, NULL) == AC_OK);
	check_good(&x, s);
	check(plain->chain.state == AC_CHAIN_NONE && x.chain.state != AC_CHAIN_NONE);
	check(x.nstamps == plain->nstamps && x.nattr == plain->nattr);
	check(digest_eq(&x.signer.id, &plain->signer.id));
}

/* The whole reader, on a file. */
static void check_file(const uint8_t *data, size_t size, struct arena *a)
{
	static int fd = -1;
	struct anatomy an;
	struct verdict v;

	if (fd < 0)
		fd = memfd_create("pe", MFD_CLOEXEC);
	check(fd >= 0 && ftruncate(fd, 0) == 0 &&
	      pwrite(fd, data, size, 0) == (ssize_t)size);
	int rc = anatomy_begin(&an, fd, size, NULL, &v, a);
	for (size_t off = 0; rc == 0 && off < size; off += 64)
		rc = anatomy_update(&an, data + off, size - off < 64 ? size - off : 64);
	if (rc == 0)
		rc = anatomy_finish(&an);
	check(rc == 0 || rc == -ENOMEM);
	check(rc < 0 || v.status != VERDICT_PASS || an.nsignatures);
	for (uint32_t i = 0; rc == 0 && i < an.nsignatures; i++)
		check(an.signature[i].chain == CHAIN_STATE_NONE &&
		      (v.status != VERDICT_PASS || an.signature[i].result == SIGNED_VERIFIES));
	anatomy_free(&an);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4 << 20);
	struct span s = span_of(data, size);
	struct authenticode x, y;
	struct x509_facts cert = { 0 }, none = { 0 };
	struct fault f = FAULT_INIT;

	memset(&x, 0xa5, sizeof(x));
	int rc = authenticode_read(&x, s, NULL, &a, &f);
	check(rc >= 0 && rc < AC_RESULTS && x.der_len <= size);
	check(authenticode_read(&y, s, NULL, &a, NULL) == rc && x.der_len == y.der_len);
	if (rc == AC_OK) {
		check_good(&x, s);
		check_chain(s, &x, &a);
	} else {
		struct authenticode zero = { .der_len = x.der_len };
		check(f.text[0] && memcmp(&x, &zero, sizeof(x)) == 0);
	}
	if (x509_read(&cert, s, &a, NULL) != 0)
		check(memcmp(&cert, &none, sizeof(cert)) == 0);
	else
		check(cert.subject && cert.issuer && cert.serial && cert.key);
	if (size > 1 && data[0] == 'M' && data[1] == 'Z')
		check_file(data, size, &a);
	check(ERR_peek_error() == 0);
	return 0;
}
