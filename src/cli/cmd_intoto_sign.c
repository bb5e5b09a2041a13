/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_intoto_sign: signing layouts, and what a key is called. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/intoto.h"
#include "trust/intoto/make.h"

#include <errno.h>
#include <stdio.h>

static const struct cli_opt sign_opts[] = {
	{ "key", "FILE", "private key of an owner (PEM)", false },
	{ "out", "FILE", "write the signed layout there instead of over FILE", false },
	{ "dsse", NULL, "write a DSSE envelope instead of a metablock", false },
	{ NULL, NULL, NULL, false },
};

int cli_intoto_key(struct cli *c, struct key **ret_k)
{
	struct buf text = BUF_INIT(KEY_TEXT_MAX);
	const char *path = cli_opt(c, "key");
	struct fault f = FAULT_INIT;

	if (!path)
		return cli_failf(c, CLI_USAGE, "--key FILE is needed");
	int rc = file_read(path, &text, KEY_TEXT_MAX, &f);
	if (rc == 0) {
		rc = key_private(ret_k, buf_span(&text), &f);
		if (rc < 0)
			fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	}
	if (text.p)
		explicit_bzero(text.p, text.cap);
	buf_free(&text);
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

/* What is to be signed: the body of a metablock, or a body by itself; and what signed it before. */
static int read_unsigned(struct cli *c, struct span text, struct json_val *ret_body,
    struct json_val *ret_sigs, struct fault *f)
{
	static const struct params none;
	struct json_doc *doc = ARENA_NEW(&c->arena, struct json_doc);
	struct layout l;
	struct link k;

	if (!doc)
		return -ENOMEM;
	int rc = json_parse(doc, text, &c->arena, f);
	if (rc < 0)
		return rc;
	struct json_val v = json_root(doc), body = json_get(v, "signed");
	*ret_body = json_ok(body) ? body : v;
	*ret_sigs = json_get(v, "signatures");
	if (json_is(json_get(*ret_body, "_type"), "link"))
		return link_read(&k, *ret_body, &c->arena, f);
	rc = layout_read(&l, *ret_body, &none, &c->arena, f);
	layout_free(&l);
	return rc;
}

static int do_sign(struct cli *c, struct key **k)
{
	AUTO_BUF struct buf text = BUF_INIT(META_FILE_MAX), out = BUF_INIT(META_FILE_MAX);
	const char *path = c->arg[0], *to = cli_opt(c, "out");
	struct json_val body, sigs;
	struct fault f = FAULT_INIT;

	int code = cli_intoto_key(c, k);
	if (code >= 0)
		return code;
	int rc = file_read(path, &text, META_FILE_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = read_unsigned(c, buf_span(&text), &body, &sigs, &f);
	if (rc == 0)
		rc =
		    make_signed(&out, json_text(body), *k, cli_has(c, "dsse"), sigs, &c->arena, &f);
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
		return cli_errno(c, rc, &f);
	}
	rc = file_replace_path(to ? to : path, buf_span(&out), 0666, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kcstr(&w, "file", to ? to : path);
		jw_end(&w);
	}
	return CLI_OK;
}

static int sign(struct cli *c)
{
	struct key *k = NULL;
	int code = do_sign(c, &k);

	key_free(k);
	return code;
}

static int show_key(struct cli *c)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX), object = BUF_INIT(KEY_TEXT_MAX);
	AUTO_KEY struct key *k = NULL;
	struct fault f = FAULT_INIT;
	char keyid[65];

	int rc = file_read(c->arg[0], &text, KEY_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = key_public(&k, buf_span(&text), &f);
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", QUOTE(span_str(c->arg[0])));
		return cli_errno(c, rc, &f);
	}
	enum key_method m = key_scheme_default(key_kind_of(k));
	if (m == KEY_SCHEME_NONE)
		return cli_failf(c, CLI_INPUT, "in-toto has no signature scheme for %s keys",
		    key_kind_name(key_kind_of(k)));
	rc = pubkey_keyid(k, m, keyid);
	if (rc == 0)
		rc = pubkey_object(&object, k, m);
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_key(&w, "key");
		jw_raw(&w, buf_span(&object));
		jw_kcstr(&w, "keyid", keyid);
		jw_end(&w);
	} else {
		printf("%s\n", buf_str(&object));
		if (!c->quiet)
			fprintf(stderr, "keyid %s\n", keyid);
	}
	return CLI_OK;
}

const struct cli_cmd cmd_intoto_sign = {
	.name = "intoto sign",
	.args = "FILE",
	.summary = "Sign an in-toto layout",
	.help = "Adds a signature to FILE: a layout, signed before or not. A signature by the same "
		"key is\n"
		"replaced, others stay. What is no layout (or link) is not signed.\n"
		"\n"
		"  firebreak intoto sign --key alice.pem root.layout\n"
		"  firebreak intoto sign --key alice.pem --out root.dsse --dsse layout.json\n"
		"\n"
		"Exit codes: 0 done, 3 usage, 4 could not be written, 5 the file or the key is "
		"malformed or\n"
		"not there.\n",
	.opts = sign_opts,
	.min_args = 1,
	.max_args = 1,
	.run = sign,
};

const struct cli_cmd cmd_intoto_key = {
	.name = "intoto key",
	.args = "FILE",
	.summary = "Show a public key as layouts have it, and its keyid",
	.help =
	    "Prints the key object that goes into a layout's \"keys\" under the keyid, which goes "
	    "to\n"
	    "standard error (with --json: both in one object). FILE: PEM, DER or a certificate.\n"
	    "\n"
	    "  firebreak intoto key bob.pub.pem\n"
	    "\n"
	    "Exit codes: 0 done, 3 usage, 5 the key is malformed or not there.\n",
	.opts = NULL,
	.min_args = 1,
	.max_args = 1,
	.run = show_key,
};
