/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* oid: content octets of the object identifiers that this room knows. Private to crypto/. */

#include "base/span.h"

/* 1.2.840.113549.1.7.2 */
#define OID_SIGNED_DATA SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
/* 1.2.840.113549.1.7.1 */
#define OID_DATA SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")

/* attributes, RFC 2985 */
/* 1.2.840.113549.1.9.3 */
#define OID_CONTENT_TYPE SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03")
/* 1.2.840.113549.1.9.4 */
#define OID_MESSAGE_DIGEST SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04")
/* 1.2.840.113549.1.9.5 */
#define OID_SIGNING_TIME SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05")
/* 1.2.840.113549.1.9.6 */
#define OID_COUNTER_SIGNATURE SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06")

/* ESS signingCertificate, RFC 5035 */
/* 1.2.840.113549.1.9.16.2.12 */
#define OID_SIGNING_CERT SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c")
/* 1.2.840.113549.1.9.16.2.47 */
#define OID_SIGNING_CERT_V2 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f")

/* id-ct-TSTInfo, RFC 3161 */
/* 1.2.840.113549.1.9.16.1.4 */
#define OID_TST_INFO SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04")

/* Microsoft */
/* 1.3.6.1.4.1.311.2.1.4 */
#define OID_SPC_INDIRECT SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04")
/* 1.3.6.1.4.1.311.2.1.11 */
#define OID_SPC_STATEMENT SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0b")
/* 1.3.6.1.4.1.311.2.1.12 */
#define OID_SPC_OPUS SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0c")
/* 1.3.6.1.4.1.311.2.1.15 */
#define OID_SPC_PE SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0f")

/* individual */
/* 1.3.6.1.4.1.311.2.1.21 */
#define OID_SPC_CODE_SIGNING SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x15")
/* 1.3.6.1.4.1.311.2.1.25 */
#define OID_SPC_CAB SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x19")
/* 1.3.6.1.4.1.311.2.1.30 */
#define OID_SPC_SIP SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x1e")
/* 1.3.6.1.4.1.311.2.4.1 */
#define OID_SPC_NESTED SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x04\x01")
/* 1.3.6.1.4.1.311.3.3.1 */
#define OID_MS_STAMP SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x03\x03\x01")

/* 1.3.6.1.4.1.311.2.3.1 and .2: page hashes with SHA-1, SHA-256 */
#define OID_SPC_PAGES_V1 SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x03\x01")
#define OID_SPC_PAGES_V2 SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x03\x02")
/* 1.3.6.1.4.1.601.10.4.1 and .2: what nCipher's time attribute certificates hold */
#define OID_NCIPHER_TIME SPAN_LIT("\x2b\x06\x01\x04\x01\x84\x59\x0a\x04")
/* 1.3.6.1.4.1.11129.2.1.9999: Google's certificate that carries data, not a name */
#define OID_GOOGLE_TAG SPAN_LIT("\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\xce\x0f")

/* digests */
/* 1.3.14.3.2.26 */
#define OID_SHA1 SPAN_LIT("\x2b\x0e\x03\x02\x1a")
/* 2.16.840.1.101.3.4.2.1 */
#define OID_SHA256 SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x01")
/* 2.16.840.1.101.3.4.2.2 */
#define OID_SHA384 SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x02")
/* 2.16.840.1.101.3.4.2.3 */
#define OID_SHA512 SPAN_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x03")
/* 1.2.840.113549.2.5 */
#define OID_MD5 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x02\x05")

/* signatures */
/* 1.2.840.113549.1.1.1 */
#define OID_RSA SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
/* 1.2.840.113549.1.1.4 */
#define OID_RSA_MD5 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04")
/* 1.2.840.113549.1.1.5 */
#define OID_RSA_SHA1 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05")
/* 1.2.840.113549.1.1.11 */
#define OID_RSA_SHA256 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")
/* 1.2.840.113549.1.1.12 */
#define OID_RSA_SHA384 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c")
/* 1.2.840.113549.1.1.13 */
#define OID_RSA_SHA512 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d")
/* 1.2.840.10045.2.1 */
#define OID_EC SPAN_LIT("\x2a\x86\x48\xce\x3d\x02\x01")
/* 1.2.840.10045.4.1 */
#define OID_ECDSA_SHA1 SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x01")
/* 1.2.840.10045.4.3.2 */
#define OID_ECDSA_SHA256 SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x02")
/* 1.2.840.10045.4.3.3 */
#define OID_ECDSA_SHA384 SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x03")
/* 1.2.840.10045.4.3.4 */
#define OID_ECDSA_SHA512 SPAN_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x04")
/* 1.2.840.113549.1.1.10 */
#define OID_RSA_PSS SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
/* 1.2.840.113549.1.1.8 */
#define OID_MGF1 SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")
/* 1.3.101.112 */
#define OID_ED25519 SPAN_LIT("\x2b\x65\x70")

/* certificate extensions, RFC 5280 4.2.1 */
/* 2.5.29.14 */
#define OID_SUBJECT_KEY_ID SPAN_LIT("\x55\x1d\x0e")
/* 2.5.29.15 */
#define OID_KEY_USAGE SPAN_LIT("\x55\x1d\x0f")
/* 2.5.29.17 */
#define OID_ALT_NAME SPAN_LIT("\x55\x1d\x11")
/* 2.5.29.19 */
#define OID_BASIC_CONSTRAINTS SPAN_LIT("\x55\x1d\x13")
/* 2.5.29.30 */
#define OID_NAME_CONSTRAINTS SPAN_LIT("\x55\x1d\x1e")
/* 2.5.29.32 */
#define OID_POLICIES SPAN_LIT("\x55\x1d\x20")
/* 2.5.29.33 */
#define OID_POLICY_MAPPINGS SPAN_LIT("\x55\x1d\x21")
/* 2.5.29.35 */
#define OID_AUTHORITY_KEY_ID SPAN_LIT("\x55\x1d\x23")
/* 2.5.29.36 */
#define OID_POLICY_CONSTRAINTS SPAN_LIT("\x55\x1d\x24")
/* 2.5.29.37 */
#define OID_EXT_KEY_USAGE SPAN_LIT("\x55\x1d\x25")
/* 2.5.29.37.0 */
#define OID_EKU_ANY SPAN_LIT("\x55\x1d\x25\x00")
/* 2.5.29.54 */
#define OID_INHIBIT_ANY_POLICY SPAN_LIT("\x55\x1d\x36")
/* 2.16.840.1.113730.1.1: Netscape's certificate type, which Debian's Secure Boot CA has critical */
#define OID_NETSCAPE_TYPE SPAN_LIT("\x60\x86\x48\x01\x86\xf8\x42\x01\x01")
/* 1.3.6.1.5.5.7.3.3 */
#define OID_EKU_CODE_SIGNING SPAN_LIT("\x2b\x06\x01\x05\x05\x07\x03\x03")
/* 1.3.6.1.5.5.7.3.8 */
#define OID_EKU_TIME_STAMPING SPAN_LIT("\x2b\x06\x01\x05\x05\x07\x03\x08")
/* 1.3.6.1.4.1.311.10.3.13: a time stamp does not prolong the signature's life */
#define OID_EKU_LIFETIME SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x0d")
/* 1.3.6.1.4.1.11129.2.4.2, RFC 6962 3.3 */
#define OID_SCT_LIST SPAN_LIT("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02")
/* 1.3.6.1.4.1.57264.1, Fulcio's extensions are under it */
#define OID_FULCIO SPAN_LIT("\x2b\x06\x01\x04\x01\x83\xbf\x30\x01")

/* id-aa-timeStampToken, RFC 3161 appendix A */
/* 1.2.840.113549.1.9.16.2.14 */
#define OID_TIME_STAMP_TOKEN SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e")
/* 1.3.6.1.5.5.7.3.4 */
#define OID_EKU_EMAIL SPAN_LIT("\x2b\x06\x01\x05\x05\x07\x03\x04")

/* 1.2.840.113635.100.6.1, Apple's markers of end-entity certificates are under it */
#define OID_APPLE_LEAF SPAN_LIT("\x2a\x86\x48\x86\xf7\x63\x64\x06\x01")
