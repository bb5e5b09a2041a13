/* SPDX-License-Identifier: Apache-2.0 */

/* judge_file: signatures over the file itself, without a statement. */

#include "trust/judge_parts.h"

int judge_file_signature(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t)
{
	(void)j;
	judge_note(&art->verdict, t, a, "evidence.other", a->why ? a->why : "a signature over a file");
	return 0;
}
