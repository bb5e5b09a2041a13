/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/credentials.h"

#include "base/file.h"
#include "base/hex.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void credentials_wipe(struct credentials *c)
{
	explicit_bzero(c, sizeof(*c));
}

static int check(int fd, const char *path, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return fault_set(
		    f, -EACCES, "%s: credentials of somebody else's", QUOTE(span_str(path)));
	if (st.st_mode & 077)
		return fault_set(f, -EACCES,
		    "%s: others can read these credentials (mode %03o); chmod 600",
		    QUOTE(span_str(path)), st.st_mode & 0777);
	return 0;
}

static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

static int parse(struct credentials *c, struct span line)
{
	AUTO_BUF struct buf b = BUF_INIT(sizeof(c->value));
	struct span rest = span_trim(span_from(line, 6));

	if (span_starts(line, SPAN_LIT("basic ")) && is_token(rest) &&
	    span_find(rest, ':') != SIZE_MAX) {
		buf_puts(&b, "Basic ");
		b64_encode(&b, rest, B64_STD);
	} else if (span_starts(line, SPAN_LIT("bearer ")) && is_token(rest) &&
		   span_find(rest, ' ') == SIZE_MAX) {
		buf_puts(&b, "Bearer ");
		buf_put_span(&b, rest);
	}
	int rc = !b.n ? -EBADMSG : b.n >= sizeof(c->value) ? -EMSGSIZE : buf_err(&b);
	if (rc == 0)
		snprintf(c->value, sizeof(c->value), "%s", buf_str(&b));
	if (b.p)
		explicit_bzero(b.p, b.n);
	return rc;
}

int credentials_load(struct credentials *ret_c, const char *path, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(CREDENTIALS_MAX + 1);
	struct credentials c = { { 0 } };

	if (!path) {
		*ret_c = c;
		return 0;
	}
	AUTO_FD int fd = file_open_user(path, f);
	int rc = fd < 0 ? fd : check(fd, path, f);
	if (rc < 0)
		return rc;
	rc = buf_reserve(&b, CREDENTIALS_MAX); /* grows once: no copies are left behind */
	if (rc == 0)
		rc = file_read_fd(fd, &b, CREDENTIALS_MAX);
	if (rc == 0)
		rc = parse(&c, span_trim(buf_span(&b)));
	if (b.p)
		explicit_bzero(b.p, b.n);
	if (rc < 0)
		return fault_set(f, rc,
		    "%s: not one line \"basic USER:PASSWORD\" or \"bearer TOKEN\"",
		    QUOTE(span_str(path)));
	*ret_c = c;
	credentials_wipe(&c);
	return 0;
}
