/* SPDX-License-Identifier: Apache-2.0 */

/* bare: Mach-O slices without their signature, as codesign --remove-signature leaves them. */

#include "anatomy/bare_priv.h"

#include "base/buf.h"
#include "crypto/hash.h"
#include "wire/macho.h"

#include <errno.h>

#define PAD_MAX 15 /* signatures begin at a multiple of 16 */
#define HEAD_MAX (1u << 20)
#define LC_CODE_SIGNATURE 0x1d

/* The slice as it may have been: a head of its own, then the slice's bytes up to n. */
struct bare_slice {
	const struct macho *m;
	struct buf head;
	size_t linkedit_at; /* of the __LINKEDIT command in the slice; 0: none */
};

static void put_word(const struct macho *m, uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (m->big ? n - 1 - i : i));
}

/* Takes the signature's load command out of the head; false: there is none, or not one alone. */
static bool remove_command(struct bare_slice *x)
{
	const struct macho *m = x->m;
	struct macho_command c, found = { 0 };
	uint64_t at = 0;
	unsigned n = 0;

	while (at < m->commands.len && macho_command_next(m, &at, &c)) {
		if (c.cmd == LC_CODE_SIGNATURE) {
			found = c;
			n++;
		}
	}
	if (n != 1)
		return false;
	size_t end = (size_t)(m->commands.off + m->commands.len), len = found.body.n;
	uint8_t *p = x->head.p;
	memmove(p + found.off, p + found.off + len, end - (size_t)found.off - len);
	memset(p + end - len, 0, len);
	put_word(m, p + 16, m->ncmds - 1, 4);
	put_word(m, p + 20, m->commands.len - len, 4);
	return true;
}

/* Where __LINKEDIT's command is in the head, now that one is gone. */
static size_t find_linkedit(const struct bare_slice *x)
{
	struct span commands = span_cut(buf_span(&x->head), (size_t)x->m->commands.off,
	    (size_t)x->m->commands.len);

	for (size_t i = 8; i + 16 <= commands.n; i += 4)
		if (memcmp(commands.p + i, "__LINKEDIT\0\0\0\0\0\0", 16) == 0)
			return (size_t)x->m->commands.off + i;
	return 0;
}

/* Sizes of __LINKEDIT for a slice of n bytes. */
static void set_linkedit(struct bare_slice *x, size_t n)
{
	const struct macho *m = x->m;
	unsigned w = m->wide ? 8 : 4;
	uint64_t page = (m->cpu & 0xffffff) == 12 ? 0x4000 : 0x1000, len = n - m->linkedit.off;
	uint8_t *p = x->head.p + x->linkedit_at + 16; /* vmaddr, vmsize, fileoff, filesize */

	put_word(m, p + w, (len + page - 1) / page * page, w);
	put_word(m, p + 3 * w, len, w);
}

static int strip_slice(struct component_bare *b, const struct macho *m)
{
	struct bare_slice x = { .m = m, .head = BUF_INIT(HEAD_MAX) };
	size_t head = (size_t)(m->commands.off + m->commands.len), n = (size_t)m->signature.off;
	int rc = 0;

	if (head > HEAD_MAX || head > n || n < m->linkedit.off ||
	    n + m->signature.len != m->bytes.n)
		return 0; /* nothing that could have been signed */
	buf_put_span(&x.head, span_cut(m->bytes, 0, head));
	rc = buf_err(&x.head);
	bool good = rc == 0 && remove_command(&x);
	if (good)
		x.linkedit_at = find_linkedit(&x);
	for (int pad = 0; good && x.linkedit_at && rc == 0 && pad <= PAD_MAX; pad++) {
		set_linkedit(&x, n);
		rc = bare_put(b, buf_span(&x.head), span_cut(m->bytes, head, n - head));
		if (n - 1 <= m->linkedit.off || m->bytes.p[n - 1])
			break;
		n--;
	}
	buf_free(&x.head);
	return rc;
}

int bare_macho(struct component_bare *b, struct span file)
{
	struct macho_file f;
	struct macho m;
	int rc = 0;

	if (macho_file_read(&f, span_cut(file, 0, MACHO_FAT_HEAD), file.n) != MACHO_OK)
		return 0;
	for (uint32_t i = 0; rc == 0 && i < f.nslices; i++) {
		if (macho_read(&m, file, &f, i) != MACHO_OK)
			continue;
		if (f.fat)
			rc = bare_put(b, m.bytes, SPAN_NONE); /* as lipo takes it out */
		if (rc == 0 && m.signature.len && m.linkedit.len)
			rc = strip_slice(b, &m);
	}
	return rc;
}
