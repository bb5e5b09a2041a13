# SPDX-License-Identifier: Apache-2.0
# pe.sh: spoiling signed PE files in shell tests. Source it after tap.sh.

get32() { # FILE OFFSET
	od -An -v -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}

put32() { # FILE OFFSET VALUE
	local v=$3
	printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((v & 255)) $((v >> 8 & 255)) \
		$((v >> 16 & 255)) $((v >> 24 & 255)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

add32() { # FILE OFFSET N
	put32 "$1" "$2" $(($(get32 "$1" "$2") + $3))
}

flip() { # FILE OFFSET: one bit
	local b
	b=$(od -An -v -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf "$(printf '\\x%02x' $((b ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

pe_checksum_off() { # FILE
	echo $(($(get32 "$1" 60) + 24 + 64))
}

pe_security_off() { # FILE: the certificate table's directory entry
	local nt
	nt=$(get32 "$1" 60)
	case $(od -An -v -tx2 -j $((nt + 24)) -N 2 "$1" | tr -d ' ') in
	020b) echo $((nt + 24 + 112 + 32)) ;;
	*) echo $((nt + 24 + 96 + 32)) ;;
	esac
}

pe_table() { # FILE: offset of the certificate table
	get32 "$1" "$(pe_security_off "$1")"
}

grow() { # FILE N BYTE(octal)
	head -c "$2" /dev/zero | tr '\0' "\\$3" >>"$1"
}

stuff() { # FILE N: the 3CX shape: N bytes behind the one signature, dwLength and directory grown
	grow "$1" "$2" 101
	add32 "$1" $(($(pe_security_off "$1") + 4)) "$2"
	add32 "$1" "$(pe_table "$1")" "$2"
}
