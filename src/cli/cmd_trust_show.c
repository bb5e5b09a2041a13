/* SPDX-License-Identifier: Apache-2.0 */

/* trust show: which Sigstore trusted root is in use, and what it holds. */

#include "cli/commands.h"
#include "cli/print.h"
#include "cli/trusted_root.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *member, *kind, *uri, *words;
} lists[] = {
	{ "tlogs", "transparency-log", "baseUrl", "transparency logs" },
	{ "ctlogs", "certificate-log", "baseUrl", "certificate logs" },
	{ "certificateAuthorities", "certificate-authority", "uri", "certificate authorities" },
	{ "timestampAuthorities", "timestamp-authority", "uri", "timestamp authorities" },
};

/* One log or authority; members are NULL when it does not say. */
struct entry {
	const char *uri, *start, *end;
};

static struct entry entry_of(struct cli *c, struct json_val v, const char *uri)
{
	struct json_val window = json_get(v, "validFor");

	if (!json_ok(window))
		window = json_path(v, "publicKey", "validFor", NULL);
	return (struct entry){ json_cstr(json_get(v, uri), &c->arena),
		json_cstr(json_get(window, "start"), &c->arena),
		json_cstr(json_get(window, "end"), &c->arena) };
}

static void print_lists(struct cli *c, struct json_val root)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		printf("%s\n", lists[i].words);
		JSON_EACH(v, json_get(root, lists[i].member)) {
			struct entry e = entry_of(c, v, lists[i].uri);
			printf("  %-52s %s to %s\n", e.uri ? cli_whole(c, e.uri) : "-",
			    e.start ? cli_safe(c, e.start) : "-", e.end ? cli_safe(c, e.end) : "now");
		}
	}
}

static void lists_json(struct cli *c, struct jw *w, struct json_val root)
{
	jw_key(w, "members");
	jw_arr(w);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		JSON_EACH(v, json_get(root, lists[i].member)) {
			struct entry e = entry_of(c, v, lists[i].uri);
			jw_obj(w);
			jw_kcstr(w, "kind", lists[i].kind);
			jw_kcstr(w, "uri", e.uri);
			jw_kcstr(w, "start", e.start);
			jw_kcstr(w, "end", e.end);
			jw_end(w);
		}
	jw_end(w);
}

static void print_head(struct cli *c, const struct trusted_root *r)
{
	printf("trusted root   %s\n", trusted_root_words(c, r));
	printf("  digest       %s\n", DIGEST_TEXT(&r->digest));
	if (r->source == TRUSTED_ROOT_UPDATED)
		printf("  fetched      %s from %s\n", cli_when(c, r->fetched), cli_whole(c, r->name));
	if (r->until != TS_NONE && r->until < clock_now(&c->clock))
		printf("  %snote%s         its publisher called it current until %s; a newer one may know "
		       "more: firebreak trust update\n", cli_yellow(c), cli_reset(c),
		    cli_when(c, r->until));
}

static int run(struct cli *c)
{
	struct trusted_root r;
	struct fault f = FAULT_INIT;
	struct json_doc d;
	struct jw w = jw_of(&c->out);

	int rc = cli_trusted_root(c, cli_opt(c, "trusted-root"), &r, &f);
	if (rc == -EPERM)
		return cli_fail(c, CLI_REFUSED, &f);
	if (rc == 0)
		rc = trusted_root_check(r.bytes, r.name, &f);
	if (rc == 0)
		rc = json_parse(&d, r.bytes, &c->arena, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (!c->json) {
		print_head(c, &r);
		print_lists(c, json_root(&d));
		return CLI_OK;
	}
	jw_obj(&w);
	jw_key(&w, "trusted_root");
	trusted_root_json(&w, &r);
	lists_json(c, &w, json_root(&d));
	jw_end(&w);
	return CLI_OK;
}

static const struct cli_opt opts[] = {
	{ "trusted-root", "FILE", "show this trusted root instead", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_trust_show = {
	.name = "trust show",
	.args = "",
	.summary = "Which Sigstore trusted root is in use, and what it holds",
	.help =
	    "The trusted root says which certificate authorities, logs and timestamp authorities are\n"
	    "believed, and for which times. In use is the newest of the one that trust update left in\n"
	    "the state directory and the one that is built in; verify --trusted-root FILE goes before\n"
	    "both. It does not expire, but it has a date, until which its publisher signed that it is\n"
	    "current.\n"
	    "\n"
	    "  firebreak trust show\n"
	    "  firebreak trust show --trusted-root trusted_root.json --json\n"
	    "\n"
	    "Exit codes: 0 shown, 3 usage, 4 it cannot be read, 5 it is malformed or was changed, 6\n"
	    "others may write to the state directory.\n",
	.opts = opts,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
