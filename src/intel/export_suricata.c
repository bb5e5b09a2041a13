/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_suricata: lists as datasets, and rules that use them (Suricata user guide, "Datasets",
 * "File Keywords"). A string in a dataset is base64 of the buffer, an address is text; files of
 * digests are hex. A dataset matches whole buffers: a listed name, and not the names below it.
 *
 *   firebreak.rules     names in DNS, TLS and HTTP, JA3, digests of files: Suricata 6
 *   firebreak-ip.rules  addresses and networks: datasets of type ip came with Suricata 7
 *   firebreak-ja4.rules JA4 of TLS and QUIC clients: where Suricata was built with it (8, later 7)
 */

#include "base/hex.h"
#include "intel/export_priv.h"

#include <errno.h>

#define SID 1030001u
#define NETS_A_RULE 100

enum list { NAMES = 0, ADDRESSES, JA3, JA4, MD5, SHA1, SHA256, LISTS };

static const char *const list_file[LISTS] = { "firebreak-domain.lst", "firebreak-ip.lst",
	"firebreak-ja3.lst", "firebreak-ja4.lst", "firebreak-md5.lst", "firebreak-sha1.lst",
	"firebreak-sha256.lst" };

struct lists {
	FILE *file[LISTS];
	uint64_t n[LISTS];
	struct export_nets net;
	unsigned sid;
};

static int begin(struct export *x)
{
	struct lists *l = ARENA_NEW(&x->arena, struct lists);
	int rc = l ? 0 : -ENOMEM;

	x->own = l;
	for (size_t i = 0; i < LISTS && rc == 0; i++)
		rc = export_open(x, list_file[i], &l->file[i]);
	if (rc == 0)
		l->sid = SID;
	return rc;
}

static enum list list_of(enum indicator_type t)
{
	return t == INDICATOR_DOMAIN   ? NAMES
	       : t == INDICATOR_JA3    ? JA3
	       : t == INDICATOR_JA4    ? JA4
	       : t == INDICATOR_MD5    ? MD5
	       : t == INDICATOR_SHA1   ? SHA1
	       : t == INDICATOR_SHA256 ? SHA256
				       : ADDRESSES;
}

static int entry(struct export *x, const struct export_entry *e)
{
	struct lists *l = x->own;
	enum list k = list_of(e->type);
	struct export_net n;

	if (k == ADDRESSES && !export_net_of(e->value, &n)) {
		export_leave(x, EXPORT_FORM);
		return 0;
	}
	export_wrote(x, e->type);
	if (k == ADDRESSES && !export_net_is_host(&n))
		return export_nets_add(x, &l->net, &n);
	l->n[k]++;
	if (k != NAMES && k != JA3 && k != JA4) {
		fprintf(l->file[k], "%s\n", e->value);
		return 0;
	}
	AUTO_BUF struct buf b = BUF_INIT(4 * INDICATOR_VALUE_MAX);
	b64_encode(&b, span_str(e->value), B64_STD);
	fprintf(l->file[k], "%s\n", buf_str(&b));
	return buf_err(&b);
}

/* ", type string, load F, memcap …, hashsize …": the sizes are what the set needs. */
static void dataset(
    FILE *out, const struct lists *l, enum list k, const char *name, const char *type)
{
	uint64_t hash = 4096;

	while (hash < l->n[k] && hash < 65536)
		hash *= 2;
	fprintf(out, "dataset:isset,%s,type %s,load %s,memcap %llumb,hashsize %llu; ", name, type,
	    list_file[k], 100 + (unsigned long long)(l->n[k] >> 12), (unsigned long long)hash);
}

static void head(FILE *out, const char *what, const char *words)
{
	fprintf(out, "alert %s (msg:\"Firebreak: %s\"; ", what, words);
}

static void tail(FILE *out, struct lists *l)
{
	fprintf(out, "classtype:trojan-activity; sid:%u; rev:1;)\n", l->sid++);
}

static void names(FILE *out, struct lists *l)
{
	static const struct {
		const char *what, *words, *buffer;
	} rule[] = { { "dns any any -> any any", "query for a listed name", "dns.query" },
		{ "tls any any -> any any", "TLS to a listed name", "tls.sni" },
		{ "http any any -> any any", "HTTP to a listed name", "http.host" } };

	for (size_t i = 0; i < ARRAY_LEN(rule); i++) {
		head(out, rule[i].what, rule[i].words);
		fprintf(out, "%s; ", rule[i].buffer);
		dataset(out, l, NAMES, "firebreak-domain", "string");
		tail(out, l);
	}
}

static void fingerprints(FILE *out, struct lists *l, enum list k, const char *what,
    const char *words, const char *keyword, const char *set)
{
	head(out, what, words);
	fprintf(out, "%s; ", keyword);
	dataset(out, l, k, set, "string");
	tail(out, l);
}

static void digests(FILE *out, struct lists *l)
{
	static const struct {
		enum list list;
		const char *keyword;
	} rule[] = { { MD5, "filemd5" }, { SHA1, "filesha1" }, { SHA256, "filesha256" } };

	for (size_t i = 0; i < ARRAY_LEN(rule); i++) {
		if (!l->n[rule[i].list])
			continue;
		head(out, "http any any -> any any", "transfer of a listed file");
		fprintf(out, "%s:%s; ", rule[i].keyword, list_file[rule[i].list]);
		tail(out, l);
	}
}

static void addresses(FILE *out, struct lists *l)
{
	char text[EXPORT_NET_TEXT];

	for (int dst = 1; dst >= 0 && l->n[ADDRESSES]; dst--) {
		head(out, "ip any any -> any any",
		    dst ? "to a listed address" : "from a listed address");
		fputs(dst ? "ip.dst; " : "ip.src; ", out);
		dataset(out, l, ADDRESSES, "firebreak-ip", "ip");
		tail(out, l);
	}
	for (size_t i = 0; i < l->net.n; i++) {
		bool first = i % NETS_A_RULE == 0,
		     last = i + 1 == l->net.n || (i + 1) % NETS_A_RULE == 0;
		fprintf(out, "%s%s", first ? "alert ip any any <> [" : ",",
		    export_net_text(&l->net.e[i], text));
		if (last) {
			fputs("] any (msg:\"Firebreak: a listed network\"; ", out);
			tail(out, l);
		}
	}
}

static int end(struct export *x)
{
	struct lists *l = x->own;
	FILE *out, *ip, *ja4;
	int rc = export_open(x, "firebreak.rules", &out);

	if (rc == 0)
		rc = export_open(x, "firebreak-ip.rules", &ip);
	if (rc == 0)
		rc = export_open(x, "firebreak-ja4.rules", &ja4);
	if (rc < 0)
		return rc;
	(void)export_nets_sort(&l->net); /* in order; one inside of another says nothing more */
	if (l->n[NAMES])
		names(out, l);
	if (l->n[JA3])
		fingerprints(out, l, JA3, "tls any any -> any any", "a listed JA3 fingerprint",
		    "ja3.hash", "firebreak-ja3");
	digests(out, l);
	addresses(ip, l);
	for (int quic = 0; quic < 2 && l->n[JA4]; quic++)
		fingerprints(ja4, l, JA4,
		    quic ? "quic any any -> any any" : "tls any any -> any any",
		    "a listed JA4 fingerprint", "requires:feature ja4; ja4.hash", "firebreak-ja4");
	return 0;
}

const struct export_writer export_suricata = {
	.name = "suricata",
	.block = true,
	.folder = true,
	.types = EXPORT_TYPE(INDICATOR_DOMAIN) | EXPORT_TYPE(INDICATOR_IPV4) |
		 EXPORT_TYPE(INDICATOR_IPV6) | EXPORT_TYPE(INDICATOR_JA3) |
		 EXPORT_TYPE(INDICATOR_JA4) | EXPORT_TYPE(INDICATOR_MD5) |
		 EXPORT_TYPE(INDICATOR_SHA1) | EXPORT_TYPE(INDICATOR_SHA256),
	.begin = begin,
	.entry = entry,
	.end = end,
};
