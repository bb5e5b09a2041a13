/* SPDX-License-Identifier: Apache-2.0 */

/* shelf_check: every file of a shelf, read whole. */

#include "intel/shelf_priv.h"

#include <errno.h>
#include <fcntl.h>

void shelf_distrust(int dirfd, const char *name)
{
	/* Where nothing can be written, the file stays what it was said to be. */
	(void)utimensat(dirfd, name, NULL, AT_SYMLINK_NOFOLLOW);
}

int shelf_check(const char *dir,
    int (*cb)(void *ctx, const char *name, int rc, const char *why, const struct intel_db_info *i),
    void *ctx, struct fault *f)
{
	static const char *const name[] = { SHELF_DB, SHELF_OVERLAY, SHELF_PREVIOUS };
	AUTO_FREE char *path = NULL;
	int rc = 0;

	AUTO_FD int dirfd = shelf_open_dir(dir, &path, f);
	if (dirfd < 0)
		return dirfd;
	for (size_t k = 0; k < ARRAY_LEN(name) && rc == 0; k++) {
		AUTO_INTEL_DB struct intel_db *db = NULL;
		struct intel_db_info info = { 0 };
		struct shelf_file id;
		struct fault why = FAULT_INIT;
		int good = shelf_open_file(dirfd, path, name[k], &db, &id, &why);
		if (good == -ENOENT)
			continue;
		if (good == 0)
			good = intel_db_check(db, &why);
		if (good == -EBADMSG)
			shelf_distrust(dirfd, name[k]);
		if (db)
			intel_db_info(db, &info);
		rc = cb(ctx, name[k], good, good < 0 ? why.text : NULL, &info);
	}
	return rc;
}
