/* SPDX-License-Identifier: Apache-2.0 */

/* intel/db: a random set of claims against a model that looks through all of them. */

#include "base/file.h"
#include "intel/db/build.h"
#include "crypto/hash.h"
#include "intel/db/format.h"
#include "intel_db_lie.h"

#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t state = 88172645463325252u;
static bool sanitized; /* slow: fewer tries */

static uint64_t rnd(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

static struct indicator claim(enum indicator_side side, enum indicator_type t, const char *value,
    const char *source)
{
	return (struct indicator){ .type = t, .value = value, .source = source, .side = side,
		.confidence = 50, .valid_from = TS_NONE, .valid_until = TS_FOREVER,
		.first_seen = TS_NONE, .last_seen = TS_NONE };
}

#define BAD(t, value) claim(INDICATOR_BAD, INDICATOR_##t, value, "feed")

/* A file of claims, in memory; its bytes go to file. */
static struct buf file = BUF_INIT(1u << 30);

static int build(const struct indicator *i, size_t n, const struct intel_build_opts *o,
    struct intel_build_stats *st, struct intel_db **ret_db)
{
	AUTO_INTEL_BUILD struct intel_build *b = NULL;
	struct intel_build_opts none = { .tmp_dir = -1, .memory = 1 << 20, .generation = 1 };
	struct fault f = FAULT_INIT;
	int fd = memfd_create("test", MFD_CLOEXEC), rc = intel_build_new(&b, o ? o : &none, &f);

	for (size_t k = 0; rc == 0 && k < n; k++)
		rc = intel_build_add(b, &i[k], &f);
	if (rc == 0)
		rc = intel_build_finish(b, fd, st, &f);
	buf_reset(&file);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) == 0)
		rc = file_read_fd(fd, &file, file.max);
	if (rc == 0)
		return intel_db_open_fd(ret_db, fd, "test", &f);
	diag("%d %s", rc, f.text);
	close(fd);
	return rc;
}

/* --- the model --- */

struct model {
	struct indicator *i;
	size_t n;
	struct arena arena;
};

static const char *text(struct model *m, const char *fmt, ...) FB_PRINTF(2, 3);

static const char *text(struct model *m, const char *fmt, ...)
{
	char s[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof(s), fmt, ap);
	va_end(ap);
	return arena_str(&m->arena, span_str(s));
}

static const char *random_label(struct model *m)
{
	static const char *const some[] = { "a", "bb", "evil", "cdn", "eightchr", "ninechars",
		"sixteencharacter", "seventeen-charac1" };

	return rnd(3) ? some[rnd(ARRAY_LEN(some))] : text(m, "x%d", (int)rnd(50));
}

static const char *random_name(struct model *m)
{
	const char *s = rnd(2) ? "com" : "example.org";

	for (uint64_t n = 1 + rnd(4); n; n--)
		s = text(m, "%s.%s", random_label(m), s);
	return s;
}

static const char *random_ip4(struct model *m, bool net)
{
	unsigned bits = net ? 8 + (unsigned)rnd(25) : 32;
	uint32_t ip = (10u << 24 | (uint32_t)rnd(4) << 16 | (uint32_t)rnd(3) << 8 |
	    (uint32_t)rnd(256)) & (uint32_t)(0xffffffffull << (32 - bits));

	const char *s = text(m, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	return bits < 32 ? text(m, "%s/%u", s, bits) : s;
}

static const char *random_ip6(struct model *m, bool net)
{
	uint8_t b[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	unsigned bits = net ? 16 + (unsigned)rnd(113) : 128;
	char s[INET6_ADDRSTRLEN];

	for (int i = 4; i < 16; i++)
		b[i] = (uint8_t)rnd(i % 3 ? 1 : 3);
	for (unsigned i = bits; i < 128; i++)
		b[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	inet_ntop(AF_INET6, b, s, sizeof(s));
	return bits < 128 ? text(m, "%s/%u", s, bits) : text(m, "%s", s);
}

static const char *random_hex(struct model *m, unsigned bytes)
{
	char s[2 * 64 + 1] = "";

	for (unsigned i = 0; i < 2 * bytes; i++)
		s[i] = "0123456789abcdef"[i < 2 * bytes - 2 ? i % 16 : rnd(16)];
	return text(m, "%s", s);
}

static const char *random_value(struct model *m, enum indicator_type t)
{
	switch (t) {
	case INDICATOR_MD5:
	case INDICATOR_IMPHASH:
	case INDICATOR_JA3:
		return random_hex(m, 16);
	case INDICATOR_SHA1:
		return random_hex(m, 20);
	case INDICATOR_SHA256:
		return random_hex(m, 32);
	case INDICATOR_SHA512:
		return random_hex(m, 64);
	case INDICATOR_AUTHENTIHASH:
	case INDICATOR_CERT:
		return random_hex(m, rnd(2) ? 20 : 32);
	case INDICATOR_DOMAIN:
		return random_name(m);
	case INDICATOR_IPV4:
		return random_ip4(m, rnd(2));
	case INDICATOR_IPV6:
		return random_ip6(m, rnd(2));
	case INDICATOR_IP_PORT:
		return rnd(2) ? text(m, "%s:%d", random_ip4(m, false), 1 + (int)rnd(3)) :
				text(m, "[%s]:%d", random_ip6(m, false), 1 + (int)rnd(3));
	case INDICATOR_URL:
		return text(m, "%s%s/%s", rnd(2) ? "https://" : "", random_name(m),
		    random_label(m));
	case INDICATOR_PATH:
		return text(m, "%s/%s/%s", rnd(2) ? "**" : "c:", random_label(m),
		    rnd(2) ? "*.dll" : random_label(m));
	default:
		return text(m, "%s%d %s", random_label(m), (int)rnd(20), random_label(m));
	}
}

static struct indicator random_claim(struct model *m)
{
	static const char *const sources[] = { "maltrail", "volexity", "", "a very long name of a feed" };
	static const char *const texts[] = { NULL, "c2", "3cx-2023", "a note" };
	enum indicator_type t = (enum indicator_type)(1 + rnd(INDICATOR_TYPES - 1));
	struct indicator i = claim(rnd(4) ? INDICATOR_BAD : INDICATOR_BENIGN, t, random_value(m, t),
	    sources[rnd(4)]);

	i.exact = t == INDICATOR_DOMAIN && rnd(2);
	i.confidence = (int)rnd(101);
	i.category = texts[rnd(4)];
	i.campaign = texts[rnd(4)];
	i.note = texts[rnd(4)];
	i.licence = texts[rnd(4)];
	i.tlp = (enum tlp)rnd(TLPS);
	i.valid_from = rnd(2) ? (ts)rnd(1000) : TS_NONE;
	i.valid_until = rnd(2) ? (ts)rnd(1000) : TS_FOREVER;
	i.first_seen = rnd(2) ? (ts)rnd(1000) : TS_NONE;
	i.last_seen = rnd(2) ? (ts)rnd(1000) : TS_NONE;
	i.first_import = (uint32_t)rnd(4);
	i.last_import = (uint32_t)rnd(4);
	return i;
}

static struct model model_new(size_t n)
{
	struct model m = { .i = calloc(n, sizeof(struct indicator)), .arena = ARENA_INIT(1u << 30) };

	for (; m.n < n; m.n++)
		m.i[m.n] = random_claim(&m);
	return m;
}

static void model_free(struct model *m)
{
	free(m->i);
	arena_free(&m->arena);
}

static bool same_key(const struct indicator *a, const struct indicator *b)
{
	return a->side == b->side && a->type == b->type && strcmp(a->value, b->value) == 0 &&
	    strcmp(a->source, b->source) == 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_claim(const struct indicator *a, const struct indicator *b)
{
	return same_text(a->source, b->source) && same_text(a->category, b->category) &&
	    same_text(a->campaign, b->campaign) && same_text(a->note, b->note) &&
	    same_text(a->licence, b->licence) && a->exact == b->exact &&
	    a->confidence == b->confidence && a->tlp == b->tlp &&
	    a->valid_from == b->valid_from && a->valid_until == b->valid_until &&
	    a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	    a->first_import == b->first_import && a->last_import == b->last_import;
}

static ts least_set(ts a, ts b)
{
	return a == TS_NONE ? b : b == TS_NONE ? a : a < b ? a : b;
}

/* What build.h says happens to two claims of one key in one build. */
static void model_merge(struct indicator *a, const struct indicator *b)
{
	a->confidence = a->confidence > b->confidence ? a->confidence : b->confidence;
	a->exact = a->exact && b->exact;
	a->valid_from = a->valid_from < b->valid_from ? a->valid_from : b->valid_from;
	a->valid_until = a->valid_until > b->valid_until ? a->valid_until : b->valid_until;
	a->first_seen = least_set(a->first_seen, b->first_seen);
	a->last_seen = a->last_seen > b->last_seen ? a->last_seen : b->last_seen;
	a->category = a->category ? a->category : b->category;
	a->campaign = a->campaign ? a->campaign : b->campaign;
	a->note = a->note ? a->note : b->note;
	a->licence = a->licence ? a->licence : b->licence;
	a->last_import = a->last_import > b->last_import ? a->last_import : b->last_import;
	if (b->first_import && (!a->first_import || b->first_import < a->first_import))
		a->first_import = b->first_import;
}

/* One claim for each key; the number of repetitions. */
static size_t model_fold(struct model *m)
{
	size_t out = 0, k;

	for (size_t i = 0; i < m->n; i++) {
		for (k = 0; k < out && !same_key(&m->i[k], &m->i[i]); k++)
			;
		if (k < out)
			model_merge(&m->i[k], &m->i[i]);
		else
			m->i[out++] = m->i[i];
	}
	k = m->n - out;
	m->n = out;
	return k;
}

/* --- every claim is there, and nothing else --- */

struct seen {
	const struct intel_db *db;
	const struct model *m;
	uint64_t entries, claims, wrong;
	char last[INTEL_TEXT_MAX];
};

static int see(void *ctx, uint32_t entry, const struct intel_entry *e)
{
	struct seen *s = ctx;
	struct indicator i;
	uint32_t pos = 0;
	char before[200] = "";

	s->entries++;
	for (; intel_db_claim(s->db, entry, &pos, &i); s->claims++) {
		size_t k = 0;
		i.value = e->value;
		for (; k < s->m->n && !same_key(&s->m->i[k], &i); k++)
			;
		if (k == s->m->n || !same_claim(&s->m->i[k], &i) || (pos > 1 &&
		    strcmp(before, i.source) >= 0) || i.side != e->side || i.type != e->type)
			s->wrong++;
		snprintf(before, sizeof(before), "%s", i.source);
	}
	return 0;
}

static void compare_claims(const struct intel_db *db, const struct model *m, const char *what)
{
	struct seen s = { .db = db, .m = m };
	struct intel_db_info info;
	uint64_t entries = 0;
	int rc = intel_db_each(db, INDICATOR_BAD, INDICATOR_NONE, see, &s);

	if (rc == 0)
		rc = intel_db_each(db, INDICATOR_BENIGN, INDICATOR_NONE, see, &s);
	intel_db_info(db, &info);
	for (unsigned k = 0; k < INDICATOR_SIDES; k++)
		for (unsigned t = 0; t < INDICATOR_TYPES; t++)
			entries += info.entries[k][t];
	ok(rc == 0 && s.wrong == 0 && s.claims == m->n && info.claims == m->n &&
		s.entries == entries,
	    "%s: %zu claims, and no others", what, m->n);
	if (s.wrong || s.claims != m->n)
		diag("rc %d, %d claims, %d wrong", rc, (int)s.claims, (int)s.wrong);
}

/* --- lookups --- */

static const struct indicator *model_any(const struct model *m, enum indicator_side side,
    enum indicator_type t, struct span value, bool wide)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->i[i].side == side && m->i[i].type == t &&
		    span_eq(span_str(m->i[i].value), value) && (!wide || !m->i[i].exact))
			return &m->i[i];
	return NULL;
}

/* Is out[*at] this value, found like this? Then on to the next. */
static bool take(const struct intel_db *db, const struct intel_found *out, size_t n, size_t *at,
    const char *value, enum intel_how how)
{
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;

	if (*at >= n || intel_db_entry(db, out[*at].entry, room, &e) < 0 ||
	    strcmp(e.value, value) != 0 || out[*at].how != how)
		return false;
	++*at;
	return true;
}

static bool name_agrees(const struct intel_db *db, const struct model *m,
    enum indicator_side side, const char *name)
{
	struct intel_found out[INTEL_FOUND_MAX];
	size_t n = intel_db_name(db, side, span_str(name), out), at = 0;
	uint64_t hit = 0;
	struct span one = span_str(name);

	intel_db_names(db, side, &one, 1, &hit);
	if (hit != (n > 0))
		return false;
	for (const char *p = name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		bool want = model_any(m, side, INDICATOR_DOMAIN, span_str(p), p != name) &&
		    (side == INDICATOR_BENIGN || strchr(p, '.'));
		if (want && !take(db, out, n, &at, p, p == name ? INTEL_SAME : INTEL_PARENT))
			return false;
	}
	return at == n;
}

static bool ip_agrees(const struct intel_db *db, const struct model *m, enum indicator_side side,
    int family, const char *ip, uint16_t port)
{
	struct intel_found out[INTEL_FOUND_MAX];
	char s[INET6_ADDRSTRLEN], key[80];
	uint8_t b[16], net[16];
	size_t at = 0;

	inet_pton(family == 4 ? AF_INET : AF_INET6, ip, b);
	size_t n = intel_db_ip(db, side, family, b, port, out);
	snprintf(key, sizeof(key), family == 4 ? "%s:%u" : "[%s]:%u", ip, port);
	if (port && model_any(m, side, INDICATOR_IP_PORT, span_str(key), false) &&
	    !take(db, out, n, &at, key, INTEL_ON_PORT))
		return false;
	unsigned bits = family == 4 ? 32 : 128;
	for (unsigned prefix = bits + 1; prefix-- > 0;) {
		memcpy(net, b, bits / 8);
		for (unsigned i = prefix; i < bits; i++)
			net[i / 8] &= (uint8_t)~(0x80 >> i % 8);
		inet_ntop(family == 4 ? AF_INET : AF_INET6, net, s, sizeof(s));
		snprintf(key, sizeof(key), prefix < bits ? "%s/%u" : "%s", s, prefix);
		if (model_any(m, side, family == 4 ? INDICATOR_IPV4 : INDICATOR_IPV6, span_str(key),
			false) &&
		    !take(db, out, n, &at, key, prefix < bits ? INTEL_NETWORK : INTEL_SAME))
			return false;
	}
	return at == n;
}

static void compare_lookups(const struct intel_db *db, struct model *m, unsigned rounds)
{
	unsigned names = 0, ips = 0, texts = 0;

	for (unsigned r = 0; r < rounds; r++) {
		enum indicator_side side = (enum indicator_side)rnd(2);
		const char *name = random_name(m);
		names += !name_agrees(db, m, side, name);
		names += !name_agrees(db, m, side, text(m, "www.%s", name));
		ips += !ip_agrees(db, m, side, 4, random_ip4(m, false), (uint16_t)rnd(4));
		ips += !ip_agrees(db, m, side, 6, random_ip6(m, false), (uint16_t)rnd(4));
	}
	ok(names == 0, "names and all above them");
	ok(ips == 0, "addresses, ports and all networks");
	for (unsigned r = 0; r < rounds * 2; r++) {
		enum indicator_side side = (enum indicator_side)rnd(2);
		enum indicator_type t = (enum indicator_type)(1 + rnd(INDICATOR_TYPES - 1));
		const char *v = random_value(m, t);
		uint32_t entry = 0;
		bool want = model_any(m, side, t, span_str(v), false);
		texts += intel_db_find(db, side, t, span_str(v), &entry) != want;
		struct intel_found out[INTEL_FOUND_MAX];
		size_t n = intel_db_text(db, side, t, span_str(v), out);
		texts += want ? n < 1 || out[0].entry != entry || out[0].how != INTEL_SAME :
				n > 0 && out[0].how == INTEL_SAME;
	}
	ok(texts == 0, "values of every type");
}

static bool paths_agree(const struct intel_db *db, const struct model *m, enum indicator_side side,
    const char *path)
{
	struct intel_found out[INTEL_FOUND_MAX];
	size_t n = intel_db_text(db, side, INDICATOR_PATH, span_str(path), out), want = 0;
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;

	for (size_t i = 0; i < m->n; i++) {
		const struct indicator *p = &m->i[i];
		want += p->type == INDICATOR_PATH && p->side == side &&
		    model_any(m, side, INDICATOR_PATH, span_str(p->value), false) == p &&
		    indicator_path_match(p->value, span_str(path));
	}
	for (size_t i = 0; i < n; i++)
		if (intel_db_entry(db, out[i].entry, room, &e) < 0 ||
		    !indicator_path_match(e.value, span_str(path)))
			return false;
	if (n != want)
		diag("%s: %zu, want %zu", path, n, want);
	return n == want;
}

static void compare_paths(const struct intel_db *db, struct model *m, unsigned rounds)
{
	unsigned bad = 0;

	for (unsigned r = 0; r < rounds; r++) {
		const char *path = text(m, "%s%s%s%s%s%s", rnd(2) ? "C:\\" : rnd(2) ? "/mnt/" : "",
		    random_label(m), rnd(2) ? "\\" : "/", random_label(m), rnd(2) ? "/EVIL" : "",
		    rnd(2) ? ".dll" : "");
		bad += !paths_agree(db, m, (enum indicator_side)rnd(2), path);
	}
	ok(bad == 0, "paths: what the index finds is what matches");
}

static void random_sets(size_t n)
{
	AUTO_INTEL_DB struct intel_db *db = NULL, *again = NULL;
	struct intel_build_stats st = { 0 };
	struct model m = model_new(n);
	AUTO_BUF struct buf first = BUF_INIT(1u << 30);

	if (!ok(build(m.i, m.n, NULL, &st, &db) == 0, "%zu claims are built", n))
		return;
	buf_put_span(&first, buf_span(&file));
	size_t merged = model_fold(&m);
	ok(st.merged == merged && st.added == m.n && st.claims == m.n, "%zu repetitions", merged);
	compare_claims(db, &m, "built");
	compare_lookups(db, &m, n < 100 ? 300 : 1000);
	compare_paths(db, &m, 300);
	for (size_t i = m.n; i > 1; i--) {
		size_t k = rnd(i);
		struct indicator x = m.i[i - 1];
		m.i[i - 1] = m.i[k];
		m.i[k] = x;
	}
	ok(build(m.i, m.n, NULL, &st, &again) == 0 && span_eq(buf_span(&first), buf_span(&file)),
	    "in another order, without repetitions: the same bytes");
	model_free(&m);
}

static void empty(void)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct intel_found out[INTEL_FOUND_MAX];
	struct intel_build_stats st;
	struct intel_db_info info;
	struct fault f = FAULT_INIT;
	uint8_t ip[16] = { 0 };

	if (!ok(build(NULL, 0, NULL, &st, &db) == 0 && intel_db_check(db, &f) == 0, "no claims"))
		return;
	intel_db_info(db, &info);
	ok(info.hot_bytes == 0 && info.file_bytes < 8192, "%d bytes", (int)info.file_bytes);
	ok(intel_db_name(db, INDICATOR_BAD, span_str("a.b"), out) == 0 &&
		intel_db_ip(db, INDICATOR_BAD, 4, ip, 1, out) == 0 &&
		intel_db_ip(db, INDICATOR_BENIGN, 6, ip, 1, out) == 0 &&
		intel_db_text(db, INDICATOR_BAD, INDICATOR_PATH, span_str("/x"), out) == 0 &&
		intel_db_digest(db, INDICATOR_BAD, INDICATOR_MD5, span_of(ip, 16), out) == 0,
	    "finds nothing");
}

/* --- merging with the database before it --- */

struct told {
	unsigned n[5];
	uint32_t last;
};

static int tell(void *ctx, enum intel_outcome what, const struct indicator *i)
{
	struct told *t = ctx;

	t->n[what]++;
	return !i->value[0] || !i->source ? -EINVAL : 0;
}

static bool keep_volexity(void *ctx, const struct indicator *i)
{
	return strcmp(i->source, "volexity") == 0 && i->value[0];
}

/* What must come of old and new. */
static struct model model_update(const struct model *old, const struct model *new,
    bool (*keep)(void *ctx, const struct indicator *i), struct told *told)
{
	struct model m = { .i = calloc(old->n + new->n, sizeof(struct indicator)) };

	for (size_t i = 0; i < new->n; i++) {
		struct indicator n = new->i[i];
		size_t k = 0;
		for (; k < old->n && !same_key(&old->i[k], &n); k++)
			;
		told->n[k < old->n ? INTEL_UPDATED : INTEL_ADDED]++;
		if (k < old->n) {
			const struct indicator *o = &old->i[k];
			n.first_seen = least_set(n.first_seen, o->first_seen);
			if (o->first_import && (!n.first_import || o->first_import < n.first_import))
				n.first_import = o->first_import;
		}
		m.i[m.n++] = n;
	}
	for (size_t i = 0; i < old->n; i++) {
		size_t k = 0;
		for (; k < new->n && !same_key(&new->i[k], &old->i[i]); k++)
			;
		if (k < new->n)
			continue;
		bool stays = !keep || keep(NULL, &old->i[i]);
		told->n[stays ? INTEL_KEPT : INTEL_REMOVED]++;
		if (stays)
			m.i[m.n++] = old->i[i];
	}
	return m;
}

static void update(size_t olds, size_t news, bool (*keep)(void *ctx, const struct indicator *i))
{
	AUTO_INTEL_DB struct intel_db *before = NULL, *db = NULL, *direct = NULL;
	AUTO_BUF struct buf merged = BUF_INIT(1u << 30);
	struct intel_build_stats st = { 0 };
	struct told want = { 0 }, got = { 0 };
	struct model old = model_new(olds), new = model_new(news);

	model_fold(&old);
	model_fold(&new);
	struct model all = model_update(&old, &new, keep, &want);
	struct intel_build_opts o = { .tmp_dir = -1, .memory = 1 << 20, .generation = 2,
		.keep = keep, .outcome = tell, .ctx = &got };
	if (!ok(build(old.i, old.n, NULL, &st, &before) == 0, "a database of %zu", old.n))
		return;
	o.old = before;
	ok(build(new.i, new.n, &o, &st, &db) == 0, "and %zu claims", new.n);
	buf_put_span(&merged, buf_span(&file));
	compare_claims(db, &all, "merged");
	ok(memcmp(&want, &got, sizeof(want)) == 0 && st.added == want.n[INTEL_ADDED] &&
		st.updated == want.n[INTEL_UPDATED] && st.kept == want.n[INTEL_KEPT] &&
		st.removed == want.n[INTEL_REMOVED],
	    "%u added, %u updated, %u kept, %u removed: counted and told", want.n[0], want.n[1],
	    want.n[3], want.n[4]);
	o = (struct intel_build_opts){ .tmp_dir = -1, .memory = 64 << 20, .generation = 2 };
	ok(build(all.i, all.n, &o, &st, &direct) == 0 &&
		span_eq(buf_span(&merged), buf_span(&file)),
	    "the same bytes as built at once");
	free(all.i);
	model_free(&old);
	model_free(&new);
}

static int stop(void *ctx, enum intel_outcome what, const struct indicator *i)
{
	return -ECANCELED;
}

/* The same claims in many runs on disk, and in none. */
static void runs(void)
{
	AUTO_INTEL_DB struct intel_db *a = NULL, *b = NULL;
	AUTO_BUF struct buf first = BUF_INIT(1u << 30);
	char path[] = "/tmp/intel-db-XXXXXX";
	int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct intel_build_opts o = { .tmp_dir = dir, .memory = 1 << 20, .generation = 1 };
	struct intel_build_stats st = { 0 };
	struct model m = { .i = calloc(60000, sizeof(struct indicator)), .arena = ARENA_INIT(1u << 30) };

	for (; m.n < 60000; m.n++)
		m.i[m.n] = BAD(DOMAIN, text(&m, "n%d.x%d.example", (int)rnd(1u << 30), (int)m.n));
	ok(build(m.i, m.n, &o, &st, &a) == 0 && st.runs > 2, "%d runs on disk", (int)st.runs);
	ok(rmdir(path) == 0, "that leave nothing behind");
	close(dir);
	buf_put_span(&first, buf_span(&file));
	o = (struct intel_build_opts){ .tmp_dir = -1, .generation = 1 };
	ok(build(m.i, m.n, &o, &st, &b) == 0 && st.runs == 0 &&
		span_eq(buf_span(&first), buf_span(&file)),
	    "the same bytes as without any");
	struct intel_db_info info;
	intel_db_info(b, &info);
	ok(info.hot_bytes <= 16 * m.n, "%.2f bytes of an entry are hot",
	    (double)info.hot_bytes / (double)m.n);
	o.outcome = stop;
	AUTO_INTEL_DB struct intel_db *none = NULL;
	is_int(build(m.i, 3, &o, &st, &none), -ECANCELED, "who is told may end it");
	model_free(&m);
}

/* --- damage --- */

/* A file of bytes: does it open and pass the check? Lookups must not crash, in any case. */
static bool passes(struct span bytes)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct intel_found out[INTEL_FOUND_MAX];
	struct fault f = FAULT_INIT;
	int fd = memfd_create("damaged", MFD_CLOEXEC);

	if (file_write_all(fd, bytes) < 0 || intel_db_open_fd(&db, fd, "damaged", &f) < 0)
		return false;
	(void)intel_db_name(db, INDICATOR_BAD, span_str("www.evil.example.org"), out);
	return intel_db_check(db, &f) == 0;
}

static void damage(void)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	AUTO_BUF struct buf copy = BUF_INIT(1u << 24);
	struct model m = model_new(150);
	struct intel_build_stats st;
	size_t passed = 0, cuts = 0;

	if (!ok(build(m.i, m.n, NULL, &st, &db) == 0 && passes(buf_span(&file)), "a sound file"))
		return;
	buf_put_span(&copy, buf_span(&file));
	for (size_t i = 0; i < copy.n; i += sanitized ? 9 : 1) {
		copy.p[i] ^= (uint8_t)(1 << i % 8);
		passed += passes(buf_span(&copy));
		copy.p[i] ^= (uint8_t)(1 << i % 8);
	}
	is_int(passed, 0, "a bit flipped in any of its %zu bytes is found", copy.n);
	for (size_t n = 0; n < copy.n; n += n < DB_HEADER ? 97 : 7)
		cuts += passes(span_of(copy.p, n));
	is_int(cuts, 0, "cut off anywhere is found");
	buf_putc(&copy, 0);
	ok(!passes(buf_span(&copy)), "a byte more is found");
	model_free(&m);
}

/* A build upon a database that lies: the new one is sound, or there is none. */
static bool merges(const struct intel_db *old)
{
	AUTO_INTEL_BUILD struct intel_build *b = NULL;
	struct intel_build_opts o = { .tmp_dir = -1, .memory = 1 << 20, .old = old };
	struct indicator c = BAD(DOMAIN, "new.example");
	struct intel_build_stats st;
	struct fault f = FAULT_INIT;
	int fd = memfd_create("merged", MFD_CLOEXEC), rc = intel_build_new(&b, &o, &f);

	if (rc == 0)
		rc = intel_build_add(b, &c, &f);
	if (rc == 0)
		rc = intel_build_finish(b, fd, &st, &f);
	close(fd);
	return rc == 0 || rc == -EBADMSG;
}

/* No room on disk: an error that says so, wherever it runs out. */
static void full(void)
{
	struct rlimit was, lim;
	struct intel_build_stats st;
	struct model m = model_new(2000);
	unsigned bad = 0;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	for (rlim_t size = 0; size < 100000; size += 20000) {
		AUTO_INTEL_BUILD struct intel_build *b = NULL;
		struct intel_build_opts o = { .tmp_dir = -1 };
		struct fault f = FAULT_INIT;
		int fd = memfd_create("full", MFD_CLOEXEC), rc = intel_build_new(&b, &o, &f);
		for (size_t i = 0; rc == 0 && i < m.n; i++)
			rc = intel_build_add(b, &m.i[i], &f);
		lim = (struct rlimit){ size, was.rlim_max };
		setrlimit(RLIMIT_FSIZE, &lim);
		if (rc == 0)
			rc = intel_build_finish(b, fd, &st, &f);
		setrlimit(RLIMIT_FSIZE, &was);
		bad += rc != -EFBIG || !strstr(f.text, "cannot be written");
		close(fd);
	}
	is_int(bad, 0, "no room on disk is an error, wherever it ends");
	model_free(&m);
}

/* The digests are right, the rest lies: read, but nothing outside, and the check finds it. */
static void lies(void)
{
	AUTO_BUF struct buf in = BUF_INIT(1u << 24);
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct model m = model_new(150);
	struct intel_build_stats st;
	size_t at = DB_HEADER;

	if (!ok(build(m.i, m.n, NULL, &st, &db) == 0, "a file to lie in"))
		return;
	unsigned missed = 0, tries = 0;
	for (; at < file.n; at += sanitized ? 11 : 3, tries++) {
		AUTO_INTEL_DB struct intel_db *bad = NULL;
		struct fault f = FAULT_INIT;
		buf_reset(&in);
		buf_put_span(&in, buf_span(&file));
		in.p[at] ^= (uint8_t)(1 + rnd(255));
		relabel(in.p, in.n);
		int fd = memfd_create("lie", MFD_CLOEXEC);
		if (file_write_all(fd, buf_span(&in)) < 0 || intel_db_open_fd(&bad, fd, "lie", &f) < 0)
			continue;
		int rc = intel_db_check(bad, &f);
		struct seen s = { .db = bad, .m = &m };
		(void)!intel_db_each(bad, INDICATOR_BAD, INDICATOR_NONE, see, &s);
		(void)!intel_db_each(bad, INDICATOR_BENIGN, INDICATOR_NONE, see, &s);
		for (size_t i = 0; i < m.n; i++) {
			struct intel_found out[INTEL_FOUND_MAX];
			(void)intel_db_text(bad, m.i[i].side, m.i[i].type, span_str(m.i[i].value), out);
			(void)intel_db_name(bad, m.i[i].side, span_str(m.i[i].value), out);
		}
		/* text that is still text, and claims that are still claims, are another content */
		missed += rc != 0 && rc != -EBADMSG;
		if (tries % 16 == 0)
			missed += !merges(bad);
	}
	ok(missed == 0 && tries > 100, "%u lies under right digests: read without harm", tries);
	model_free(&m);
}

static void limits(void)
{
	static const struct {
		enum indicator_type t;
		const char *value;
	} bad[] = {
		{ INDICATOR_NONE, "x" }, { INDICATOR_MD5, "d41d8cd98f00b204e9800998ecf8427" },
		{ INDICATOR_MD5, "D41D8CD98F00B204E9800998ECF8427E" },
		{ INDICATOR_SHA256, "d41d8cd98f00b204e9800998ecf8427e" },
		{ INDICATOR_IPV4, "1.2.3" }, { INDICATOR_IPV4, "1.2.3.4/33" },
		{ INDICATOR_IPV4, "1.2.3.4/24" }, { INDICATOR_IPV4, "01.2.3.4" },
		{ INDICATOR_IPV4, "1.2.3.4.5" }, { INDICATOR_IPV4, "1.2.3.256" },
		{ INDICATOR_IPV4, "::1" }, { INDICATOR_IPV6, "1.2.3.4" },
		{ INDICATOR_IPV6, "::1/129" }, { INDICATOR_IPV6, "::1/64" },
		{ INDICATOR_IP_PORT, "1.2.3.4" }, { INDICATOR_IP_PORT, "1.2.3.4:0" },
		{ INDICATOR_IP_PORT, "1.2.3.4:65536" }, { INDICATOR_IP_PORT, "[::1]443" },
		{ INDICATOR_IP_PORT, "[::1]" }, { INDICATOR_DOMAIN, "" },
	};
	AUTO_INTEL_BUILD struct intel_build *b = NULL;
	struct intel_build_opts o = { .tmp_dir = -1 };
	struct fault f = FAULT_INIT;
	static char longest[INDICATOR_VALUE_MAX + 2], note[40000];
	unsigned taken = 0;

	ok(intel_build_new(&b, &o, &f) == 0, "a builder");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct indicator c = claim(INDICATOR_BAD, bad[i].t, bad[i].value, "s");
		if (intel_build_add(b, &c, &f) != -EINVAL) {
			diag("taken: %s", bad[i].value);
			taken++;
		}
	}
	is_int(taken, 0, "values that are not normalised are refused");
	memset(longest, 'x', INDICATOR_VALUE_MAX);
	struct indicator c = BAD(MUTEX, longest);
	is_int(intel_build_add(b, &c, &f), 0, "the longest value");
	longest[INDICATOR_VALUE_MAX] = 'x';
	is_int(intel_build_add(b, &c, &f), -EINVAL, "one byte more");
	memset(note, 'n', sizeof(note) - 1);
	c = BAD(MUTEX, "m");
	c.note = note;
	is_int(intel_build_add(b, &c, &f), -EMSGSIZE, "a note that is too long");
}

/* Names: what is not a name, case, the final dot, the longest. */
static void names(void)
{
	char text[300] = "", label[64];
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct intel_found out[INTEL_FOUND_MAX];
	struct intel_build_stats st;

	memset(label, 'a', 63);
	label[63] = 0;
	snprintf(text, sizeof(text), "%s.%s.%s.%.61s", label, label, label, label);
	struct indicator c[] = { BAD(DOMAIN, "evil.example"), BAD(DOMAIN, text),
		BAD(DOMAIN, "exact.example"), BAD(DOMAIN, "tld"),
		claim(INDICATOR_BENIGN, INDICATOR_DOMAIN, "tld", "s") };
	static const struct {
		const char *name;
		size_t n;
	} ask[] = { { "evil.example", 1 }, { "EVIL.Example.", 1 }, { "www.evil.example", 1 },
		{ "a.b.c.d.e.f.evil.example", 1 }, { "xevil.example", 0 }, { "example", 0 },
		{ "evil.example..", 0 }, { "a..evil.example", 0 }, { ".evil.example", 0 },
		{ "", 0 }, { ".", 0 }, { "exact.example", 1 }, { "www.exact.example", 0 },
		{ "tld", 0 }, { "x.tld", 0 }, { "\xc3\xa9.evil.example", 1 } };
	unsigned bad = 0;

	c[2].exact = true;
	if (!ok(build(c, ARRAY_LEN(c), NULL, &st, &db) == 0, "names"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(ask); i++) {
		struct span s = span_str(ask[i].name);
		uint64_t hit = 0;
		size_t n = intel_db_name(db, INDICATOR_BAD, s, out);
		intel_db_names(db, INDICATOR_BAD, &s, 1, &hit);
		if (n != ask[i].n || hit != (n > 0)) {
			diag("%s: %d", ask[i].name, (int)n);
			bad++;
		}
	}
	is_int(bad, 0, "what matches, and what does not");
	is_int(intel_db_name(db, INDICATOR_BAD, span_str(text), out), 1, "a name of 253 bytes");
	is_int(intel_db_name(db, INDICATOR_BENIGN, span_str("x.tld"), out), 1,
	    "a benign top-level domain");
	is_int(intel_db_name(db, INDICATOR_BENIGN, span_str("tld"), out), 1, "and itself");
	memset(text, 'x', 254);
	ok(intel_db_name(db, INDICATOR_BAD, span_of(text, 254), out) == 0 &&
		intel_db_name(db, INDICATOR_BAD, span_of(text, 64), out) == 0,
	    "too long for a name, too long for a label");
	struct span many[700];
	uint64_t hits[11], set = 0;
	for (size_t i = 0; i < 700; i++)
		many[i] = span_str(ask[i % ARRAY_LEN(ask)].name);
	intel_db_names(db, INDICATOR_BAD, many, 700, hits);
	for (size_t i = 0; i < 700; i++)
		set += (hits[i / 64] >> i % 64 & 1) != ask[i % ARRAY_LEN(ask)].n;
	is_int(set, 0, "seven hundred at once");
}

/* What the bytes of a file are is a promise to other versions of this program. */
static void stored(void)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct indicator c[] = { BAD(DOMAIN, "evil.example"), BAD(IPV4, "192.0.2.0/24") };
	struct intel_build_stats st;
	struct digest d;

	if (!ok(build(c, ARRAY_LEN(c), NULL, &st, &db) == 0, "two claims"))
		return;
	d = sha256_of(buf_span(&file));
	is_str(DIGEST_HEX(&d),
	    "7f3614b5560abd9036b696f5b167a227374e3c40244f6425a2a6c13b4d0ef112", "give these bytes");
}

int main(void)
{
	sanitized = getenv("SANITIZED") != NULL;
	empty();
	for (size_t n = 1; n < 40; n += 6)
		random_sets(n);
	random_sets(2000);
	update(0, 50, NULL);
	update(50, 0, NULL);
	update(1500, 1500, NULL);
	update(1500, 1000, keep_volexity);
	if (!sanitized)
		runs();
	damage();
	lies();
	full();
	limits();
	names();
	stored();
	buf_free(&file);
	return tap_done();
}
