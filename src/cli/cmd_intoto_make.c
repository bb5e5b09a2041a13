/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_intoto_make: doing a step and leaving a link. */

#include "base/file.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/intoto.h"
#include "trust/intoto/command.h"
#include "trust/intoto/make.h"
#include "trust/intoto/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define STREAM_MAX (16u << 20)

static const struct cli_opt run_opts[] = {
	{ "step", "NAME", "the layout's name for what is done", false },
	{ "key", "FILE", "your private key (PEM)", false },
	{ "material", "PATH", "file or folder that goes in", true },
	{ "product", "PATH", "file or folder that comes out", true },
	{ "out", "DIR", "put the link there (default: the current directory)", false },
	{ "streams", NULL, "record what the command writes, too", false },
	{ "dsse", NULL, "write a DSSE envelope instead of a metablock", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_opt start_opts[] = {
	{ "step", "NAME", "the layout's name for what is done", false },
	{ "key", "FILE", "your private key (PEM)", false },
	{ "material", "PATH", "file or folder that goes in", true },
	{ NULL, NULL, NULL, false },
};

static const struct cli_opt stop_opts[] = {
	{ "step", "NAME", "as it was started", false },
	{ "key", "FILE", "the same private key (PEM)", false },
	{ "product", "PATH", "file or folder that comes out", true },
	{ "out", "DIR", "put the link there (default: the current directory)", false },
	{ NULL, NULL, NULL, false },
};

/* A step that is about to be done or was done. */
struct step {
	const char *name, *file; /* the link's */
	struct key *key;
	char keyid[65];
};

/* -1 to go on. The caller frees s->key. */
static int open_step(struct cli *c, struct step *s, bool unfinished)
{
	s->name = cli_opt(c, "step");
	if (!s->name || !s->name[0] || strchr(s->name, '/') || strlen(s->name) > LAYOUT_NAME_MAX ||
	    !quote_plain(span_str(s->name)))
		return cli_failf(c, CLI_USAGE, "--step NAME is needed, without \"/\"");
	int code = cli_intoto_key(c, &s->key);
	if (code >= 0)
		return code;
	enum key_method m = key_scheme_default(key_kind_of(s->key));
	if (m == KEY_SCHEME_NONE || pubkey_keyid(s->key, m, s->keyid) < 0)
		return cli_failf(c, CLI_INPUT, "in-toto has no signature scheme for %s keys",
		    key_kind_name(key_kind_of(s->key)));
	s->file = unfinished
		      ? arena_printf(&c->arena, ".%s.%.8s.link-unfinished", s->name, s->keyid)
		      : arena_printf(&c->arena, "%s.%.8s.link", s->name, s->keyid);
	return s->file ? -1 : cli_errno(c, -ENOMEM, NULL);
}

static int record(struct cli *c, const char *opt, struct artifacts *ret_l)
{
	const char *path[CLI_OPT_VALUES_MAX];
	struct fault f = FAULT_INIT;
	size_t n = cli_opts(c, opt, path, ARRAY_LEN(path));

	int rc = record_paths(ret_l, AT_FDCWD, path, n, false, &c->arena, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	for (size_t i = 0; i < n && !c->quiet; i++)
		if (access(path[i], F_OK) < 0)
			fprintf(stderr, "firebreak %s: --%s %s is not there: nothing recorded\n",
			    c->cmd->name, opt, cli_safe(c, path[i]));
	return -1;
}

static int write_link(struct cli *c, const struct step *s, const struct link_parts *p)
{
	AUTO_BUF struct buf body = BUF_INIT(META_FILE_MAX), out = BUF_INIT(META_FILE_MAX);
	const char *dir = cli_opt(c, "out");
	const char *path = dir ? arena_printf(&c->arena, "%s/%s", dir, s->file) : s->file;
	struct fault f = FAULT_INIT;

	int rc = path ? make_link(&body, p) : -ENOMEM;
	if (rc == 0)
		rc = make_signed(
		    &out, buf_span(&body), s->key, cli_has(c, "dsse"), JSON_ABSENT, &c->arena, &f);
	if (rc == 0)
		rc = file_replace_path(path, buf_span(&out), 0666, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kcstr(&w, "file", path);
		jw_kcstr(&w, "keyid", s->keyid);
		jw_kint(&w, "materials", (int64_t)p->materials->n);
		jw_kint(&w, "products", (int64_t)p->products->n);
		if (p->ran)
			jw_kint(&w, "return_value", p->return_value);
		jw_end(&w);
	} else if (!c->quiet) {
		fprintf(stderr, "%s: %zu materials, %zu products, signed by %.8s\n",
		    cli_safe(c, path), p->materials->n, p->products->n, s->keyid);
	}
	return p->ran && p->return_value ? CLI_NEGATIVE : CLI_OK;
}

/* Runs the arguments; with --json their output may not go where the JSON goes. */
static int run_command(struct cli *c, struct link_parts *p, struct buf *out, struct buf *err)
{
	struct words *w = ARENA_NEW(&c->arena, struct words);
	bool keep = cli_has(c, "streams");
	struct command cmd = { .argv = w,
		.dirfd = AT_FDCWD,
		.out = keep || c->json ? out : NULL,
		.err = keep ? err : NULL,
		.out_to = c->json ? 2 : 1 };
	struct fault f = FAULT_INIT;

	if (w)
		w->item = arena_array(&c->arena, (size_t)c->nargs, sizeof(*w->item));
	if (!w || !w->item)
		return cli_errno(c, -ENOMEM, NULL);
	for (; w->n < (size_t)c->nargs; w->n++) {
		w->item[w->n] = span_str(c->arg[w->n]);
		if (utf8_check(w->item[w->n]) != w->item[w->n].n)
			return cli_failf(c, CLI_USAGE, "argument %zu is not UTF-8", w->n + 1);
	}
	fflush(NULL);
	int rc = command_run(&cmd, &p->return_value, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	p->command = w;
	p->ran = true;
	if (keep) {
		p->out = buf_span(out);
		p->err = buf_span(err);
	}
	return -1;
}

static int do_run(struct cli *c, struct step *s)
{
	AUTO_BUF struct buf out = BUF_INIT(STREAM_MAX), err = BUF_INIT(STREAM_MAX);
	struct artifacts materials, products;
	struct link_parts p = { .materials = &materials, .products = &products };

	int code = open_step(c, s, false);
	if (code < 0)
		code = record(c, "material", &materials);
	if (code < 0)
		code = run_command(c, &p, &out, &err);
	if (code < 0)
		code = record(c, "product", &products);
	if (code >= 0)
		return code;
	p.name = span_str(s->name);
	return write_link(c, s, &p);
}

static int run(struct cli *c)
{
	struct step s = { 0 };
	int code = do_run(c, &s);

	key_free(s.key);
	return code;
}

static int do_start(struct cli *c, struct step *s)
{
	static const struct artifacts none;
	struct artifacts materials;
	struct link_parts p = { .materials = &materials, .products = &none };

	int code = open_step(c, s, true);
	if (code < 0)
		code = record(c, "material", &materials);
	if (code >= 0)
		return code;
	p.name = span_str(s->name);
	return write_link(c, s, &p);
}

static int start(struct cli *c)
{
	struct step s = { 0 };
	int code = do_start(c, &s);

	key_free(s.key);
	return code;
}

/* The link that start left, which must be this key's own. */
static int read_unfinished(struct cli *c, const struct step *s, struct link *ret_l)
{
	AUTO_BUF struct buf text = BUF_INIT(META_FILE_MAX);
	struct pubkey_id id = { s->keyid, key_scheme_default(key_kind_of(s->key)) };
	struct pubkey k = { .id = &id, .nids = 1, .key = s->key, .expires = TS_FOREVER };
	struct meta *m = ARENA_NEW(&c->arena, struct meta);
	struct fault f = FAULT_INIT;

	int rc = m ? file_read(s->file, &text, META_FILE_MAX, &f) : -ENOMEM;
	struct span kept = rc < 0 ? SPAN_NONE : arena_dup(&c->arena, buf_span(&text), &rc);
	if (rc == 0)
		rc = meta_read(m, kept, &c->arena, &f);
	if (rc == 0)
		rc = meta_verify(m, &k, clock_now(&c->clock), NULL);
	if (rc == META_GOOD)
		rc = link_read(ret_l, m->body, &c->arena, &f);
	else if (rc > 0)
		rc = fault_set(&f, -EBADMSG, "it is not signed by this key");
	if (rc == 0 && strcmp(ret_l->name, s->name) != 0)
		rc = fault_set(&f, -EBADMSG, "it is of another step");
	if (rc == -EBADMSG)
		fault_wrap(&f, rc, "%s", QUOTE(span_str(s->file)));
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

static int do_stop(struct cli *c, struct step *s)
{
	struct artifacts products;
	struct link l;
	struct link_parts p = { .materials = &l.materials, .products = &products };

	int code = open_step(c, s, true);
	if (code < 0)
		code = read_unfinished(c, s, &l);
	if (code < 0)
		code = record(c, "product", &products);
	if (code >= 0)
		return code;
	const char *unfinished = s->file;
	p.name = span_str(s->name);
	s->file = arena_printf(&c->arena, "%s.%.8s.link", s->name, s->keyid);
	if (!s->file)
		return cli_errno(c, -ENOMEM, NULL);
	code = write_link(c, s, &p);
	if (code == CLI_OK && unlink(unfinished) < 0)
		return cli_failf(
		    c, CLI_INTERNAL, "%s: %s", QUOTE(span_str(unfinished)), strerror(errno));
	return code;
}

static int stop(struct cli *c)
{
	struct step s = { 0 };
	int code = do_stop(c, &s);

	key_free(s.key);
	return code;
}

const struct cli_cmd cmd_intoto_run = {
	.name = "intoto run",
	.args = "-- COMMAND…",
	.summary = "Do a step of a supply chain and leave a signed link",
	.help = "Records the materials, runs COMMAND, records the products, and writes what it "
		"saw, signed,\n"
		"to STEP.KEYID8.link: the file that intoto verify and in-toto-verify look for. A "
		"folder\n"
		"stands for all files below it; *.link*, .git, *.pyc and *~ are left out.\n"
		"\n"
		"  firebreak intoto run --step build --key bob.pem --material src --product out -- "
		"make\n"
		"\n"
		"Exit codes: 0 done, 1 the command failed (the link says so), 3 usage, 4 the "
		"command could\n"
		"not be run or a file not be read, 5 the key is malformed or not there.\n",
	.opts = run_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};

const struct cli_cmd cmd_intoto_record_start = {
	.name = "intoto record start",
	.args = "",
	.summary = "Begin a step that is not one command",
	.help = "Records the materials and leaves .STEP.KEYID8.link-unfinished, signed, in the "
		"current\n"
		"directory, for intoto record stop (or in-toto-record stop) with the same key.\n"
		"\n"
		"  firebreak intoto record start --step edit --key bob.pem --material src\n"
		"\n"
		"Exit codes: 0 done, 3 usage, 4 a file could not be read, 5 the key is malformed "
		"or not\n"
		"there.\n",
	.opts = start_opts,
	.min_args = 0,
	.max_args = 0,
	.run = start,
};

const struct cli_cmd cmd_intoto_record_stop = {
	.name = "intoto record stop",
	.args = "",
	.summary = "End such a step and leave a signed link",
	.help = "Checks that the unfinished link is this key's, records the products, and writes\n"
		"STEP.KEYID8.link.\n"
		"\n"
		"  firebreak intoto record stop --step edit --key bob.pem --product src\n"
		"\n"
		"Exit codes: 0 done, 3 usage, 4 a file could not be read, 5 key or unfinished link "
		"are\n"
		"malformed or not there.\n",
	.opts = stop_opts,
	.min_args = 0,
	.max_args = 0,
	.run = stop,
};
