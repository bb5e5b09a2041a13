/* SPDX-License-Identifier: Apache-2.0 */

/* Apple code signatures as anatomy judges them: good ones, changed ones, every bit and every cut. */

#include "anatomy/anatomy.h"
#include "anatomy/bare.h"
#include "crypto/hash.h"

#include "apple_make.h"
#include "tap.h"

#include <sys/mman.h>
#include <unistd.h>

struct judged {
	enum verdict_status status;
	uint32_t n;
	struct component_signature first, last;
	char codes[2048];
};

static int memory_fd(struct span s)
{
	int fd = memfd_create("macho", MFD_CLOEXEC);
	ca_check(fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n, "memfd");
	return fd;
}

static struct judged judge_fd(int fd, uint64_t size, const struct signed_trust *trust)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	struct judged j = { VERDICT_FAIL };
	struct verdict v;
	struct anatomy an;

	int rc = anatomy_begin(&an, fd, size, trust, &v, &a);
	if (rc == 0)
		rc = anatomy_finish(&an);
	ca_check(rc == 0, "anatomy");
	j.status = v.status;
	j.n = an.nsignatures;
	if (j.n) {
		j.first = an.signature[0];
		j.last = an.signature[j.n - 1];
	}
	for (size_t i = 0, at = 0; i < v.n && at < sizeof(j.codes); i++)
		at += (size_t)snprintf(j.codes + at, sizeof(j.codes) - at, "%s:%s ",
		    reason_name(v.reason[i].kind), v.reason[i].code);
	anatomy_free(&an);
	return j;
}

static struct judged judge(struct span s, const struct signed_trust *trust)
{
	int fd = memory_fd(s);
	struct judged j = judge_fd(fd, s.n, trust);
	close(fd);
	return j;
}

static void says(struct judged j, enum verdict_status want, const char *code, const char *name)
{
	if (!ok(j.status == want && strstr(j.codes, code), "%s: %s, %s", name, verdict_name(want), code))
		diag("%s: %s", verdict_name(j.status), j.codes);
}

static struct ca_cert root, leaf;

static void make_certs(void)
{
	root = ca_make(&(struct ca_req){ .subject = "Root", .ext = { CA_EXT_CA } });
	leaf = ca_make(&(struct ca_req){ .subject = "Signer", .issuer = &root,
	    .ext = { CA_EXT_SIGNER, { "1.2.840.113635.100.6.1.13", "critical,DER:0500" } } });
}

static const struct signed_trust *trust_in(struct chain_roots **roots, struct signed_trust *t)
{
	ca_check(chain_roots_new(roots) == 0 &&
		     chain_roots_add_chain(*roots, &root.der, 1, NULL) == 0,
	    "roots");
	*t = (struct signed_trust){ .code = *roots, .now = CA_NOW };
	return t;
}

static void test_good(void)
{
	AUTO_ROOTS struct chain_roots *roots = NULL;
	struct signed_trust t;
	static const struct {
		const char *name;
		struct apple_req r;
	} kind[] = {
		{ "one directory", { .signer = &leaf, .issuer = &root } },
		{ "SHA-1 and SHA-256", { .signer = &leaf, .issuer = &root, .two = true } },
		{ "both lists", { .signer = &leaf, .issuer = &root, .two = true, .plist = true } },
		{ "the older list alone", { .signer = &leaf, .issuer = &root, .two = true,
					      .plist = true, .no_list = true } },
		{ "shells of indefinite length", { .signer = &leaf, .issuer = &root, .ber = true } },
		{ "entitlements", { .signer = &leaf, .issuer = &root, .entitlements = "<plist/>" } },
	};
	const struct signed_trust *trust = trust_in(&roots, &t);

	for (size_t i = 0; i < ARRAY_LEN(kind); i++) {
		AUTO_BUF struct buf b = apple_make(&kind[i].r);
		struct judged j = judge(buf_span(&b), trust);
		says(j, VERDICT_PASS, "proven:macho.digest", kind[i].name);
		ok(j.n == 1 && j.first.result == SIGNED_VERIFIES &&
			j.first.chain == CHAIN_STATE_ANCHORED && j.first.digest.alg == DIGEST_SHA256,
		    "%s: anchored", kind[i].name);
		j = judge(buf_span(&b), NULL);
		ok(j.status == VERDICT_PASS && j.first.chain == CHAIN_STATE_NONE,
		    "%s: a claim without anchors", kind[i].name);
	}
}

static void test_adhoc(void)
{
	struct apple_req r = { .ident = "tool" };
	AUTO_BUF struct buf b = apple_make(&r);
	struct judged j = judge(buf_span(&b), NULL);

	says(j, VERDICT_UNKNOWN, "note:macho.adhoc", "ad hoc proves nothing");
	ok(j.first.result == SIGNED_VERIFIES && !j.first.signer.subject, "nobody signed it");
	b.p[700] ^= 1;
	says(judge(buf_span(&b), NULL), VERDICT_FAIL, "fail:macho.digest", "ad hoc, one bit changed");
}

static void test_untrusted(void)
{
	AUTO_ROOTS struct chain_roots *roots = NULL;
	struct signed_trust t;
	struct ca_cert own = ca_make(&(struct ca_req){ .subject = "Other", .ext = { CA_EXT_SIGNER } });
	struct apple_req r = { .signer = &own }, team = { .signer = &leaf, .issuer = &root,
							    .team = "ABCDE12345" };
	AUTO_BUF struct buf b = apple_make(&r), c = apple_make(&team);
	const struct signed_trust *trust = trust_in(&roots, &t);

	struct judged j = judge(buf_span(&b), trust);
	says(j, VERDICT_FAIL, "fail:macho.chain", "another's certificate");
	ok(j.first.result == SIGNED_VERIFIES && j.first.chain == CHAIN_STATE_FAILED,
	    "it verifies, and leads nowhere");
	says(judge(buf_span(&c), trust), VERDICT_FAIL, "fail:macho.team",
	    "a team that the certificate is not of");
	t.now = (CA_TO + 10) * TS_SECOND;
	r.signer = &leaf;
	AUTO_BUF struct buf d = apple_make(&r);
	says(judge(buf_span(&d), trust), VERDICT_FAIL, "fail:macho.chain",
	    "expired, and no time stamp");
	ca_free(&own);
}

/* What can be planted, and where it shows. */
static void test_planted(void)
{
	struct apple_req two = { .signer = &leaf, .issuer = &root, .two = true, .no_list = true };
	struct apple_req r = { .signer = &leaf, .issuer = &root };
	struct apple_req hole = { .signer = &leaf, .issuer = &root, .entitlements = "<plist/>",
		.uncovered = true };
	AUTO_BUF struct buf a = apple_make(&two), b = apple_make(&r), c = apple_make(&hole);

	says(judge(buf_span(&a), NULL), VERDICT_FAIL, "fail:macho.signature.cdhashes",
	    "an alternate directory that nobody signed");
	says(judge(buf_span(&c), NULL), VERDICT_FAIL, "fail:macho.signature.uncovered",
	    "entitlements that no digest covers");
	b.p[b.n - 1] = 'x';
	says(judge(buf_span(&b), NULL), VERDICT_FAIL, "fail:macho.signature.slack",
	    "data behind the SuperBlob");
	b.p[b.n - 1] = 0;
	buf_puts(&b, "payload");
	says(judge(buf_span(&b), NULL), VERDICT_FAIL, "fail:macho.signature-place",
	    "data behind the signature");
}

/* Certificates that fit into a chain, and yet anybody can make. */
static void test_certificates(void)
{
	AUTO_ROOTS struct chain_roots *roots = NULL;
	struct signed_trust t;
	const struct signed_trust *trust = trust_in(&roots, &t);
	char room[2 * 600 + 16] = "DER:";
	memset(room + 4, '0', 2 * 600);
	struct ca_cert other = ca_make(&(struct ca_req){ .subject = "Other", .ext = { CA_EXT_CA } });
	struct ca_cert cross = ca_make(&(struct ca_req){ .subject = "Root", .issuer = &other,
	    .key = root.key, .ext = { CA_EXT_CA } });
	struct ca_cert roomy = ca_make(&(struct ca_req){ .subject = "Root", .issuer = &other,
	    .key = root.key, .ext = { CA_EXT_CA, { "1.2.3.4", room } } });
	struct ca_cert tsa = ca_make(&(struct ca_req){ .subject = "Stamper", .issuer = &root,
	    .ext = { CA_EXT_TSA } });
	struct tsa_req stamp = { .signer = &tsa, .embed = true }, more = stamp;
	more.extra = &other;
	struct apple_req r[] = {
		{ .signer = &leaf, .issuer = &root, .extra = { &cross, &other } },
		{ .signer = &leaf, .issuer = &root, .extra = { &roomy, &other } },
		{ .signer = &leaf, .issuer = &root, .stamp = &stamp },
		{ .signer = &leaf, .issuer = &root, .stamp = &more },
	};
	static const struct {
		enum verdict_status want;
		const char *code, *name;
	} is[] = {
		{ VERDICT_PASS, "note:macho.unvouched", "a CA certified by a stranger, too, is told" },
		{ VERDICT_FAIL, "fail:macho.room", "the same with room in it" },
		{ VERDICT_PASS, "proven:macho.digest", "with a time stamp" },
		{ VERDICT_FAIL, "fail:macho.unsigned-data", "a stranger's certificate in the time stamp" },
	};

	t.stamp = roots;
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		AUTO_BUF struct buf b = apple_make(&r[i]);
		says(judge(buf_span(&b), trust), is[i].want, is[i].code, is[i].name);
	}
	ca_free(&other);
	ca_free(&cross);
	ca_free(&roomy);
	ca_free(&tsa);
}

static void test_slices(void)
{
	struct apple_req x = { .signer = &leaf, .issuer = &root };
	struct apple_req arm = { .cpu = 0x100000c, .signer = &leaf, .issuer = &root };
	struct ca_cert own = ca_make(&(struct ca_req){ .subject = "Other", .ext = { CA_EXT_SIGNER } });
	struct apple_req other = { .cpu = 0x100000c, .signer = &own };
	struct apple_req nobody = { .cpu = 0x100000c };
	struct apple_req renamed = { .cpu = 0x100000c, .signer = &leaf, .issuer = &root, .ident = "b" };
	AUTO_BUF struct buf a = apple_make(&x), b = apple_make(&arm), c = apple_make(&other);
	AUTO_BUF struct buf d = apple_make(&nobody), e = apple_make(&renamed);
	AUTO_BUF struct buf good = apple_fat(&a, 0x1000007, &b, 0x100000c);
	AUTO_BUF struct buf signer = apple_fat(&a, 0x1000007, &c, 0x100000c);
	AUTO_BUF struct buf adhoc = apple_fat(&a, 0x1000007, &d, 0x100000c);
	AUTO_BUF struct buf ident = apple_fat(&a, 0x1000007, &e, 0x100000c);
	AUTO_BUF struct buf arch = apple_fat(&a, 0x1000007, &b, 0x1000012);

	struct judged j = judge(buf_span(&good), NULL);
	says(j, VERDICT_PASS, "proven:macho.digest", "two slices");
	is_int(j.n, 2, "two signatures");
	says(judge(buf_span(&signer), NULL), VERDICT_FAIL, "fail:macho.slices", "two hands");
	says(judge(buf_span(&adhoc), NULL), VERDICT_FAIL, "fail:macho.slices", "one slice by nobody");
	says(judge(buf_span(&ident), NULL), VERDICT_PASS, "warn:macho.slices", "two identifiers");
	says(judge(buf_span(&arch), NULL), VERDICT_FAIL, "fail:macho.slice-arch",
	    "the fat header names another architecture");
	good.p[4096 + APPLE_CODE - 1] ^= 4;
	j = judge(buf_span(&good), NULL);
	says(j, VERDICT_FAIL, "fail:macho.digest", "one slice changed");
	ok(j.first.result == SIGNED_BROKEN && j.last.result == SIGNED_VERIFIES, "and only that one");
	good.p[4096 + APPLE_CODE - 1] ^= 4;
	good.p[100] = 1;
	says(judge(buf_span(&good), NULL), VERDICT_FAIL, "fail:macho.gap", "data between slices");
	good.p[100] = 0;
	buf_puts(&good, "x");
	says(judge(buf_span(&good), NULL), VERDICT_FAIL, "fail:macho.after-slices",
	    "data behind the last slice");
	ca_free(&own);
}

/* The SuperBlob as it is in b, 0 behind it. */
static size_t superblob_end(const struct buf *b)
{
	const uint8_t *p = b->p + APPLE_CODE + 4;
	return APPLE_CODE + ((size_t)p[2] << 8 | p[3]);
}

/*
 * One bit of each byte, and every cut. What does not fail: no Mach-O file any more (its magic), a
 * load command that no longer points to a signature (UNKNOWN: unsigned). Nothing else.
 */
static void test_mutations(const struct apple_req *r, const char *name)
{
	AUTO_ROOTS struct chain_roots *roots = NULL;
	struct signed_trust t;
	AUTO_BUF struct buf b = apple_make(r);
	const struct signed_trust *trust = trust_in(&roots, &t);
	int fd = memory_fd(buf_span(&b));
	size_t passed = 0, unsigned_now = 0, kept = 0, step = 1, end = superblob_end(&b);

	for (size_t i = 0; i < b.n; i += step) {
		uint8_t was = b.p[i], now = (uint8_t)(was ^ 1u << (i % 8));
		/* room of zeros: a few of its bytes are enough */
		step = i > end + 16 ? 97 : 1;
		ca_check(pwrite(fd, &now, 1, (off_t)i) == 1, "pwrite");
		struct judged j = judge_fd(fd, b.n, trust);
		ca_check(pwrite(fd, &was, 1, (off_t)i) == 1, "pwrite");
		if (j.status == VERDICT_UNKNOWN && i < 192)
			unsigned_now++;
		else if (j.status != VERDICT_FAIL && !passed++)
			diag("byte %zu (signature at %u): %s", i, APPLE_CODE, j.codes);
	}
	is_int((int)passed, 0, "%s: no changed file passes", name);
	ok(unsigned_now && unsigned_now < 12, "%s: %zu flips of its header make it an unsigned file, "
					      "or none",
	    name, unsigned_now);
	for (size_t n = 4; n < b.n; n++) {
		ca_check(ftruncate(fd, (off_t)n) == 0, "ftruncate");
		ca_check(pwrite(fd, b.p, n, 0) == (ssize_t)n, "pwrite");
		kept += judge_fd(fd, n, trust).status != VERDICT_FAIL;
		n += n > 64 ? 12 : 0;
	}
	is_int((int)kept, 0, "every cut is refused");
	close(fd);
}

static void test_dmg(void)
{
	struct apple_req r = { .signer = &leaf, .issuer = &root };
	struct buf b = BUF_INIT(1u << 16), tail = BUF_INIT(1024), head = BUF_INIT(1u << 16);
	struct buf sig = BUF_INIT(1u << 16);
	AUTO_ROOTS struct chain_roots *roots = NULL;
	struct signed_trust t;
	const struct signed_trust *trust = trust_in(&roots, &t);

	for (int i = 0; i < 3000; i++)
		buf_putc(&head, (char)i);
	buf_puts(&tail, "koly");
	buf_put_be32(&tail, 4);
	buf_put_be32(&tail, 512);
	while (tail.n < 512)
		buf_putc(&tail, 0);
	tail.p[39] = (uint8_t)(2000 & 0xff); /* data fork 0+2000, property list 2000+1000 */
	tail.p[38] = 2000 >> 8;
	tail.p[222] = 2000 >> 8;
	tail.p[223] = 2000 & 0xff;
	tail.p[230] = 1000 >> 8;
	tail.p[231] = 1000 & 0xff;
	tail.p[302] = 3000 >> 8;
	tail.p[303] = 3000 & 0xff;
	apple_signature(&sig, &r, buf_span(&head), buf_span(&tail));
	tail.p[310] = (uint8_t)(sig.n >> 8);
	tail.p[311] = (uint8_t)sig.n;
	buf_put_span(&b, buf_span(&head));
	buf_put_span(&b, buf_span(&sig));
	buf_put_span(&b, buf_span(&tail));
	says(judge(buf_span(&b), NULL), VERDICT_PASS, "proven:dmg.digest", "a signed disk image");
	size_t passed = 0;
	for (size_t i = 0; i < b.n; i += 7) {
		b.p[i] ^= 0x10;
		passed += judge(buf_span(&b), trust).status == VERDICT_PASS;
		b.p[i] ^= 0x10;
	}
	is_int((int)passed, 0, "no changed image passes, its trailer neither");
	buf_free(&b);
	b = BUF_INIT(1u << 16);
	buf_put_span(&b, buf_span(&head));
	buf_put_span(&b, buf_span(&sig));
	buf_puts(&b, "payload");
	buf_put_span(&b, buf_span(&tail));
	says(judge(buf_span(&b), NULL), VERDICT_FAIL, "fail:dmg.gap",
	    "data between signature and trailer");
	buf_free(&b);
	buf_free(&tail);
	buf_free(&head);
	buf_free(&sig);
}

static bool is_among(const struct component_bare *b, struct span file)
{
	struct digest d = sha256_of(file);

	for (uint32_t i = 0; i < b->n; i++)
		if (digest_eq(&b->as[i].sha256, &d))
			return true;
	return false;
}

/* The file as it was before it was signed is among the candidates. */
static void test_bare(void)
{
	struct apple_req r = { .signer = &leaf, .issuer = &root };
	struct apple_req arm = { .cpu = 0x100000c, .signer = &leaf, .issuer = &root };
	AUTO_BUF struct buf x = apple_make(&r), y = apple_make(&arm);
	AUTO_BUF struct buf fat = apple_fat(&x, 0x1000007, &y, 0x100000c);
	AUTO_BUF struct buf before = BUF_INIT(1u << 16);
	struct component_bare b;

	buf_put(&before, x.p, APPLE_CODE);
	before.p[16] = 2;		   /* ncmds */
	before.p[20] = 144;		   /* sizeofcmds */
	memset(before.p + 32 + 144, 0, 16); /* LC_CODE_SIGNATURE */
	memset(before.p + 32 + 72 + 32, 0, 8); /* __LINKEDIT: vmsize */
	memset(before.p + 32 + 72 + 48, 0, 8); /* filesize */
	is_int(component_bare_of(&b, buf_span(&x), FORMAT_MACHO), 0, "candidates of a thin file");
	ok(is_among(&b, buf_span(&before)), "the file without its signature is one");
	is_int(component_bare_of(&b, buf_span(&fat), FORMAT_MACHO), 0, "candidates of a fat file");
	ok(is_among(&b, buf_span(&before)), "the first slice without its signature");
	ok(is_among(&b, buf_span(&x)) && is_among(&b, buf_span(&y)), "each slice as it went in");
	is_int(component_bare_of(&b, buf_span(&before), FORMAT_MACHO), 0, "an unsigned file");
	is_int((int)b.n, 0, "has no candidates");
}

int main(void)
{
	make_certs();
	test_good();
	test_adhoc();
	test_untrusted();
	test_planted();
	test_certificates();
	test_slices();
	test_mutations(&(struct apple_req){ .signer = &leaf, .issuer = &root, .two = true,
			   .entitlements = "<plist/>" },
	    "two directories");
	test_mutations(&(struct apple_req){ .signer = &leaf, .issuer = &root, .plist = true,
			   .ber = true },
	    "indefinite lengths");
	test_dmg();
	test_bare();
	ca_free(&leaf);
	ca_free(&root);
	return tap_done();
}
