/* SPDX-License-Identifier: Apache-2.0 */

#include "release/draft.h"

#include <errno.h>
#include <stdio.h>

int draft_open(struct draft *d, struct store *s, const char *channel, struct fault *f)
{
	*d = (struct draft){ .arena = ARENA_INIT(DRAFT_ARENA_MAX), .data = BUF_INIT(DRAFT_DATA_MAX) };
	d->w = jw_canonical(&d->data);
	int rc = release_load(s, channel, &d->arena, &d->c, f);
	if (rc == RELEASE_NO_CHANNEL) {
		d->c = (struct release_channel){ .name = arena_str(&d->arena, span_str(channel)) };
		if (!d->c.name)
			return -ENOMEM;
	}
	jw_obj(&d->w);
	return rc;
}

void draft_close(struct draft *d)
{
	arena_free(&d->arena);
	buf_free(&d->data);
}

int draft_append(struct draft *d, struct store *s, const char *kind, const struct release_who *who,
    uint64_t *ret_seq, struct fault *f)
{
	char subject[RELEASE_NAME_MAX + 16];
	struct json_doc doc;
	uint64_t size, seq;

	jw_end(&d->w);
	if (buf_err(&d->data) == -EMSGSIZE)
		return fault_set(f, -EMSGSIZE, "the record of this would be larger than %u bytes; "
		    "give fewer artifacts or evidence files", DRAFT_DATA_MAX);
	int rc = buf_err(&d->data);
	if (rc == 0)
		rc = json_parse(&doc, buf_span(&d->data), &d->arena, f);
	if (rc == 0)
		rc = ledger_size(s, &size, f);
	if (rc < 0)
		return rc;
	struct release_step e = { .seq = size, .at = who->at, .kind = kind, .actor = who->actor,
		.data = json_root(&doc) };
	rc = fold_apply(&d->c, &e, &d->arena, f);
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
