# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For the scripts here: sourced with the program as $1, after which the folder is the top of the tree.
# $probe is a copy of the program that any user can start.

program=$(realpath "$1") || exit 1
cd "$(dirname "$0")/../.." || exit 1
. ci/check/tap.sh

chmod 711 "$dir"
probe=$dir/sandbox-probe
cp "$program" "$probe" && chmod 755 "$probe" || exit 1
unset SANDBOX_PROBE_ASSUME SANDBOX_PROBE_LOG COLUMNS NO_COLOR

# run STATUS COMMAND...: true when it ends with that status. stdout is kept in $dir/out, stderr in $dir/err,
# and both, the status first, in $dir/said, which is shown when the test fails.
run() {
	wanted=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	{ echo "status $status of: $*"; cat "$dir/out" "$dir/err"; } >"$dir/said"
	[ $status = "$wanted" ]
}

out_has() { grep -qE -e "$1" "$dir/out"; }
err_has() { grep -qE -e "$1" "$dir/err"; }
no_out() { [ ! -s "$dir/out" ]; }
no_err() { [ ! -s "$dir/err" ]; }
# jq_has EXPRESSION: true of the JSON in $dir/out
jq_has() { jq -e "$1" "$dir/out" >/dev/null 2>>"$dir/said"; }

# as_nobody COMMAND...: without any privilege, whoever runs the tests
as_nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"
	else
		"$@"
	fi
}

# How the program is linked decides little, but a sanitizer's runtime needs room and /proc.
is_sanitized() { "$probe" --json --feature pidfd | jq -e .process.sanitizer >/dev/null; }
