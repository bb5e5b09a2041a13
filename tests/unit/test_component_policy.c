/* SPDX-License-Identifier: Apache-2.0 */

/* Who must have signed which component: reading the rules, and judging by them. */

#include "tap.h"
#include "base/buf.h"
#include "crypto/hash.h"
#include "trust/component_policy.h"

#include <errno.h>

#define HEAD "version: 1\nrequire: [components]\ncomponents:\n"

static struct buf got = BUF_INIT(1u << 20);

/* --- reading --- */

static void bad(void)
{
	static const char *const t[][2] = {
		{ "version: 1\nrequire: [components]\n", "does not say who must have signed" },
		{ "version: 1\nrequire: [anatomy]\ncomponents: {default: allow, rules: [{path: a, must: signed}]}",
		    "has no effect unless" },
		{ HEAD " []", "a mapping with \"rules\"" },
		{ HEAD " default: allow\n", "\"rules\" is missing" },
		{ HEAD " rules: [{path: a, signer: nobody}]\n", "\"default\" says" },
		{ HEAD " default: maybe\n rules: [{path: a, signer: nobody}]\n", "\"default\" says" },
		{ HEAD " default: allow\n rules: []\n", "is empty" },
		{ HEAD " default: allow\n rules: [{signer: nobody}]\n", "needs a \"path\"" },
		{ HEAD " default: allow\n rules: [{path: a}]\n", "demands nothing" },
		{ HEAD " default: allow\n rules: [{path: \"a!b\", signer: nobody}]\n", "entered with" },
		{ HEAD " default: allow\n rules: [{path: a, format: exe, signer: nobody}]\n", "not a format" },
		{ HEAD " default: allow\n rules: [{path: a, signer: Microsoft}]\n", "a signer is" },
		{ HEAD " default: allow\n rules: [{path: a, signer: {}}]\n", "a signer is" },
		{ HEAD " default: allow\n rules: [{path: a, signer: {o: x}}]\n", "unknown member" },
		{ HEAD " default: allow\n rules: [{path: a, signer: {issuer: x}}]\n", "everybody to whom" },
		{ HEAD " default: allow\n rules: [{path: a, signer: {thumbprint: \"sha1:"
		       "da39a3ee5e6b4b0d3255bfef95601890afd80709\"}}]\n", "SHA-1 thumbprints" },
		{ HEAD " default: allow\n rules: [{path: a, signer: nobody, must: signed}]\n",
		    "by somebody and by nobody" },
		{ HEAD " default: allow\n rules: [{path: a, must: trusted}]\n", "\"must\" knows" },
		{ HEAD " default: allow\n rules: [{path: a, signer: nobody, signed-after: "
		       "\"2023-01-01T00:00:00Z\"}]\n", "needs a signer" },
		{ HEAD " default: allow\n rules: [{path: a, must: signed, signed-after: yesterday}]\n",
		    "is a time" },
		{ HEAD " default: allow\n rules: [{path: a, must: signed, optional: 1}]\n", "true or false" },
		{ HEAD " default: allow\n rules: [{path: a, must: signed, also: 1}]\n", "unknown member" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
		struct fault f = FAULT_INIT;
		struct policy p;
		int rc = policy_parse(&p, "p", span_str(t[i][0]), &a, &f);
		if (!ok(rc == -EBADMSG && strncmp(f.text, "p:", 2) == 0 && strstr(f.text, t[i][1]) &&
			    !p.components.n,
			"refused: %s", t[i][1]))
			diag("%d %s", rc, f.text);
	}
}

/* --- judging --- */

static struct component_tree tree;
static uint32_t last;
static struct component_signature sig[32];
static size_t nsig;

static void begin(void)
{
	uint32_t i;

	component_tree_init(&tree);
	last = COMPONENT_NONE;
	nsig = 0;
	if (component_add(&tree, COMPONENT_NONE, &last, SPAN_LIT("out/app.zip"), SPAN_NONE, &i) < 0)
		abort();
	tree.c[0].type = COMPONENT_FILE;
	tree.c[0].format = FORMAT_ZIP;
	last = COMPONENT_NONE;
}

static uint32_t add(const char *path, enum format format)
{
	uint32_t i;

	if (component_add(&tree, 0, &last, span_str(path), SPAN_NONE, &i) < 0)
		abort();
	tree.c[i].type = COMPONENT_FILE;
	tree.c[i].format = (uint8_t)format;
	return i;
}

/* The next file's signatures follow each other in sig. */
static struct component_signature *sign(uint32_t i, const char *cn, const char *subject)
{
	struct component_signature *s = &sig[nsig++];

	*s = (struct component_signature){ .kind = SIGNED_AUTHENTICODE, .result = SIGNED_VERIFIES,
		.chain = CHAIN_STATE_ANCHORED, .time = TS_NONE };
	s->signer.common_name = cn;
	s->signer.subject = subject;
	s->signer.issuer = "CN=CA,O=Root Inc";
	if (hash_span(DIGEST_SHA256, span_str(subject), &s->signer.id) < 0)
		abort();
	if (!tree.c[i].nsignatures++)
		tree.c[i].signature = s;
	return s;
}

static uint32_t signed_by(const char *path, const char *cn, const char *org)
{
	static char subject[32][128];
	uint32_t i = add(path, FORMAT_PE);

	snprintf(subject[nsig], sizeof(subject[0]), "CN=%s,O=%s,C=GB", cn, org);
	sign(i, cn, subject[nsig]);
	return i;
}

static const char *judge_known(const char *rules, const struct known_result *known)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4u << 20);
	struct fault f = FAULT_INIT;
	struct policy p;
	struct verdict v;
	AUTO_BUF struct buf text = BUF_INIT(1u << 20);

	buf_printf(&text, HEAD "%s", rules);
	buf_reset(&got);
	buf_puts(&got, "");
	verdict_init(&v, &a);
	if (policy_parse(&p, "p", buf_span(&text), &a, &f) < 0 ||
	    component_policy_judge(&p.components, &tree, known, &v) < 0) {
		buf_puts(&got, f.text);
		return buf_str(&got);
	}
	for (size_t i = 0; i < v.n; i++)
		buf_printf(&got, "%s%c %s", i ? " | " : "", "FMWPN"[v.reason[i].kind], v.reason[i].text);
	return buf_str(&got);
}

static const char *judge(const char *rules)
{
	return judge_known(rules, NULL);
}

#define RULES(default_, ...) " default: " default_ "\n rules:\n" __VA_ARGS__
#define GOOD(n) "P " #n " components are signed by who must have signed them, as the policy says"
#define OPEN_1(path) " | W 1 program out/app.zip!" path " may be anybody's: the policy names neither a " \
	"signer nor known files for it"
#define OPEN_2(path) " | W 2 programs, the first of them out/app.zip!" path ", may be anybody's: the " \
	"policy names neither a signer nor known files for them"

static void signers(void)
{
	begin();
	signed_by("App/d3dcompiler_47.dll", "Microsoft Corporation", "Microsoft Corporation");
	signed_by("App/app.exe", "3CX Ltd", "3CX Ltd");
	add("App/ffmpeg.dll", FORMAT_PE);
	add("App/read.me", FORMAT_DATA);
	is_str(judge(RULES("refuse", "  - {path: d3dcompiler_47.dll, signer: {organization: Microsoft "
	    "Corporation}}\n  - {path: FFMPEG.dll, signer: nobody}\n  - {path: \"App/*.exe\", signer: "
	    "[{common-name: 3CX Ltd}, {organization: x}]}\n")), GOOD(2) OPEN_1("App/ffmpeg.dll"),
	    "all as they must be; whom nobody signed may be anybody's");
	is_str(judge(RULES("refuse", "  - {path: \"**/d3d*.dll\", signer: {organization: 3CX Ltd}}\n"
	    "  - {path: \"*\", must: signed}\n  - {path: \"App/**\", format: pe, must: signed}\n")),
	    "F out/app.zip!App/d3dcompiler_47.dll: expected 3CX Ltd, signed by Microsoft Corporation | "
	    "F out/app.zip!App/ffmpeg.dll: expected somebody with a chain to an anchor, signed by nobody | "
	    "F out/app.zip!App/read.me: expected somebody with a chain to an anchor, signed by nobody | "
	    "M no file for rule 3 of the policy: App/**", "the first rule that matches decides");
	is_str(judge(RULES("allow", "  - {path: \"App/*.exe\", signer: nobody}\n")),
	    "F out/app.zip!App/app.exe: expected nobody, signed by 3CX Ltd", "signed where nobody may");
	is_str(judge(RULES("refuse", "  - {path: app.exe, must: signed}\n")),
	    "F out/app.zip!App/d3dcompiler_47.dll: a program that no rule of the policy is about | "
	    "F out/app.zip!App/ffmpeg.dll: a program that no rule of the policy is about",
	    "programs that no rule is about");
	is_str(judge(RULES("allow", "  - {path: app.exe, must: signed}\n")),
	    GOOD(1) OPEN_2("App/d3dcompiler_47.dll"), "may be allowed");
	is_str(judge(RULES("allow", "  - {path: gone.dll, must: signed}\n")),
	    "M no file for rule 1 of the policy: gone.dll", "a file that is not there");
	is_str(judge(RULES("allow", "  - {path: gone.dll, must: signed, optional: true}\n"
	    "  - {path: app.exe, must: signed}\n")), GOOD(1) OPEN_2("App/d3dcompiler_47.dll"), "unless it need not be");
	is_str(judge(RULES("allow", "  - {path: ffmpeg.dll, signer: nobody}\n")), "",
	    "that nobody signed proves nothing");
	is_str(judge(RULES("allow", "  - {path: ., must: signed}\n")),
	    "F expected somebody with a chain to an anchor, signed by nobody", "the artifact itself");
	is_str(judge(RULES("allow", "  - {path: app.exe, signer: {subject: \"CN=3CX*\", issuer: "
	    "\"*O=Root Inc\"}}\n")), GOOD(1) OPEN_2("App/d3dcompiler_47.dll"),
	    "whole names, as patterns");
	is_str(judge(RULES("allow", "  - {path: app.exe, signer: {organization: 3CX Ltd, common-name: "
	    "x}}\n")), "F out/app.zip!App/app.exe: expected x, signed by 3CX Ltd", "all of a signer counts");
	component_tree_free(&tree);
}

/* Nothing is a signer's but what verifies, under a chain. */
static void worth(void)
{
	static const char rule[] = RULES("allow", "  - {path: a.exe, signer: {organization: A}}\n");
	char pinned[256];

	begin();
	uint32_t i = signed_by("a.exe", "A", "A");
	is_str(judge(rule), GOOD(1), "anchored");
	sig[0].chain = CHAIN_STATE_NONE;
	is_str(judge(rule), "M out/app.zip!a.exe: signed by A, says a certificate that was held against no "
	    "root", "a claim");
	snprintf(pinned, sizeof(pinned), RULES("allow", "  - {path: a.exe, signer: {thumbprint: \"%s\"}}\n"),
	    DIGEST_TEXT(&sig[0].signer.id));
	is_str(judge(pinned), GOOD(1), "a certificate that is named needs no chain");
	sig[0].chain = CHAIN_STATE_FAILED;
	is_str(judge(rule), "F out/app.zip!a.exe: signed by A, whose chain leads to no anchor",
	    "a chain that leads nowhere");
	sig[0].chain = CHAIN_STATE_ANCHORED;
	sig[0].result = SIGNED_BROKEN;
	is_str(judge(rule), "F out/app.zip!a.exe: the signature by A does not verify", "a broken one");
	is_str(judge(pinned), "F out/app.zip!a.exe: the signature by A does not verify",
	    "is nobody's, whatever it names");
	sig[0].result = SIGNED_VERIFIES;
	sign(i, "Mallory", "CN=Mallory,O=M");
	is_str(judge(rule), "F out/app.zip!a.exe: expected A, signed by Mallory",
	    "every signature in the file must be the signer's");
	component_tree_free(&tree);

	begin();
	i = add("a.exe", FORMAT_PE);
	sign(i, "x", "CN=x\\,O=A,O=B");
	is_str(judge(rule), "F out/app.zip!a.exe: expected A, signed by x",
	    "an organisation inside another name is none");
	sig[0].signer.subject = "CN=x,O=A,O=B";
	is_str(judge(rule), "F out/app.zip!a.exe: expected A, signed by x", "nor is one of two");
	component_tree_free(&tree);
}

static void times(void)
{
	static const char rule[] = RULES("allow", "  - {path: a.exe, must: signed, signed-after: "
	    "\"2023-01-01T00:00:00Z\", signed-before: \"2023-02-01T00:00:00Z\"}\n");
	ts t;

	begin();
	signed_by("a.exe", "A", "A");
	is_str(judge(rule), "M out/app.zip!a.exe: the policy limits the time of signing, and no time stamp "
	    "with a chain to an anchor tells it", "no time");
	if (ts_parse(SPAN_LIT("2023-01-13T06:41:52Z"), &t) < 0)
		abort();
	sig[0].time = t;
	ok(strncmp(judge(rule), "M ", 2) == 0, "a time without an anchor");
	sig[0].time_anchored = true;
	is_str(judge(rule), GOOD(1), "in time");
	sig[0].time += 60 * TS_DAY;
	is_str(judge(rule), "F out/app.zip!a.exe: signed at 2023-03-14T06:41:52Z, outside the time that the "
	    "policy allows", "too late");
	component_tree_free(&tree);
}

static void known(void)
{
	static const char rule[] = RULES("known-good", "  - {path: ffmpeg.dll, signer: nobody, must: "
	    "known-good}\n");
	struct known_component c[3] = { { .state = KNOWN_NOTHING }, { .state = KNOWN_LISTED },
		{ .state = KNOWN_UNLISTED } };
	struct known_result r = { .c = c, .n = 3 };

	begin();
	add("ffmpeg.dll", FORMAT_PE);
	add("other.dll", FORMAT_PE);
	ok(strncmp(judge(rule), "M out/app.zip!ffmpeg.dll: must be in a list", 43) == 0,
	    "no lists were given");
	is_str(judge_known(rule, &r), "F out/app.zip!other.dll: must be in a list of known files, and is in "
	    "none", "the default asks for lists, too");
	c[2].state = KNOWN_RESIGNED;
	is_str(judge_known(rule, &r), GOOD(2), "known, but for a signature");
	c[1].state = KNOWN_MIXED;
	is_str(judge_known(rule, &r), "F out/app.zip!ffmpeg.dll: must be a known file, and is one of another "
	    "release than its siblings", "of another release");
	component_tree_free(&tree);
}

static void add_link(enum component_type type, const char *path, const char *target)
{
	uint32_t i;

	if (component_add(&tree, 0, &last, span_str(path), span_str(target), &i) < 0)
		abort();
	tree.c[i].type = (uint8_t)type;
}

/* A file that stands where a rule looks, by a link or by what Windows makes of a name. */
static void aliases(void)
{
	static const char rule[] = RULES("allow", "  - {path: app/a.dll, signer: {organization: A}}\n");
	static const struct {
		enum component_type type;
		const char *path, *target;
		bool leads;
	} t[] = {
		{ COMPONENT_SYMLINK, "app/a.dll", "evil.dat", true },
		{ COMPONENT_SYMLINK, "app/a.dll", "./x/../evil.dat", true },
		{ COMPONENT_SYMLINK, "app/a.dll", "/app/evil.dat", true },
		{ COMPONENT_SYMLINK, "app/a.dll", "../other/evil.dat", true },
		{ COMPONENT_SYMLINK, "app/a.dll", "two", true },
		{ COMPONENT_HARDLINK, "app/a.dll", "app/evil.dat", true },
		{ COMPONENT_HARDLINK, "app/A.DLL", "other/evil.dat", true },
		{ COMPONENT_SYMLINK, "app/a.dll", "evil", false },
		{ COMPONENT_SYMLINK, "app/a.dll", "evil.dat/x", false },
		{ COMPONENT_SYMLINK, "app/a.dll", "a.dll", false },
		{ COMPONENT_SYMLINK, "app/a.dll", "", false },
		{ COMPONENT_HARDLINK, "app/a.dll", "evil.dat", false },
		{ COMPONENT_SYMLINK, "app/b.dll", "evil.dat", false },
	};
	static const char *const names[] = { "app/a.dll.", "app/a.dll. .", "app./A.dll ",
		"app/a.dll::$DATA", "app/a.dll.::$data" };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		begin();
		add("app/evil.dat", FORMAT_PE);
		add_link(COMPONENT_SYMLINK, "other", "app");
		add_link(COMPONENT_SYMLINK, "app/two", "evil.dat");
		add_link(t[i].type, t[i].path, t[i].target);
		is_str(judge(rule), t[i].leads ? "F out/app.zip!app/evil.dat: expected A, signed by nobody" :
						 "M no file for rule 1 of the policy: app/a.dll",
		    "a link to %s", t[i].target);
		component_tree_free(&tree);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		begin();
		add(names[i], FORMAT_PE);
		ok(strstr(judge(rule), "expected A, signed by nobody"), "named %s", names[i]);
		component_tree_free(&tree);
	}
	begin();
	uint32_t i = add("app/b.exe", FORMAT_PE);
	tree.c[i].type = COMPONENT_HARDLINK;
	tree.c[i].sha256 = digest_of(DIGEST_SHA256, (const uint8_t[32]){ 1 });
	ok(strstr(judge(RULES("refuse", "  - {path: a, must: signed, optional: true}\n")),
	       "app/b.exe: a program that no rule"),
	    "a hard link that brings its bytes is a file");
	component_tree_free(&tree);
}

/* Signed twice by the same, with SHA-1 for old systems: the other one counts. */
static void twins(void)
{
	static const char rule[] = RULES("allow", "  - {path: a.dll, signer: {organization: A}}\n");

	begin();
	uint32_t i = signed_by("a.dll", "A", "A");
	struct component_signature *old = sign(i, "A", "CN=A,O=A,C=GB");
	old->chain = CHAIN_STATE_FAILED;
	old->sha1 = true;
	is_str(judge(rule), GOOD(1), "SHA-1 beside one that counts");
	sig[0].chain = CHAIN_STATE_NONE;
	ok(strstr(judge(rule), "leads to no anchor"), "beside one that does not");
	sig[0].chain = CHAIN_STATE_ANCHORED;
	old->signer.subject = "CN=B,O=B";
	ok(strstr(judge(rule), "expected A, signed by"), "by somebody else");
	component_tree_free(&tree);
}

static void attributes(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);

	is_str(component_policy_attribute("CN=a,O=3CX Ltd,C=GB", "O", &a), "3CX Ltd", "a value");
	is_str(component_policy_attribute("CN=a+O=b\\, c\\\"\\41", "O", &a), "b, c\"A", "unescaped");
	ok(!component_policy_attribute("CN=a,OU=x", "O", &a), "none");
	ok(!component_policy_attribute("#3000", "O", &a), "a name in hex");
	ok(!component_policy_attribute(NULL, "O", &a), "no name");
	is_str(component_policy_attribute("O=", "O", &a), "", "an empty one");
	is_str(component_policy_attribute("O=a\\", "O", &a), "a\\", "an escape of nothing");
}

int main(void)
{
	bad();
	signers();
	worth();
	times();
	known();
	aliases();
	twins();
	attributes();
	buf_free(&got);
	return tap_done();
}
