#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# hash.sh [BUILD]: our SHA-256 beside "openssl speed" of the same machine in the same minute.
build=${1:-$(dirname "$0")/../../build}
echo "bench_hash:"
"$build/tests/bench/bench_hash"
echo "openssl speed -evp sha256 -bytes 1048576 -seconds 1 (in 1000 bytes a CPU second):"
openssl speed -evp sha256 -bytes 1048576 -seconds 1 2>/dev/null | tail -n 1
