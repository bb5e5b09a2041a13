/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/pem.h"

#include "base/hex.h"

#include <errno.h>
#include <openssl/crypto.h>

#define BEGIN SPAN_LIT("-----BEGIN ")
#define END SPAN_LIT("-----END ")
#define DASHES SPAN_LIT("-----")

bool pem_is(struct span text)
{
	return span_starts(span_trim(text), BEGIN);
}

/* "-----BEGIN LABEL-----" -> LABEL; empty when the line is not that. */
static struct span label_of(struct span line, struct span head)
{
	if (!span_starts(line, head) || !span_ends(line, DASHES) || line.n <= head.n + DASHES.n)
		return SPAN_NONE;
	struct span label = span_cut(line, head.n, line.n - head.n - DASHES.n);
	for (size_t i = 0; i < label.n; i++)
		if (!(label.p[i] >= 'A' && label.p[i] <= 'Z') && label.p[i] != ' ' &&
		    !(label.p[i] >= '0' && label.p[i] <= '9'))
			return SPAN_NONE;
	return label;
}

static int after_block(struct span rest, struct fault *f)
{
	rest = span_trim(rest);
	if (!rest.n)
		return 0;
	return fault_set(f, -EBADMSG,
	    span_starts(rest, BEGIN) ? "more than one PEM block: give a file with one key"
				     : "text after the PEM block");
}

/* Lines up to END, put together without their ends; *rest is then behind the block. */
static int body(struct span *rest, struct span label, struct buf *b64, struct fault *f)
{
	struct span line;

	while (span_next_line(rest, &line)) {
		if (span_starts(line, END)) {
			if (!span_eq(label_of(line, END), label))
				return fault_set(f, -EBADMSG,
				    "PEM block begins as \"%.*s\" but ends otherwise",
				    SPAN_ARG(label));
			return 0;
		}
		if (span_find(line, ':') != SIZE_MAX)
			return fault_set(f, -EBADMSG,
			    span_starts(line, SPAN_LIT("Proc-Type: 4,ENCRYPTED"))
				? "the key is encrypted: decrypt it first (openssl pkey)"
				: "PEM headers are not accepted");
		buf_put_span(b64, line);
	}
	return fault_set(f, -EBADMSG, "the PEM block has no END line");
}

static int decode(struct buf *out, struct span b64, struct fault *f)
{
	int rc = b64_decode(out, b64, B64_STD);

	return rc == -EINVAL ? fault_set(f, -EBADMSG, "the PEM block is not valid base64") : rc;
}

int pem_read(struct span text, struct span *ret_label, struct buf *out, struct fault *f)
{
	struct span line, rest = span_trim(text);
	struct buf b64 = BUF_INIT(PEM_TEXT_MAX);
	int rc;

	if (text.n > PEM_TEXT_MAX)
		return fault_set(f, -EBADMSG, "larger than %u bytes", PEM_TEXT_MAX);
	if (!span_next_line(&rest, &line))
		return fault_set(f, -EBADMSG, "no PEM block");
	struct span label = label_of(line, BEGIN);
	if (!label.n)
		return fault_set(f, -EBADMSG, "malformed PEM BEGIN line");
	rc = buf_reserve(&b64, rest.n);
	if (rc == 0)
		rc = body(&rest, label, &b64, f);
	if (rc == 0)
		rc = after_block(rest, f);
	if (rc == 0)
		rc = decode(out, buf_span(&b64), f);
	if (b64.p)
		OPENSSL_cleanse(b64.p, b64.cap);
	buf_free(&b64);
	if (rc == 0)
		*ret_label = label;
	return rc;
}

int pem_next(struct span *rest, struct span *ret_label, struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf b64 = BUF_INIT(PEM_TEXT_MAX);
	struct span line;

	do {
		if (!span_next_line(rest, &line))
			return PEM_END;
	} while (!span_starts(line, BEGIN));
	struct span label = label_of(line, BEGIN);
	if (!label.n)
		return fault_set(f, -EBADMSG, "malformed PEM BEGIN line");
	int rc = body(rest, label, &b64, f);
	if (rc == 0 && buf_err(&b64) < 0)
		rc = fault_set(f, -EBADMSG, "a PEM block larger than %u bytes", PEM_TEXT_MAX);
	if (rc == 0)
		rc = decode(out, buf_span(&b64), f);
	if (rc == 0)
		*ret_label = label;
	return rc;
}
