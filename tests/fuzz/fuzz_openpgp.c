/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What we read around gpgv: its status lines, armor, clear-signed frames, packets, certificates.
 * An error leaves nothing behind; twice means the same.
 */

#include "trust/openpgp/openpgp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pgp_status s, again;

static void check(bool good)
{
	if (!good)
		abort();
}

static void status(struct span text)
{
	static const struct pgp_status zero;

	int rc = pgp_status_parse(&s, text, NULL);
	check(rc == pgp_status_parse(&again, text, NULL) && memcmp(&s, &again, sizeof(s)) == 0);
	if (rc < 0)
		check(memcmp(&s, &zero, sizeof(s)) == 0);
	for (size_t i = 0; i < s.n && !s.trouble[0]; i++) {
		const struct pgp_sig *x = &s.sig[i];
		check(x->state != PGP_SIG_NONE && x->state <= PGP_SIG_GOOD);
		check(x->state != PGP_SIG_GOOD ||
		      (strlen(x->fingerprint) >= 40 && strlen(x->primary) >= 40 && x->type <= 9));
	}
}

static void frame(struct span text)
{
	AUTO_BUF struct buf out = BUF_INIT(1u << 20);
	AUTO_BUF struct buf sig = BUF_INIT(1u << 20);

	if (pgp_clear_split(&out, &sig, text, NULL) != 0)
		return;
	check(pgp_form_of(text) == PGP_FORM_CLEAR && sig.n);
	/* No line of what was signed keeps white space at its end. */
	for (size_t i = 1; i < out.n; i++)
		check(out.p[i] != '\n' || (out.p[i - 1] != ' ' && out.p[i - 1] != '\t'));
}

static void packets(struct span bytes)
{
	struct span rest = bytes;
	struct pgp_packet p;
	size_t n = 0, left = rest.n;

	while (pgp_packet_next(&rest, &p) == 1) {
		check(rest.n < left && p.body.n <= left);
		left = rest.n;
		n++;
	}
	int count = pgp_count_signatures(bytes, NULL);
	check(count < 0 || (size_t)count == n);
}

static void keys(struct span text)
{
	AUTO_PGP_KEYS struct pgp_keys k = PGP_KEYS_INIT;

	int rc = pgp_keys_add(&k, text, "fuzz", NULL);
	check(rc != 0 || k.n > 0);
	for (size_t i = 0; rc == 0 && i < k.n; i++)
		check(strlen(k.key[i].fingerprint) == 40);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);

	status(text);
	frame(text);
	packets(text);
	keys(text);
	return 0;
}
