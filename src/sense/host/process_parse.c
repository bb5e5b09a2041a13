/* SPDX-License-Identifier: Apache-2.0 */

/* process_parse: lines of proc(5). Pure. */

#include "sense/host/process.h"

static bool hex(struct span *s, uint64_t *ret_v)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < s->n && n < 17; n++) {
		uint8_t c = s->p[n];
		unsigned d = c >= '0' && c <= '9' ? (unsigned)c - '0' :
		    c >= 'a' && c <= 'f'          ? (unsigned)c - 'a' + 10 :
						    16;
		if (d == 16)
			break;
		v = v << 4 | d;
	}
	if (!n || n > 16)
		return false;
	*ret_v = v;
	*s = span_from(*s, n);
	return true;
}

static bool decimal(struct span *s, uint64_t *ret_v)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s->p[n] - '0', &v))
			return false;
	*ret_v = v;
	*s = span_from(*s, n);
	return n > 0;
}

static bool skip(struct span *s, char c)
{
	if (!s->n || s->p[0] != (uint8_t)c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static bool perms(struct span *s, struct process_map *m)
{
	if (s->n < 4)
		return false;
	m->read = s->p[0] == 'r';
	m->write = s->p[1] == 'w';
	m->exec = s->p[2] == 'x';
	m->shared = s->p[3] == 's';
	*s = span_from(*s, 4);
	return true;
}

/* "7f00-7f10 r-xp 00001000 08:01 1234   /usr/lib/x.so (deleted)" */
bool process_map_line(struct process_map *ret_m, struct span line)
{
	struct process_map m = { 0 };
	uint64_t major, minor;
	struct span s = line;

	*ret_m = m;
	if (!hex(&s, &m.start) || !skip(&s, '-') || !hex(&s, &m.end) || !skip(&s, ' ') ||
	    !perms(&s, &m) || !skip(&s, ' ') || !hex(&s, &m.off) || !skip(&s, ' ') ||
	    !hex(&s, &major) || !skip(&s, ':') || !hex(&s, &minor) || !skip(&s, ' ') ||
	    !decimal(&s, &m.ino) || m.end < m.start || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	m.major = (uint32_t)major;
	m.minor = (uint32_t)minor;
	while (skip(&s, ' '))
		;
	if (span_ends(s, SPAN_LIT(" (deleted)"))) {
		m.deleted = true;
		s.n -= 10;
	}
	m.path = s;
	*ret_m = m;
	return true;
}

#define PF_KTHREAD 0x00200000u /* linux/sched.h */

bool process_stat(struct process_stat *ret_s, struct span text)
{
	size_t open = span_find(text, '('), close = text.n;
	uint64_t flags = 0, start;

	*ret_s = (struct process_stat){ .start = 0 };
	while (close > 0 && text.p[close - 1] != ')')
		close--;
	if (open == SIZE_MAX || close <= open + 1)
		return false;
	struct span rest = span_from(text, close);
	for (int field = 3; field < 22; field++) { /* the 9th is flags, the 22nd starttime */
		if (!skip(&rest, ' ') || (field == 9 && !decimal(&rest, &flags)))
			return false;
		while (rest.n && rest.p[0] != ' ')
			rest = span_from(rest, 1);
	}
	if (!skip(&rest, ' ') || !decimal(&rest, &start))
		return false;
	*ret_s = (struct process_stat){ span_cut(text, open + 1, close - open - 2), flags & PF_KTHREAD, start };
	return true;
}
