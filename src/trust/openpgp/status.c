/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/openpgp/status.h"

#include <errno.h>

#define ERR_NO_PUBKEY 9 /* GPG_ERR_NO_PUBKEY */

struct parser {
	struct pgp_status *s;
	struct pgp_sig *sig; /* the one that is open; NULL before the first NEWSIG */
	bool valid;	     /* it has its VALIDSIG */
	bool plaintext;
};

/* Takes the next word off *rest. Empty at the end. */
static struct span word(struct span *rest)
{
	size_t at = span_find(*rest, ' ');
	struct span w = span_cut(*rest, 0, at == SIZE_MAX ? rest->n : at);

	*rest = span_from(*rest, w.n + 1);
	return w;
}

/* 16 to 64 upper-case hex digits. */
static bool put_hex(char out[static PGP_FPR_MAX], struct span s)
{
	if (s.n != 16 && s.n != 32 && s.n != 40 && s.n != 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'F')))
			return false;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}

static bool put_number(int64_t *out, struct span s, int64_t max)
{
	int64_t v = 0;

	if (s.n == 0 || s.n > 12)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = v;
	return v <= max;
}

static bool put_unsigned(unsigned *out, struct span s)
{
	int64_t v;

	if (!put_number(&v, s, 255))
		return false;
	*out = (unsigned)v;
	return true;
}

/* GOODSIG, EXPSIG, EXPKEYSIG, REVKEYSIG, BADSIG: <key id or fingerprint> <user id> */
static bool on_verdict(struct parser *p, enum pgp_sig_state state, struct span args)
{
	struct pgp_sig *sig = p->sig;

	if (!sig || sig->state != PGP_SIG_NONE || !put_hex(sig->keyid, word(&args)))
		return false;
	size_t n = args.n < PGP_USER_MAX - 1 ? args.n : PGP_USER_MAX - 1;
	if (n)
		memcpy(sig->user, args.p, n);
	sig->state = state;
	return true;
}

/* VALIDSIG <fpr> <date> <created> <expires> <version> <reserved> <key algo> <hash algo> <type> <primary> */
static bool on_valid(struct parser *p, struct span args)
{
	struct pgp_sig *sig = p->sig;
	unsigned version, reserved, type16;

	if (!sig || p->valid || sig->state < PGP_SIG_EXPIRED)
		return false;
	p->valid = true;
	if (!put_hex(sig->fingerprint, word(&args)))
		return false;
	(void)word(&args); /* the date again */
	if (!put_number(&sig->created, word(&args), UINT32_MAX) ||
	    !put_number(&sig->expires, word(&args), INT64_C(1) << 34) ||
	    !put_unsigned(&version, word(&args)) || !put_unsigned(&reserved, word(&args)) ||
	    !put_unsigned(&sig->key_algo, word(&args)) ||
	    !put_unsigned(&sig->hash_algo, word(&args)))
		return false;
	struct span type = word(&args); /* two hex digits; only 00 and 01 sign data */
	if (type.n != 2 || type.p[0] != '0' || !put_unsigned(&type16, span_from(type, 1)))
		return false;
	sig->type = type16;
	if (!put_hex(sig->primary, word(&args)) || args.n)
		return false;
	/* A version 4 key's id is the end of its fingerprint, a later one's is the start. */
	struct span fpr = span_str(sig->fingerprint), id = span_str(sig->keyid);
	return fpr.n >= 40 && strlen(sig->primary) >= 40 &&
	       (fpr.n == 40 ? span_ends(fpr, id) : span_starts(fpr, id));
}

/* ERRSIG <key id> <key algo> <hash algo> <type> <time> <error> [<fpr>] */
static bool on_error(struct parser *p, struct span args)
{
	struct pgp_sig *sig = p->sig;

	if (!sig || sig->state != PGP_SIG_NONE || !put_hex(sig->keyid, word(&args)) ||
	    !put_unsigned(&sig->key_algo, word(&args)) ||
	    !put_unsigned(&sig->hash_algo, word(&args)) || word(&args).n != 2 ||
	    !put_number(&sig->created, word(&args), UINT32_MAX) ||
	    !put_unsigned(&sig->error, word(&args)))
		return false;
	sig->state = PGP_SIG_ERROR;
	return true;
}

static bool on_no_key(struct parser *p, struct span args)
{
	struct pgp_sig *sig = p->sig;

	if (!sig || sig->state != PGP_SIG_ERROR || sig->error != ERR_NO_PUBKEY ||
	    !span_eq_str(word(&args), sig->keyid))
		return false;
	sig->state = PGP_SIG_NO_KEY;
	return true;
}

/* The signature before is complete. */
static bool close_sig(const struct parser *p)
{
	return !p->sig || (p->sig->state != PGP_SIG_NONE &&
			      p->valid == (p->sig->state >= PGP_SIG_EXPIRED));
}

static bool on_new(struct parser *p)
{
	if (!close_sig(p) || p->s->n == PGP_SIGS_MAX)
		return false;
	p->sig = &p->s->sig[p->s->n++];
	p->valid = false;
	return true;
}

/* What says nothing about whether a signature holds. */
static bool is_remark(struct span k)
{
	static const char *const remarks[] = { "KEY_CONSIDERED", "SIG_ID", "KEYEXPIRED", "SIGEXPIRED",
		"NOTATION_NAME", "NOTATION_FLAGS", "NOTATION_DATA", "POLICY_URL", "PLAINTEXT_LENGTH",
		"VERIFICATION_COMPLIANCE_MODE", "PROGRESS", "WARNING" };

	for (size_t i = 0; i < ARRAY_LEN(remarks); i++)
		if (span_eq_str(k, remarks[i]))
			return true;
	return false;
}

static bool is_trouble(struct span k)
{
	static const char *const words[] = { "NODATA", "UNEXPECTED", "ERROR", "FAILURE", "BADARMOR",
		"BADMDC", "DECRYPTION_FAILED", "TRUNCATED" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (span_eq_str(k, words[i]))
			return true;
	return false;
}

static bool on_line(struct parser *p, struct span line)
{
	static const struct {
		const char *word;
		enum pgp_sig_state state;
	} verdicts[] = {
		{ "GOODSIG", PGP_SIG_GOOD },
		{ "EXPSIG", PGP_SIG_EXPIRED },
		{ "EXPKEYSIG", PGP_SIG_KEY_EXPIRED },
		{ "REVKEYSIG", PGP_SIG_KEY_REVOKED },
		{ "BADSIG", PGP_SIG_BAD },
	};

	if (!span_starts(line, SPAN_LIT("[GNUPG:] ")))
		return false;
	line = span_from(line, 9);
	struct span k = word(&line);
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		if (span_eq_str(k, verdicts[i].word))
			return on_verdict(p, verdicts[i].state, line);
	if (span_eq_str(k, "NEWSIG"))
		return on_new(p);
	if (span_eq_str(k, "VALIDSIG"))
		return on_valid(p, line);
	if (span_eq_str(k, "ERRSIG"))
		return on_error(p, line);
	if (span_eq_str(k, "NO_PUBKEY"))
		return on_no_key(p, line);
	if (span_eq_str(k, "PLAINTEXT")) {
		bool first = !p->plaintext && !p->sig;
		p->plaintext = true;
		return first;
	}
	if (is_trouble(k)) {
		memcpy(p->s->trouble, k.p, k.n);
		p->s->trouble[k.n] = 0;
		return true;
	}
	return is_remark(k);
}

int pgp_status_parse(struct pgp_status *ret_s, struct span text, struct fault *f)
{
	struct parser p = { .s = ret_s };
	struct span line, bad = SPAN_NONE;
	bool good = true;

	*ret_s = (struct pgp_status){ 0 };
	if (text.n && text.p[text.n - 1] != '\n')
		good = false; /* cut off */
	while (good && span_next_line(&text, &line)) {
		good = on_line(&p, line);
		bad = line;
	}
	/* Trouble may come in the middle of a signature. */
	if (good && (ret_s->trouble[0] || close_sig(&p)))
		return 0;
	*ret_s = (struct pgp_status){ 0 };
	return fault_set(
	    f, -EBADMSG, "a status line of gpgv that is not understood: %s", QUOTE(bad));
}
