/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/msi_text.h"

#include "wire/msi_base.h"

#include <ctype.h>

#define NULLABLE 0x1000u
#define LOCALIZABLE 0x0200u

static char type_letter(unsigned type)
{
	char c = 'i';

	if (MSI_TYPE_BINARY(type))
		c = 'v';
	else if (type & MSI_TYPE_STRING)
		c = type & LOCALIZABLE ? 'l' : 's';
	return type & NULLABLE ? (char)toupper(c) : c;
}

static void end_line(struct buf *out)
{
	buf_puts(out, "\r\n");
}

void msi_text_head(struct buf *out, const struct msi_table *t)
{
	for (uint32_t i = 0; i < t->ncolumns; i++)
		buf_printf(out, "%s%.*s", i ? "\t" : "", SPAN_ARG(t->column[i].name));
	end_line(out);
	for (uint32_t i = 0; i < t->ncolumns; i++)
		buf_printf(out, "%s%c%u", i ? "\t" : "", type_letter(t->column[i].type),
		    t->column[i].type & 0xffu);
	end_line(out);
	buf_put_span(out, t->name);
	for (uint32_t i = 0; i < t->ncolumns; i++)
		if (t->column[i].type & MSI_TYPE_KEY)
			buf_printf(out, "\t%.*s", SPAN_ARG(t->column[i].name));
	end_line(out);
}

static void put_value(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(out, s.p[i] == '\t'	 ? 0x10 :
			      s.p[i] == '\r' ? 0x11 :
			      s.p[i] == '\n' ? 0x19 :
					       (char)s.p[i]);
}

void msi_text_row(struct buf *out, const struct msi_table *t, uint32_t row)
{
	char name[MSI_NAME_MAX];

	for (uint32_t i = 0; i < t->ncolumns; i++) {
		unsigned type = t->column[i].type;
		int32_t v = msi_int(t, row, (int)i);
		if (i)
			buf_putc(out, '\t');
		if (MSI_TYPE_BINARY(type))
			buf_puts(out, v == MSI_NULL ? "" : msi_row_name(t, row, name));
		else if (type & MSI_TYPE_STRING)
			put_value(out, msi_text(t, row, (int)i));
		else if (v != MSI_NULL)
			buf_printf(out, "%d", (int)v);
	}
	end_line(out);
}
