#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# detached.sh [RUNS]: one verification from the shell of a 100 kB and a 64 MiB file, firebreak against the
# tool that made the signature. CPU and wall ms a process, starting it included. Never fails.

TOP=$(cd "$(dirname "$0")/../.." && pwd)
FIREBREAK=${FIREBREAK:-${BUILD:-$TOP/build}/firebreak}
RUNS=${1:-20}
TIMEFORMAT='%U %S %R'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 0
head -c 100000 /dev/urandom >small
head -c 64M /dev/urandom >large

# "CPU WALL" in ms for one run, mean; what it runs has to succeed.
measure() {
	local t n=$1
	shift
	"$@" >/dev/null 2>&1 </dev/null || { echo "0 0"; return; }
	t=$({ time for ((i = 0; i < n; i++)); do "$@" >/dev/null 2>&1 </dev/null; done; } 2>&1)
	awk -v n="$n" '{ printf "%.2f %.2f", ($1 + $2) * 1000 / n, $3 * 1000 / n }' <<<"$t"
}

row() { # NAME FILE KEY SIGNATURE THEIRS...
	local name=$1 file=$2 key=$3 sig=$4 n=$RUNS ours theirs
	shift 4
	[ "$file" = large ] && n=3
	ours=$(measure $n "$FIREBREAK" verify "$file" --evidence "$sig" --key "$key")
	theirs=$(measure $n "$@")
	printf '%-22s %-6s %8s %8s   %8s %8s\n' "$name" "$file" $ours $theirs
}

printf '%-22s %-6s %17s   %17s\n' "CPU and wall ms" file "firebreak" "the tool"
for f in small large; do
	if command -v minisign >/dev/null; then
		[ -f m.key ] || minisign -G -W -f -p m.pub -s m.key >/dev/null 2>&1
		minisign -S -s m.key -m $f -x $f.minisig >/dev/null 2>&1 </dev/null
		row "minisign" $f m.pub $f.minisig minisign -V -p m.pub -m $f -x $f.minisig
	fi
	if command -v signify-openbsd >/dev/null; then
		[ -f s.sec ] || signify-openbsd -G -n -p s.pub -s s.sec
		signify-openbsd -S -s s.sec -m $f -x $f.sig
		row "signify" $f s.pub $f.sig signify-openbsd -V -p s.pub -m $f -x $f.sig
	fi
	if command -v ssh-keygen >/dev/null; then
		[ -f ssh ] || ssh-keygen -q -t ed25519 -N '' -f ssh
		ssh-keygen -q -Y sign -n file -f ssh <$f >$f.ssh 2>/dev/null
		echo "a@b $(cat ssh.pub)" >allowed
		row "ssh-keygen -Y verify" $f ssh.pub $f.ssh \
			sh -c "exec ssh-keygen -Y verify -f allowed -I a@b -n file -s $f.ssh <$f"
	fi
	if command -v openssl >/dev/null; then
		[ -f c.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout c.key \
			-out c.pem -subj /CN=c -days 9 2>/dev/null
		openssl pkey -in c.key -pubout -out c.pub
		openssl cms -sign -binary -in $f -signer c.pem -inkey c.key -outform DER -out $f.p7s
		openssl dgst -sha256 -sign c.key -out $f.raw $f
		row "openssl cms -verify" $f c.pem $f.p7s openssl cms -verify -binary -inform DER -in $f.p7s \
			-content $f -CAfile c.pem -purpose any -out /dev/null
		row "openssl dgst -verify" $f c.pub $f.raw openssl dgst -sha256 -verify c.pub -signature $f.raw $f
	fi
done
