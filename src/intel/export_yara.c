/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_yara: digests of whole files as conditions of few rules (modules hash and pe): YARA
 * computes a digest once a file, whatever the number of comparisons. For tools that have only YARA;
 * firebreak hunt, a lookup a file, is far faster.
 */

#include "intel/export_priv.h"

#define VALUES_A_RULE 1000

static const struct {
	enum indicator_type type;
	const char *name, *call;
} kinds[] = {
	{ INDICATOR_MD5, "md5", "hash.md5(0, filesize)" },
	{ INDICATOR_SHA1, "sha1", "hash.sha1(0, filesize)" },
	{ INDICATOR_SHA256, "sha256", "hash.sha256(0, filesize)" },
	{ INDICATOR_IMPHASH, "imphash", "pe.imphash()" },
};

static int begin(struct export *x)
{
	fputs("import \"hash\"\nimport \"pe\"\n", x->out);
	return 0;
}

static int entry(struct export *x, const struct export_entry *e)
{
	size_t k = 0;

	while (kinds[k].type != e->type)
		k++;
	uint64_t n = x->r.written[e->type];
	if (n % VALUES_A_RULE == 0) {
		fprintf(x->out,
		    "%s\nrule firebreak_%s_%llu {\n\tmeta:\n\t\tdescription = \"files whose %s is "
		    "listed\"\n\tcondition:\n\t\t",
		    x->r.total ? "\n}\n" : "", kinds[k].name,
		    (unsigned long long)(n / VALUES_A_RULE + 1), kinds[k].name);
		fprintf(x->out, "%s == \"%s\"", kinds[k].call, e->value);
	} else {
		fprintf(x->out, " or\n\t\t%s == \"%s\"", kinds[k].call, e->value);
	}
	export_wrote(x, e->type);
	return 0;
}

static int end(struct export *x)
{
	if (x->r.total)
		fputs("\n}\n", x->out);
	return 0;
}

const struct export_writer export_yara = {
	.name = "yara",
	.types = EXPORT_TYPE(INDICATOR_MD5) | EXPORT_TYPE(INDICATOR_SHA1) |
		 EXPORT_TYPE(INDICATOR_SHA256) | EXPORT_TYPE(INDICATOR_IMPHASH),
	.begin = begin,
	.entry = entry,
	.end = end,
};
