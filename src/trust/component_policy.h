/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * component_policy: is every component signed by who must have signed it (docs/policy.md)? In 3CX
 * 2023 a library of upstream's, which nobody signs, came signed by the vendor.
 *
 * Each file of the tree is judged by the first rule that matches it. A rule's path is one in the
 * artifact, archives entered like directories ("data.cab/ffmpeg.dll"): "*" matches anything but "/",
 * "**" anything; a path without "/" is a name in any folder; "." is the artifact itself. Case does
 * not matter. A program that no rule matches is treated as the policy's default says; other files
 * that no rule matches are not judged.
 *
 * A name counts only when every signature in the file verifies and is that signer's, with a
 * chain to an anchor; or when its certificate is the one that the rule names by thumbprint.
 *
 * Reasons: FAIL "component.signer" (another one than must, or somebody where nobody must),
 * "component.unsigned", "component.signature" (does not verify), "component.anchor" (leads to none),
 * "component.time", "component.known-good", "component.unlisted"; MISSING "component.missing" (no
 * file for a rule), "component.anchor" (no anchors were given), "component.known-good" (no lists were
 * given), "component.time" (no anchored time stamp); PROVEN "component.policy", when all of it holds
 * and some rule names a signer or known files; then WARN "component.open" counts the programs for which
 * the policy names neither: their bytes may be anything.
 */

#include "anatomy/known/known.h"
#include "trust/policy.h"

#define COMPONENT_POLICY_TOLD_MAX 60 /* components that reasons are about; then a count */

#define COMPONENT_POLICY_PROVEN "component.policy"
#define COMPONENT_POLICY_OPEN "component.open"
/* MISSING, added by whoever knows that nothing speaks for the whole beside an open policy. */
#define COMPONENT_POLICY_UNVOUCHED "component.unvouched"
#define COMPONENT_POLICY_UNVOUCHED_TEXT                                                            \
	"what vouches for the programs that the policy leaves to anybody: known files, or evidence " \
	"about the whole (provenance, a signature, a digest)"

/* Does any of it ask for lists of known files? */
bool component_policy_wants_known(const struct policy_components *p);

/* known->n 0 or NULL: not compared with known files. Adds to v, unconcluded. 0, -ENOMEM. */
FB_MUST int component_policy_judge(const struct policy_components *p, struct component_tree *t,
    const struct known_result *known, struct verdict *v);

/* The values of the attribute (such as "O") in an RFC 4514 name: the only one, unescaped, in the
 * arena; NULL when there is none or more than one. */
const char *component_policy_attribute(const char *name, const char *attribute, struct arena *a);
