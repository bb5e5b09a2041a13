/* SPDX-License-Identifier: Apache-2.0 */

/* weigh_age: how confidence falls with time, and the file that says so. */

#include "intel/weigh.h"

#include "conf/yaml.h"

#include <errno.h>
#include <math.h>

#define TYPES_OF(a, b) ((2u << (b)) - (1u << (a)))
#define ADDRESSES TYPES_OF(INDICATOR_IPV4, INDICATOR_IP_PORT)

const struct weigh_rules weigh_rules_default = {
	.rule = {
	    { .types = ADDRESSES, .category = "scan", .life = 14 * TS_DAY, .speed = 1, .floor = 10 },
	    { .category = "phish", .life = 60 * TS_DAY, .speed = 2, .floor = 10,
	        .types = ADDRESSES | 1u << INDICATOR_DOMAIN | 1u << INDICATOR_URL |
	            1u << INDICATOR_EMAIL },
	    { .types = ADDRESSES, .life = 120 * TS_DAY, .speed = 2, .floor = 10 },
	    { .types = 1u << INDICATOR_URL | 1u << INDICATOR_URL_PATH, .life = 365 * TS_DAY, .speed = 2, .floor = 10 },
	    { .types = 1u << INDICATOR_DOMAIN | 1u << INDICATOR_EMAIL, .life = 730 * TS_DAY,
	        .speed = 3, .floor = 20 },
	},
	.n = 5,
};

static bool part_of(struct span text, struct span part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (span_eq_nocase(span_cut(text, i, part.n), part))
			return true;
	return false;
}

static const struct weigh_rule *rule_of(const struct weigh_rules *r, const struct indicator *i)
{
	for (size_t k = 0; k < r->n; k++) {
		const struct weigh_rule *x = &r->rule[k];
		if ((!x->types || x->types & 1u << i->type) &&
		    (!x->category[0] || part_of(span_str(i->category), span_str(x->category))))
			return x;
	}
	return NULL;
}

/* 0: nobody set it. */
static bool is_instant(ts t)
{
	return t != TS_NONE && t != TS_FOREVER && t != 0;
}

static ts last_word(const struct indicator *i)
{
	return is_instant(i->last_seen) ? i->last_seen :
	    is_instant(i->first_seen)	? i->first_seen :
	    is_instant(i->valid_from)	? i->valid_from :
					  TS_NONE;
}

int weigh_aged(const struct weigh_rules *r, const struct indicator *i, ts at)
{
	const struct weigh_rule *x = rule_of(r, i);
	ts seen = last_word(i);

	if (!x || !x->life || seen == TS_NONE || at == TS_FOREVER || at <= seen)
		return i->confidence;
	double t = (double)(at - seen) / (double)x->life;
	double left = t >= 1 ? 0 : 1 - pow(t, 1.0 / x->speed);
	double floor = x->floor / 100.0;
	return (int)(i->confidence * (left > floor ? left : floor) + 0.5);
}

/* --- share/intel/ageing.yaml --- */

static int types(struct json_val v, struct arena *a, uint32_t *ret_set, struct fault *f)
{
	uint32_t set = 0;

	if (json_ok(v) && json_type_of(v) != JSON_ARR)
		return json_fault(v, f, "\"types\" is a list of kinds of indicators");
	JSON_EACH(x, v) {
		enum indicator_type t = indicator_type_of(json_str(x, a));
		if (t == INDICATOR_NONE)
			return json_fault(x, f, "unknown kind %s", QUOTE(json_text(x)));
		set |= 1u << t;
	}
	*ret_set = set;
	return 0;
}

static int category(struct json_val v, struct arena *a, char out[static WEIGH_CATEGORY_MAX],
    struct fault *f)
{
	struct span s = json_str(v, a);

	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_STR || !s.n || s.n >= WEIGH_CATEGORY_MAX)
		return json_fault(v, f, "\"category\" is a text of 1 to %d bytes",
		    WEIGH_CATEGORY_MAX - 1);
	memcpy(out, s.p, s.n);
	return 0;
}

/* "never", or a duration. */
static int life(struct json_val v, struct arena *a, ts *ret_life, struct fault *f)
{
	struct span s = json_str(v, a);

	if (span_eq_str(s, "never"))
		*ret_life = 0;
	else if (!s.n || ts_parse_duration(s, ret_life) < 0 || *ret_life <= 0)
		return json_fault(v, f, "\"life\" is a duration such as 90d, or never");
	return 0;
}

static int number(struct json_val rule, const char *key, int64_t min, int64_t max, int64_t otherwise,
    unsigned *ret_n, struct fault *f)
{
	struct json_val v = json_get(rule, key);
	int64_t n = otherwise;

	if (json_ok(v) && (json_int(v, &n) < 0 || n < min || n > max))
		return json_fault(v, f, "\"%s\" is a number from %d to %d", key, (int)min, (int)max);
	*ret_n = (unsigned)n;
	return 0;
}

static int rule(struct json_val v, struct arena *a, struct weigh_rule *x, struct fault *f)
{
	static const char *const names[] = { "category", "floor", "life", "speed", "types", NULL };
	int rc = json_only(v, names, f);

	if (rc == 0 && !json_ok(json_get(v, "life")))
		rc = json_fault(v, f, "a rule needs a \"life\"");
	if (rc == 0)
		rc = types(json_get(v, "types"), a, &x->types, f);
	if (rc == 0)
		rc = category(json_get(v, "category"), a, x->category, f);
	if (rc == 0)
		rc = life(json_get(v, "life"), a, &x->life, f);
	if (rc == 0)
		rc = number(v, "speed", 1, 10, 1, &x->speed, f);
	return rc == 0 ? number(v, "floor", 0, 100, 0, &x->floor, f) : rc;
}

static int rules(const struct json_doc *d, struct arena *a, struct weigh_rules *r, struct fault *f)
{
	static const char *const names[] = { "rules", "version", NULL };
	struct json_val root = json_root(d), list = json_get(root, "rules");
	int64_t version = 0;
	int rc = json_only(root, names, f);

	if (rc < 0)
		return rc;
	if (json_int(json_get(root, "version"), &version) < 0 || version != 1)
		return json_fault(root, f, "version 1 is what this program reads");
	if (json_type_of(list) != JSON_ARR || json_count(list) > WEIGH_RULES_MAX)
		return json_fault(root, f, "\"rules\" is a list of at most %d rules",
		    WEIGH_RULES_MAX);
	JSON_EACH(x, list)
		if ((rc = rule(x, a, &r->rule[r->n++], f)) < 0)
			return rc;
	return 0;
}

int weigh_rules_load(struct weigh_rules *ret_r, const char *path, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	struct weigh_rules r = { .n = 0 };
	struct json_doc d;
	int rc = yaml_load(&d, path, &a, f);

	if (rc == 0)
		rc = rules(&d, &a, &r, f);
	if (rc == 0)
		*ret_r = r;
	return rc;
}
