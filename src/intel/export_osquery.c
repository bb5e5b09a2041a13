/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_osquery: a query pack (osquery documentation, "Query Packs"): programs that run, sockets
 * that are open, certificates that are installed, names in the resolver's cache, against the lists.
 */

#include "intel/export_priv.h"

#include <errno.h>

#define VALUES_A_QUERY 500
#define INTERVAL 3600
#define QUERY_MAX (4u << 20)

static const struct kind {
	enum indicator_type type;
	const char *name, *select, *column, *platform;
} kinds[] = {
	{ INDICATOR_MD5, "process_md5",
	    "SELECT p.pid, p.name, p.path, h.md5 FROM processes p JOIN hash h ON "
	    "p.path = h.path WHERE ",
	    "h.md5", NULL },
	{ INDICATOR_SHA1, "process_sha1",
	    "SELECT p.pid, p.name, p.path, h.sha1 FROM processes p JOIN hash h "
	    "ON p.path = h.path WHERE ",
	    "h.sha1", NULL },
	{ INDICATOR_SHA256, "process_sha256",
	    "SELECT p.pid, p.name, p.path, h.sha256 FROM processes p JOIN "
	    "hash h ON p.path = h.path WHERE ",
	    "h.sha256", NULL },
	{ INDICATOR_DOMAIN, "dns_cache", "SELECT name, type FROM dns_cache WHERE ", "lower(name)",
	    "windows" },
	{ INDICATOR_IPV4, "socket_ipv4",
	    "SELECT s.pid, p.name, p.path, s.remote_address, s.remote_port FROM "
	    "process_open_sockets s JOIN processes p ON s.pid = p.pid WHERE ",
	    "s.remote_address", NULL },
	{ INDICATOR_IPV6, "socket_ipv6",
	    "SELECT s.pid, p.name, p.path, s.remote_address, s.remote_port FROM "
	    "process_open_sockets s JOIN processes p ON s.pid = p.pid WHERE ",
	    "s.remote_address", NULL },
	{ INDICATOR_IP_PORT, "socket_port",
	    "SELECT s.pid, p.name, p.path, s.remote_address, s.remote_port "
	    "FROM process_open_sockets s JOIN processes p ON s.pid = p.pid WHERE ",
	    NULL, NULL },
	{ INDICATOR_FILE_NAME, "process_name",
	    "SELECT pid, name, path, cmdline FROM processes WHERE ", "lower(name)", NULL },
	{ INDICATOR_CERT, "certificate",
	    "SELECT common_name, issuer, path, sha1 FROM certificates WHERE ", "lower(sha1)",
	    NULL },
};

struct pack {
	struct buf b, query;
	struct jw w;
	const struct kind *kind; /* of the query that is being written */
	uint64_t n;
	unsigned part;
};

static int begin(struct export *x)
{
	struct pack *p = ARENA_NEW(&x->arena, struct pack);

	if (!p)
		return -ENOMEM;
	*p = (struct pack){ .b = BUF_INIT(2 * QUERY_MAX), .query = BUF_INIT(QUERY_MAX) };
	p->w = jw_pretty(&p->b);
	x->own = p;
	jw_obj(&p->w);
	jw_key(&p->w, "queries");
	jw_obj(&p->w);
	return 0;
}

static int close_query(struct export *x, struct pack *p)
{
	char name[64];

	if (!p->n)
		return 0;
	if (p->kind->column)
		buf_putc(&p->query, ')');
	buf_putc(&p->query, ';');
	snprintf(name, sizeof(name), "firebreak_%s_%u", p->kind->name, ++p->part);
	jw_key(&p->w, name);
	jw_obj(&p->w);
	jw_kstr(&p->w, "query", buf_span(&p->query));
	jw_kint(&p->w, "interval", INTERVAL);
	jw_kcstr(&p->w, "platform", p->kind->platform);
	jw_kcstr(&p->w, "description", "values that are listed as bad");
	jw_kbool(&p->w, "snapshot", true);
	jw_end(&p->w);
	int rc = buf_err(&p->query);
	if (rc == 0)
		rc = buf_err(&p->b);
	if (rc == 0)
		fwrite(p->b.p, 1, p->b.n, x->out);
	p->b.n = 0;
	p->n = 0;
	buf_reset(&p->query);
	return rc;
}

/* In quotes; a quote inside is doubled. */
static void put_text(struct buf *b, struct span s)
{
	buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_putc(b, '\'');
		buf_putc(b, (char)s.p[i]);
	}
	buf_putc(b, '\'');
}

static void put_port(struct pack *p, const char *value)
{
	const char *colon = strrchr(value, ':');
	struct span host = span_of(value, colon ? (size_t)(colon - value) : 0);

	if (host.n > 2 && host.p[0] == '[')
		host = span_cut(host, 1, host.n - 2);
	buf_puts(&p->query, p->n ? " OR (s.remote_address = " : "(s.remote_address = ");
	put_text(&p->query, host);
	buf_printf(&p->query, " AND s.remote_port = %s)", colon ? colon + 1 : "0");
}

/* A network is no address, and osquery's certificates have no SHA-256. */
static bool can_say(const struct export_entry *e)
{
	if (e->type == INDICATOR_IPV4 || e->type == INDICATOR_IPV6)
		return !strchr(e->value, '/');
	return e->type != INDICATOR_CERT || strlen(e->value) == 40;
}

static int entry(struct export *x, const struct export_entry *e)
{
	struct pack *p = x->own;
	const struct kind *k = kinds;
	int rc = 0;

	while (k->type != e->type)
		k++;
	if (!can_say(e)) {
		export_leave(x, EXPORT_FORM);
		return 0;
	}
	if (p->n == VALUES_A_QUERY || k != p->kind)
		rc = close_query(x, p);
	if (k != p->kind)
		p->part = 0;
	p->kind = k;
	if (!p->n)
		buf_puts(&p->query, k->select);
	if (!k->column) {
		put_port(p, e->value);
	} else {
		buf_printf(&p->query, "%s%s", p->n ? ", " : k->column, p->n ? "" : " IN (");
		put_text(&p->query, span_str(e->value));
	}
	p->n++;
	export_wrote(x, e->type);
	return rc;
}

static int end(struct export *x)
{
	struct pack *p = x->own;
	int rc = close_query(x, p);

	jw_end(&p->w);
	jw_end(&p->w);
	buf_putc(&p->b, '\n');
	if (rc == 0)
		rc = buf_err(&p->b);
	if (rc == 0)
		fwrite(p->b.p, 1, p->b.n, x->out);
	buf_free(&p->b);
	buf_free(&p->query);
	return rc;
}

const struct export_writer export_osquery = {
	.name = "osquery",
	.types = EXPORT_TYPE(INDICATOR_MD5) | EXPORT_TYPE(INDICATOR_SHA1) |
		 EXPORT_TYPE(INDICATOR_SHA256) | EXPORT_TYPE(INDICATOR_DOMAIN) |
		 EXPORT_TYPE(INDICATOR_IPV4) | EXPORT_TYPE(INDICATOR_IPV6) |
		 EXPORT_TYPE(INDICATOR_IP_PORT) | EXPORT_TYPE(INDICATOR_FILE_NAME) |
		 EXPORT_TYPE(INDICATOR_CERT),
	.begin = begin,
	.entry = entry,
	.end = end,
};
