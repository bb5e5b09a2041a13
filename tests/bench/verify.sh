#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# verify.sh [BUILD]: our verifications a second beside "openssl speed" of the same machine.
build=${1:-$(dirname "$0")/../../build}
echo "bench_verify:"
"$build/tests/bench/bench_verify"
echo "openssl speed -seconds 1 (last column: verifications a second):"
openssl speed -seconds 1 rsa3072 ecdsap256 ecdsap384 ed25519 2>/dev/null |
	grep -E '^( *rsa|.*(ecdsa|EdDSA)).*s '
