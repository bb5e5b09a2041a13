/* SPDX-License-Identifier: Apache-2.0 */

/* sbom_load: an SBOM that is kept in a file. */

#include "trust/sbom/sbom.h"

#include "base/file.h"

#include <errno.h>

int sbom_load(struct sbom *ret_s, struct digest *ret_sha256, const char *path, struct arena *keep,
    struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(SBOM_TEXT_MAX + 1);

	int rc = file_read(path, &text, SBOM_TEXT_MAX, f);
	if (rc < 0)
		return rc;
	*ret_sha256 = sha256_of(buf_span(&text));
	rc = sbom_parse(ret_s, buf_span(&text), keep, f);
	return rc == -EBADMSG ? fault_wrap(f, rc, "%s", QUOTE(span_str(path))) : rc;
}
