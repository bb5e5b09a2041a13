# SPDX-License-Identifier: Apache-2.0
# bash completion for firebreak: commands and options come from the program itself.
_firebreak() {
	local cur=${COMP_WORDS[COMP_CWORD]} words=() w cmd= i list
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in -*) ;; *) words+=("${COMP_WORDS[i]}") ;; esac
	done
	list=$("${COMP_WORDS[0]}" --complete 2>/dev/null) || return
	# The longest command whose words stand at the start.
	for ((i = ${#words[@]}; i > 0; i--)); do
		w="${words[*]:0:i}"
		if grep -qxF -- "$w" <<<"$list"; then
			cmd=$w
			break
		fi
	done
	if [[ $cur == -* && -n $cmd ]]; then
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --complete "$cmd" 2>/dev/null)" -- "$cur")
		[[ ${COMPREPLY[0]-} == *= ]] || compopt +o nospace
		return
	fi
	if [[ -z $cmd ]]; then
		# The next word of every command that starts with what is there.
		local head="${words[*]}"
		mapfile -t COMPREPLY < <(compgen -W "$(
			while read -r w; do
				[[ -z $head || $w == "$head "* ]] || continue
				w=${w#"$head"}
				w=${w# }
				printf '%s\n' "${w%% *}"
			done <<<"$list" | sort -u
		)" -- "$cur")
		return
	fi
	compopt -o default
	COMPREPLY=()
}
complete -F _firebreak firebreak
