/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/package.h"

#include "base/file.h"
#include "crypto/authenticode.h"
#include "crypto/dsse.h"
#include "crypto/hash.h"
#include "drill/pe_build.h"

#include <errno.h>
#include <stdlib.h>

#define COMPONENT_MAX (1u << 20)

const char package_builder[] = "https://ci.drill.example/builders/desktop@v1";

static const char *const components[] = { "codec.dll", "desk-phone.exe", "shader_47.dll",
	"updater.exe" };

static const char *path_of(struct arena *a, const char *work, const char *name, const char *leaf)
{
	return arena_printf(a, "%s/%s/%s", work, name, leaf);
}

static int read_key(const char *path, struct key **ret_k, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	int rc = path ? file_read(path, &b, 64u << 10, f) : -ENOMEM;
	return rc < 0 ? rc : key_private(ret_k, buf_span(&b), f);
}

static int vendor_certificate(const char *work, struct digest *ret_d, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf crt = BUF_INIT(64u << 10);
	const char *path = path_of(a, work, "keys", "vendor-signing.crt");
	int rc = path ? file_read(path, &crt, 64u << 10, f) : -ENOMEM;

	if (rc == 0)
		*ret_d = sha256_of(buf_span(&crt));
	return rc;
}

/* Signers go by key id and digest: a channel keeps its policy for years, wherever the file was. */
int package_policy(const char *work, const struct key *builder, struct arena *a, struct fault *f)
{
	struct digest id = key_id(builder), vendor;
	int rc = vendor_certificate(work, &vendor, a, f);
	if (rc < 0)
		return rc;
	const char *path = arena_printf(a, "%s/policy.yaml", work);
	const char *text = arena_printf(a,
	    "# The policy of a drill's channel; docs/policy.md explains each line.\n"
	    "version: 1\n"
	    "name: drill-desktop\n"
	    "require: [anatomy, provenance]\n"
	    "authenticode: {roots: [\"%s\"]}\n"
	    "builders: [\"%s\"]\n"
	    "sources: [\"https://git.drill.example/desk-phone\"]\n"
	    "refs: [\"refs/tags/*\"]\n"
	    "signers: [\"%s\"]\n",
	    DIGEST_TEXT(&vendor), package_builder, DIGEST_TEXT(&id));

	return path && text ? file_replace_path(path, span_str(text), 0600, f) : -ENOMEM;
}

int package_vendor_key(const char *work, struct arena *a, struct fault *f)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf pem = BUF_INIT(64u << 10), crt = BUF_INIT(64u << 10);
	struct x509_self self = { .common_name = "Firebreak Drill Vendor" };

	/* RSA, as code-signing certificates are; the dates only have to hold for the drill. */
	if (ts_parse(SPAN_LIT("2020-01-01T00:00:00Z"), &self.not_before) < 0 ||
	    ts_parse(SPAN_LIT("2049-12-31T00:00:00Z"), &self.not_after) < 0)
		return -EINVAL;
	int rc = key_generate(&k, KEY_RSA);
	if (rc == 0)
		rc = key_write_private(k, &pem);
	if (rc == 0)
		rc = x509_self_signed(k, &self, &crt);
	const char *kpath = path_of(a, work, "keys", "vendor-signing.key");
	const char *cpath = path_of(a, work, "keys", "vendor-signing.crt");
	if (rc == 0 && (!kpath || !cpath))
		rc = -ENOMEM;
	if (rc == 0)
		rc = file_replace_path(kpath, buf_span(&pem), 0600, f);
	return rc < 0 ? rc : file_replace_path(cpath, buf_span(&crt), 0600, f);
}

int package_component(
    const struct package *p, const char *component, struct arena *a, struct fault *f)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf image = BUF_INIT(COMPONENT_MAX), crt = BUF_INIT(64u << 10);
	bool implant = p->implant && strcmp(p->implant, component) == 0;

	int rc = read_key(path_of(a, p->work, "keys", "vendor-signing.key"), &k, f);
	const char *cpath = path_of(a, p->work, "keys", "vendor-signing.crt");
	if (rc == 0)
		rc = cpath ? file_read(cpath, &crt, 64u << 10, f) : -ENOMEM;
	if (rc == 0)
		rc = pe_build(
		    &image, component, p->version, implant ? "changed" : "as it should be");
	if (rc == 0)
		rc = pe_build_sign(&image, k, buf_span(&crt));
	const char *path = path_of(a, p->work, p->name, component);
	if (rc == 0 && !path)
		rc = -ENOMEM;
	return rc < 0 ? rc : file_replace_path(path, buf_span(&image), 0600, f);
}

int package_build(const struct package *p, struct arena *a, struct fault *f)
{
	const char *dir = arena_printf(a, "%s/%s", p->work, p->name);
	int rc = dir ? file_mkdirs(dir, 0700) : -ENOMEM;

	for (size_t i = 0; i < ARRAY_LEN(components) && rc == 0; i++)
		rc = package_component(p, components[i], a, f);
	return rc;
}

static int subject(
    const struct package *p, const char *component, struct jw *w, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(COMPONENT_MAX);

	const char *path = path_of(a, p->work, p->name, component);
	int rc = path ? file_read(path, &b, COMPONENT_MAX, f) : -ENOMEM;
	if (rc < 0)
		return rc;
	struct digest d = sha256_of(buf_span(&b));
	jw_obj(w);
	jw_key(w, "digest");
	jw_obj(w);
	jw_kcstr(w, "sha256", DIGEST_HEX(&d));
	jw_end(w);
	jw_kcstr(w, "name", component);
	jw_end(w);
	return 0;
}

/* predicate of https://slsa.dev/spec/v1.0/provenance */
static void predicate(const struct package *p, const char *builder_id, struct jw *w)
{
	jw_key(w, "predicate");
	jw_obj(w);
	jw_key(w, "buildDefinition");
	jw_obj(w);
	jw_kcstr(w, "buildType", "https://ci.drill.example/types/desktop/v1");
	jw_key(w, "externalParameters");
	jw_obj(w);
	jw_key(w, "workflow");
	jw_obj(w);
	jw_kcstr(w, "path", "build/desktop.yaml");
	jw_kcstr(w, "ref", "refs/tags/v1");
	jw_kcstr(w, "repository", "https://git.drill.example/desk-phone");
	jw_end(w);
	jw_end(w);
	jw_key(w, "resolvedDependencies");
	jw_arr(w);
	jw_obj(w);
	jw_key(w, "digest");
	jw_obj(w);
	jw_kcstr(w, "gitCommit", "0123456789abcdef0123456789abcdef01234567");
	jw_end(w);
	jw_kcstr(w, "uri", "git+https://git.drill.example/desk-phone@refs/tags/v1");
	jw_end(w);
	jw_end(w);
	jw_end(w);
	jw_key(w, "runDetails");
	jw_obj(w);
	jw_key(w, "builder");
	jw_obj(w);
	jw_kcstr(w, "id", builder_id);
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

int package_prove(const struct package *p, const char *builder_id, struct arena *a, struct fault *f)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf st = BUF_INIT(1u << 20), env = BUF_INIT(4u << 20);
	struct jw w = jw_of(&st);

	jw_obj(&w);
	jw_kcstr(&w, "_type", "https://in-toto.io/Statement/v1");
	predicate(p, builder_id, &w);
	jw_kcstr(&w, "predicateType", "https://slsa.dev/provenance/v1");
	jw_key(&w, "subject");
	jw_arr(&w);
	for (size_t i = 0; i < ARRAY_LEN(components); i++) {
		int rc = subject(p, components[i], &w, a, f);
		if (rc < 0)
			return rc;
	}
	jw_end(&w);
	jw_end(&w);
	int rc = buf_err(&st);
	if (rc == 0)
		rc = read_key(path_of(a, p->work, "keys", "builder.key"), &k, f);
	if (rc == 0)
		rc = dsse_sign(&env, SPAN_LIT("application/vnd.in-toto+json"), buf_span(&st), k);
	buf_putc(&env, '\n');
	const char *path = arena_printf(a, "%s/%s.intoto.jsonl", p->work, p->name);
	if (rc == 0 && !path)
		rc = -ENOMEM;
	return rc < 0 ? rc : file_replace_path(path, buf_span(&env), 0600, f);
}

int package_stuff(const char *work, const char *name, const char *component, size_t n,
    struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(COMPONENT_MAX);

	const char *path = path_of(a, work, name, component);
	int rc = path ? file_read(path, &b, COMPONENT_MAX / 2, f) : -ENOMEM;
	if (rc == 0)
		rc = pe_build_stuff(&b, n);
	return rc < 0 ? rc : file_replace_path(path, buf_span(&b), 0600, f);
}

int package_install(
    const char *work, const char *name, const char *folder, struct arena *a, struct fault *f)
{
	const char *dir = arena_printf(a, "%s/%s/Program Files/Desk Phone", work, folder);
	int rc = dir ? file_mkdirs(dir, 0700) : -ENOMEM;

	for (size_t i = 0; i < ARRAY_LEN(components) && rc == 0; i++) {
		AUTO_BUF struct buf b = BUF_INIT(COMPONENT_MAX);
		const char *from = path_of(a, work, name, components[i]);
		const char *to = arena_printf(a, "%s/%s", dir, components[i]);
		rc = from && to ? file_read(from, &b, COMPONENT_MAX, f) : -ENOMEM;
		if (rc == 0)
			rc = file_replace_path(to, buf_span(&b), 0600, f);
	}
	return rc;
}
