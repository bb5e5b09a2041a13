/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/oci.h"

#include "base/map.h"
#include "crypto/hash.h"
#include "wire/json.h"

#include <errno.h>
#include <stdio.h>

#define JSON_ARENA (64u << 20)
#define BLOBS "blobs/"
#define INDEX "index.json"

/* The name behind the last folder "blobs/", "sha256/<hex>"; NULL when there is none. */
static const char *blob_of(const char *path)
{
	const char *found = NULL;

	for (const char *p = path; (p = strstr(p, BLOBS)); p += strlen(BLOBS))
		if (p == path || p[-1] == '/')
			found = p + strlen(BLOBS);
	return found;
}

static bool is_index(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, INDEX) == 0;
}

bool oci_wants(const char *path)
{
	return is_index(path) || blob_of(path);
}

/* --- while it is taken apart ------------------------------------------------------------------ */

static int on_bytes(void *ctx, struct span bytes)
{
	return hasher_update(ctx, bytes.p, bytes.n);
}

/* What the layer is without its compression. A damaged one is told where it is opened. */
static int diff_id(struct taker *k, int fd, struct digest *ret_d)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct unpack_opts o = { .bytes = k->bytes_max, .memory = k->o.memory,
		.no_sandbox = k->o.no_sandbox };
	struct digest d[DIGEST_ALGS] = { 0 };
	struct fault f = FAULT_INIT;

	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	if (rc == 0)
		rc = unpack_stream(fd, "layer", &o, on_bytes, h, &f);
	if (rc == 0)
		rc = hasher_final(h, d);
	*ret_d = d[DIGEST_SHA256];
	return rc < 0 ? rc : 0;
}

int oci_take(struct taker *k, uint32_t i, int fd, struct span file)
{
	struct arena *a = &k->t->arena;
	struct oci_text *x = ARENA_NEW(a, struct oci_text);
	bool text = file.n && file.p[0] == '{' && file.n <= OCI_TEXT_MAX;
	int err = 0, rc = 0;

	if (!x)
		return -ENOMEM;
	*x = (struct oci_text){ .component = i, .next = k->oci };
	if (text && file.n <= OCI_TEXTS_MAX - k->oci_bytes) {
		x->text = arena_dup(a, file, &err);
		k->oci_bytes += file.n;
	} else if (format_is_compressed(k->t->c[i].format)) {
		rc = diff_id(k, fd, &x->diff);
	}
	k->oci = x;
	return err ? -ENOMEM : rc;
}

/* --- one layout ------------------------------------------------------------------------------- */

struct layout {
	struct taker *k;
	uint32_t index; /* the component index.json */
	struct span prefix; /* the folder that it is in, with its "/" */
	struct map blob; /* "sha256/<hex>" -> component + 1 */
	struct map text; /* the same -> struct oci_text */
	uint8_t *reached; /* by component */
	struct arena arena;
};

static uint32_t find(const struct layout *l, struct span digest)
{
	char name[DIGEST_TEXT_MAX];
	int n = snprintf(name, sizeof(name), "%.*s", SPAN_ARG(digest));
	char *colon = strchr(name, ':');

	if (n < 0 || n >= (int)sizeof(name) || !colon)
		return COMPONENT_NONE;
	*colon = '/';
	uintptr_t v = (uintptr_t)map_get(&l->blob, span_str(name));
	return v ? (uint32_t)v - 1 : COMPONENT_NONE;
}

/* A blob and the digest in its name. */
static int judge_name(struct layout *l, uint32_t i, const char *name)
{
	struct component *c = &l->k->t->c[i];
	struct digest d;

	if (strncmp(name, "sha256/", 7) != 0)
		return taker_say(l->k, i, REASON_WARN, "oci.algorithm",
		    "a blob named by a digest that is not compared: %s", QUOTE(span_str(name)));
	if (digest_parse_hex(DIGEST_SHA256, span_str(name + 7), &d) < 0)
		return taker_say(l->k, i, REASON_FAIL, "oci.digest", "the blob's name is no SHA-256");
	if (!digest_eq(&d, &c->sha256))
		return taker_say(l->k, i, REASON_FAIL, "oci.digest",
		    "the blob is not what its name says: its SHA-256 is %s", DIGEST_HEX(&c->sha256));
	return 0;
}

static int collect(struct layout *l)
{
	struct component_tree *t = l->k->t;
	uint32_t parent = t->c[l->index].parent;
	int rc = 0;

	for (uint32_t i = t->c[parent].first; rc == 0 && i != COMPONENT_NONE; i = t->c[i].next) {
		struct span path = span_str(t->c[i].path);
		const char *name = blob_of(t->c[i].path);
		if (t->c[i].type != COMPONENT_FILE || !name || !span_starts(path, l->prefix) ||
		    path.n != l->prefix.n + strlen(BLOBS) + strlen(name))
			continue;
		rc = map_add(&l->blob, span_str(name), (void *)(uintptr_t)(i + 1), NULL);
		if (rc == 0)
			rc = judge_name(l, i, name);
	}
	for (struct oci_text *x = l->k->oci; rc >= 0 && x; x = x->next)
		if (t->c[x->component].parent == parent && blob_of(t->c[x->component].path))
			rc = map_add(&l->text, span_str(blob_of(t->c[x->component].path)), x, NULL);
	return rc < 0 ? rc : 0;
}

static const struct oci_text *text_of(const struct layout *l, uint32_t i)
{
	const char *name = i == COMPONENT_NONE ? NULL : blob_of(l->k->t->c[i].path);

	return name ? map_get(&l->text, span_str(name)) : NULL;
}

/* A descriptor found in component `from`: its blob, or COMPONENT_NONE with the reason told. */
static int follow(struct layout *l, uint32_t from, struct json_val d, uint32_t *ret_i)
{
	struct span digest = json_str(json_get(d, "digest"), &l->arena);
	int64_t size;

	*ret_i = COMPONENT_NONE;
	if (!digest.n || json_int(json_get(d, "size"), &size) < 0 || size < 0)
		return taker_say(l->k, from, REASON_FAIL, "oci.malformed",
		    "a descriptor without digest or size");
	uint32_t i = find(l, digest);
	if (i == COMPONENT_NONE)
		return json_count(json_get(d, "urls")) ? 0 :
			taker_say(l->k, from, REASON_MISSING, "oci.missing",
			    "it names the blob %s, which is not there", QUOTE(digest));
	l->reached[i] = 1;
	*ret_i = i;
	if ((uint64_t)size != l->k->t->c[i].size)
		return taker_say(l->k, from, REASON_FAIL, "oci.size",
		    "it says that the blob %s has %lld bytes; it has %llu", QUOTE(digest),
		    (long long)size, (unsigned long long)l->k->t->c[i].size);
	return 0;
}

/* The text of component i as JSON: 0, 1 with the reason told, -errno. */
static int parse(struct layout *l, uint32_t i, struct span text, struct json_doc *ret_doc)
{
	struct fault f = FAULT_INIT;

	int rc = text.n ? json_parse(ret_doc, text, &l->arena, &f) : -EBADMSG;
	if (rc == 0 && json_type_of(json_root(ret_doc)) == JSON_OBJ)
		return 0;
	if (rc == -ENOMEM)
		return rc;
	rc = taker_say(l->k, i, REASON_FAIL, "oci.malformed", "it is no JSON object%s%s",
	    f.text[0] ? ": " : "", f.text);
	return rc ? rc : 1;
}

static const struct digest *diff_of(const struct layout *l, uint32_t i)
{
	const struct oci_text *x = text_of(l, i);
	const struct component *c = &l->k->t->c[i];

	if (!format_is_compressed(c->format))
		return &c->sha256;
	return x && digest_is_set(&x->diff) ? &x->diff : NULL;
}

static int judge_layer(struct layout *l, uint32_t config, struct json_val id, uint32_t layer)
{
	const struct digest *is = layer == COMPONENT_NONE ? NULL : diff_of(l, layer);
	struct digest want;

	if (layer == COMPONENT_NONE)
		return 0; /* told already */
	if (digest_parse(json_str(id, &l->arena), &want) < 0)
		return taker_say(l->k, config, REASON_FAIL, "oci.malformed", "a diff_id that is none");
	if (!is)
		return taker_say(l->k, layer, REASON_MISSING, "oci.diff-id",
		    "what the layer is without its compression could not be compared");
	return digest_eq(&want, is) ? 0 :
		taker_say(l->k, layer, REASON_FAIL, "oci.diff-id",
		    "the layer is not the one that the image's configuration names: %s", DIGEST_TEXT(&want));
}

/* The configuration's list of layers against those of the manifest. */
static int judge_config(struct layout *l, uint32_t config, const uint32_t *layer, uint32_t n)
{
	const struct oci_text *x = text_of(l, config);
	struct json_doc doc;
	uint32_t at = 0;

	if (config == COMPONENT_NONE || !x)
		return 0;
	int rc = parse(l, config, x->text, &doc);
	if (rc)
		return rc < 0 ? rc : 0;
	struct json_val ids = json_path(json_root(&doc), "rootfs", "diff_ids", NULL);
	if (!json_ok(ids))
		return 0; /* an artifact that is no image */
	if (json_count(ids) != n)
		return taker_say(l->k, config, REASON_FAIL, "oci.diff-id",
		    "it names %u layers, the manifest %u", json_count(ids), n);
	JSON_EACH(id, ids)
		if (rc == 0)
			rc = judge_layer(l, config, id, layer[at++]);
	return rc;
}

static int judge_text(struct layout *l, uint32_t i, struct span text, unsigned depth);

static int judge_manifest(struct layout *l, uint32_t i, struct json_val root)
{
	struct json_val layers = json_get(root, "layers");
	uint32_t n = json_count(layers), at = 0, config = COMPONENT_NONE;
	uint32_t *layer = arena_alloc(&l->arena, (n + 1) * sizeof(*layer));

	int rc = layer ? follow(l, i, json_get(root, "config"), &config) : -ENOMEM;
	JSON_EACH(d, layers)
		if (rc == 0)
			rc = follow(l, i, d, &layer[at++]);
	return rc == 0 ? judge_config(l, config, layer, n) : rc;
}

static int judge_index(struct layout *l, uint32_t i, struct json_val root, unsigned depth)
{
	uint32_t to;
	int rc = 0;

	JSON_EACH(d, json_get(root, "manifests")) {
		if (rc)
			break;
		rc = follow(l, i, d, &to);
		const struct oci_text *x = text_of(l, to);
		if (rc == 0 && to != COMPONENT_NONE && l->reached[to] < 2) {
			l->reached[to] = 2; /* each once */
			rc = judge_text(l, to, x ? x->text : SPAN_NONE, depth + 1);
		}
	}
	return rc;
}

static int judge_text(struct layout *l, uint32_t i, struct span text, unsigned depth)
{
	struct json_doc doc;

	if (depth > OCI_DEPTH_MAX)
		return taker_say(l->k, i, REASON_FAIL, "oci.malformed", "indexes inside indexes without end");
	int rc = parse(l, i, text, &doc);
	if (rc)
		return rc < 0 ? rc : 0;
	struct json_val root = json_root(&doc);
	if (json_ok(json_get(root, "manifests")))
		return judge_index(l, i, root, depth);
	if (json_ok(json_get(root, "layers")) && json_ok(json_get(root, "config")))
		return judge_manifest(l, i, root);
	return taker_say(l->k, i, REASON_FAIL, "oci.malformed", "neither an index nor a manifest");
}

static int judge_rest(struct layout *l)
{
	int rc = 0;

	for (size_t n = 0; rc == 0 && n < l->blob.n; n++) {
		uint32_t i = (uint32_t)(uintptr_t)l->blob.e[n].val - 1;
		if (!l->reached[i])
			rc = taker_say(l->k, i, REASON_WARN, "oci.unreferenced",
			    "a blob that no manifest leads to");
	}
	return rc;
}

static int judge_layout(struct taker *k, const struct oci_text *index)
{
	const char *path = k->t->c[index->component].path;
	struct layout l = { .k = k, .index = index->component,
		.prefix = span_of(path, strlen(path) - strlen(INDEX)),
		.arena = ARENA_INIT(JSON_ARENA) };

	l.reached = arena_alloc(&l.arena, k->t->n);
	if (l.reached)
		memset(l.reached, 0, k->t->n);
	map_init(&l.blob, COMPONENTS_MAX);
	map_init(&l.text, COMPONENTS_MAX);
	int rc = l.reached ? collect(&l) : -ENOMEM;
	if (rc == 0)
		rc = judge_text(&l, index->component, index->text, 0);
	if (rc == 0)
		rc = judge_rest(&l);
	map_free(&l.blob);
	map_free(&l.text);
	arena_free(&l.arena);
	return rc;
}

/* An index.json is a layout's when the file oci-layout is beside it. */
static bool has_marker(const struct component_tree *t, uint32_t index)
{
	const struct component *x = &t->c[index];
	size_t n = strlen(x->path) - strlen(INDEX);

	if (x->parent == COMPONENT_NONE)
		return false;
	for (uint32_t i = t->c[x->parent].first; i != COMPONENT_NONE; i = t->c[i].next)
		if (strncmp(t->c[i].path, x->path, n) == 0 && strcmp(t->c[i].path + n, "oci-layout") == 0)
			return true;
	return false;
}

int oci_judge(struct taker *k)
{
	int rc = 0;

	for (const struct oci_text *x = k->oci; rc == 0 && x; x = x->next)
		if (x->text.n && is_index(k->t->c[x->component].path) && has_marker(k->t, x->component))
			rc = judge_layout(k, x);
	return rc;
}
