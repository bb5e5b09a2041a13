/* SPDX-License-Identifier: Apache-2.0 */

/* intel feed add|list|remove|collections: which feeds the state is subscribed to. */

#include "cli/commands.h"
#include "cli/credentials.h"
#include "cli/intel_shelf.h"
#include "cli/print.h"
#include "fetch/taxii.h"
#include "intel/feeds.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TAXII_SCHEME "taxii+"

/* --- options of add --- */

static int get_text(struct cli *c, const char *name, const char **ret)
{
	const char *v = cli_opt(c, name);

	if (!v)
		return -1;
	if (!v[0] || strlen(v) > INTEL_SOURCE_MAX || !quote_plain(span_str(v)))
		return cli_failf(
		    c, CLI_USAGE, "--%s %s: not a short printable text", name, QUOTE(span_str(v)));
	*ret = v;
	return -1;
}

static int get_url(struct cli *c, struct feed *x)
{
	struct fault f = FAULT_INIT;
	const char *url = c->arg[1];

	x->taxii = strncmp(url, TAXII_SCHEME, strlen(TAXII_SCHEME)) == 0;
	x->url = x->taxii ? url + strlen(TAXII_SCHEME) : url;
	if (http_url_check(x->url, &f) < 0)
		return cli_fail(c, CLI_USAGE, &f);
	if (x->taxii && !taxii_is_collection(x->url))
		return cli_failf(c, CLI_USAGE,
		    "%s: not the URL of a TAXII collection (…/collections/ID/); "
		    "firebreak intel feed collections URL lists those of a server",
		    QUOTE(span_str(url)));
	return -1;
}

/* As an absolute path: fetch may run from anywhere. */
static int get_credentials(struct cli *c, struct feed *x)
{
	const char *v = cli_opt(c, "credentials");
	AUTO_CREDENTIALS struct credentials own = { { 0 } };
	struct fault f = FAULT_INIT;

	if (!v)
		return -1;
	int rc = credentials_load(&own, v, &f);
	if (rc < 0)
		return rc == -EACCES ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	AUTO_FREE char *real = realpath(v, NULL);
	x->credentials = real ? arena_str(&c->arena, span_str(real)) : NULL;
	return x->credentials ? -1 : cli_errno(c, -errno, NULL);
}

static int get_values(struct cli *c, struct feed *x)
{
	const char *v = cli_opt(c, "format");
	uint64_t n;

	x->format = v ? intel_format_of(span_str(v)) : x->taxii ? INTEL_STIX : INTEL_AUTO;
	if (x->format == INTEL_FORMATS || (x->taxii && x->format != INTEL_STIX))
		return cli_failf(c, CLI_USAGE, "--format %s: not one of %s; TAXII is stix",
		    QUOTE(span_str(v)), intel_format_list());
	v = cli_opt(c, "tlp");
	x->tlp = v ? tlp_of(span_str(v)) : TLP_NONE;
	if (x->tlp == TLPS)
		return cli_failf(c, CLI_USAGE,
		    "--tlp %s: not one of clear, green, amber, amber+strict, red",
		    QUOTE(span_str(v)));
	v = cli_opt(c, "confidence");
	if (v && (!cli_count(v, &n) || n > 100))
		return cli_failf(c, CLI_USAGE, "--confidence %s: not a number from 0 to 100",
		    QUOTE(span_str(v)));
	x->confidence = v ? (int)n : -1;
	x->benign = cli_has(c, "benign");
	x->named = cli_has(c, "named-sources");
	x->keep = x->taxii || x->named || cli_has(c, "keep");
	if (x->named && cli_has(c, "source"))
		return cli_failf(c, CLI_USAGE, "--source and --named-sources do not go together");
	return -1;
}

static int get_feed(struct cli *c, struct feed *x)
{
	int code;

	*x = (struct feed){ .name = c->arg[0], .at = TS_NONE, .imported = TS_NONE };
	if (!feed_name_ok(x->name))
		return cli_failf(c, CLI_USAGE,
		    "%s: not a name of letters, digits, \"-\", \"_\" and \".\"",
		    QUOTE(span_str(x->name)));
	if ((code = get_url(c, x)) >= 0 || (code = get_values(c, x)) >= 0 ||
	    (code = get_text(c, "source", &x->source)) >= 0 ||
	    (code = get_text(c, "category", &x->category)) >= 0 ||
	    (code = get_text(c, "campaign", &x->campaign)) >= 0 ||
	    (code = get_text(c, "licence", &x->licence)) >= 0)
		return code;
	if (span_eq_nocase(span_str(x->source ? x->source : x->name), SPAN_LIT("own")))
		return cli_failf(c, CLI_USAGE, "a feed is not the source \"own\": that is for intel own add");
	return get_credentials(c, x);
}

/* --- changing the list --- */

static int record(
    struct cli *c, struct store *s, const char *kind, const struct feed *x, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	struct jw w = jw_of(&b);
	char subject[FEED_NAME_MAX + 8];
	uint64_t seq;

	jw_obj(&w);
	jw_kcstr(&w, "credentials", x->credentials);
	jw_kcstr(&w, "format", intel_format_name(x->format));
	jw_kcstr(&w, "name", x->name);
	jw_kcstr(&w, "source", x->source);
	jw_kbool(&w, "taxii", x->taxii);
	jw_kcstr(&w, "url", x->url);
	jw_end(&w);
	int rc = buf_err(&b);
	if (rc < 0)
		return rc;
	snprintf(subject, sizeof(subject), "feed:%s", x->name);
	struct ledger_new e = { .kind = kind,
		.subject = subject,
		.actor = c->actor,
		.at = clock_now(&c->clock),
		.clock_injected = c->clock_injected,
		.data = buf_span(&b) };
	return ledger_append(s, &e, &seq, f);
}

/* Adds x, or removes the feed of this name. */
static int change(
    struct cli *c, struct store *s, const struct feed *x, const char *gone, struct fault *f)
{
	struct feeds fs;
	int rc = feeds_load(&fs, store_dir(s), &c->arena, f);

	if (rc < 0)
		return rc;
	struct feed *old = feeds_find(&fs, x ? x->name : gone);
	if (x && old)
		return fault_set(f, -ECANCELED, "there is a feed \"%s\"; remove it first", x->name);
	if (!x && !old)
		return fault_set(f, -ECANCELED, "there is no feed \"%s\"", QUOTE(span_str(gone)));
	rc = record(c, s, x ? "feed.add" : "feed.remove", x ? x : old, f);
	if (rc == 0 && x)
		rc = feeds_add(&fs, x, &c->arena);
	if (rc == -ENOSPC)
		return fault_set(f, -ECANCELED, "there are %d feeds already", FEEDS_MAX);
	if (rc == 0 && !x)
		feeds_remove(&fs, old);
	return rc == 0 ? feeds_save(&fs, store_dir(s), f) : rc;
}

static int change_all(struct cli *c, const struct feed *x, const char *gone)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	int code;

	if (cli_store(c, x ? STORE_RDWR : STORE_EXISTING, &s, &code) < 0)
		return code;
	int rc = store_begin(s, &f);
	if (rc == 0) {
		rc = change(c, s, x, gone, &f);
		if (rc == 0)
			rc = store_commit(s, &f);
		else
			store_abort(s);
	}
	if (rc < 0)
		return cli_fail(c, rc == -ECANCELED ? CLI_REFUSED : CLI_INTERNAL, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kcstr(&w, x ? "added" : "removed", x ? x->name : gone);
		jw_end(&w);
	} else if (x) {
		printf("%s: added; nothing is fetched before firebreak intel fetch %s\n", x->name,
		    x->name);
	} else {
		printf("%s: removed; what it said stays (intel list --source …)\n", gone);
	}
	return CLI_OK;
}

static int run_add(struct cli *c)
{
	struct feed x;
	int code = get_feed(c, &x);

	return code >= 0 ? code : change_all(c, &x, NULL);
}

static int run_remove(struct cli *c)
{
	return change_all(c, NULL, c->arg[0]);
}

/* --- list --- */

static void print(struct cli *c, const struct feed *x)
{
	printf("%s  %s%s\n", x->name, x->taxii ? TAXII_SCHEME : "", cli_whole(c, x->url));
	printf("    %s, source %s, %s", intel_format_name(x->format),
	    x->named ? "as it names them" : cli_safe(c, x->source ? x->source : x->name),
	    x->result ? x->result : "never fetched");
	if (x->at != TS_NONE)
		printf(" %s", cli_when(c, x->at));
	if (x->imported != TS_NONE)
		printf(
		    ", %llu claims of %s", (unsigned long long)x->claims, cli_when(c, x->imported));
	putchar('\n');
	if (x->message)
		cli_wrap(c, "    ", x->message);
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	struct feeds fs;
	int code;

	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	if (feeds_load(&fs, store_dir(s), &c->arena, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	if (c->json)
		feeds_write(&fs, &c->out);
	for (size_t i = 0; i < fs.n && !c->json; i++)
		print(c, &fs.e[i]);
	if (!fs.n && !c->json)
		printf("No feeds (firebreak intel feed add).\n");
	return CLI_OK;
}

/* --- collections --- */

struct output {
	struct cli *c;
	struct jw w;
	size_t n;
};

static int on_collection(void *ctx, const struct taxii_collection *x)
{
	struct output *o = ctx;

	o->n++;
	if (o->c->json) {
		jw_obj(&o->w);
		jw_kbool(&o->w, "can_read", x->can_read);
		jw_kcstr(&o->w, "description", x->description);
		jw_kcstr(&o->w, "id", x->id);
		jw_kcstr(&o->w, "title", x->title);
		jw_kcstr(&o->w, "url", x->url);
		jw_end(&o->w);
		return 0;
	}
	printf("%s%s%s\n", TAXII_SCHEME, cli_whole(o->c, x->url),
	    x->can_read ? "" : "  (not readable)");
	cli_wrap(o->c, "    ", x->title);
	return 0;
}

static int run_collections(struct cli *c)
{
	AUTO_CREDENTIALS struct credentials own = { { 0 } };
	AUTO_HTTP struct http *h = NULL;
	struct http_options ho = { .ca_file = cli_opt(c, "ca") };
	struct output o = { .c = c, .w = jw_of(&c->out) };
	const char *url = c->arg[0];
	struct fault f = FAULT_INIT;

	if (strncmp(url, TAXII_SCHEME, strlen(TAXII_SCHEME)) == 0)
		url += strlen(TAXII_SCHEME);
	if (http_url_check(url, &f) < 0)
		return cli_fail(c, CLI_USAGE, &f);
	int rc = credentials_load(&own, cli_opt(c, "credentials"), &f);
	if (rc < 0)
		return rc == -EACCES ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	if (c->json) {
		jw_obj(&o.w);
		jw_key(&o.w, "collections");
		jw_arr(&o.w);
	}
	rc = http_open(&h, &ho, &f);
	struct taxii t = {
		.http = h, .authorization = credentials_value(&own), .max = TAXII_PAGE_BYTES
	};
	if (rc == 0)
		rc = taxii_discover(&t, url, on_collection, &o, &f);
	if (rc < 0)
		return cli_errno(c, rc == -ENOENT ? -EIO : rc, &f);
	if (c->json) {
		jw_end(&o.w);
		jw_end(&o.w);
	} else if (!o.n) {
		printf("This server offers no collections.\n");
	}
	return CLI_OK;
}

/* --- the commands --- */

static const struct cli_opt add_opts[] = {
	{ "format", "FORMAT", "auto (default), csv, list, stix, misp, openioc, hosts, maltrail, …",
	    false },
	{ "source", "NAME", "whose claims these are (default: the feed's name)", false },
	{ "named-sources", NULL, "claims are of those whom the feed names, as intel import has it",
	    false },
	{ "category", "TEXT", "for records without one: c2, scanner, …", false },
	{ "campaign", "TEXT", "for records without one", false },
	{ "confidence", "0..100", "for records without one (default 50)", false },
	{ "tlp", "TLP", "clear, green, amber, amber+strict or red, for records without one",
	    false },
	{ "licence", "SPDX", "of the feed", false },
	{ "benign", NULL, "what is listed is ordinary; else it cannot say so of anything", false },
	{ "keep", NULL, "what it does not list any more stays (TAXII always)", false },
	{ "credentials", "FILE", "\"basic USER:PASSWORD\" or \"bearer TOKEN\"; mode 0600", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_feed_add = {
	.name = "intel feed add",
	.args = "NAME URL",
	.summary = "Subscribe to a feed of indicators",
	.help = "Notes where a feed is and what it is. Nothing is fetched before intel fetch is "
		"called.\n"
		"A feed is https (or http on a loopback address); taxii+https://…/collections/ID/ "
		"is a\n"
		"collection of a TAXII 2.1 server. All claims of a feed are its own, whomever it "
		"names, so\n"
		"that it cannot speak for others; --named-sources takes them as named, and then "
		"nothing is\n"
		"replaced. A list is taken as the whole of what the feed says: what is not in it "
		"any more is\n"
		"removed (--keep: stays).\n\n"
		"Credentials stay in their file, whose path is noted; they are sent to the feed's "
		"own server\n"
		"only, and no redirect is followed then. A key that is part of the URL is stored "
		"with it.\n\n"
		"  firebreak intel feed add ipsum https://example.org/ipsum.txt --format ipsum\n"
		"  firebreak intel feed add isac taxii+https://example.org/api/collections/\\\n"
		"      91a7b528-80eb-42ed-a74d-c6fbd5a26116/ --credentials /etc/firebreak/isac\n\n"
		"Exit: 0 noted, 3 usage, 4 could not write, 5 no credentials in the file, 6 there "
		"is a feed of\n"
		"this name, or others can read the credentials. docs/intel-feeds.md.\n",
	.opts = add_opts,
	.min_args = 2,
	.max_args = 2,
	.run = run_add,
};

static const struct cli_opt no_opts[] = { { NULL, NULL, NULL, false } };

const struct cli_cmd cmd_intel_feed_list = {
	.name = "intel feed list",
	.args = "",
	.summary = "List the feeds, and how their last fetch went",
	.help = "  firebreak intel feed list --json\n\nExit: 0 done, 3 usage, 4 the list is "
		"damaged, 6 there is "
		"no state directory.\n",
	.opts = no_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_list,
};

const struct cli_cmd cmd_intel_feed_remove = {
	.name = "intel feed remove",
	.args = "NAME",
	.summary = "Unsubscribe from a feed",
	.help = "What it said stays until it ends; intel remove --source takes values back.\n\n"
		"  firebreak intel feed remove ipsum\n\n"
		"Exit: 0 done, 3 usage, 4 could not write, 6 there is no such feed.\n",
	.opts = no_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_remove,
};

static const struct cli_opt collections_opts[] = {
	{ "credentials", "FILE", "\"basic USER:PASSWORD\" or \"bearer TOKEN\"; mode 0600", false },
	{ "ca", "FILE", "PEM file of authorities instead of the system's", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_feed_collections = {
	.name = "intel feed collections",
	.args = "URL",
	.summary = "List the collections of a TAXII 2.1 server",
	.help = "Asks the server now: its discovery resource (…/taxii2/), or one API root, which "
		"are on the\n"
		"same server. Each line is a URL for intel feed add.\n\n"
		"  firebreak intel feed collections https://example.org/taxii2/\n\n"
		"Exit: 0 done, 3 usage, 4 the server cannot be asked, 5 its answer is not TAXII "
		"2.1, 6 others\n"
		"can read the credentials.\n",
	.opts = collections_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_collections,
};
