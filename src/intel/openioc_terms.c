/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/openioc.h"

#include <errno.h>
#include <stdio.h>

#define GROUP_TEXT_MAX 1024

/* Search terms that are hunted (Mandiant's "mir" terms and the event buffers of its agents). */
static const struct {
	const char *search;
	enum indicator_type type;
} terms[] = {
	{ "Network/DNS", INDICATOR_DOMAIN },
	{ "Network/HostName", INDICATOR_DOMAIN },
	{ "DnsEntryItem/Host", INDICATOR_DOMAIN },
	{ "DnsEntryItem/RecordName", INDICATOR_DOMAIN },
	{ "DnsEntryItem/RecordData/Host", INDICATOR_DOMAIN },
	{ "UrlHistoryItem/HostName", INDICATOR_DOMAIN },
	{ "CookieHistoryItem/HostName", INDICATOR_DOMAIN },
	{ "dnsLookupEvent/hostname", INDICATOR_DOMAIN },
	{ "urlMonitorEvent/hostname", INDICATOR_DOMAIN },
	{ "PortItem/remoteIP", INDICATOR_IPV4 },
	{ "ProcessItem/PortList/PortItem/remoteIP", INDICATOR_IPV4 },
	{ "RouteEntryItem/Destination", INDICATOR_IPV4 },
	{ "DnsEntryItem/RecordData/IPv4Address", INDICATOR_IPV4 },
	{ "ArpEntryItem/IPv4Address", INDICATOR_IPV4 },
	{ "ipv4NetworkEvent/remoteIP", INDICATOR_IPV4 },
	{ "Network/IP", INDICATOR_IPV4 },
	{ "Network/RemoteIP", INDICATOR_IPV4 },
	{ "UrlHistoryItem/URL", INDICATOR_URL },
	{ "FileDownloadHistoryItem/SourceURL", INDICATOR_URL },
	{ "urlMonitorEvent/requestUrl", INDICATOR_URL },
	{ "Network/URL", INDICATOR_URL },
	{ "Network/URI", INDICATOR_URL },
	{ "FileItem/FileName", INDICATOR_FILE_NAME },
	{ "ProcessItem/name", INDICATOR_FILE_NAME },
	{ "ModuleItem/ModuleName", INDICATOR_FILE_NAME },
	{ "DriverItem/DriverName", INDICATOR_FILE_NAME },
	{ "PrefetchItem/ApplicationFileName", INDICATOR_FILE_NAME },
	{ "FileDownloadHistoryItem/FileName", INDICATOR_FILE_NAME },
	{ "Email/Attachment/Name", INDICATOR_FILE_NAME },
	{ "fileWriteEvent/fileName", INDICATOR_FILE_NAME },
	{ "FileItem/FullPath", INDICATOR_PATH },
	{ "fileWriteEvent/fullPath", INDICATOR_PATH },
	{ "imageLoadEvent/fullPath", INDICATOR_PATH },
	{ "processEvent/processPath", INDICATOR_PATH },
	{ "ProcessItem/path", INDICATOR_PATH },
	{ "ServiceItem/path", INDICATOR_PATH },
	{ "ServiceItem/serviceDLL", INDICATOR_PATH },
	{ "RegistryItem/Path", INDICATOR_REGISTRY },
	{ "RegistryItem/KeyPath", INDICATOR_REGISTRY },
	{ "regKeyEvent/path", INDICATOR_REGISTRY },
	{ "ProcessItem/HandleList/Handle/Name", INDICATOR_MUTEX },
	{ "Email/From", INDICATOR_EMAIL },
	{ "Email/ReplyTo", INDICATOR_EMAIL },
};

/* Digests have the same last part under every item ("TaskItem/sha1sum", "FileItem/Md5sum"). */
static const struct {
	const char *leaf;
	enum indicator_type type;
} digests[] = {
	{ "md5sum", INDICATOR_MD5 },
	{ "md5", INDICATOR_MD5 },
	{ "sha1sum", INDICATOR_SHA1 },
	{ "sha256sum", INDICATOR_SHA256 },
	{ "sha512sum", INDICATOR_SHA512 },
	{ "imphash", INDICATOR_IMPHASH },
};

void ioc_append(struct ioc_node *group, struct ioc_node *n)
{
	if (group->last)
		group->last->next = n;
	else
		group->first = n;
	group->last = n;
}

static bool same(const char *a, const char *b)
{
	return span_eq_nocase(span_str(a), span_str(b));
}

static enum indicator_type type_of(const char *search)
{
	const char *leaf = strrchr(search, '/');

	for (size_t i = 0; i < ARRAY_LEN(terms); i++)
		if (same(search, terms[i].search))
			return terms[i].type;
	for (size_t i = 0; leaf && i < ARRAY_LEN(digests); i++)
		if (same(leaf + 1, digests[i].leaf))
			return digests[i].type;
	return INDICATOR_NONE;
}

/* Is equality at least a part of what the item says? */
static bool is_equality(const struct ioc_node *n, enum indicator_type type)
{
	if (n->negated)
		return false;
	if (same(n->condition, "is"))
		return true;
	return same(n->condition, "contains") &&
	    (type == INDICATOR_DOMAIN || type == INDICATOR_IPV4 || type == INDICATOR_EMAIL ||
		indicator_digest_alg(type) != DIGEST_NONE);
}

static void place(struct reader *r, const struct ioc_node *n)
{
	r->line = n->line;
	r->off = n->off;
	r->id = n->id;
}

static int emit(struct reader *r, const struct indicator *i, const struct ioc_node *n,
    enum indicator_type type, const char *value)
{
	struct indicator one = *i;

	one.type = type;
	if (n->comment) {
		int rc = reader_note(r, span_str(n->comment), &one.note);
		if (rc == -ENOMEM)
			return rc;
	}
	return reader_emit(r, &one, span_str(value));
}

static int item(struct reader *r, const struct indicator *i, const struct ioc_node *n)
{
	enum indicator_type type = type_of(n->search);
	struct span value = span_str(n->value);

	place(r, n);
	if (!value.n)
		return reader_reject(r, value, "an item without content", NULL);
	if (type == INDICATOR_NONE)
		return reader_unmatched(r, value, "a search term that is not hunted", n->search);
	if (!is_equality(n, type))
		return reader_unmatched(r, value, "a condition other than \"is\"",
		    n->negated ? "negate" : n->condition);
	if (type != INDICATOR_URL || value.p[0] != '/')
		return emit(r, i, n, type, n->value);
	struct indicator path = *i;
	path.confidence /= 2; /* as reader_emit_path */
	return emit(r, &path, n, INDICATOR_URL_PATH, n->value);
}

/* --- AND --- */

/* The one member with this term, if it is an equality. */
static const struct ioc_node *member(const struct ioc_node *group, const char *search)
{
	const struct ioc_node *found = NULL;

	for (const struct ioc_node *n = group->first; n; n = n->next)
		if (n->kind == IOC_ITEM && same(n->search, search) && !n->negated &&
		    same(n->condition, "is")) {
			if (found)
				return NULL;
			found = n;
		}
	return found;
}

static size_t count(const struct ioc_node *group)
{
	size_t c = 0;

	for (const struct ioc_node *n = group->first; n; n = n->next)
		c++;
	return c;
}

/* The strongest digest of a group that says equal things of one file. */
static const struct ioc_node *digest_of_file(const struct ioc_node *group)
{
	const struct ioc_node *best = NULL;
	enum indicator_type most = INDICATOR_NONE;

	for (const struct ioc_node *n = group->first; n; n = n->next) {
		if (n->kind != IOC_ITEM || n->negated || !same(n->condition, "is") ||
		    !span_eq_nocase(span_cut(span_str(n->search), 0, 9), SPAN_LIT("FileItem/")))
			return NULL;
		enum indicator_type type = type_of(n->search);
		if (indicator_digest_alg(type) != DIGEST_NONE && type > most) {
			most = type;
			best = n;
		}
	}
	return best;
}

/* Two members that are one value when they are written with something between them. */
static int joined(struct reader *r, const struct indicator *i, const struct ioc_node *group,
    const char *left, const char *between, const char *right, enum indicator_type type)
{
	const struct ioc_node *a = member(group, left), *b = member(group, right);

	if (count(group) != 2 || !a || !b)
		return 0;
	bool six = type == INDICATOR_IP_PORT && strchr(a->value, ':');
	if (type == INDICATOR_PATH && a->value[0] && strchr("/\\", a->value[strlen(a->value) - 1]))
		between = "";
	char *value = arena_printf(
	    &r->arena, six ? "[%s]%s%s" : "%s%s%s", a->value, between, b->value);
	if (!value)
		return -ENOMEM;
	place(r, a);
	int rc = emit(r, i, a, type, value);
	return rc < 0 ? rc : 1;
}

static void describe(const struct ioc_node *n, struct buf *out)
{
	if (n->kind == IOC_ITEM) {
		buf_printf(out, "%s %s%s \"%.200s\"", n->search, n->negated ? "not " : "",
		    n->condition, n->value);
		return;
	}
	buf_putc(out, '(');
	for (const struct ioc_node *k = n->first; k && out->n < GROUP_TEXT_MAX; k = k->next) {
		describe(k, out);
		if (k->next)
			buf_puts(out, n->kind == IOC_AND ? " AND " : " OR ");
	}
	buf_putc(out, ')');
}

static const struct ioc_node *first_item(const struct ioc_node *n)
{
	while (n->kind != IOC_ITEM && n->first)
		n = n->first;
	return n;
}

static int whole_group(struct reader *r, const struct ioc_node *group)
{
	AUTO_BUF struct buf text = BUF_INIT(64u << 20);

	place(r, first_item(group));
	describe(group, &text);
	int rc = buf_err(&text);
	return rc < 0 ? rc : reader_unmatched(r, span_cut(buf_span(&text), 0, GROUP_TEXT_MAX),
				 "conditions joined by AND", NULL);
}

static int conjunction(struct reader *r, const struct indicator *i, const struct ioc_node *group)
{
	const struct ioc_node *digest = digest_of_file(group);

	if (digest)
		return item(r, i, digest);
	int rc = joined(r, i, group, "PortItem/remoteIP", ":", "PortItem/remotePort",
	    INDICATOR_IP_PORT);
	if (rc == 0)
		rc = joined(r, i, group, "FileItem/FilePath", "/", "FileItem/FileName",
		    INDICATOR_PATH);
	return rc < 0 ? rc : rc ? 0 : whole_group(r, group);
}

int ioc_take(struct reader *r, const struct indicator *i, const struct ioc_node *n)
{
	int rc = 0;

	while (n->kind != IOC_ITEM && n->first && !n->first->next)
		n = n->first; /* alone, it is all that its group says */
	if (n->kind == IOC_ITEM)
		return item(r, i, n);
	if (n->kind == IOC_AND)
		return n->first ? conjunction(r, i, n) : 0;
	for (const struct ioc_node *k = n->first; k && rc == 0; k = k->next)
		rc = ioc_take(r, i, k);
	return rc;
}
