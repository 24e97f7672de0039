# bash completion for pailctl(8).
_pailctl_users() {
	local file=$1
	pailctl ${file:+-f "$file"} user list 2>/dev/null
}

_pailctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} file= i=1 json=--json words=() w
	local all=("${COMP_WORDS[@]:0:COMP_CWORD}")
	COMPREPLY=()
	# --json may stand anywhere.
	for w in "${all[@]}"; do
		if [ "$w" = --json ]; then json=; else words+=("$w"); fi
	done
	set -- "${words[@]}"
	# The words of the command, without -f FILE before it.
	if [ "${2-}" = -f ]; then
		if [ $# -eq 2 ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		file=$3 i=3
	fi
	words=("${words[@]:i}")
	w=
	case "${words[*]}" in
	'')	w="-f app-password credentials deliver drain dump ingest init
		quota reload sessions status stop store throttle user"
		w="$w $json"
		[ -z "$file" ] || w=${w#-f} ;;
	init*)	case ${words[-1]} in
		--store) w="s3 file" ;;
		--credentials) w="key auto" ;;
		--sandbox) w="best-effort required" ;;
		--path|--cache|--certificate|--control-socket|--*-file|\
		--private-key)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return ;;
		init|[!-]*) w="--access-key --bucket --cache --certificate
			--control-socket --credentials --domains --endpoint
			--help --listen --password-file --path --private-key
			--region --sandbox --secret-key-file --store --user" ;;
		esac ;;
	drain)	w=--no-wait ;;
	user)	w="add del list lock passwd set unlock" ;;
	"user "*" --scheme")
		w="yescrypt argon2id bcrypt sha512-crypt scram-sha-256" ;;
	"user "*" --quota")
		w="10G default" ;;
	"user "*alias)
		w= ;;
	"user add"*)
		w="--alias --quota --scheme" ;;
	"user set"*)
		w="--alias --no-alias --quota $(_pailctl_users "$file")" ;;
	"user passwd")
		w="--scheme $(_pailctl_users "$file")" ;;
	"user passwd --scheme "*|"user del"|"user lock"|"user unlock")
		w=$(_pailctl_users "$file") ;;
	app-password)
		w="add import list revoke" ;;
	"app-password import")
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	"app-password add"*)
		case ${words[-1]} in
		--scope) w="imap admin" ;;
		--expires) w="30d 90d 1y" ;;
		*)	w="--scope --expires $(_pailctl_users "$file")" ;;
		esac ;;
	"app-password list"|"app-password revoke"|deliver|dump)
		w=$(_pailctl_users "$file") ;;
	ingest)	w="list retry" ;;
	sessions) w="list end" ;;
	"sessions list")
		w=$(_pailctl_users "$file") ;;
	throttle) w="list clear" ;;
	"throttle clear")
		w=$(_pailctl_users "$file") ;;
	store)	w=check ;;
	"store check")
		w=--policy ;;
	quota*)	w="--exact $(_pailctl_users "$file")" ;;
	esac
	case $cur in
	--*)	w="$w $json" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$w" -- "$cur")
}
complete -F _pailctl pailctl
