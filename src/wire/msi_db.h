/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * msi_db: the database inside a Windows Installer file: names of streams, string pool, tables.
 *
 * An MSI is a compound file (wire/cfb.h) whose streams are the columns of tables, laid out one column
 * after the other, with the strings in one pool. Stream names are squeezed: two characters of a
 * table's name in one of UTF-16. Microsoft does not document the layout; it is that which Wine,
 * msitools and openmcdf agree on, and `msiinfo` is the oracle in the tests.
 *
 * Guarantees: pure; the bytes of the streams are given by the caller and borrowed; what is allocated
 * comes from the arena. Every value read is inside its table, every string inside the pool, or the
 * result is MSI_DB_BAD.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

#define MSI_COLUMNS_MAX 32
#define MSI_STRINGS_MAX (1u << 20)
#define MSI_ROWS_MAX (1u << 20)
#define MSI_TABLES_MAX 1024 /* rows of _Tables */
#define MSI_ALL_COLUMNS_MAX 32768 /* rows of _Columns */
#define MSI_NULL INT32_MIN /* an integer that is not there */

enum msi_db_result { MSI_DB_OK = 0, MSI_DB_BAD };

/*
 * The name of a stream in text: "!File" for the table File, "Binary.x" for what a row of Binary
 * holds, "\x05SummaryInformation". units: UTF-16 without the NUL. Outside text; what is not UTF-16
 * becomes U+FFFD. Returns out.
 */
#define MSI_NAME_MAX 192
char *msi_stream_name(const uint16_t *name, size_t units, char out[static MSI_NAME_MAX]);

struct msi_strings {
	struct span *v; /* [0] is the empty string: null */
	uint32_t n;
	bool wide; /* references take 3 bytes */
	unsigned codepage;
};

/* The streams _StringPool and _StringData. MSI_DB_OK, MSI_DB_BAD with fault, -ENOMEM. */
FB_MUST int msi_strings_read(struct msi_strings *ret_s, struct span pool, struct span data,
    struct arena *a, struct fault *f);
/* Out of range gives the empty span. */
struct span msi_string(const struct msi_strings *s, uint32_t id);

struct msi_column {
	struct span name;
	uint16_t type; /* as in _Columns */
	uint8_t width;
};

struct msi_table {
	struct span name;
	const struct msi_strings *strings;
	struct msi_column column[MSI_COLUMNS_MAX];
	uint32_t ncolumns, nrows;
	struct span data;
	uint32_t row_width;
};

#define MSI_TYPE_STRING 0x0800
#define MSI_TYPE_KEY 0x2000
#define MSI_TYPE_BINARY(type) (((type) & ~0x3000u) == 0x0900u)

/* What _Tables and _Columns are made of: their columns are fixed, and they have their own caps. */
FB_MUST int msi_tables_read(struct msi_table *ret_t, const struct msi_strings *s, struct span data,
    struct fault *f);
FB_MUST int msi_columns_read(struct msi_table *ret_t, const struct msi_strings *s, struct span data,
    struct fault *f);
/* A table by its name, with the rows of _Columns and its stream's bytes (empty: no rows). */
FB_MUST int msi_table_read(struct msi_table *ret_t, const char *name,
    const struct msi_table *columns, struct span data, struct fault *f);

/* The column of this name, or -1. */
int msi_column(const struct msi_table *t, const char *name);
/* A string column's value: empty when it is null, another type, or column is -1. */
struct span msi_text(const struct msi_table *t, uint32_t row, int column);
/* An integer's: MSI_NULL when it is null, another type, or column is -1. */
int32_t msi_int(const struct msi_table *t, uint32_t row, int column);

/* "SHORT|Long name" gives the long one, "target:source" the target; see Directory.DefaultDir. */
struct span msi_long_name(struct span s);
