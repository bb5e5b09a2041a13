/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/release.h"

#include "base/file.h"
#include "conf/yaml.h"
#include "crypto/hash.h"
#include "release/state.h"

#include <errno.h>
#include <unistd.h>

struct release_who release_actor(struct cli *c)
{
	return (struct release_who){ c->actor, clock_now(&c->clock), c->clock_injected };
}

int release_failed(struct cli *c, int rc, const struct fault *f)
{
	if (rc > 0)
		return cli_fail(c, CLI_REFUSED, f);
	if (rc == -EINVAL)
		return cli_fail(c, CLI_USAGE, f);
	if (rc == -EBADMSG)
		return cli_fail(c, CLI_INTERNAL, f);
	return cli_errno(c, rc, f);
}

int release_channel_arg(struct cli *c, struct store *s, const char *name,
    struct release_channel *ret_ch)
{
	struct fault f = FAULT_INIT;
	int rc = release_load(s, name, &c->arena, ret_ch, &f);

	return rc ? release_failed(c, rc, &f) : -1;
}

int release_when(struct cli *c, const char *opt, ts *ret_t)
{
	struct span text = span_str(cli_opt(c, opt));
	ts now = clock_now(&c->clock), d;

	now -= now % TS_SECOND; /* a deadline on the second reads better */

	if (!cli_opt(c, opt))
		return cli_failf(c, CLI_USAGE, "--%s is needed: a duration such as 7d or an RFC 3339 time",
		    opt);
	if (ts_parse(text, ret_t) == 0)
		return -1;
	if (ts_parse_duration(text, &d) < 0 || __builtin_add_overflow(now, d, ret_t))
		return cli_failf(c, CLI_USAGE, "--%s %s: neither a duration such as 90s, 15m, 4h, 7d nor "
		    "an RFC 3339 time", opt, QUOTE(text));
	return -1;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

int release_put_file(struct cli *c, struct store *s, const char *path, struct release_file *ret_file)
{
	struct fault f = FAULT_INIT;
	AUTO_FD int fd = file_open_user(path, &f);

	if (fd < 0)
		return cli_errno(c, fd, &f);
	int rc = store_blob_put_fd(s, fd, &ret_file->sha256, &f);
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	ret_file->name = base_name(path);
	return -1;
}

int release_put_files(struct cli *c, struct store *s, const char *opt, size_t max,
    struct release_file **ret_file, size_t *ret_n)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, opt, path, ARRAY_LEN(path));

	if (n > max)
		return cli_failf(c, CLI_USAGE, "--%s: at most %zu files", opt, max);
	struct release_file *file = arena_array(&c->arena, n + 1, sizeof(*file));
	if (!file)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < n; i++) {
		int code = release_put_file(c, s, path[i], &file[i]);
		if (code >= 0)
			return code;
	}
	*ret_file = file;
	*ret_n = n;
	return -1;
}

int release_read_policy(struct cli *c, const char *path, struct release_policy_file *ret_p)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;
	int err = 0;

	int rc = file_read(path, &text, YAML_TEXT_MAX, &f);
	if (rc == 0)
		rc = policy_parse(&ret_p->policy, path, buf_span(&text), &c->arena, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	ret_p->text = arena_dup(&c->arena, buf_span(&text), &err);
	ret_p->name = base_name(path);
	if (err < 0)
		return cli_errno(c, err, NULL);
	for (size_t i = 0; i < ret_p->policy.nsigners; i++) {
		const char *key = ret_p->policy.signer[i].path;
		int code = key ? release_check_key(c, key) : -1;
		if (code >= 0)
			return code;
	}
	if (policy_needs_files(&ret_p->policy, NULL, 0) > RELEASE_KEYS_MAX)
		return cli_failf(c, CLI_INPUT, "%s lists more than %d key files and roots",
		    QUOTE(span_str(path)), RELEASE_KEYS_MAX);
	return -1;
}

int release_put_policy(struct cli *c, struct store *s, const struct release_policy_file *p,
    struct release_rules *ret_rules)
{
	struct release_file *signer = arena_array(&c->arena, RELEASE_KEYS_MAX, sizeof(*signer));
	struct policy_file file[RELEASE_KEYS_MAX];
	struct fault f = FAULT_INIT;
	size_t n = policy_needs_files(&p->policy, file, RELEASE_KEYS_MAX);

	if (!signer)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < n; i++) {
		int code = release_put_file(c, s, file[i].path, &signer[i]);
		if (code >= 0)
			return code;
		signer[i].name = file[i].text;
	}
	ret_rules->signer = signer;
	ret_rules->nsigners = n;
	ret_rules->policy.name = p->name;
	int rc = store_blob_put(s, p->text, &ret_rules->policy.sha256, &f);
	return rc < 0 ? cli_fail(c, CLI_INTERNAL, &f) : -1;
}

int release_check_key(struct cli *c, const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(KEY_TEXT_MAX + 1);
	AUTO_KEY struct key *k = NULL;
	struct fault f = FAULT_INIT;

	int rc = file_read(path, &b, KEY_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = key_public(&k, buf_span(&b), &f);
	if (rc == 0)
		return -1;
	fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	return cli_errno(c, rc, &f);
}

int release_end(struct cli *c, struct store *s, const char *channel, int rc, const struct fault *f)
{
	struct fault own = FAULT_INIT;

	if (rc) {
		store_abort(s);
		return release_failed(c, rc, f);
	}
	rc = store_commit(s, &own);
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &own);
	rc = state_publish(s, channel, clock_now(&c->clock), &own);
	if (rc) {
		fault_wrap(&own, rc, "recorded, but the state document could not be renewed");
		return cli_fail(c, CLI_INTERNAL, &own);
	}
	return -1;
}

struct jw release_json(struct cli *c, const char *channel, const char *kind, uint64_t seq)
{
	struct jw w = jw_of(&c->out);

	jw_obj(&w);
	jw_kcstr(&w, "channel", channel);
	jw_kint(&w, "entry", (int64_t)seq);
	jw_kcstr(&w, "kind", kind);
	return w;
}

void release_current_json(struct jw *w, const char *version)
{
	if (!version)
		return;
	jw_key(w, "current");
	jw_obj(w);
	jw_kcstr(w, "version", version);
	jw_end(w);
}
