/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/poison.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define NAME(s) { sizeof(s) - 1, s }

struct known {
	uint8_t n;
	const char *s;
};

static bool is_in(struct span name, const struct known *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name.n == t[i].n && memcmp(name.p, t[i].s, name.n) == 0)
			return true;
	return false;
}

static bool below(struct span name, struct span p)
{
	return span_ends(name, p) && (name.n == p.n || name.p[name.n - p.n - 1] == '.');
}

static const char *special_name(struct span name)
{
	static const struct known trees[] = {
		NAME("localhost"), NAME("local"), NAME("localdomain"), NAME("internal"),
		NAME("arpa"), NAME("invalid"), NAME("lan"), NAME("intranet"), NAME("corp"),
		NAME("home"),
	};
	static const struct known exact[] = {
		NAME("example.com"), NAME("example.net"), NAME("example.org"),
	};

	for (size_t i = 0; i < ARRAY_LEN(trees); i++)
		if (below(name, span_of(trees[i].s, trees[i].n)))
			return "a name of special or private use (RFC 6761): it means another machine "
			       "everywhere";
	return is_in(name, exact, ARRAY_LEN(exact)) ? "a name that documentation uses (RFC 2606)" : NULL;
}

/* "co.uk", "com.br": a registry's second level. */
static bool is_suffix(struct span name)
{
	static const struct known second[] = {
		NAME("ac"), NAME("co"), NAME("com"), NAME("edu"), NAME("gov"), NAME("mil"),
		NAME("net"), NAME("org"),
	};
	static const struct known others[] = {
		NAME("go.cr"), NAME("go.id"), NAME("go.jp"), NAME("go.ke"), NAME("go.kr"),
		NAME("go.th"), NAME("go.tz"), NAME("go.ug"), NAME("gob.ar"), NAME("gob.cl"),
		NAME("gob.es"), NAME("gob.mx"), NAME("gob.pe"), NAME("gouv.fr"),
		NAME("gv.at"), NAME("in.th"), NAME("ltd.uk"), NAME("me.uk"), NAME("ne.jp"),
		NAME("ne.kr"), NAME("nhs.uk"), NAME("nom.br"), NAME("or.at"), NAME("or.id"),
		NAME("or.jp"), NAME("or.ke"), NAME("or.kr"), NAME("or.th"), NAME("plc.uk"),
		NAME("police.uk"), NAME("sch.uk"), NAME("gov.uk"), NAME("id.au"),
		NAME("asn.au"), NAME("adv.br"), NAME("gen.tr"), NAME("firm.in"),
		NAME("ind.in"), NAME("web.id"), NAME("my.id"), NAME("web.za"), NAME("nic.in"),
		NAME("asso.fr"),
	};
	size_t dot = span_find(name, '.');

	if (dot == SIZE_MAX)
		return false;
	struct span last = span_from(name, dot + 1);
	if (span_find(last, '.') != SIZE_MAX)
		return false;
	return is_in(name, others, ARRAY_LEN(others)) ||
	    (last.n == 2 && is_in(span_cut(name, 0, dot), second, ARRAY_LEN(second)));
}

static const char *name_why(struct span name)
{
	const char *why = special_name(name);

	return why ? why :
	    is_suffix(name) ? "a public suffix: everybody's names are below it" :
			      NULL;
}

struct range {
	uint8_t b[16];
	int prefix;
	const char *why;
};

static const char private_why[] = "an address of private use: it is another machine everywhere";
static const char local_why[] = "a link-local address: it is another machine everywhere";
static const char group_why[] = "a multicast or reserved address names no host";

/* RFC 6890 and what updated it. */
static const struct range ranges4[] = {
	{ { 10 }, 8, private_why },
	{ { 172, 16 }, 12, private_why },
	{ { 192, 168 }, 16, private_why },
	{ { 100, 64 }, 10, private_why },
	{ { 169, 254 }, 16, local_why },
	{ { 192, 0, 0 }, 24, group_why },
	{ { 198, 18 }, 15, private_why },
	{ { 224 }, 3, group_why },
};

static const struct range ranges6[] = {
	{ { 0xfc }, 7, private_why },
	{ { 0xfe, 0x80 }, 10, local_why },
	{ { 0xff }, 8, group_why },
	{ { 0x01, 0x00 }, 64, group_why },
};

static bool in_range(const uint8_t *b, const struct range *r)
{
	for (int i = 0; i < r->prefix; i++)
		if ((b[i / 8] ^ r->b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

/* "10.0.0.0/8", "10.1.2.3:80", "[fe80::1]:80": the address decides, and the network's length. */
static const char *address_why(const char *value)
{
	char text[INET6_ADDRSTRLEN + 8];
	bool six = strchr(value, ':') && strchr(strchr(value, ':') + 1, ':');
	const char *from = value + (value[0] == '[');
	size_t n = strcspn(from, six ? "/]" : "/:");
	const struct range *r = six ? ranges6 : ranges4;
	uint8_t b[16];

	if (n >= sizeof(text))
		return NULL;
	memcpy(text, from, n);
	text[n] = 0;
	if (inet_pton(six ? AF_INET6 : AF_INET, text, b) != 1)
		return NULL;
	int prefix = from[n] == '/' ? atoi(from + n + 1) : 128;
	for (size_t i = 0; i < (six ? ARRAY_LEN(ranges6) : ARRAY_LEN(ranges4)); i++)
		if (prefix >= r[i].prefix && in_range(b, &r[i]))
			return r[i].why;
	return NULL;
}

struct span poison_host(enum indicator_type t, const char *value)
{
	const char *from = value, *slashes = strstr(value, "://");

	if (t == INDICATOR_EMAIL)
		return span_str(strrchr(value, '@') ? strrchr(value, '@') + 1 : value);
	if (slashes)
		from = slashes + 3;
	size_t n = strcspn(from, "/?#");
	const char *at = memrchr(from, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - from);
		from = at + 1;
	}
	if (from[0] == '[')
		return span_of(from, strcspn(from, "]") + 1);
	size_t port = span_find(span_of(from, n), ':');
	return span_of(from, port < n ? port : n);
}

static const char *url_why(const char *value)
{
	char host[256];
	struct span h = poison_host(INDICATOR_URL, value);

	if (!h.n || h.n >= sizeof(host))
		return NULL;
	memcpy(host, h.p, h.n);
	host[h.n] = 0;
	bool address = host[0] == '[' || (host[h.n - 1] >= '0' && host[h.n - 1] <= '9');
	return address ? address_why(host) : special_name(h);
}

static const char *why_of(enum indicator_type t, const char *value)
{
	switch (t) {
	case INDICATOR_DOMAIN:
		return name_why(span_str(value));
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
	case INDICATOR_IP_PORT:
		return address_why(value);
	case INDICATOR_URL:
		return url_why(value);
	case INDICATOR_EMAIL:
		return special_name(poison_host(t, value));
	default:
		return NULL;
	}
}

enum poison poison_of(enum indicator_type t, const char *value, const char **ret_why)
{
	*ret_why = why_of(t, value);
	return !*ret_why ? POISON_NONE : *ret_why == private_why ? POISON_PRIVATE : POISON_HELD;
}

/* Names under which anybody gets a name of their own; facts from the services' documentation. */
static const struct known hosting[] = {
	NAME("000webhostapp.com"), NAME("altervista.org"), NAME("amplifyapp.com"),
	NAME("appspot.com"), NAME("azureedge.net"), NAME("azurewebsites.net"),
	NAME("b-cdn.net"), NAME("backblazeb2.com"), NAME("bitbucket.io"),
	NAME("blob.core.windows.net"), NAME("blogspot.com"), NAME("br.com"),
	NAME("bubbleapps.io"), NAME("byethost.com"), NAME("cdn.cloudflare.net"),
	NAME("cloudapp.azure.com"), NAME("cn.com"), NAME("co.com"),
	NAME("cloudapp.net"), NAME("cloudfront.net"), NAME("cloudfunctions.net"),
	NAME("codeberg.page"), NAME("ddns.net"), NAME("de.com"), NAME("deno.dev"),
	NAME("digitaloceanspaces.com"), NAME("duckdns.org"), NAME("eu.com"),
	NAME("eu.org"), NAME("gb.net"), NAME("dynu.net"), NAME("dyndns.org"),
	NAME("elasticbeanstalk.com"), NAME("fastly.net"), NAME("firebaseapp.com"),
	NAME("firebaseio.com"), NAME("fly.dev"), NAME("ghost.io"), NAME("github.io"),
	NAME("gitlab.io"), NAME("glitch.me"), NAME("googleusercontent.com"),
	NAME("hatenablog.com"), NAME("herokuapp.com"), NAME("hopto.org"),
	NAME("infinityfreeapp.com"), NAME("ipfs.dweb.link"), NAME("jimdosite.com"),
	NAME("livejournal.com"), NAME("mybluehost.me"), NAME("myftp.org"),
	NAME("myqnapcloud.com"), NAME("myshopify.com"), NAME("neocities.org"),
	NAME("netlify.app"), NAME("ngrok-free.app"), NAME("ngrok.app"),
	NAME("ngrok.io"), NAME("no-ip.biz"), NAME("no-ip.org"), NAME("notion.site"),
	NAME("on.fleek.co"), NAME("onrender.com"), NAME("pages.dev"), NAME("pp.ua"),
	NAME("pantheonsite.io"), NAME("pythonanywhere.com"), NAME("r2.dev"),
	NAME("railway.app"), NAME("readthedocs.io"), NAME("repl.co"),
	NAME("replit.app"), NAME("ru.com"), NAME("run.app"), NAME("sa.com"),
	NAME("s3.amazonaws.com"), NAME("selfip.com"), NAME("servebeer.com"),
	NAME("serveftp.com"), NAME("servehttp.com"), NAME("serveo.net"),
	NAME("sharepoint.com"), NAME("squarespace.com"),
	NAME("storage.googleapis.com"), NAME("strapiapp.com"), NAME("streamlit.app"),
	NAME("surge.sh"), NAME("sytes.net"), NAME("translate.goog"),
	NAME("trafficmanager.net"), NAME("trycloudflare.com"), NAME("tumblr.com"),
	NAME("typepad.com"), NAME("ucoz.com"), NAME("ucoz.net"), NAME("uk.com"),
	NAME("uk.net"), NAME("us.com"), NAME("vercel.app"), NAME("viewdns.net"),
	NAME("web.app"), NAME("web.core.windows.net"), NAME("weebly.com"),
	NAME("windows.net"), NAME("wixsite.com"), NAME("wordpress.com"),
	NAME("workers.dev"), NAME("za.com"), NAME("zapto.org"),
};

/* Buckets have a name for each region, too: s3.eu-west-1.amazonaws.com, s3-website.… */
static bool is_bucket_host(struct span name)
{
	return below(name, SPAN_LIT("amazonaws.com")) &&
	    (span_starts(name, SPAN_LIT("s3.")) || span_starts(name, SPAN_LIT("s3-")));
}

static bool is_hosting(struct span name)
{
	return is_in(name, hosting, ARRAY_LEN(hosting)) || is_bucket_host(name) || is_suffix(name);
}

struct span poison_hosting(struct span name)
{
	while (name.n) {
		size_t dot = span_find(name, '.');
		if (is_hosting(name))
			return name;
		if (dot == SIZE_MAX)
			break;
		name = span_from(name, dot + 1);
	}
	return SPAN_NONE;
}
