/* SPDX-License-Identifier: Apache-2.0 */

/*
 * rpz: DNS response policy zones (draft-vixie-dnsop-dns-rpz). A record's owner, less the zone's name,
 * is the trigger; its data is the action.
 *
 *   name           the name alone; *.name: everything below it (and here the name, too)
 *   N.….rpz-ip     an address or network in an answer
 *   rpz-client-ip, rpz-nsdname, rpz-nsip: who asks, and who is asked: no value that is looked up
 *
 * PASSTHRU (and the old form of it, a CNAME to the name itself) says that a name is to be left
 * alone: benign. TCP-ONLY says nothing about good or bad. All other actions say bad.
 */

#include "intel/rpz.h"
#include "intel/priv.h"

#include <errno.h>
#include <stdio.h>

struct rpz {
	struct reader *r;
	char origin[ZONE_NAME_MAX]; /* absolute, lower case, without the final dot; "" root, unknown */
	char zone[ZONE_NAME_MAX];
	bool zone_known;
	char owner[ZONE_NAME_MAX]; /* of the last record, absolute; "" none */
	bool absolute;		   /* it was written with a final dot */
	bool said;		   /* and its trigger was dealt with */
};

static bool is(struct span s, const char *word)
{
	return span_eq_nocase(s, span_str(word));
}

/* The name as it is written, put below the origin: false when it does not fit. */
static bool absolute(const struct rpz *z, struct span name, char out[static ZONE_NAME_MAX])
{
	bool full = name.n && name.p[name.n - 1] == '.';
	int n;

	if (name.n > ZONE_NAME_MAX || (name.n && memchr(name.p, 0, name.n)))
		return false;
	if (is(name, "@"))
		n = snprintf(out, ZONE_NAME_MAX, "%s", z->origin);
	else if (full || !z->origin[0])
		n = snprintf(out, ZONE_NAME_MAX, "%.*s", (int)(name.n - full), (const char *)name.p);
	else
		n = snprintf(out, ZONE_NAME_MAX, "%.*s.%s", SPAN_ARG(name), z->origin);
	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return n < ZONE_NAME_MAX;
}

/* name without ".tail"; SPAN_NONE when it does not end so. */
static struct span below(struct span name, const char *tail)
{
	size_t n = strlen(tail);

	if (!n)
		return name;
	if (name.n <= n + 1 || name.p[name.n - n - 1] != '.' ||
	    !span_eq_str(span_from(name, name.n - n), tail))
		return SPAN_NONE;
	return span_cut(name, 0, name.n - n - 1);
}

/* --- the address of an rpz-ip trigger --- */

#define LABELS_MAX 10

static size_t labels_of(struct span s, struct span label[static LABELS_MAX])
{
	size_t n = 0;

	for (;; n++) {
		size_t dot = span_find(s, '.');
		if (n == LABELS_MAX)
			return 0;
		label[n] = span_cut(s, 0, dot);
		if (dot == SIZE_MAX)
			return n + 1;
		s = span_from(s, dot + 1);
	}
}

/* "24.0.2.0.192" -> 192.0.2.0/24; "48.zz.8.db8.2001" -> 2001:db8:8::/48. "" when it is neither. */
static void address_of(struct span s, char out[static 128])
{
	struct span label[LABELS_MAX];
	size_t n = labels_of(s, label), at = 0;
	bool six = n != 5;

	for (size_t i = 0; i < n; i++)
		six |= is(label[i], "zz");
	out[0] = 0;
	if (n < 3)
		return;
	for (size_t i = n - 1; i > 0; i--) {
		const char *gap = at && out[at - 1] != ':' ? (six ? ":" : ".") : "";
		struct span l = label[i];
		if (l.n > 4) {
			out[0] = 0;
			return;
		}
		if (is(l, "zz"))
			at += (size_t)snprintf(out + at, 128 - at, "::");
		else
			at += (size_t)snprintf(out + at, 128 - at, "%s%.*s", gap, SPAN_ARG(l));
	}
	snprintf(out + at, 128 - at, "/%.*s", (int)(label[0].n < 4 ? label[0].n : 4),
	    (const char *)label[0].p);
}

/* --- a policy --- */

enum action { ACT_UNKNOWN = 0, ACT_BAD, ACT_PASSTHRU, ACT_TCP_ONLY };

static enum action action_of(const struct rpz *z, struct span trigger, struct span type,
    struct span target, const char **ret_note)
{
	static const struct {
		const char *target;
		enum action action;
		const char *note;
	} known[] = { { ".", ACT_BAD, "RPZ: NXDOMAIN" }, { "*.", ACT_BAD, "RPZ: NODATA" },
		{ "rpz-drop.", ACT_BAD, "RPZ: DROP" },
		{ "rpz-passthru.", ACT_PASSTHRU, "RPZ: PASSTHRU" },
		{ "rpz-tcp-only.", ACT_TCP_ONLY, "RPZ: TCP-ONLY" } };
	char name[ZONE_NAME_MAX];

	*ret_note = "RPZ: local data";
	if (!is(type, "CNAME"))
		return ACT_BAD;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (is(target, known[i].target)) {
			*ret_note = known[i].note;
			return known[i].action;
		}
	if (!absolute(z, target, name))
		return ACT_UNKNOWN;
	if (span_eq_str(trigger, name)) {
		*ret_note = "RPZ: PASSTHRU";
		return ACT_PASSTHRU;
	}
	const char *last = strrchr(name, '.');
	return strncmp(last ? last + 1 : name, "rpz-", 4) == 0 ? ACT_UNKNOWN : ACT_BAD;
}

static int trigger(struct rpz *z, struct indicator *i, struct span name)
{
	struct reader *r = z->r;
	struct span address = below(name, "rpz-ip");
	char text[128];

	if (address.n) {
		address_of(address, text);
		i->type = INDICATOR_IPV4;
		return text[0] ? reader_emit(r, i, span_str(text)) :
				 reader_reject(r, name, "not the address of an rpz-ip trigger", NULL);
	}
	if (below(name, "rpz-client-ip").n)
		return reader_unmatched(r, name, "a trigger on who asks (rpz-client-ip)", NULL);
	if (below(name, "rpz-nsdname").n || below(name, "rpz-nsip").n)
		return reader_unmatched(r, name, "a trigger on name servers", NULL);
	if (memchr(name.p, '\\', name.n))
		return reader_reject(r, name, "a name with escapes", NULL);
	if (is(name, "*"))
		return reader_reject(r, name, "a wildcard for every name", NULL);
	i->exact = !span_starts(name, SPAN_LIT("*."));
	i->type = INDICATOR_DOMAIN;
	return reader_emit(r, i, i->exact ? name : span_from(name, 2));
}

static int policy(struct rpz *z, struct span type, struct span target)
{
	struct reader *r = z->r;
	struct indicator i = reader_default(r);
	struct span name = below(span_str(z->owner), z->zone);

	z->said = true;
	if (!name.n || (z->absolute && !z->zone_known))
		return reader_reject(r, span_str(z->owner), z->zone_known ? "a name outside of the zone" :
			"an absolute name, and no $ORIGIN or SOA that says which zone it is in", NULL);
	switch (action_of(z, name, type, target, &i.note)) {
	case ACT_UNKNOWN:
		return reader_reject(r, name, "an action that is not known", NULL);
	case ACT_TCP_ONLY:
		return reader_context(r, name, "TCP-ONLY says nothing about good or bad", NULL);
	case ACT_PASSTHRU:
		i.side = INDICATOR_BENIGN;
		break;
	case ACT_BAD:
		break;
	}
	return trigger(z, &i, name);
}

/* --- records --- */

/* "3600", "1h30m" */
static bool is_ttl(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("0123456789smhdwSMHDW", s.p[i], 20))
			return false;
	return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

static bool is_class(struct span s)
{
	return is(s, "IN") || is(s, "CH") || is(s, "HS");
}

/* What a zone has for DNS itself, not for policy. */
static bool is_plumbing(struct span type)
{
	static const char *const types[] = { "NS", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "DS",
		"CDS", "CDNSKEY", "ZONEMD", "TYPE65534" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (is(type, types[i]))
			return true;
	return false;
}

static int directive(struct rpz *z, const struct zone_record *rec)
{
	struct span what = rec->token[0], arg = rec->n > 1 ? rec->token[1] : SPAN_NONE;
	char name[ZONE_NAME_MAX];

	if (is(what, "$TTL"))
		return 0;
	if (!is(what, "$ORIGIN")) {
		reader_next(z->r, rec->line);
		return reader_reject(z->r, arg, is(what, "$INCLUDE") ? "an included file is not read" :
			"a directive that is not read", NULL);
	}
	if (!absolute(z, arg, name))
		return reader_malformed(z->r, rec->line, "$ORIGIN is not a name");
	strcpy(z->origin, name);
	if (!z->zone_known && name[0]) {
		strcpy(z->zone, name);
		z->zone_known = true;
	}
	return 0;
}

/* Owner, TTL and class taken off: the type is left in front. */
static int owner(struct rpz *z, const struct zone_record *rec, size_t *ret_type)
{
	size_t k = rec->has_owner;
	char name[ZONE_NAME_MAX];

	if (rec->has_owner) {
		struct span s = rec->token[0];
		if (!absolute(z, s, name)) {
			z->owner[0] = 0;
			z->said = true;
			reader_next(z->r, rec->line);
			return reader_reject(z->r, span_cut(s, 0, ZONE_NAME_MAX),
			    "a name longer than 1024 bytes, or with NUL", NULL);
		}
		z->said = z->said && strcmp(z->owner, name) == 0;
		z->absolute = s.n && s.p[s.n - 1] == '.';
		strcpy(z->owner, name);
	}
	while (k < rec->n && (is_ttl(rec->token[k]) || is_class(rec->token[k])))
		k++;
	*ret_type = k;
	return 0;
}

static int record(struct rpz *z, const struct zone_record *rec)
{
	size_t k = rec->n;

	if (rec->has_owner && rec->token[0].n && rec->token[0].p[0] == '$')
		return directive(z, rec);
	int rc = owner(z, rec, &k);
	if (rc < 0 || (rec->has_owner && !z->owner[0] && z->said))
		return rc;
	struct span type = k < rec->n ? rec->token[k] : SPAN_NONE;
	if (is(type, "SOA")) { /* a $ORIGIN in front may have been that of the parent */
		strcpy(z->zone, z->owner);
		z->zone_known = z->zone[0];
		return 0;
	}
	bool apex = strcmp(z->owner, z->zone) == 0;
	if (z->said || is_plumbing(type) || (apex && type.n))
		return 0;
	reader_next(z->r, rec->line);
	if (!type.n || k + 1 == rec->n)
		return reader_reject(z->r, span_str(z->owner), "not a record: no type, or no data", NULL);
	return policy(z, type, rec->token[k + 1]);
}

int read_rpz(struct reader *r)
{
	struct rpz z = { .r = r };
	struct zone_record rec;
	struct zone in;
	int rc = 0;

	zone_open(&in, r->text);
	while (rc == 0 && zone_next(&in, &rec))
		rc = record(&z, &rec);
	return rc == 0 && in.err ? reader_malformed(r, in.line, in.err) : rc;
}
