# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scripts that print TAP: sourced, not run. $dir is a folder to write in, gone at the end.

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
: >"$dir/said"
number=0

# ok DESCRIPTION: the status of the command before is the result; $dir/said is shown when it is bad
ok() {
	# shellcheck disable=SC2181 # it is the caller's
	if [ $? = 0 ]; then word=ok; else word="not ok"; fi
	number=$((number + 1))
	echo "$word $number - $1"
	[ "$word" = ok ] || tail -n 30 "$dir/said" | sed 's/^/# /'
}

# skip DESCRIPTION REASON
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# says COMMAND...: runs it, what it prints goes to $dir/said
says() { "$@" >"$dir/said" 2>&1; }

plan() { echo "1..$number"; }
