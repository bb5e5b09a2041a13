/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/note.h"

#include "base/hex.h"
#include "crypto/note_text.h"

#include <errno.h>

int checkpoint_sign(const struct checkpoint *c, const struct key *k, struct buf *out)
{
	AUTO_BUF struct buf text = BUF_INIT(NOTE_TEXT_MAX);

	if (c->size > MERKLE_SIZE_MAX)
		return -EINVAL;
	buf_printf(&text, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
	b64_encode(&text, span_of(c->root.b, MERKLE_LEN), B64_STD);
	buf_putc(&text, '\n');
	int rc = buf_err(&text);
	return rc < 0 ? rc : note_sign(buf_span(&text), c->origin, k, out);
}

/* ASCII decimal, no sign, no leading zero, at most MERKLE_SIZE_MAX. */
static bool read_size(struct span s, uint64_t *ret_n)
{
	uint64_t n = 0;

	if (!s.n || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, s.p[i] - '0', &n))
			return false;
	}
	*ret_n = n;
	return n <= MERKLE_SIZE_MAX;
}

static bool read_root(struct span s, struct mhash *ret_root)
{
	AUTO_BUF struct buf b = BUF_INIT(NOTE_TEXT_MAX);

	if (b64_decode(&b, s, B64_STD) < 0 || b.n != MERKLE_LEN)
		return false;
	memcpy(ret_root->b, b.p, MERKLE_LEN);
	return true;
}

/* The next line of text that ends in a newline, which is known to be there. */
static struct span take_line(struct span *rest)
{
	size_t end = span_find(*rest, '\n');
	struct span line = span_cut(*rest, 0, end);

	*rest = span_from(*rest, end + 1);
	return line;
}

int checkpoint_read(struct checkpoint *ret_c, struct span text, struct fault *f)
{
	struct checkpoint c = { 0 };
	size_t lines = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (lines < 3 || text.p[text.n - 1] != '\n')
		return fault_set(
		    f, -EBADMSG, "line %zu: a checkpoint has three lines at least", lines + 1);
	struct span origin = take_line(&text);

	if (!origin.n || origin.n > NOTE_NAME_MAX)
		return fault_set(f, -EBADMSG, "line 1: the origin is empty or too long");
	memcpy(c.origin, origin.p, origin.n);
	if (!read_size(take_line(&text), &c.size))
		return fault_set(f, -EBADMSG, "line 2: not a tree size in plain decimal");
	if (!read_root(take_line(&text), &c.root))
		return fault_set(f, -EBADMSG, "line 3: not the base64 of a 32-byte root hash");
	while (text.n)
		if (!take_line(&text).n)
			return fault_set(f, -EBADMSG, "an empty extension line");
	*ret_c = c;
	return 0;
}

/* The origin is read before the signature is checked, to know under which name: what is handed out
 * is read from the text that was signed. */
int checkpoint_open(
    struct checkpoint *ret_c, struct span note, const struct key *k, struct fault *f)
{
	struct checkpoint c;
	struct span text;
	int rc = note_text(&text, note, f);

	if (rc == 0)
		rc = checkpoint_read(&c, text, f);
	if (rc == 0 && !note_name_ok(span_str(c.origin)))
		rc = fault_set(f, -EBADMSG, "line 1: the origin %s cannot be a key name",
		    QUOTE(span_str(c.origin)));
	if (rc == 0)
		rc = note_open(&text, note, c.origin, k, f);
	if (rc == 0)
		*ret_c = c;
	return rc;
}
