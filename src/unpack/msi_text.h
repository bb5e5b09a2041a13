/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* msi_text: a table of an MSI as text, in the format of Microsoft's IDT files ("msiinfo export" writes
 * the same). Private to this room. */

#include "base/buf.h"
#include "wire/msi_db.h"

/* The three lines in front of the rows; one row. "\r\n" behind each; tab, CR and LF in a value are
 * 0x10, 0x11 and 0x19. */
void msi_text_head(struct buf *out, const struct msi_table *t);
void msi_text_row(struct buf *out, const struct msi_table *t, uint32_t row);
