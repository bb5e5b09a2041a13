/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/poison.h"

#include <arpa/inet.h>
#include <stdlib.h>

static bool below(struct span name, const char *parent)
{
	struct span p = span_str(parent);

	return span_ends(name, p) && (name.n == p.n || name.p[name.n - p.n - 1] == '.');
}

static const char *special_name(struct span name)
{
	static const char *const trees[] = { "localhost", "local", "localdomain", "internal", "arpa",
		"invalid", "lan", "intranet", "corp", "home" };
	static const char *const exact[] = { "example.com", "example.net", "example.org" };

	for (size_t i = 0; i < ARRAY_LEN(trees); i++)
		if (below(name, trees[i]))
			return "a name of special or private use (RFC 6761): it means another machine "
			       "everywhere";
	for (size_t i = 0; i < ARRAY_LEN(exact); i++)
		if (span_eq_str(name, exact[i]))
			return "a name that documentation uses (RFC 2606)";
	return NULL;
}

/* "co.uk", "com.br": a registry's second level. */
static bool is_suffix(struct span name)
{
	static const char *const second[] = { "ac", "co", "com", "edu", "gov", "mil", "net", "org" };
	static const char *const known[] = { "go.cr", "go.id", "go.jp", "go.ke", "go.kr", "go.th", "go.tz",
		"go.ug", "gob.ar", "gob.cl", "gob.es", "gob.mx", "gob.pe", "gouv.fr", "gv.at", "in.th",
		"ltd.uk", "me.uk", "ne.jp", "ne.kr", "nhs.uk", "nom.br", "or.at", "or.id", "or.jp", "or.ke",
		"or.kr", "or.th", "plc.uk", "police.uk", "sch.uk", "gov.uk", "id.au", "asn.au", "adv.br",
		"gen.tr", "firm.in", "ind.in", "web.id", "my.id", "web.za", "nic.in", "asso.fr" };
	size_t dot = span_find(name, '.');

	if (dot == SIZE_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq_str(name, known[i]))
			return true;
	struct span last = span_from(name, dot + 1);
	if (last.n != 2 || span_find(last, '.') != SIZE_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(second); i++)
		if (span_eq_str(span_cut(name, 0, dot), second[i]))
			return true;
	return false;
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

/* The host of a URL, e-mail address: what stands between these. */
static struct span host_of(enum indicator_type t, const char *value)
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
	struct span h = host_of(INDICATOR_URL, value);

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
		return special_name(host_of(t, value));
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
static const char *const hosting[] = { "000webhostapp.com", "altervista.org", "amplifyapp.com",
	"appspot.com", "azureedge.net", "azurewebsites.net", "b-cdn.net", "backblazeb2.com",
	"bitbucket.io", "blob.core.windows.net", "blogspot.com", "br.com", "bubbleapps.io", "byethost.com",
	"cdn.cloudflare.net", "cloudapp.azure.com", "cn.com", "co.com", "cloudapp.net", "cloudfront.net",
	"cloudfunctions.net", "codeberg.page", "ddns.net", "de.com", "deno.dev", "digitaloceanspaces.com",
	"duckdns.org", "eu.com", "eu.org", "gb.net", "dynu.net", "dyndns.org", "elasticbeanstalk.com", "fastly.net", "firebaseapp.com",
	"firebaseio.com", "fly.dev", "ghost.io", "github.io", "gitlab.io", "glitch.me",
	"googleusercontent.com", "hatenablog.com", "herokuapp.com", "hopto.org", 
	"infinityfreeapp.com", "ipfs.dweb.link", "jimdosite.com", "livejournal.com", "mybluehost.me",
	"myftp.org", "myqnapcloud.com", "myshopify.com", "neocities.org", "netlify.app", "ngrok-free.app",
	"ngrok.app", "ngrok.io", "no-ip.biz", "no-ip.org", "notion.site", "on.fleek.co",
	"onrender.com", "pages.dev", "pp.ua", "pantheonsite.io", "pythonanywhere.com", "r2.dev", "railway.app",
	"readthedocs.io", "repl.co", "replit.app", "ru.com", "run.app", "sa.com", "s3.amazonaws.com", "selfip.com",
	"servebeer.com", "serveftp.com", "servehttp.com", "serveo.net", "sharepoint.com",
	"squarespace.com", "storage.googleapis.com", "strapiapp.com", "streamlit.app", "surge.sh",
	"sytes.net", "translate.goog", "trafficmanager.net", "trycloudflare.com", "tumblr.com",
	"typepad.com", "ucoz.com", "ucoz.net", "uk.com", "uk.net", "us.com", "vercel.app", "viewdns.net", "web.app", "web.core.windows.net",
	"weebly.com", "windows.net", "wixsite.com", "wordpress.com", "workers.dev", "za.com", "zapto.org" };

/* Buckets have a name for each region, too: s3.eu-west-1.amazonaws.com, s3-website.… */
static bool is_bucket_host(struct span name)
{
	return below(name, "amazonaws.com") &&
	    (span_starts(name, SPAN_LIT("s3.")) || span_starts(name, SPAN_LIT("s3-")));
}

static bool is_hosting(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(hosting); i++)
		if (span_eq_str(name, hosting[i]))
			return true;
	return is_bucket_host(name) || is_suffix(name);
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
