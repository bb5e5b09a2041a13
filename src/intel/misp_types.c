/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/misp_types.h"

static const struct misp_type types[] = {
	{ "md5", MISP_ONE, INDICATOR_MD5 },
	{ "sha1", MISP_ONE, INDICATOR_SHA1 },
	{ "sha256", MISP_ONE, INDICATOR_SHA256 },
	{ "sha512", MISP_ONE, INDICATOR_SHA512 },
	{ "authentihash", MISP_ONE, INDICATOR_AUTHENTIHASH },
	{ "imphash", MISP_ONE, INDICATOR_IMPHASH },
	{ "filename|md5", MISP_NAMED, INDICATOR_MD5 },
	{ "filename|sha1", MISP_NAMED, INDICATOR_SHA1 },
	{ "filename|sha256", MISP_NAMED, INDICATOR_SHA256 },
	{ "filename|sha512", MISP_NAMED, INDICATOR_SHA512 },
	{ "filename|authentihash", MISP_NAMED, INDICATOR_AUTHENTIHASH },
	{ "filename|imphash", MISP_NAMED, INDICATOR_IMPHASH },
	{ "malware-sample", MISP_NAMED, INDICATOR_MD5 },
	{ "filename", MISP_FILE, INDICATOR_FILE_NAME },
	{ "domain", MISP_ONE, INDICATOR_DOMAIN },
	{ "hostname", MISP_ONE, INDICATOR_DOMAIN },
	{ "hostname|port", MISP_FIRST, INDICATOR_DOMAIN },
	{ "domain|ip", MISP_BOTH, INDICATOR_DOMAIN },
	{ "ip-src", MISP_ONE, INDICATOR_IPV4 },
	{ "ip-dst", MISP_ONE, INDICATOR_IPV4 },
	{ "ip-src|port", MISP_ONE, INDICATOR_IP_PORT },
	{ "ip-dst|port", MISP_ONE, INDICATOR_IP_PORT },
	{ "url", MISP_ONE, INDICATOR_URL },
	{ "uri", MISP_ONE, INDICATOR_URL },
	{ "email", MISP_ONE, INDICATOR_EMAIL },
	{ "email-src", MISP_ONE, INDICATOR_EMAIL },
	{ "email-dst", MISP_ONE, INDICATOR_EMAIL },
	{ "email-reply-to", MISP_ONE, INDICATOR_EMAIL },
	{ "whois-registrant-email", MISP_ONE, INDICATOR_EMAIL },
	{ "dns-soa-email", MISP_ONE, INDICATOR_EMAIL },
	{ "mutex", MISP_ONE, INDICATOR_MUTEX },
	{ "regkey", MISP_ONE, INDICATOR_REGISTRY },
	{ "regkey|value", MISP_FIRST, INDICATOR_REGISTRY },
	{ "ja3-fingerprint-md5", MISP_ONE, INDICATOR_JA3 },
	{ "x509-fingerprint-sha1", MISP_ONE, INDICATOR_CERT },
	{ "x509-fingerprint-sha256", MISP_ONE, INDICATOR_CERT },
	{ "stix2-pattern", MISP_PATTERN, INDICATOR_NONE },
	{ "attachment", MISP_TEXT, INDICATOR_NONE },
	{ "boolean", MISP_TEXT, INDICATOR_NONE },
	{ "comment", MISP_TEXT, INDICATOR_NONE },
	{ "counter", MISP_TEXT, INDICATOR_NONE },
	{ "datetime", MISP_TEXT, INDICATOR_NONE },
	{ "float", MISP_TEXT, INDICATOR_NONE },
	{ "hex", MISP_TEXT, INDICATOR_NONE },
	{ "integer", MISP_TEXT, INDICATOR_NONE },
	{ "link", MISP_TEXT, INDICATOR_NONE },
	{ "mime-type", MISP_TEXT, INDICATOR_NONE },
	{ "other", MISP_TEXT, INDICATOR_NONE },
	{ "port", MISP_TEXT, INDICATOR_NONE },
	{ "size-in-bytes", MISP_TEXT, INDICATOR_NONE },
	{ "target-email", MISP_TEXT, INDICATOR_NONE },
	{ "target-external", MISP_TEXT, INDICATOR_NONE },
	{ "target-location", MISP_TEXT, INDICATOR_NONE },
	{ "target-machine", MISP_TEXT, INDICATOR_NONE },
	{ "target-org", MISP_TEXT, INDICATOR_NONE },
	{ "target-user", MISP_TEXT, INDICATOR_NONE },
	{ "text", MISP_TEXT, INDICATOR_NONE },
	{ "threat-actor", MISP_TEXT, INDICATOR_NONE },
	{ "campaign-name", MISP_TEXT, INDICATOR_NONE },
	{ "vulnerability", MISP_TEXT, INDICATOR_NONE },
};

/* Values whose type is "text" and whose relation in the object says what they are. */
static const struct misp_type relations[] = {
	{ "serial-number", MISP_ONE, INDICATOR_CERT_SERIAL },
	{ "ja4-fingerprint", MISP_ONE, INDICATOR_JA4 },
	{ "ja4", MISP_ONE, INDICATOR_JA4 },
};

static const struct misp_type *find(const struct misp_type *t, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq_str(name, t[i].name))
			return &t[i];
	return NULL;
}

struct misp_type misp_type_of(struct span type, struct span relation)
{
	const struct misp_type *t = NULL;

	if (span_eq_str(type, "text"))
		t = find(relations, ARRAY_LEN(relations), relation);
	if (!t)
		t = find(types, ARRAY_LEN(types), type);
	return t ? *t : (struct misp_type){ NULL, MISP_NO_MATCH, INDICATOR_NONE };
}

const char *misp_category(struct span category)
{
	static const struct {
		const char *name, *ours;
	} known[] = {
		{ "Network activity", "c2" },
		{ "Payload delivery", "malware" },
		{ "Payload installation", "malware" },
		{ "Artifacts dropped", "malware" },
		{ "Persistence mechanism", "malware" },
		{ "Antivirus detection", "malware" },
		{ "Financial fraud", "fraud" },
		{ "Social network", "phishing" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq_str(category, known[i].name))
			return known[i].ours;
	return NULL;
}

/* namespace:predicate="value" -> value; nothing if the tag does not start so. */
static struct span value_of(struct span tag, const char *head)
{
	size_t n = strlen(head);

	if (tag.n < n || !span_eq_nocase(span_cut(tag, 0, n), span_str(head)))
		return SPAN_NONE;
	struct span v = span_from(tag, n);
	if (v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"')
		v = span_of(v.p + 1, v.n - 2);
	return v;
}

static void tag_campaign(struct misp_tags *t, struct span tag)
{
	static const char *const heads[] = { "misp-galaxy:mitre-intrusion-set=",
		"misp-galaxy:threat-actor=", "misp-galaxy:campaign=", "misp-galaxy:mitre-campaign=" };

	for (int i = 0; i < (int)ARRAY_LEN(heads); i++) {
		struct span v = value_of(tag, heads[i]);
		if (v.n && i + 1 > t->campaign_rank) {
			t->campaign = v;
			t->campaign_rank = i + 1;
		}
	}
}

static void tag_confidence(struct misp_tags *t, struct span tag)
{
	static const struct {
		const char *name;
		int percent;
	} levels[] = { { "completely-confident", 100 }, { "usually-confident", 75 },
		{ "fairly-confident", 50 }, { "rarely-confident", 25 }, { "unconfident", 0 } };
	struct span v = value_of(tag, "misp:confidence-level=");

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (span_eq_str(v, levels[i].name))
			t->confidence = levels[i].percent;
}

static void tag_category(struct misp_tags *t, struct span tag)
{
	static const struct {
		const char *name, *ours;
	} phases[] = { { "command and control", "c2" }, { "actions on objectives", "malware" },
		{ "installation", "malware" }, { "exploitation", "exploit" },
		{ "delivery", "malware" }, { "weaponization", "malware" },
		{ "reconnaissance", "scanner" } };
	struct span v = value_of(tag, "kill-chain:");

	for (size_t i = 0; i < ARRAY_LEN(phases); i++)
		if (span_eq_nocase(v, span_str(phases[i].name)))
			t->category = phases[i].ours;
}

void misp_tag(struct misp_tags *t, struct span tag)
{
	if (value_of(tag, "tlp:").n) {
		enum tlp tlp = tlp_of(tag);
		if (tlp != TLPS && tlp > t->tlp)
			t->tlp = tlp;
	}
	tag_campaign(t, tag);
	tag_confidence(t, tag);
	tag_category(t, tag);
}
