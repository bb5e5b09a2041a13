/* SPDX-License-Identifier: Apache-2.0 */

/* Facts become observations. */

#include "base/buf.h"
#include "base/hex.h"
#include "cli/watch_fact.h"
#include "seen/seen.h"
#include "sense/addr.h"

#include <string.h>

#define WHERE_MAX (SEEN_PATH_MAX + 2 * WATCH_FACT_TEXT)
#define SHA1_BYTES 20
#define DIGESTS (SHA1_BYTES + 32)

/* One fact on its way. */
struct put {
	struct seen *seen;
	const char *place;
	const struct watch_fact *x;
	struct buf where; /* room */
	struct fault *f;
	int rc; /* latched */
};

bool watch_fact_valid(struct span s)
{
	static const uint16_t exact[FACT_KINDS] = { [FACT_JA3] = 16, [FACT_CERT] = DIGESTS };
	struct watch_fact x;

	if (s.n < sizeof(x))
		return false;
	memcpy(&x, s.p, sizeof(x));
	if (x.len > s.n || x.len % 8 || x.len < sizeof(x) + x.name + x.more ||
	    x.len > WATCH_FACT_MAX)
		return false;
	if (!x.kind || x.kind >= FACT_KINDS || (exact[x.kind] && x.more != exact[x.kind]))
		return false;
	return x.name < WATCH_FACT_TEXT && x.more < WATCH_FACT_TEXT && x.count &&
	       (x.client_family == 4 || x.client_family == 6) &&
	       (x.family == 4 || x.family == 6 || x.kind == FACT_ASKED || x.kind == FACT_ALIAS);
}

static char *address_text(uint8_t family, const uint8_t b[16], char out[static SENSE_ADDR_TEXT_MAX])
{
	struct sense_addr a = { .family = family };

	memcpy(a.b, b, sizeof(a.b));
	return sense_addr_text(&a, out);
}

/* "network: client 10.0.0.5", then the server's address as `address`, and `what` with its text;
 * either may be NULL, and a text that is empty is left out. */
static const char *where(struct put *p, const char *address, const char *what, struct span text)
{
	const struct watch_fact *x = p->x;
	char addr[SENSE_ADDR_TEXT_MAX];

	buf_reset(&p->where);
	buf_puts(&p->where, p->place);
	buf_puts(&p->where, ": client ");
	buf_puts(&p->where, address_text(x->client_family, x->client, addr));
	if (address) {
		buf_printf(&p->where, ", %s ", address);
		buf_puts(&p->where, address_text(x->family, x->address, addr));
	}
	if (what && text.n) {
		buf_printf(&p->where, ", %s ", what);
		buf_put_span(&p->where, text);
	}
	return buf_str(&p->where);
}

static void put(struct put *p, enum indicator_type t, struct span value, const char *place)
{
	const struct watch_fact *x = p->x;

	if (p->rc == 0 && value.n)
		p->rc = seen_put_values(p->seen, t, value, place, x->first * TS_SECOND,
		    x->last * TS_SECOND, x->count, p->f);
}

static void put_address(struct put *p, const char *what, struct span name)
{
	char text[SENSE_ADDR_TEXT_MAX];

	put(p, p->x->family == 4 ? INDICATOR_IPV4 : INDICATOR_IPV6,
	    span_str(address_text(p->x->family, p->x->address, text)), where(p, NULL, what, name));
}

static void put_hex(struct put *p, enum indicator_type t, struct span bytes, const char *place)
{
	char hex[2 * DIGESTS + 1];

	hex_encode(hex, bytes);
	put(p, t, span_str(hex), place);
}

static void put_fact(struct put *p)
{
	const struct watch_fact *x = p->x;
	struct span name = span_of(x->bytes, x->name), more = span_of(x->bytes + x->name, x->more);

	switch ((enum watch_fact_kind)x->kind) {
	case FACT_ASKED:
		put(p, INDICATOR_DOMAIN, name, where(p, NULL, NULL, SPAN_NONE));
		break;
	case FACT_ALIAS:
		put(p, INDICATOR_DOMAIN, name, where(p, NULL, "asked for", more));
		break;
	case FACT_ANSWER:
		put(p, INDICATOR_DOMAIN, name, where(p, "answer", NULL, SPAN_NONE));
		put_address(p, "answer for", name);
		break;
	case FACT_CONNECTED:
		put_address(p, NULL, SPAN_NONE);
		break;
	case FACT_HELLO:
		put(p, INDICATOR_DOMAIN, name, where(p, "address", "ja4", more));
		put(p, INDICATOR_JA4, more, where(p, "address", "name", name));
		if (name.n)
			put_address(p, "name", name);
		break;
	case FACT_JA3:
		put_hex(p, INDICATOR_JA3, more, where(p, "address", "name", name));
		break;
	case FACT_CERT:
		put_hex(p, INDICATOR_CERT, span_cut(more, 0, SHA1_BYTES),
		    where(p, "address", "name", name));
		put_hex(p, INDICATOR_CERT, span_from(more, SHA1_BYTES),
		    where(p, "address", "name", name));
		break;
	case FACT_REQUEST:
		put(p, INDICATOR_DOMAIN, name, where(p, "address", "over", SPAN_LIT("http")));
		put_address(p, "name", name);
		break;
	case FACT_KINDS:
		break;
	}
}

int watch_facts_put(struct seen *s, const char *place, struct span facts, struct fault *f)
{
	struct put p = { .seen = s, .place = place, .where = BUF_INIT(WHERE_MAX), .f = f };

	while (facts.n && p.rc == 0) {
		p.x = (const struct watch_fact *)(const void *)facts.p;
		put_fact(&p);
		facts = span_from(facts, p.x->len);
	}
	buf_free(&p.where);
	return p.rc;
}
