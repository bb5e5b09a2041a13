#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 240 rounds of kill -9 on two processes that write to one ledger (tests/system/ledger_writer.c):
# nothing acknowledged is lost, the ledger is sound, and opening needs no repair. About 20 s; 60 rounds
# of a sanitizer build, whose finds do not depend on the moment.

. "$(dirname "$0")/../support/tap.sh"
WRITER=$BUILD/tests/system/ledger_writer
[ -x "$WRITER" ] || skip_all "$WRITER is not built"
[ -z "${SANITIZED:-}" ] || ROUNDS=${ROUNDS:-60}
"$WRITER" kill "$TMP" "${ROUNDS:-240}" 0x3c0ffee
