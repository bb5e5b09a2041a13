/* SPDX-License-Identifier: Apache-2.0 */

/* list: one value a line, and lines of /etc/hosts. */

#include "intel/priv.h"

#include <arpa/inet.h>
#include <stdio.h>

#define OWN_NAME "a hosts file's name for the machine itself"

/* The address that hosts files give to names that must not resolve. */
static bool is_sink(struct span word)
{
	static const char *const sinks[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };

	for (size_t i = 0; i < ARRAY_LEN(sinks); i++)
		if (span_eq_str(word, sinks[i]))
			return true;
	return false;
}

static bool is_address(struct span word)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t b[16];

	if (word.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", SPAN_ARG(word));
	char *zone = strchr(text, '%');
	if (zone)
		*zone = 0;
	return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, b) == 1;
}

bool line_is_hosts(struct span line)
{
	struct span rest = line, first = line_word(&rest);

	return is_address(first) && line_word(&rest).n > 0;
}

/* What every hosts file has for the machine itself. */
static bool is_own_name(struct span name)
{
	static const char *const names[] = { "localhost", "localhost.localdomain", "local",
		"broadcasthost", "ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix",
		"ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "0.0.0.0", "localhost4",
		"localhost4.localdomain4", "localhost6", "localhost6.localdomain6" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (span_eq_nocase(name, span_str(names[i])))
			return true;
	return false;
}

/* rest holds the names. */
static int names(struct reader *r, struct span rest)
{
	struct span name;
	int rc = 0;

	while (rc == 0 && (name = line_word(&rest)).n) {
		struct indicator i = reader_default(r);
		i.type = INDICATOR_DOMAIN;
		rc = is_own_name(name) ?
			  reader_context(r, name, OWN_NAME, NULL) :
			  reader_emit(r, &i, name);
	}
	return rc;
}

int line_hosts(struct reader *r, struct span line)
{
	struct span rest = line, first = line_word(&rest);

	if (!is_address(first) || !span_trim(rest).n)
		return reader_reject(r, line, "not a line of a hosts file: an address and names",
		    NULL);
	if (is_sink(first))
		return names(r, rest);
	struct span s = rest;
	for (struct span w = line_word(&s); w.n; w = line_word(&s))
		if (!is_own_name(w))
			return reader_reject(r, line,
			    "names that point to a real address are no blocked names", NULL);
	return reader_context(r, line, OWN_NAME, NULL);
}

/* No value, and a comma or semicolon in it: a table that was not taken for one. */
static bool is_row(struct reader *r, struct span line)
{
	enum indicator_type t = r->o->type;
	const char *value;

	return (memchr(line.p, ',', line.n) || memchr(line.p, ';', line.n)) &&
	    indicator_normalise(&t, line, &r->arena, &value, NULL) < 0;
}

int line_list(struct reader *r, struct span line)
{
	struct span rest = line, first = line_word(&rest);

	if (!rest.n && is_row(r, line))
		return reader_reject(r, line, "several fields on a line (a table? see --format csv, "
		    "--delimiter, --map)", NULL);
	if (!rest.n || r->o->type == INDICATOR_FILE_NAME || r->o->type == INDICATOR_PATH) {
		struct indicator i = reader_default(r);
		return reader_emit(r, &i, line);
	}
	if (!is_sink(first))
		return reader_reject(r, line, "several words on a line (a table? see --format csv)",
		    NULL);
	return names(r, rest);
}
