/* SPDX-License-Identifier: Apache-2.0 */

#include "release/draft.h"

#include <errno.h>
#include <stdio.h>

void draft_new(struct draft *d, const char *channel)
{
	*d = (struct draft){ .arena = ARENA_INIT(DRAFT_ARENA_MAX), .data = BUF_INIT(DRAFT_DATA_MAX),
		.c = { .name = channel } };
	d->w = jw_canonical(&d->data);
	jw_obj(&d->w);
}

int draft_open(struct draft *d, struct store *s, const char *channel, struct fault *f)
{
	draft_new(d, channel);
	/* On RELEASE_NO_CHANNEL d->c stays the empty one. */
	return release_load(s, channel, &d->arena, &d->c, f);
}

void draft_close(struct draft *d)
{
	arena_free(&d->arena);
	buf_free(&d->data);
}

int draft_judge(struct draft *d, const char *kind, const struct release_who *who, uint64_t seq,
    struct fault *f)
{
	struct json_doc doc;

	jw_end(&d->w);
	if (buf_err(&d->data) == -EMSGSIZE)
		return fault_set(f, -EMSGSIZE, "the record of this would be larger than %u bytes; "
		    "give fewer artifacts or evidence files", DRAFT_DATA_MAX);
	int rc = buf_err(&d->data);
	if (rc == 0)
		rc = json_parse(&doc, buf_span(&d->data), &d->arena, f);
	if (rc < 0)
		return rc;
	struct release_step e = { .seq = seq, .at = who->at,
		.clock_injected = who->clock_injected, .kind = kind, .actor = who->actor,
		.data = json_root(&doc) };
	return fold_apply(&d->c, &e, &d->arena, f);
}

int draft_append(struct draft *d, struct store *s, const char *kind, const struct release_who *who,
    uint64_t *ret_seq, struct fault *f)
{
	char subject[RELEASE_NAME_MAX + 16];
	uint64_t seq;

	int rc = ledger_size(s, &seq, f);
	if (rc == 0)
		rc = draft_judge(d, kind, who, seq, f);
	if (rc)
		return rc;
	snprintf(subject, sizeof(subject), "channel:%s", d->c.name);
	struct ledger_new n = { .kind = kind, .subject = subject, .actor = who->actor, .at = who->at,
		.clock_injected = who->clock_injected, .data = buf_span(&d->data) };
	rc = ledger_append(s, &n, &seq, f);
	if (rc == 0)
		*ret_seq = seq;
	return rc;
}

void draft_file(struct jw *w, const char *key, const struct release_file *file)
{
	if (key)
		jw_key(w, key);
	jw_obj(w);
	jw_kcstr(w, "digest", DIGEST_TEXT(&file->sha256));
	jw_kcstr(w, "name", file->name);
	jw_end(w);
}

void draft_files(struct jw *w, const char *key, const struct release_file *file, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		draft_file(w, NULL, &file[i]);
	jw_end(w);
}
