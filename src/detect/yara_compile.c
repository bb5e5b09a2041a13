/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_set.h"

#include <errno.h>
#include <stdlib.h>

const char *const yara_external[YARA_EXTERNALS] = { "filename", "filepath", "extension", "filetype",
	"owner" };

/* One attempt: a rule that does not compile spoils the compiler. */
struct attempt {
	struct yara *y;
	YR_COMPILER *compiler;
	const struct yara_file *file; /* being compiled */
	unsigned line;		      /* where its text begins in the file */
	bool quiet;		      /* warnings about it were told */
	char error[FAULT_MAX];	      /* the first one */
	unsigned error_line;
};

static void on_message(int level, const char *file_name, int line, const YR_RULE *rule,
    const char *message, void *ctx)
{
	struct attempt *a = ctx;
	unsigned at = a->line + (line > 0 ? (unsigned)line - 1 : 0);

	(void)file_name;
	(void)rule;
	if (level == YARA_ERROR_LEVEL_ERROR) {
		if (!*a->error) {
			snprintf(a->error, sizeof(a->error), "%s", message);
			a->error_line = at;
		}
		return;
	}
	if (a->quiet)
		return;
	a->y->stats.warnings++;
	yara_warn(a->y, "%s, line %u: warning: %s", QUOTE(span_str(a->file->path)), at,
	    QUOTE(span_str(message)));
}

static void compiler_free_p(YR_COMPILER **c)
{
	if (*c)
		yara_lib.yr_compiler_destroy(*c);
}

static int begin(struct attempt *a)
{
	if (yara_lib.yr_compiler_create(&a->compiler) != ERROR_SUCCESS)
		return -ENOMEM;
	yara_lib.yr_compiler_set_callback(a->compiler, on_message, a);
	yara_lib.yr_compiler_set_include_callback(a->compiler, NULL, NULL, NULL);
	for (size_t i = 0; i < YARA_EXTERNALS; i++)
		if (yara_lib.yr_compiler_define_string_variable(a->compiler, yara_external[i], "") !=
		    ERROR_SUCCESS)
			return -ENOMEM;
	return 0;
}

/* 0, or YARA_BAD with error set. */
static int add(struct attempt *a, const struct yara_file *file, unsigned line, struct span text)
{
	AUTO_BUF struct buf b = BUF_INIT(YARA_SOURCE_MAX);

	a->file = file;
	a->line = line;
	buf_put_span(&b, text);
	if (buf_err(&b) < 0)
		return buf_err(&b);
	int errors = yara_lib.yr_compiler_add_string(a->compiler, buf_str(&b), file->space);
	if (errors && !*a->error) {
		snprintf(a->error, sizeof(a->error), "it does not compile");
		a->error_line = line;
	}
	return errors ? YARA_BAD : 0;
}

/* Only those that rules of this group use: each costs time in every file that the group is run with. */
static int add_imports(struct attempt *a, const struct yara_file *file, uint64_t modules)
{
	AUTO_BUF struct buf b = BUF_INIT(YARA_SOURCE_MAX);

	for (size_t i = 0; i < file->source.nimports; i++)
		for (size_t k = 0; k < a->y->nmodules; k++)
			if (modules >> k & 1 && span_eq(a->y->module[k], file->source.import[i]))
				buf_printf(&b, "import \"%.*s\"\n", SPAN_ARG(a->y->module[k]));
	if (buf_err(&b) < 0)
		return buf_err(&b);
	return b.n ? add(a, file, 1, buf_span(&b)) : 0;
}

int yara_has_module(struct yara *y, struct span name, bool *ret)
{
	struct attempt a = { .y = y, .quiet = true };
	char text[128];

	int rc = begin(&a);
	FB_CLEANUP(compiler_free_p) YR_COMPILER *compiler = a.compiler;
	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text), "import \"%.*s\"", (int)(name.n < 64 ? name.n : 64),
	    (const char *)name.p);
	*ret = yara_lib.yr_compiler_add_string(compiler, text, "default") == 0;
	return 0;
}

/* --- what goes into a group --- */

struct members {
	uint32_t *at; /* ascending once complete */
	size_t n;
};

static void add_member(struct yara *y, struct members *m, uint32_t unit, uint32_t mark)
{
	struct yara_unit *u = &y->unit[unit];

	if (u->mark == mark || u->bad)
		return;
	u->mark = mark;
	m->at[m->n++] = unit;
}

static void add_globals(struct yara *y, struct members *m, const struct yara_file *file,
    uint32_t mark)
{
	for (uint32_t i = file->first; i < file->end && !file->opaque; i++)
		if (y->unit[i].rule->is_global)
			add_member(y, m, i, mark);
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The rules, the global ones of their files, and what all these need. */
static void gather(struct yara *y, struct members *m, const uint32_t *unit, size_t n, uint32_t mark)
{
	uint32_t last = YARA_NONE;

	m->n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t file = y->unit[unit[i]].file;
		add_member(y, m, unit[i], mark);
		if (file != last && m->n)
			add_globals(y, m, &y->file[file], mark);
		last = file;
	}
	for (size_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < y->unit[m->at[i]].nneeds; k++)
			add_member(y, m, y->unit[m->at[i]].needs[k], mark);
	qsort(m->at, m->n, sizeof(*m->at), ascending);
}

/* Compiles the members. YARA_BAD: *ret_bad is the one that does not (or whose file's imports do not). */
static int compile_members(struct attempt *a, const struct members *m, uint32_t *ret_bad)
{
	uint32_t last = YARA_NONE;
	uint64_t modules = 0;

	for (size_t i = 0; i < m->n; i++)
		modules |= a->y->unit[m->at[i]].modules;
	for (size_t i = 0; i < m->n; i++) {
		struct yara_unit *u = &a->y->unit[m->at[i]];
		const struct yara_file *file = &a->y->file[u->file];
		*ret_bad = m->at[i];
		a->quiet = u->warned;
		u->warned = true;
		int rc = u->file != last ? add_imports(a, file, modules) : 0;
		if (rc == 0)
			rc = u->rule ? add(a, file, u->rule->line, u->rule->text) :
				       add(a, file, 1, file->text);
		if (rc)
			return rc;
		last = u->file;
	}
	return 0;
}

/* --- what is told of them --- */

static int keep(struct yara *y, const char *s, const char **ret)
{
	*ret = arena_str(&y->arena, span_str(s));
	return *ret ? 0 : -ENOMEM;
}

static uint8_t confidence_of(const YR_META *m)
{
	if (m->type == META_TYPE_INTEGER)
		return m->integer < 0 ? 0 : m->integer > 100 ? 100 : (uint8_t)m->integer;
	if (m->type == META_TYPE_STRING) {
		struct span s = span_str(m->string);
		if (span_eq_nocase(s, SPAN_LIT("high")))
			return 90;
		if (span_eq_nocase(s, SPAN_LIT("low")))
			return 30;
	}
	return YARA_CONFIDENCE;
}

static int read_meta(struct yara *y, const YR_RULE *rule, struct yara_match *m)
{
	const YR_META *meta;
	int rc = 0;

	m->confidence = YARA_CONFIDENCE;
	yr_rule_metas_foreach(rule, meta)
	{
		struct span id = span_str(meta->identifier);
		const char **text = span_eq_nocase(id, SPAN_LIT("author"))	? &m->author :
				    span_eq_nocase(id, SPAN_LIT("description")) ? &m->description :
				    span_eq_nocase(id, SPAN_LIT("reference"))	? &m->reference :
										  NULL;
		if (span_eq_nocase(id, SPAN_LIT("confidence")) || span_eq_nocase(id, SPAN_LIT("score")))
			m->confidence = confidence_of(meta);
		else if (text && !*text && meta->type == META_TYPE_STRING && *meta->string)
			rc = keep(y, meta->string, text);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Tags stand one behind the other, an empty one ends. */
static int read_tags(struct yara *y, const YR_RULE *rule, struct yara_match *m)
{
	size_t n = 0;

	while (rule->tags && rule->tags[n])
		n += strlen(rule->tags + n) + 1;
	m->tags = arena_str(&y->arena, span_of(rule->tags, n));
	return m->tags ? 0 : -ENOMEM;
}

static int add_told(struct yara *y, const YR_RULE *rule, uint32_t group, uint32_t index)
{
	if (y->ntold == y->captold) {
		size_t cap = y->captold ? y->captold * 2 : 64;
		struct yara_told *p = arena_grow(&y->arena, y->told, y->captold * sizeof(*p),
		    cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		y->told = p;
		y->captold = cap;
	}
	struct yara_told *t = &y->told[y->ntold];
	*t = (struct yara_told){ .group = group, .index = index };
	int rc = keep(y, rule->identifier, &t->m.rule);
	if (rc == 0)
		rc = keep(y, rule->ns->name, &t->m.space);
	if (rc == 0)
		rc = read_meta(y, rule, &t->m);
	if (rc == 0)
		rc = read_tags(y, rule, &t->m);
	y->ntold += rc == 0;
	return rc;
}

/* Only what looks like a variable counts: a name that is none only costs time. */
static bool asks_externals(const struct yara *y, const struct members *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct yara_unit *u = &y->unit[m->at[i]];
		struct span s = u->rule ? u->rule->condition : y->file[u->file].text;
		for (size_t k = 0; k < YARA_EXTERNALS; k++)
			if (memmem(s.p, s.n, yara_external[k], strlen(yara_external[k])))
				return true;
	}
	return false;
}

/* Which rules of the group are its own and public: those it tells of. */
static int tell(struct yara *y, struct yara_group *g, uint32_t index, const struct members *m)
{
	bool opaque = m->n == 1 && !y->unit[m->at[0]].rule;

	g->externals = asks_externals(y, m);
	if (!opaque && g->rules->num_rules != m->n)
		return -EPROTO; /* the reader of yara_source.c saw other rules than libyara */
	g->told = arena_array(&y->arena, g->rules->num_rules + 1, sizeof(*g->told));
	if (!g->told)
		return -ENOMEM;
	for (uint32_t i = 0; i < g->rules->num_rules; i++) {
		const YR_RULE *r = &g->rules->rules_table[i];
		const struct yara_unit *u = &y->unit[m->at[opaque ? 0 : i]];
		g->told[i] = YARA_NONE;
		if (!opaque && !span_eq_str(u->rule->name, r->identifier))
			return -EPROTO;
		if (RULE_IS_PRIVATE(r) || u->group != index)
			continue;
		g->told[i] = (uint32_t)y->ntold;
		y->unit[m->at[opaque ? 0 : i]].told = (uint32_t)y->ntold;
		int rc = add_told(y, r, index, i);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_group(struct yara *y, YR_RULES *rules)
{
	if (y->ngroups == y->capgroups) {
		size_t cap = y->capgroups ? y->capgroups * 2 : 64;
		struct yara_group *p = arena_grow(&y->arena, y->group, y->capgroups * sizeof(*p),
		    cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		y->group = p;
		y->capgroups = cap;
	}
	y->group[y->ngroups++] = (struct yara_group){ .rules = rules };
	for (uint32_t i = 0; i < rules->arena->num_buffers; i++)
		y->stats.memory += rules->arena->buffers[i].used;
	return 0;
}

static size_t stream_write(const void *p, size_t size, size_t count, void *ctx)
{
	struct buf *b = ctx;

	buf_put(b, p, size * count);
	return buf_err(b) < 0 ? 0 : count;
}

static size_t stream_read(void *p, size_t size, size_t count, void *ctx)
{
	struct span *rest = ctx;
	size_t n = size * count;

	if (n > rest->n)
		return 0;
	memcpy(p, rest->p, n);
	*rest = span_from(*rest, n);
	return count;
}

/*
 * What the compiler made lies in a dozen buffers of a mebibyte each, whatever it needs. Written to
 * memory and read back, it takes what it needs.
 */
static int get_rules(struct attempt *a, struct buf *room, YR_RULES **ret)
{
	YR_STREAM out = { room, NULL, stream_write }, in = { NULL, stream_read, NULL };
	YR_RULES *large;

	if (yara_lib.yr_compiler_get_rules(a->compiler, &large) != ERROR_SUCCESS)
		return -ENOMEM;
	int rc = yara_lib.yr_rules_save_stream(large, &out);
	yara_lib.yr_rules_destroy(large);
	struct span rest = buf_span(room);
	in.user_data = &rest;
	if (rc != ERROR_SUCCESS || yara_lib.yr_rules_load_stream(&in, ret) != ERROR_SUCCESS)
		return -ENOMEM;
	return 0;
}

static int finish(struct attempt *a, const struct members *m, const uint32_t *unit, size_t n)
{
	struct yara *y = a->y;
	AUTO_BUF struct buf room = BUF_INIT(1u << 30);
	YR_RULES *rules;
	uint32_t index = (uint32_t)y->ngroups;

	int rc = get_rules(a, &room, &rules);
	if (rc < 0)
		return rc;
	rc = add_group(y, rules);
	if (rc < 0) {
		yara_lib.yr_rules_destroy(rules);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		if (!y->unit[unit[i]].bad)
			y->unit[unit[i]].group = index;
	for (size_t i = 0; i < n; i++)
		y->stats.rules += y->unit[unit[i]].rule && !y->unit[unit[i]].bad;
	if (!y->unit[m->at[0]].rule)
		y->stats.rules += rules->num_rules;
	return tell(y, &y->group[index], index, m);
}

/* One attempt. 1: a rule was left out, try again. */
static int attempt(struct yara *y, struct members *m, const uint32_t *unit, size_t n,
    struct fault *f)
{
	struct attempt a = { .y = y };
	uint32_t bad;

	int rc = begin(&a);
	if (rc == 0)
		rc = compile_members(&a, m, &bad);
	if (rc == 0)
		rc = finish(&a, m, unit, n);
	FB_CLEANUP(compiler_free_p) YR_COMPILER *compiler = a.compiler;
	if (rc == -EPROTO)
		return fault_set(f, rc, "%s: its rules cannot be told apart",
		    QUOTE(span_str(y->file[y->unit[m->at[0]].file].path)));
	if (rc <= 0)
		return rc;
	y->unit[bad].bad = true;
	rc = yara_left_out(y, a.file, a.error_line, a.error, f);
	return rc ? rc : 2;
}

static int compile_union(struct attempt *a, const struct members *m, struct yara_group *ret_g)
{
	AUTO_BUF struct buf room = BUF_INIT(1u << 30);
	AUTO_FREE uint32_t *told = calloc(m->n + 1, sizeof(*told));
	YR_RULES *rules;
	uint32_t bad;

	int rc = begin(a);
	if (rc == 0)
		rc = compile_members(a, m, &bad);
	if (rc == 0)
		rc = get_rules(a, &room, &rules);
	FB_CLEANUP(compiler_free_p) YR_COMPILER *compiler = a->compiler;
	if (rc || !told)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++) {
		const struct yara_unit *u = &a->y->unit[m->at[i]];
		told[i] = u->rule->is_private ? YARA_NONE : u->told;
	}
	*ret_g = (struct yara_group){ .rules = rules, .told = TAKE_PTR(told) };
	ret_g->externals = asks_externals(a->y, m);
	return 0;
}

int yara_compile_union(struct yara *y, const uint32_t *unit, size_t n, struct yara_group *ret_g)
{
	AUTO_FREE uint32_t *at = calloc(y->nunits + 1, sizeof(*at));
	struct members m = { at, 0 };
	struct attempt a = { .y = y };

	if (!at)
		return -ENOMEM;
	gather(y, &m, unit, n, ++y->mark);
	return compile_union(&a, &m, ret_g);
}

int yara_compile(struct yara *y, const uint32_t *unit, size_t n, struct fault *f)
{
	AUTO_FREE uint32_t *at = calloc(y->nunits + 1, sizeof(*at));
	struct members m = { at, 0 };

	if (!at)
		return -ENOMEM;
	for (;;) {
		gather(y, &m, unit, n, ++y->mark);
		if (!m.n)
			return 0;
		int rc = attempt(y, &m, unit, n, f);
		if (rc != 2)
			return rc;
	}
}
