/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/component_policy.h"

#include "anatomy/component_link.h"

#include <ctype.h>
#include <errno.h>

struct judging {
	const struct policy_components *p;
	struct component_tree *t;
	const struct known_result *known;
	struct verdict *v;
	struct component_links links;
	uint32_t *matched; /* files of each rule */
	uint32_t told, silent, proven, loose;
	uint32_t open, open_i; /* programs that anybody may have made, and the first of them */
	const char *last; /* what was told last: a file's two signatures are often by one signer */
	uint32_t last_i;
	bool bad;
};

/* --- names --- */

static int hex_of(char c)
{
	return isdigit((uint8_t)c) ? c - '0' : isxdigit((uint8_t)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* One value up to an unescaped "," or "+"; *s is left there. out holds strlen(*s) + 1 bytes. */
static void take_value(const char **s, char *out)
{
	const char *p = *s;
	size_t n = 0;

	for (; *p && *p != ',' && *p != '+'; p++) {
		if (*p != '\\' || !p[1]) {
			out[n++] = *p;
		} else if (hex_of(p[1]) >= 0 && hex_of(p[2]) >= 0) {
			out[n++] = (char)(hex_of(p[1]) << 4 | hex_of(p[2]));
			p += 2;
		} else {
			out[n++] = *++p;
		}
	}
	out[n] = 0;
	*s = p;
}

const char *component_policy_attribute(const char *name, const char *attribute, struct arena *a)
{
	size_t len = strlen(attribute);
	const char *found = NULL;

	for (const char *s = name; s && *s; s += *s != 0) {
		bool it = strncmp(s, attribute, len) == 0 && s[len] == '=';
		const char *eq = strchr(s, '=');
		if (!eq)
			return NULL;
		char *value = arena_alloc(a, strlen(eq) + 1);
		if (!value)
			return NULL;
		s = eq + 1;
		take_value(&s, value);
		if (it && found)
			return NULL;
		if (it)
			found = value;
	}
	return found;
}

static bool same(const char *want, const char *is)
{
	return !want || (is && strcmp(want, is) == 0);
}

static bool is_cert(const struct policy_cert *x, const struct component_signature *s,
    struct arena *a)
{
	if (digest_is_set(&x->thumbprint) && !digest_eq(&x->thumbprint, &s->signer.id))
		return false;
	if (x->subject && !(s->signer.subject && policy_glob(x->subject, s->signer.subject)))
		return false;
	if (x->issuer && !(s->signer.issuer && policy_glob(x->issuer, s->signer.issuer)))
		return false;
	if (x->organization &&
	    !same(x->organization, component_policy_attribute(s->signer.subject, "O", a)))
		return false;
	return same(x->common_name, s->signer.common_name) && same(x->identifier, s->identifier) &&
	    same(x->team, s->team);
}

static const char *who(const struct component_signature *s)
{
	return s->signer.common_name ? s->signer.common_name :
	    s->signer.subject	     ? s->signer.subject :
				       "nobody that is named (ad hoc)";
}

static const char *expected(const struct policy_component *r, struct arena *a)
{
	if (r->must & POLICY_MUST_UNSIGNED)
		return "nobody";
	if (!r->nsigners)
		return "somebody with a chain to an anchor";
	const char *first = arena_str(a, span_str(QUOTE(span_str(r->signer[0].text))));
	if (!first)
		return "another signer";
	return r->nsigners == 1 ? first :
				  arena_printf(a, "%s or %zu others", first, r->nsigners - 1);
}

/* --- one file --- */

static int tell(struct judging *j, uint32_t i, enum reason_kind kind, const char *code,
    const char *text)
{
	j->bad = true;
	if (!text)
		return -ENOMEM;
	if (j->last && j->last_i == i && strcmp(j->last, text) == 0)
		return 0;
	j->last = text;
	j->last_i = i;
	if (j->told++ >= COMPONENT_POLICY_TOLD_MAX) {
		j->silent++;
		return 0;
	}
	return component_tell(j->t, i, j->v, kind, code, text);
}

/* A signature that may be compared: of whom? NULL: of nobody in the rule. */
static const struct policy_cert *cert_of(const struct judging *j, const struct policy_component *r,
    const struct component_signature *s)
{
	for (size_t n = 0; n < r->nsigners; n++)
		if (is_cert(&r->signer[n], s, j->v->arena))
			return &r->signer[n];
	return NULL;
}

static int judge_time(struct judging *j, const struct policy_component *r, uint32_t i,
    const struct component_signature *s)
{
	char at[TS_TEXT_MAX];

	if (r->after == TS_NONE && r->before == TS_FOREVER)
		return 0;
	if (s->time == TS_NONE || !s->time_anchored)
		return tell(j, i, REASON_MISSING, "component.time",
		    "the policy limits the time of signing, and no time stamp with a chain to an anchor "
		    "tells it");
	if (s->time >= r->after && s->time < r->before)
		return 0;
	return tell(j, i, REASON_FAIL, "component.time",
	    arena_printf(j->v->arena, "signed at %s, outside the time that the policy allows",
		ts_format(s->time, at)));
}

/* One that counts only where SHA-1 does, beside one that counts: a file for old and new systems. */
static bool is_old_twin(const struct component *c, const struct component_signature *s)
{
	bool anchored = false;

	for (uint32_t n = 0; n < c->nsignatures; n++)
		anchored |= c->signature[n].result == SIGNED_VERIFIES &&
		    c->signature[n].chain == CHAIN_STATE_ANCHORED;
	return anchored && s->sha1 && s->chain == CHAIN_STATE_FAILED;
}

static int judge_signature(struct judging *j, const struct policy_component *r, uint32_t i,
    const struct component_signature *s)
{
	struct arena *a = j->v->arena;
	const char *name = QUOTE(span_str(who(s)));

	if (s->result != SIGNED_VERIFIES)
		return tell(j, i, REASON_FAIL, "component.signature",
		    arena_printf(a, "the signature by %s does not verify", name));
	const struct policy_cert *c = cert_of(j, r, s);
	if (r->nsigners && !c)
		return tell(j, i, REASON_FAIL, "component.signer",
		    arena_printf(a, "expected %s, signed by %s", expected(r, a), name));
	if (c && digest_is_set(&c->thumbprint))
		return judge_time(j, r, i, s);
	if (is_old_twin(&j->t->c[i], s))
		return 0;
	if (s->chain == CHAIN_STATE_FAILED)
		return tell(j, i, REASON_FAIL, "component.anchor",
		    arena_printf(a, "signed by %s, whose chain leads to no anchor", name));
	if (s->chain != CHAIN_STATE_ANCHORED)
		return tell(j, i, REASON_MISSING, "component.anchor",
		    arena_printf(a, "signed by %s, says a certificate that was held against no root", name));
	return judge_time(j, r, i, s);
}

static int judge_signed(struct judging *j, const struct policy_component *r, uint32_t i)
{
	const struct component *c = &j->t->c[i];
	struct arena *a = j->v->arena;
	int rc = 0;

	if (r->must & POLICY_MUST_UNSIGNED && c->nsignatures)
		return tell(j, i, REASON_FAIL, "component.signer",
		    arena_printf(a, "expected nobody, signed by %s",
			QUOTE(span_str(who(&c->signature[0])))));
	if (!(r->must & POLICY_MUST_SIGNED))
		return 0;
	if (!c->nsignatures)
		return tell(j, i, REASON_FAIL, "component.unsigned",
		    arena_printf(a, "expected %s, signed by nobody", expected(r, a)));
	for (uint32_t n = 0; n < c->nsignatures && rc == 0; n++)
		rc = judge_signature(j, r, i, &c->signature[n]);
	return rc;
}

static int judge_known(struct judging *j, uint32_t i)
{
	if (!j->known || i >= j->known->n)
		return tell(j, i, REASON_MISSING, "component.known-good",
		    "must be in a list of known files, and none was given (--known-good)");
	switch (j->known->c[i].state) {
	case KNOWN_LISTED:
	case KNOWN_RESIGNED:
		return 0;
	case KNOWN_MIXED:
		return tell(j, i, REASON_FAIL, "component.known-good",
		    "must be a known file, and is one of another release than its siblings");
	default:
		return tell(j, i, REASON_FAIL, "component.known-good",
		    "must be in a list of known files, and is in none");
	}
}

/* --- all of them --- */

/* Windows leaves out blanks and dots at the end of a name, and takes "::$DATA" for its content. */
static void trim_parts(char *path)
{
	static const char data[] = "::$data";
	size_t n = 0, begin = 0;

	for (const char *p = path;; p++) {
		if (*p && *p != '/') {
			path[n++] = *p;
			continue;
		}
		if (n - begin > sizeof(data) - 1 &&
		    memcmp(path + n - (sizeof(data) - 1), data, sizeof(data) - 1) == 0)
			n -= sizeof(data) - 1;
		while (n > begin + 1 && (path[n - 1] == '.' || path[n - 1] == ' '))
			n--;
		path[n] = *p;
		if (!*p)
			return;
		begin = ++n;
	}
}

/* As rules have it: "/dir/x.cab/a.dll" in lower case; "." for the artifact. */
static const char *rule_path(const struct judging *j, uint32_t i, char buf[static COMPONENT_PATH_MAX])
{
	size_t label = strlen(j->t->c[0].path);

	if (i == 0)
		return ".";
	component_path(j->t, i, buf);
	char *s = strlen(buf) > label && strncmp(buf, j->t->c[0].path, label) == 0 ? buf + label : buf;
	for (char *p = s; *p; p++)
		*p = *p == '!' ? '/' : (char)tolower((uint8_t)*p);
	trim_parts(s);
	return s;
}

static bool fits(const char *pattern, const char *path)
{
	char full[COMPONENT_PATH_MAX];
	size_t n = strlen(pattern), at = 0;

	if (strcmp(pattern, ".") == 0 || strcmp(path, ".") == 0)
		return strcmp(pattern, path) == 0;
	if (n + 4 > sizeof(full))
		return false;
	if (!strchr(pattern, '/'))
		at = (size_t)(stpcpy(full, "**/") - full);
	else if (pattern[0] != '/' && strncmp(pattern, "**", 2) != 0)
		full[at++] = '/';
	for (size_t i = 0; i <= n; i++)
		full[at + i] = (char)tolower((uint8_t)pattern[i]);
	return policy_glob(full, path);
}

/* The rule for a file of i's format at this path. */
static struct policy_component *rule_of(const struct judging *j, uint32_t i, const char *path)
{
	for (size_t n = 0; n < j->p->n; n++) {
		struct policy_component *r = &j->p->rule[n];
		if (r->formats && !(r->formats & 1u << j->t->c[i].format))
			continue;
		for (size_t k = 0; k < r->paths.n; k++)
			if (fits(r->paths.item[k], path))
				return r;
	}
	return NULL;
}

static bool is_program(const struct component *c)
{
	return format_is_binary(c->format) || c->format == FORMAT_CFB;
}

/* Neither a signer nor a list vouches for it: whoever replaces it by the like goes unseen. */
static void leave_open(struct judging *j, uint32_t i)
{
	if (is_program(&j->t->c[i]) && !j->open++)
		j->open_i = i;
}

static int judge_unlisted(struct judging *j, uint32_t i)
{
	if (i == 0 || !is_program(&j->t->c[i]))
		return 0;
	if (j->p->otherwise == POLICY_DEFAULT_ALLOW) {
		leave_open(j, i);
		return 0;
	}
	j->loose++;
	if (j->p->otherwise == POLICY_DEFAULT_KNOWN_GOOD)
		return judge_known(j, i);
	return tell(j, i, REASON_FAIL, "component.unlisted",
	    "a program that no rule of the policy is about");
}

static int judge_by(struct judging *j, uint32_t i, const struct policy_component *r)
{
	j->matched[r - j->p->rule]++;
	if (r->nsigners || r->must & (POLICY_MUST_SIGNED | POLICY_MUST_KNOWN_GOOD))
		j->proven++;
	else
		leave_open(j, i);
	int rc = judge_signed(j, r, i);
	if (rc == 0 && r->must & POLICY_MUST_KNOWN_GOOD)
		rc = judge_known(j, i);
	return rc;
}

static int judge_file(struct judging *j, uint32_t i)
{
	char buf[COMPONENT_PATH_MAX];
	const struct policy_component *r = rule_of(j, i, rule_path(j, i, buf));

	return r ? judge_by(j, i, r) : judge_unlisted(j, i);
}

/* What stands at the link's place is the file that it leads to, which its own rule does not free. */
static int judge_link(struct judging *j, uint32_t i)
{
	char buf[COMPONENT_PATH_MAX];
	uint32_t to;
	int rc = component_link_follow(&j->links, i, &to);

	if (rc < 0 || to == COMPONENT_NONE || !component_has_bytes(&j->t->c[to]))
		return rc;
	const struct policy_component *r = rule_of(j, to, rule_path(j, i, buf));
	return r && r != rule_of(j, to, rule_path(j, to, buf)) ? judge_by(j, to, r) : 0;
}

static int judge_one(struct judging *j, uint32_t i)
{
	const struct component *c = &j->t->c[i];

	if (component_has_bytes(c))
		return judge_file(j, i);
	return c->type == COMPONENT_SYMLINK || c->type == COMPONENT_HARDLINK ? judge_link(j, i) : 0;
}

static void judge_rules(struct judging *j)
{
	for (size_t n = 0; n < j->p->n; n++) {
		const struct policy_component *r = &j->p->rule[n];
		if (j->matched[n] || r->optional)
			continue;
		j->bad = true;
		verdict_add(j->v, REASON_MISSING, "component.missing",
		    "no file for rule %zu of the policy: %s%s", n + 1,
		    QUOTE(span_str(r->paths.item[0])), r->paths.n > 1 ? " …" : "");
	}
}

bool component_policy_wants_known(const struct policy_components *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->rule[i].must & POLICY_MUST_KNOWN_GOOD)
			return true;
	return p->n && p->otherwise == POLICY_DEFAULT_KNOWN_GOOD;
}

/* What is proven, and what is not, when the policy holds. */
static void conclude(const struct judging *j)
{
	char buf[COMPONENT_PATH_MAX];
	bool by_lists = j->loose && j->p->otherwise == POLICY_DEFAULT_KNOWN_GOOD;

	if (j->bad || !(j->proven || by_lists))
		return;
	verdict_add(j->v, REASON_PROVEN, COMPONENT_POLICY_PROVEN,
	    "%u components are signed by who must have signed them, as the policy says",
	    j->proven + (by_lists ? j->loose : 0));
	if (j->open)
		verdict_add(j->v, REASON_WARN, COMPONENT_POLICY_OPEN,
		    "%u program%s%s%s may be anybody's: the policy names neither a signer nor known files "
		    "for %s", j->open, j->open > 1 ? "s, the first of them " : " ",
		    QUOTE(span_str(component_path(j->t, j->open_i, buf))), j->open > 1 ? "," : "",
		    j->open > 1 ? "them" : "it");
}

int component_policy_judge(const struct policy_components *p, struct component_tree *t,
    const struct known_result *known, struct verdict *v)
{
	struct judging j = { .p = p, .t = t, .known = known, .v = v };
	int rc = 0;

	j.matched = arena_array(v->arena, p->n + 1, sizeof(*j.matched));
	if (!j.matched)
		return -ENOMEM;
	component_links_init(&j.links, t);
	for (uint32_t i = 0; i < t->n && rc == 0; i++)
		rc = judge_one(&j, i);
	component_links_free(&j.links);
	if (rc < 0)
		return rc;
	judge_rules(&j);
	if (j.silent)
		verdict_add(v, REASON_FAIL, "component.more", "%u more findings like these", j.silent);
	conclude(&j);
	return 0;
}
