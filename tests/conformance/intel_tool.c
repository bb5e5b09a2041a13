/* SPDX-License-Identifier: Apache-2.0 */

/*
 * intel_tool [-c] [-f FORMAT] FILE...: what a file of intelligence gives, for comparing with other
 * readers: TYPE, VALUE, CONFIDENCE, SOURCE, LINE with tabs between them, "!KIND REASON LINE" for a
 * reject, and "=FILE RC FORMAT RECORDS INDICATORS REJECTS UNMATCHED CONTEXT OTHERS" (-c: that alone).
 */

#include "base/file.h"
#include "intel/intel.h"

#include <stdio.h>

static bool counts_only;

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)ctx;
	if (!counts_only)
		printf("%s\t%s\t%d\t%s\t%llu\n", indicator_type_name(i->type), i->value, i->confidence,
		    i->source, (unsigned long long)line);
	return 0;
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	static const char *const kinds[] = { "bad", "unmatched", "context" };

	(void)ctx;
	if (!counts_only)
		printf("!%s\t%s\t%llu\n", kinds[r->kind], r->reason, (unsigned long long)r->line);
	return 0;
}

static void one(const char *path, const struct intel_opts *o)
{
	struct intel_sink sink = { NULL, on_indicator, on_reject };
	struct intel_result r = { 0 };
	struct fault f = FAULT_INIT;
	struct file_map m;
	int rc = file_map_open(&m, path, &f);

	if (rc == 0)
		rc = intel_read(m.s, path, o, &sink, &r, &f);
	if (rc < 0)
		fprintf(stderr, "%s\n", f.text);
	printf("=%s\t%d\t%s\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\n", path, rc,
	    intel_format_name(r.format), (unsigned long long)r.records,
	    (unsigned long long)r.indicators, (unsigned long long)r.rejects,
	    (unsigned long long)r.unmatched, (unsigned long long)r.context,
	    (unsigned long long)r.others);
	file_map_close(&m);
}

int main(int argc, char **argv)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0)
			counts_only = true;
		else if (strcmp(argv[i], "-f") == 0 && i + 1 < argc)
			o.format = intel_format_of(span_str(argv[++i]));
		else
			one(argv[i], &o);
	}
	return 0;
}
