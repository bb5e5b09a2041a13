/* SPDX-License-Identifier: Apache-2.0 */

/* diff_strings: the telling strings that a program did not have before. */

#include "anatomy/diff/priv.h"
#include "base/map.h"

#include <string.h>

#define TOLD 4
#define HOST_MAX 253

struct strings {
	struct diff_slices *p;
	struct buf hosts, odd, keys, commands;
	unsigned nhosts, nodd, nkeys, ncommands;
	bool hidden;
};

static void list(struct buf *b, unsigned *n, struct span s)
{
	if ((*n)++ < TOLD)
		buf_printf(b, "%s%s", *n > 1 ? ", " : "", QUOTE(s));
	else if (*n == TOLD + 1)
		buf_puts(b, ", …");
}

/* --- servers --- */

struct span diff_host(struct span url)
{
	const uint8_t *at = memmem(url.p, url.n, "://", 3);
	struct span s = at ? span_from(url, (size_t)(at - url.p) + 3) : SPAN_NONE;
	size_t n = 0;

	while (n < s.n && n <= HOST_MAX && !strchr("/?#\\ \"'<>)", s.p[n]))
		n++;
	s = span_cut(s, 0, n);
	size_t user = span_find(s, '@');
	if (user < s.n)
		s = span_from(s, user + 1);
	return s.n && s.p[0] == '[' ? s : span_cut(s, 0, span_find(s, ':'));
}

static bool is_address(struct span host)
{
	size_t dots = 0;

	if (host.n && host.p[0] == '[')
		return true;
	for (size_t i = 0; i < host.n; i++) {
		dots += host.p[i] == '.';
		if (host.p[i] != '.' && (host.p[i] < '0' || host.p[i] > '9'))
			return false;
	}
	return dots == 3;
}

/* The address of nobody else. */
static bool is_local(struct span host)
{
	return span_starts(host, SPAN_LIT("127.")) || span_eq_str(host, "0.0.0.0") ||
	    span_starts(host, SPAN_LIT("[::1]")) || span_eq_str(host, "255.255.255.255");
}

/* Services where anyone can put something without a name: from reports on implants. */
static const char *const odd_hosts[] = { "pastebin.com", "paste.ee", "hastebin.com", "ghostbin.com",
	"raw.githubusercontent.com", "gist.githubusercontent.com", "cdn.discordapp.com", "discord.com",
	"api.telegram.org", "transfer.sh", "file.io", "anonfiles.com", "webhook.site", "pipedream.net",
	"requestbin.net", "ngrok.io", "ngrok-free.app", "ngrok.app", "trycloudflare.com", "serveo.net",
	"oast.fun", "oast.pro", "oast.live", "oastify.com", "burpcollaborator.net", "interact.sh",
	"dnslog.cn", "bit.ly", "tinyurl.com", "duckdns.org", "no-ip.org", "onion" };

bool diff_host_is_odd(struct span host)
{
	if (is_address(host))
		return !is_local(host);
	for (size_t i = 0; i < ARRAY_LEN(odd_hosts); i++) {
		struct span odd = span_str(odd_hosts[i]);
		if (host.n >= odd.n && span_eq_nocase(span_from(host, host.n - odd.n), odd) &&
		    (host.n == odd.n || host.p[host.n - odd.n - 1] == '.'))
			return true;
	}
	return false;
}

static bool had_host(const struct text_list *old, struct span host)
{
	for (uint32_t i = 0; i < old->n; i++) {
		struct span s = span_str(old->v[i]);
		if (memmem(s.p, s.n, host.p, host.n) && span_eq_nocase(diff_host(s), host))
			return true;
	}
	return false;
}

static void url(struct strings *x, struct span s)
{
	struct span host = diff_host(s);

	if (!host.n || had_host(&x->p->bo->strings, host))
		return;
	if (strstr(buf_str(&x->hosts), QUOTE(host)) || strstr(buf_str(&x->odd), QUOTE(host)))
		return; /* told */
	if (diff_host_is_odd(host))
		list(&x->odd, &x->nodd, host);
	else
		list(&x->hosts, &x->nhosts, host);
}

/* --- files --- */

static bool had_base(const struct text_list *old, struct span base)
{
	for (uint32_t i = 0; i < old->n; i++)
		if (span_eq_nocase(span_str(diff_base(old->v[i])), base))
			return true;
	return false;
}

static bool loads(const struct binary *b, struct span base)
{
	for (uint32_t i = 0; i < b->nslices; i++)
		if (had_base(&b->slice[i].libraries, base))
			return true;
	return false;
}

static void file(struct strings *x, const char *s)
{
	struct diff_slices *p = x->p;
	struct span base = span_str(diff_base(s));
	uint32_t sibling = diff_names_find(p->r, base, p->n);

	/* Its own name, and what it is linked to, are told elsewhere or nothing. */
	if (sibling == COMPONENT_NONE || had_base(&p->bo->strings, base) || loads(p->bn, base) ||
	    span_eq_nocase(base, span_str(diff_base(diff_new(p->r, p->n)->path))))
		return;
	p->signs |= DIFF_SIGN_SIBLING;
	struct diff_finding *d = diff_add(p->r, DIFF_SIBLING, p->o, p->n, "now names %s, which is %s",
	    QUOTE(span_str(s)), QUOTE(span_str(diff_new(p->r, sibling)->path)));
	diff_same(d, base);
	d->about = sibling;
}

/* --- commands --- */

bool diff_command_is_hidden(struct span s)
{
	static const char *const signs[] = { "-encodedcommand", "-enc ", " -e jab", "-w hidden",
		"-windowstyle hidden", "downloadstring", "downloadfile", "frombase64string",
		"base64 -d", "base64 --decode", "/dev/tcp/", "| sh", "|sh", "| bash", "|bash",
		"invoke-expression", "iex(", "iex (", "mshta ", "regsvr32 /s", "certutil -decode",
		"certutil -urlcache", "bitsadmin ", "vssadmin delete", "schtasks /create",
		"rundll32 ", "nohup " };
	char low[1024];
	size_t n = s.n < sizeof(low) ? s.n : sizeof(low);

	for (size_t i = 0; i < n; i++)
		low[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 32 : s.p[i]);
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (memmem(low, n, signs[i], strlen(signs[i])))
			return true;
	return false;
}

static void command(struct strings *x, struct span s)
{
	list(&x->commands, &x->ncommands, s);
	if (diff_command_is_hidden(s))
		x->hidden = true;
}

static void one(struct strings *x, const char *s)
{
	switch (binary_string_kind(s)) {
	case STRING_URL:
		url(x, span_str(s));
		break;
	case STRING_FILE:
		file(x, s);
		break;
	case STRING_KEY:
		list(&x->keys, &x->nkeys, span_str(s));
		break;
	case STRING_COMMAND:
		command(x, span_str(s));
		break;
	case STRING_NONE:
		break;
	}
}

static unsigned more(unsigned weight, unsigned n, unsigned most)
{
	unsigned score = weight + 2 * (n - 1);

	return score < most ? score : most;
}

static void tell(struct strings *x)
{
	struct diff_slices *p = x->p;

	if (x->nhosts)
		diff_add(p->r, DIFF_HOST, p->o, p->n, "%u new host name%s: %s", x->nhosts,
		    x->nhosts == 1 ? "" : "s", buf_str(&x->hosts))->score =
		    (uint16_t)more(diff_kind_of(DIFF_HOST)->weight, x->nhosts, 18);
	if (x->nodd)
		diff_add(p->r, DIFF_HOST_RAW, p->o, p->n, "now names %s", buf_str(&x->odd));
	if (x->nkeys)
		diff_add(p->r, DIFF_KEY, p->o, p->n, "%u new key-like text%s: %s", x->nkeys,
		    x->nkeys == 1 ? "" : "s", buf_str(&x->keys))->score =
		    (uint16_t)more(diff_kind_of(DIFF_KEY)->weight, x->nkeys, 14);
	if (x->ncommands)
		diff_add(p->r, x->hidden ? DIFF_COMMAND_HIDDEN : DIFF_COMMAND, p->o, p->n,
		    "%u new command%s: %s", x->ncommands, x->ncommands == 1 ? "" : "s",
		    buf_str(&x->commands));
	if (x->nodd || x->hidden)
		p->signs |= DIFF_SIGN_STRING;
}

void diff_strings(struct diff_slices *p)
{
	const struct text_list *a = &p->bo->strings, *b = &p->bn->strings;
	struct strings x = { .p = p, .hosts = BUF_INIT(4096), .odd = BUF_INIT(4096),
		.keys = BUF_INIT(4096), .commands = BUF_INIT(4096) };
	uint32_t i = 0;

	for (uint32_t k = 0; k < b->n && !a->cut; k++) {
		while (i < a->n && strcmp(a->v[i], b->v[k]) < 0)
			i++;
		if (i == a->n || strcmp(a->v[i], b->v[k]) != 0)
			one(&x, b->v[k]);
	}
	tell(&x);
	buf_free(&x.hosts);
	buf_free(&x.odd);
	buf_free(&x.keys);
	buf_free(&x.commands);
}
