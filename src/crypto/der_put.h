/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * der_put: writes DER into a buffer. A constructed value is opened, its members are put, and it is
 * closed: its length is then put in front of them. Errors latch in the buffer. Private to crypto/.
 */

#include "base/buf.h"
#include "wire/der.h"

/* Begins a constructed value; hand what it returns to der_close. */
size_t der_open(struct buf *b, unsigned tag);
void der_close(struct buf *b, size_t at);
/* A whole value from its content. */
void der_put(struct buf *b, unsigned tag, struct span body);
/* An INTEGER from 0 to 127. */
void der_put_small(struct buf *b, unsigned i);
/* AlgorithmIdentifier; with_null: parameters NULL, otherwise none. */
void der_put_algorithm(struct buf *b, struct span oid, bool with_null);
