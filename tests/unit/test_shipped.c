/* SPDX-License-Identifier: Apache-2.0 */

/* The digests are those that share/trust/README.md states. */

#include "base/arena.h"
#include "crypto/hash.h"
#include "tap.h"
#include "trust/shipped.h"
#include "wire/json.h"

static int64_t version_of(struct json_doc *d)
{
	int64_t v = 0;

	return json_int(json_path(json_root(d), "signed", "version", NULL), &v) < 0 ? -1 : v;
}

int main(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct json_doc d;
	struct digest root = sha256_of(trusted_root_shipped()), tuf = sha256_of(tuf_root_shipped());
	char when[TS_TEXT_MAX];

	is_str(DIGEST_HEX(&root),
	    "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66", "trusted root");
	is_str(DIGEST_HEX(&tuf), "73747011d0857ada15479a16c4cae0f3ed03aac698b523b97e1de314ac9d9ca8",
	    "TUF root");
	is_int(json_doc_parse(&d, trusted_root_shipped(), &a), 0, "the trusted root is JSON");
	ok(json_is(json_get(json_root(&d), "mediaType"),
	       "application/vnd.dev.sigstore.trustedroot+json;version=0.1"),
	    "of the media type that is read");
	is_int(json_doc_parse(&d, tuf_root_shipped(), &a), 0, "the TUF root is JSON");
	is_int(version_of(&d), TUF_ROOT_SHIPPED_VERSION, "its version");
	is_str(ts_format(trusted_root_shipped_date(), when), "2026-08-28T19:25:56Z", "the date");
	return tap_done();
}
