/* SPDX-License-Identifier: Apache-2.0 */

/* export_csv: claims, one a line, as read_csv takes them: nothing is lost on the way. */

#include "intel/export_priv.h"

static int begin(struct export *x)
{
	fputs(
	    "type,value,source,confidence,category,campaign,note,valid_from,valid_until,exact,side,"
	    "tlp,licence,first_seen,last_seen\n",
	    x->out);
	return 0;
}

static void field(FILE *out, const char *s)
{
	fputc(',', out);
	if (!s || !s[strcspn(s, ",\"\r\n")]) {
		fputs(s ? s : "", out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void field_time(FILE *out, ts t)
{
	char text[TS_TEXT_MAX];
	field(out, ts_format(t, text));
}

static int claim(struct export *x, const struct indicator *i)
{
	FILE *out = x->out;

	if (strchr(i->source, '|')) { /* would be two sources */
		export_leave(x, EXPORT_FORM);
		return 0;
	}
	fputs(indicator_type_name(i->type), out);
	field(out, i->value);
	field(out, i->source);
	fprintf(out, ",%d", i->confidence);
	field(out, i->category);
	field(out, i->campaign);
	field(out, i->note);
	field_time(out, i->valid_from);
	field_time(out, i->valid_until);
	field(out, i->exact ? "true" : "");
	field(out, i->side == INDICATOR_BENIGN ? "benign" : "bad");
	field(out, tlp_name(i->tlp));
	field(out, i->licence);
	field_time(out, i->first_seen);
	field_time(out, i->last_seen);
	fputc('\n', out);
	export_wrote(x, i->type);
	return 0;
}

const struct export_writer export_csv = {
	.name = "csv",
	.record = true,
	.types = UINT32_MAX,
	.begin = begin,
	.claim = claim,
};
