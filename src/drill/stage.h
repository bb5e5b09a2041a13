/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stage: what a drill injects: a benign stand-in product, its evidence, and what goes wrong with
 * them. Everything is made below one scratch folder, with keys made for this run only.
 *
 *   keys/            vendor-signing.{key,crt} (Authenticode), builder.{key,pub}, NAME.{key,pub}
 *   NAME/            a package: app.exe, codec.dll, shader_47.dll, updater.exe
 *   NAME.intoto.jsonl  its SLSA provenance in a DSSE envelope
 *   policy.yaml      the channel's policy
 *
 * Verbs (arguments are texts):
 *   keys PERSON…                     people who may sign decisions, and the policy
 *   person NAME                      one more key, for somebody who is not enrolled
 *   build NAME VERSION               a package with signed components and provenance
 *   implant NAME VERSION COMPONENT   as build, but the component was changed before the build: the
 *                                    evidence is in order and the package is bad
 *   stuff NAME COMPONENT BYTES       bytes appended inside a component's certificate table
 *   replace NAME COMPONENT           another, validly signed component after the build
 *   reprove NAME BUILDER-ID          provenance that names another builder
 *   unprove NAME                     no provenance
 *   endpoint NAME FOLDER             a customer's folder with the package installed
 *   indicators FILE NAME COMPONENT SOURCE   a hash list as a third party would publish it
 *   capture FILE DNS-NAME SNI-NAME   a packet capture of a customer: ordinary names and these two
 *   note FILE TEXT                   a text file, for evidence
 */

#include "base/arena.h"
#include "base/fault.h"

/* One verb. 0, -EINVAL for an unknown verb or wrong arguments (fault), -errno. */
FB_MUST int stage_do(
    const char *work, const char *const *arg, size_t nargs, struct arena *a, struct fault *f);
