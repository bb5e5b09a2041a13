/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sbom: a software bill of materials as a list of things with digests, whatever it was written in.
 *
 *   CycloneDX JSON 1.2 to 1.7 (ECMA-424)    components, nested ones too, and metadata.component
 *   SPDX JSON 2.2 and 2.3 (ISO/IEC 5962)    files, packages, verification codes
 *   SPDX JSON-LD 3.0.0 and 3.0.1            software_File and software_Package of the @graph
 *
 * Strict where it matters for a comparison: duplicate members, an unknown format or version, a digest
 * that is not hex of its algorithm's length, one path or one algorithm with two digests, a path with
 * "..", an id that is defined twice or points nowhere are errors, with the offset. Members without a
 * meaning for the comparison (licences, vulnerabilities, …) are not looked at. Other writings of these
 * formats (XML, tag-value, YAML, RDF, protobuf) are refused by name.
 *
 * Names of files are made comparable: without "./", "//" and a leading "/"; a name with "\" and no
 * "/" has its "\" read as "/".
 *
 * Guarantees: no I/O but sbom_load's; memory from the arena, at most about four times the text.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/hash.h"
#include "model/digest.h"
#include "wire/json.h"

#define SBOM_TEXT_MAX (128u << 20)  /* longer files are refused before they are parsed */
#define SBOM_ITEMS_MAX (1u << 20)   /* files and components */
#define SBOM_HASHES_MAX 32          /* of one item */
#define SBOM_PATH_MAX 4096          /* bytes of a file's name */
#define SBOM_ARENA_MAX (768u << 20) /* what an arena for sbom_parse should allow */

enum sbom_format { SBOM_CYCLONEDX = 1, SBOM_SPDX2, SBOM_SPDX3 };

enum sbom_kind {
	SBOM_FILE = 1,  /* path says where it is */
	SBOM_COMPONENT, /* a package, library, …: its digests are those of a file, anywhere */
	SBOM_SUBJECT,   /* a component: the thing that the whole SBOM is about */
};

struct sbom_hash {
	struct digest digest; /* unset when the algorithm cannot be computed here */
	const char *alg;      /* as the SBOM names it */
};

struct sbom_item {
	enum sbom_kind kind;
	const char *name;    /* as written; not NULL */
	const char *path;    /* FILE: comparable, never NULL or "" */
	const char *version; /* NULL if none; as the next */
	const char *purl;
	const char *file_name; /* COMPONENT: the file that it comes as, if the SBOM says so */
	struct sbom_hash *hash;
	uint32_t nhash;
	uint64_t off; /* where in the text */
};

enum sbom_code_state {
	SBOM_CODE_WRONG = 0,
	SBOM_CODE_UNKNOWN, /* the SBOM does not list what it is computed from */
	SBOM_CODE_RIGHT,
};

/* An SPDX package verification code: a digest over the digests of the package's files (SPDX 2.3,
 * 7.9), recomputed from the files that the SBOM itself lists. */
struct sbom_code {
	uint32_t package; /* index of the item */
	enum sbom_code_state state;
	uint64_t off;
};

struct sbom {
	enum sbom_format format;
	const char *version; /* "1.6", "2.3", "3.0.1" */
	const char *name;    /* of what it is about; "" if it does not say */
	struct sbom_item *item;
	size_t n;
	size_t nfiles, ncomponents; /* a subject is a component */
	size_t nbare;               /* components without any digest */
	size_t nupper;              /* digests written in upper case */
	struct sbom_code *code;
	size_t ncodes;
	unsigned set; /* HASH_SET of every algorithm in use that can be computed */
};

/* "CycloneDX", "SPDX" */
const char *sbom_format_name(enum sbom_format f);

/* Does v look like one of the formats (whatever its version)? */
bool sbom_is(struct json_val v);
/* Is it a predicate type of an in-toto statement whose predicate is an SBOM in one of these formats?
 * https://cyclonedx.org/bom (with or without /vX.Y), https://spdx.dev/Document (with or without
 * /vX.Y). */
bool sbom_is_predicate(const char *predicate_type);

/* Everything is copied into keep. 0, -EBADMSG with fault (*ret_s zeroed),
 * -ENOMEM. */
FB_MUST int sbom_read(struct sbom *ret_s, struct json_val root, struct arena *keep, struct fault *f);
/* The same for the text of a file. */
FB_MUST int sbom_parse(struct sbom *ret_s, struct span text, struct arena *keep, struct fault *f);
/* The same for a file, whose name is then in the fault; also its digest. Also the errors of file_read. */
FB_MUST int sbom_load(struct sbom *ret_s, struct digest *ret_sha256, const char *path,
    struct arena *keep, struct fault *f);
