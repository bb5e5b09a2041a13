/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/detached/priv.h"

#include <errno.h>
#include <stdarg.h>

#define SSH_BEGIN SPAN_LIT("-----BEGIN SSH SIGNATURE-----")
#define UNTRUSTED SPAN_LIT("untrusted comment: ")

const char *detached_kind_name(enum detached_kind k)
{
	static const char *const names[] = {
		[DETACHED_NONE] = "none",
		[DETACHED_MINISIGN] = "minisign",
		[DETACHED_SIGNIFY] = "signify",
		[DETACHED_SIGNIFY_LIST] = "signify-list",
		[DETACHED_SSH] = "ssh",
		[DETACHED_CMS] = "cms",
		[DETACHED_RAW] = "raw",
	};
	return k < ARRAY_LEN(names) ? names[k] : "none";
}

/* What follows the comment and the signature tells minisign, signify and its lists apart. */
static enum detached_kind numbered_kind(struct span text)
{
	struct span rest = text, line;

	for (int i = 0; i < 2; i++)
		if (!span_next_line(&rest, &line))
			return DETACHED_SIGNIFY;
	if (!rest.n)
		return DETACHED_SIGNIFY;
	return span_starts(rest, SPAN_LIT("trusted comment: ")) ? DETACHED_MINISIGN
								: DETACHED_SIGNIFY_LIST;
}

enum detached_kind detached_kind_of(struct span text)
{
	if (!text.n || text.n > DETACHED_TEXT_MAX)
		return DETACHED_NONE;
	if (span_starts(text, UNTRUSTED))
		return numbered_kind(text);
	if (span_starts(text, SSH_BEGIN))
		return DETACHED_SSH;
	if (cms_is(text))
		return DETACHED_CMS;
	return raw_is(text) ? DETACHED_RAW : DETACHED_NONE;
}

static int read_kind(struct detached *d, struct span text, struct arena *a, struct fault *f)
{
	switch (d->kind) {
	case DETACHED_MINISIGN:
	case DETACHED_SIGNIFY:
	case DETACHED_SIGNIFY_LIST:
		return minisign_read(d, text, a, f);
	case DETACHED_SSH:
		return sshsig_read(d, text, a, f);
	case DETACHED_CMS:
		return cms_text_read(d, text, a, f);
	case DETACHED_RAW:
		return raw_read(d, text, a, f);
	case DETACHED_NONE:
		break;
	}
	return fault_set(f, -EBADMSG, "no signature of a kind that is known");
}

int detached_read(struct detached **ret_d, struct span text, struct arena *a, struct fault *f)
{
	struct detached *d = ARENA_NEW(a, struct detached);

	if (!d)
		return -ENOMEM;
	if (text.n > DETACHED_TEXT_MAX)
		return fault_set(
		    f, -EBADMSG, "a signature larger than %u bytes", DETACHED_TEXT_MAX);
	d->kind = detached_kind_of(text);
	int rc = read_kind(d, text, a, f);
	if (rc == 0)
		*ret_d = d;
	return rc;
}

enum detached_kind detached_kind(const struct detached *d)
{
	return d->kind;
}

unsigned detached_needs(const struct detached *d)
{
	return d->needs;
}

int checking_say(struct checking *c, int result, const char *fmt, ...)
{
	struct fault f = FAULT_INIT;
	va_list ap;

	va_start(ap, fmt);
	fault_vset(&f, 0, fmt, ap);
	va_end(ap);
	c->out.why = arena_str(c->a, span_str(f.text));
	return c->out.why ? result : -ENOMEM;
}

/* Of several good keys one that may sign is shown. */
void checking_good(struct checking *c, size_t i)
{
	const struct trust_key *k = &c->t->keys->key[i];
	bool first = !c->out.good || (k->may_sign && !c->out.signer.may_sign);

	c->out.good |= 1u << i;
	if (!first)
		return;
	c->out.signer = SIGNER_INIT;
	c->out.signer.kind = SIGNER_KEY;
	c->out.signer.key = k->id;
	c->out.signer.name = k->name;
	c->out.signer.may_sign = k->may_sign; /* taken back in detached_verify */
}

int checking_bytes(struct checking *c, struct span *ret_s)
{
	static const uint8_t none[1];
	int rc = artifact_bytes(c->art, ret_s);

	if (rc == -ENODATA)
		return checking_say(c, DETACHED_NO_FILE,
		    "this %s signature is over the bytes of the file, and only digests are known",
		    detached_kind_name(c->d->kind));
	if (rc == 0 && !ret_s->p)
		*ret_s = span_of(none, 0);
	return rc;
}

int checking_digest(const struct checking *c, enum digest_alg alg, const struct digest **ret_d)
{
	const struct digest *d = artifact_digest(c->art, alg);

	if (!d)
		return -EINVAL;
	*ret_d = d;
	return 0;
}

static int check_kind(struct checking *c)
{
	int rc;

	switch (c->d->kind) {
	case DETACHED_MINISIGN:
	case DETACHED_SIGNIFY:
		return minisign_check(c);
	case DETACHED_SIGNIFY_LIST:
		rc = minisign_check(c);
		return rc == DETACHED_GOOD ? signify_list_find(c) : rc;
	case DETACHED_SSH:
		return sshsig_check(c);
	case DETACHED_CMS:
		return cms_check(c);
	case DETACHED_RAW:
		return raw_check(c);
	case DETACHED_NONE:
		break;
	}
	return -EINVAL;
}

/* Nothing but a bundle proves when something was signed: keys whose time is over are not good. */
static int drop_outdated(struct checking *c)
{
	const struct keyring *keys = c->t->keys;
	const struct trust_key *old = NULL;
	uint32_t good = c->out.good;

	for (size_t i = 0; i < keys->n; i++) {
		if (!(good & 1u << i) || keyring_valid_at(&keys->key[i], c->t->now))
			continue;
		old = &keys->key[i];
		good &= ~(1u << i);
	}
	if (!old)
		return DETACHED_GOOD;
	c->out.good = 0;
	for (size_t i = 0; i < keys->n; i++)
		if (good & 1u << i)
			checking_good(c, i);
	if (good)
		return DETACHED_GOOD;
	c->out.named = old;
	return checking_say(c, DETACHED_BAD, "signed by key %s (%s), which is not valid now; nothing "
	    "proves when it signed", DIGEST_TEXT(&old->id), QUOTE(span_str(old->name)));
}

int detached_verify(struct detached_check *ret_c, const struct detached *d, struct artifact *art,
    const struct detached_trust *t, struct arena *a)
{
	static const struct detached_check nothing = { .signer = { .time = TS_NONE },
		.claimed = TS_NONE };
	struct checking c = { .d = d, .art = art, .t = t, .a = a, .out = nothing };

	*ret_c = nothing;
	int rc = check_kind(&c);
	if (rc == DETACHED_GOOD)
		rc = drop_outdated(&c);
	c.out.signer.may_sign = false;
	if (rc < 0)
		return rc;
	if (rc == DETACHED_BAD || rc == DETACHED_STRANGER || rc == DETACHED_NO_FILE) {
		/* Whatever was found on the way proves nothing. */
		ret_c->named = rc == DETACHED_BAD ? c.out.named : NULL;
		ret_c->why = c.out.why;
		return rc;
	}
	c.out.named = NULL;
	if (rc == DETACHED_GOOD)
		c.out.why = NULL;
	*ret_c = c.out;
	return rc;
}
