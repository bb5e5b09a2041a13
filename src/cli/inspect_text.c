/* SPDX-License-Identifier: Apache-2.0 */

/* The report of inspect, for people. */

#include "cli/inspect.h"
#include "cli/print.h"
#include "cli/verdict.h"

#include <inttypes.h>
#include <stdio.h>

#define PLURAL(n) ((n) == 1 ? "" : "s")
#define LISTED_MAX 40 /* findings of one kind */

/* By the beginning of the code; the longer ones first. */
static const struct {
	const char *code, *advice;
} advice[] = {
	{ "archive.closed", "take it apart with what opens it, and inspect what comes out" },
	{ "archive.depth", "take that container out and inspect it by itself (or raise --depth: 16 at most)" },
	{ "archive.entries", "if so many are expected: --entries" },
	{ "archive.bytes", "if so much is expected: --bytes" },
	{ "archive.time", "if it takes so long: --timeout" },
	{ "archive.refused", "do not unpack it: it is hostile, or larger than --entries and --bytes allow" },
	{ "archive.damaged", "fetch it again, and compare the digest with the vendor's" },
	{ "archive.gap", "do not ship it: something is hidden between the entries" },
	{ "archive.behind", "do not ship it: something is hidden behind the archive" },
	{ "archive.front", "see what stands in front: it may be run first" },
	{ "inspect.unvouched",
	    "name a list of known files (--known-good), who must have signed what (--policy), or "
	    "evidence for the whole (firebreak verify --evidence)" },
	{ "inspect.anchors", "give the roots that you trust: --authenticode-roots FILE" },
	{ "name.", "look at that file: its name is not what it seems" },
	{ "asar.", "do not ship it: the program would load what it was not built with" },
	{ "known-good.alone", "inspect the package that it came in, or say whose it is: --known-as PRODUCT" },
	{ "known-good.coverage", "see whether the lists are of that release and architecture" },
	{ "known-good.", "compare it with upstream's file: somebody else built this one" },
	{ "component.missing", "see what became of that file (firebreak diff OLD NEW)" },
	{ "component.anchor", "see whether its root is among those given (--authenticode-roots FILE)" },
	{ "component.unlisted", "look at it; if it belongs there, the policy needs a rule about it" },
	{ "component.unsigned", "ask why nobody signed it" },
	{ "component.known-good", "compare it with upstream's file, and see that the lists are of that "
				  "release (--known-good)" },
	{ "component.unvouched", "say must: known-good of those programs, or judge the whole (firebreak "
				 "verify with require: [components, provenance])" },
	{ "component.open", "see whether upstream's files are known (must: known-good)" },
	{ "component.", "ask who signed it, and why not the one who should" },
	{ "oci.", "do not load it: its blobs are not those that its index names" },
};

const char *inspect_advice(const char *code)
{
	static const char *const tampered[] = { "pe.", "msi.", "cab.", "cfb.", "apple.", "macho.",
		"rpm.", "dmg.", "bundle." };

	for (size_t i = 0; i < ARRAY_LEN(advice); i++)
		if (strncmp(code, advice[i].code, strlen(advice[i].code)) == 0)
			return advice[i].advice;
	if (strstr(code, ".chain"))
		return "ask whose signature that is; if it is the vendor's, give its root "
		       "(--authenticode-roots FILE)";
	for (size_t i = 0; i < ARRAY_LEN(tampered); i++)
		if (strncmp(code, tampered[i], strlen(tampered[i])) == 0)
			return "hold it: compare with the original, and hunt for its digest (firebreak "
			       "hunt)";
	return "";
}

static const char *human(uint64_t n, char out[static 32])
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t u = 0;
	double d = (double)n;

	for (; d >= 1024 && u + 1 < ARRAY_LEN(unit); u++)
		d /= 1024;
	snprintf(out, 32, u ? "%.1f %s" : "%.0f %s", d, unit[u]);
	return out;
}

static void head(struct cli *c, const struct inspection *x)
{
	const struct component *a = &x->tree.c[0];
	const struct inspect_counts *n = &x->counts;
	uint32_t files = n->files - (a->type == COMPONENT_FILE);
	char size[32];

	printf("%s%s%-7s%s  %s", cli_bold(c), cli_verdict_color(c, x->verdict.status),
	    verdict_name(x->verdict.status), cli_reset(c), cli_whole(c, x->name));
	if (a->type == COMPONENT_DIR)
		printf("  (folder)\n");
	else
		printf("  (%s, %s)\n", format_name(a->format), human(a->size, size));
	if (digest_is_set(&a->sha256))
		printf("  %-11s %s\n", "sha256", DIGEST_HEX(&a->sha256));
	if (a->state != COMPONENT_WHOLE)
		printf("  %-11s %s\n", "taken apart",
		    a->state == COMPONENT_OPENED    ? "all of it" :
			a->state == COMPONENT_CLOSED ? "no: it could not be opened" :
						       "only in part");
	if (x->tree.n > 1)
		printf("  %-11s %" PRIu32 " file%s in %" PRIu32 " container%s, %" PRIu32 " program%s, %s\n",
		    "holds", files, PLURAL(files), n->containers, PLURAL(n->containers), n->programs,
		    n->programs == 1 ? " or library" : "s and libraries", human(n->bytes, size));
}

static void places(struct cli *c, const struct inspection *x, const struct inspect_signer *s)
{
	uint32_t listed = s->count < ARRAY_LEN(s->first) ? s->count : ARRAY_LEN(s->first);

	for (uint32_t i = 0; i < listed; i++) {
		const struct component *at = &x->tree.c[s->first[i]];
		printf("%s%s", i ? ", " : ": ", cli_safe(c, at->path));
	}
	printf(s->count > listed ? ", …\n" : "\n");
}

/* Another certificate of that name has signed, too: only the certificate tells them apart. */
static bool is_namesake(const struct inspection *x, size_t i)
{
	const char *name = inspect_signer_name(x->signer[i].as);

	for (size_t k = 0; k < x->nsigners; k++)
		if (k != i && x->signer[k].as && strcmp(inspect_signer_name(x->signer[k].as), name) == 0)
			return true;
	return false;
}

static void signer(struct cli *c, const struct inspection *x, size_t i)
{
	const struct component_signature *as = x->signer[i].as;

	printf("%s", cli_safe(c, inspect_signer_name(as)));
	if (digest_is_set(&as->signer.id) && is_namesake(x, i))
		printf(", certificate %.12s…", DIGEST_HEX(&as->signer.id));
	printf(" (%s, %s)", signed_kind_name(as->kind), inspect_worth(as));
}

static void signers(struct cli *c, const struct inspection *x)
{
	for (size_t i = 0; i < x->nsigners; i++) {
		const struct inspect_signer *s = &x->signer[i];
		printf("  %-11s ", i ? "" : "signed by");
		if (!s->as)
			printf("nobody");
		else
			signer(c, x, i);
		printf(": %" PRIu32 " file%s", s->count, PLURAL(s->count));
		if (x->tree.n > 1)
			places(c, x, s);
		else
			printf("\n");
	}
	if (x->more_signers)
		printf("  %-11s more signers than are told apart\n", "");
}

const char *inspect_inside(
    const struct inspection *x, uint32_t i, char buf[static COMPONENT_PATH_MAX])
{
	const char *path = component_path(&x->tree, i, buf);
	size_t n = strlen(x->name);

	return strncmp(path, x->name, n) == 0 && path[n] == '!' ? path + n + 1 : path;
}

static void show_reason(struct cli *c, const struct reason *r, const char *color)
{
	const char *what = r->kind == REASON_FAIL || r->kind == REASON_MISSING ?
	    inspect_advice(r->code) : "";

	printf("    %s%-7s%s %s: %s\n", color, reason_name(r->kind), cli_reset(c), r->code, r->text);
	if (*what)
		printf("            to do: %s\n", what);
}

/* Reasons of one kind, component by component. */
static void reasons(struct cli *c, const struct inspection *x, enum reason_kind kind,
    const char *color, size_t max)
{
	size_t shown = 0, more = 0;

	for (uint32_t i = 0; i < x->tree.n; i++) {
		const struct verdict *v = i ? x->tree.c[i].verdict : &x->verdict;
		char buf[COMPONENT_PATH_MAX];
		bool named = false;
		for (size_t k = 0; v && k < v->n; k++) {
			const struct reason *r = &v->reason[k];
			if (r->kind != kind || (i == 0 && r->file))
				continue; /* component 0's verdict repeats those of the others */
			if (shown >= max) {
				more++;
				continue;
			}
			if (!named && x->tree.n > 1)
				printf("  %s%s%s\n", cli_bold(c),
				    cli_whole(c, i ? inspect_inside(x, i, buf) : x->name), cli_reset(c));
			named = true;
			shown++;
			show_reason(c, r, color);
		}
	}
	if (more)
		printf("  … and %zu more (--json has all of them)\n", more);
}

/* What is known of it: notes, but the first thing that one asks for. */
static void known(const struct inspection *x)
{
	bool told = false;

	for (size_t i = 0; i < x->verdict.n; i++) {
		const struct reason *r = &x->verdict.reason[i];
		if (strcmp(r->code, "known-good.listed") != 0 && strcmp(r->code, "known-good.whole") != 0)
			continue;
		printf("  %-11s %s\n", told ? "" : "known", r->text);
		told = true;
	}
}

/* Why a PASS is one: what is proven of the whole, and is not said above. */
static void vouched(struct cli *c, const struct inspection *x)
{
	for (size_t i = 0; i < x->verdict.n; i++) {
		const struct reason *r = &x->verdict.reason[i];
		if (r->kind == REASON_PROVEN && !r->file && strcmp(r->code, "known-good.whole") != 0)
			printf("  %s%-7s%s   %s: %s\n", cli_green(c), reason_name(r->kind), cli_reset(c), r->code,
			    r->text);
	}
}

void inspect_report(struct cli *c, const struct inspection *x)
{
	head(c, x);
	signers(c, x);
	known(x);
	reasons(c, x, REASON_FAIL, cli_red(c), LISTED_MAX);
	reasons(c, x, REASON_MISSING, cli_yellow(c), LISTED_MAX / 2);
	reasons(c, x, REASON_WARN, cli_yellow(c), LISTED_MAX / 2);
	if (x->tree.n > 1 && x->verdict.status == VERDICT_PASS)
		vouched(c, x);
	if (x->tree.n == 1) {
		reasons(c, x, REASON_PROVEN, cli_green(c), LISTED_MAX / 2);
		reasons(c, x, REASON_NOTE, "", LISTED_MAX / 2);
	}
}

/* --- the tree --------------------------------------------------------------------------------- */

static const char *kind_word(const struct component *k)
{
	return k->type == COMPONENT_FILE ? format_name(k->format) : component_type_name(k->type);
}

static void flags(struct cli *c, const struct component *k)
{
	if (k->target[0])
		printf(" -> %s", cli_safe(c, k->target));
	if (k->leads_out)
		printf("  [leads out]");
	if (k->state > COMPONENT_OPENED)
		printf("  [%s]", component_state_name(k->state));
	for (uint32_t s = 0; s < k->nsignatures; s++)
		if (!k->signature[s].nested || s == 0)
			printf("  [%s%s]",
			    k->signature[s].result == SIGNED_VERIFIES ? "signed by " :
								       "broken signature of ",
			    cli_safe(c, inspect_signer_name(&k->signature[s])));
	if (!k->nsignatures && inspect_signable(k))
		printf("  [not signed]");
	if (k->verdict && k->verdict->status == VERDICT_FAIL)
		printf("  %sFAIL%s", cli_red(c), cli_reset(c));
}

/* "[Electron v19.1.9]", "[claims to be Electron's, is in no Electron release]" */
static void known_flag(struct cli *c, const struct inspection *x, uint32_t i)
{
	const struct known_component *k = i < x->known.n ? &x->known.c[i] : NULL;

	if (!k || k->state == KNOWN_NOTHING)
		return;
	if (k->state == KNOWN_UNLISTED || k->state == KNOWN_MIXED)
		printf("  %s[%s%s]%s", cli_red(c), k->state == KNOWN_MIXED ? "mixed origin: " : "",
		    cli_safe(c, k->text), cli_reset(c));
	else
		printf("  [%s %s%s]", cli_safe(c, k->product), cli_safe(c, k->text),
		    k->state == KNOWN_RESIGNED ? ", signed again" : "");
}

void inspect_tree(struct cli *c, const struct inspection *x)
{
	const struct component_tree *t = &x->tree;

	/* Depth first along first/next: in the array, a container's entries may be apart. */
	for (uint32_t i = 0; i != COMPONENT_NONE;) {
		const struct component *k = &t->c[i];
		printf("  %-8s %12" PRIu64 "  %*s%s", kind_word(k), k->size, 2 * k->depth, "",
		    cli_whole(c, k->path));
		flags(c, k);
		known_flag(c, x, i);
		printf("\n");
		if (k->first != COMPONENT_NONE) {
			i = k->first;
			continue;
		}
		while (i != COMPONENT_NONE && t->c[i].next == COMPONENT_NONE)
			i = t->c[i].parent;
		if (i != COMPONENT_NONE)
			i = t->c[i].next;
	}
}
