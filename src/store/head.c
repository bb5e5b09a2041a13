/* SPDX-License-Identifier: Apache-2.0 */

/*
 * head: keys/ledger.head, the newest signed checkpoint once more, beside the key that signed it.
 * Without it a database that was put back to an earlier state (a restored backup, an attacker who
 * can only get at that file) would look sound, and the next append would sign a second history.
 *
 * It is written after the commit and never synced, so it may lag behind the database, but cannot
 * be ahead of it: whatever it says was committed. A file that cannot be used counts for nothing.
 */

#include "base/file.h"
#include "store/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "keys/ledger.head"

int head_read(struct store *s, struct checkpoint *ret_c)
{
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX + 1);
	struct stat st;
	AUTO_FD int fd = file_open_beneath(s->dirfd, HEAD, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	int rc = file_read_fd(fd, &note, NOTE_TEXT_MAX);
	if (rc == 0)
		rc = ledger_checkpoint_open(s, buf_span(&note), ret_c, NULL);
	return rc == -ENOMEM ? rc : rc == 0;
}

void head_write(struct store *s, struct span note)
{
	struct stat st;
	AUTO_FD int fd = file_open_beneath(s->dirfd, HEAD, O_WRONLY | O_CREAT | O_NONBLOCK, 0600);

	/* One write of less than a page: a reader sees the old note or the new one. */
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    pwrite(fd, note.p, note.n, 0) != (ssize_t)note.n)
		return;
	if ((size_t)st.st_size > note.n && ftruncate(fd, (off_t)note.n) < 0)
		return;
}

int head_check(struct store *s, const struct checkpoint *seen, uint64_t size, struct fault *f)
{
	if (seen->size <= size)
		return 0;
	return fault_set(f, -EUCLEAN, "%s: the ledger was cut back: it has %llu entries, %llu were signed; "
	    "restore the rest of it. If the loss is meant, remove %s/" HEAD,
	    QUOTE(span_str(s->dbpath)), (unsigned long long)size, (unsigned long long)seen->size,
	    QUOTE(span_str(s->dir)));
}
