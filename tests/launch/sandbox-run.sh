#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The contract of sandbox-run: exit codes, words on stderr, options. Argument: the folder with it and with
# the guest. Prints TAP.

. ci/check/tap.sh
where=$1
guest=$where/guest
unset SANDBOX_PROBE_ASSUME

# run STATUS ARG...: true when sandbox-run ends with that status
run() {
	wanted=$1
	shift
	timeout 100 "$where/sandbox-run" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	{ echo "status $status of: sandbox-run $*"; cat "$dir/out" "$dir/err"; } >"$dir/said"
	[ $status = "$wanted" ]
}
err_has() { grep -qE -e "$1" "$dir/err"; }
out_has() { grep -qE -e "$1" "$dir/out"; }
one_line() { [ "$(wc -l <"$dir/err")" = 1 ]; }
no_err() { [ ! -s "$dir/err" ]; }

# --- the command's end
for code in 0 1 42 125 255; do
	run $code -- "$guest" exit $code && no_err
	ok "exits with the command's $code"
done
for signal in 1 6 9 11 15; do
	run $((128 + signal)) --no-chroot --syscalls none -- sh -c "kill -$signal \$\$"
	ok "128 and the signal's number: $signal"
done
run 143 -- "$guest" kill 15
ok "a signal under a filter, in an empty root"
run 139 --isolation none --syscalls none -- sh -c 'kill -11 $$'
ok "a signal without any sandbox"

# --- what it finds inside
run 0 -- "$guest" state && out_has '^fds=0,1,2,$' && out_has '^caps=0$' && out_has '^no_new_privs=1$' &&
	out_has '^seccomp=2$' && out_has "^uid=$(id -u)\$"
ok "three descriptors, no capability, a filter, its own user"
run 0 --syscalls none -- "$guest" files && out_has '^entries=2$' && out_has '^above=2$' && out_has '^mkdir=-1$'
ok "an empty root"
if [ "$(id -u)" = 0 ]; then
	# a launcher below whose "/" another mount lies: both must be left behind
	timeout 100 unshare -m sh -c "mount -t tmpfs covering / && '$where/sandbox-run' --isolation clone --syscalls none -- '$guest' files" \
		>"$dir/out" 2>"$dir/said" && out_has '^entries=2$' && out_has '^above=2$' && out_has '^mkdir=-1$'
	ok "an empty root, of a launcher whose own is covered"
fi
run 0 --chroot "$where" --syscalls none -- /guest files && out_has '^entries=[^2]' && out_has '^host=sandbox$'
ok "a root of one directory"
PATH=/:$PATH run 7 --chroot "$where" -- guest exit 7
ok "found in PATH inside of the directory"
run 0 --no-chroot --syscalls none -- sh -c 'test $(ls -d /proc/[0-9]* | wc -l) -lt 6'
ok "a kept root: /proc shows the sandbox alone"
run 0 --no-chroot --syscalls none -- sh -c 'grep -c : /proc/net/dev | grep -qx 1'
ok "a network of its own"
run 0 --no-chroot --share-net --syscalls none --min-level 1 -- sh -c "readlink /proc/self/ns/net | grep -qxF '$(readlink /proc/self/ns/net)'"
ok "--share-net: the network of the caller"
run 0 --no-chroot --policy files-read -- cat tests/launch/run && cmp -s "$dir/out" tests/launch/run
ok "a program with libraries, under a filter for reading files"
printf 'read: 1\n' >"$dir/bad"
run 125 --policy "$dir/nowhere" -- "$guest" exit 0 && one_line
ok "a policy that is not there"
printf 'nosuchcall: 1\n' >"$dir/bad"
run 125 --policy "$dir/bad" -- "$guest" exit 0 && one_line && err_has 'bad:1'
ok "a policy with a fault: the line is named"

# --- what can't be run
run 127 --no-chroot -- nosuchcommand && one_line && err_has nosuchcommand
ok "127: not found"
run 127 -- /nowhere/at/all && one_line
ok "127: no such path"
run 126 --no-chroot -- /etc/passwd && one_line
ok "126: not executable"
run 126 -- "$where" && one_line
ok "126: a directory"
run 125 --syscalls none -- /bin/true && one_line && err_has 'not a static executable'
ok "125: not static, in an empty root without a filter"
cp "$guest" "$dir/set-id" && chmod 4755 "$dir/set-id"
run 125 -- "$dir/set-id" exit 0 && one_line && err_has 'set-id'
ok "125: a set-id command"
printf '#!/bin/sh\nexit 9\n' >"$dir/script" && chmod 755 "$dir/script"
run 9 --no-chroot --syscalls none -- "$dir/script" && no_err
ok "a script without a filter"
run 125 --no-chroot --policy files-read -- "$dir/script" && one_line && err_has interpreter
ok "125: a script under a filter"

# --- fails closed
assume() {
	SANDBOX_PROBE_ASSUME=$1
	export SANDBOX_PROBE_ASSUME
}
run 0 --min-level 3 -- "$guest" exit 0
ok "--min-level 3 is reached"
run 125 --min-level 2 --no-chroot -- "$guest" exit 0 && one_line
ok "--min-level 2 with the files of the caller is not"
run 125 --min-level 2 --share-net -- "$guest" exit 0 && one_line
ok "--min-level 2 with the network of the caller is not"
run 125 --min-level 1 --isolation none --syscalls none -- "$guest" exit 0 && one_line
ok "--min-level 1 without any strategy is not"
# root has other namespaces without it
if [ "$(id -u)" = 0 ]; then
	assume user-ns=blocked,suid-helper=absent
	run 0 --min-level 3 -- "$guest" state && out_has '^caps=0$' && out_has '^bounding=0$' && out_has '^no_new_privs=1$' &&
		out_has '^pid=[12]$' && out_has '^seccomp=2$'
	ok "root without user-ns: level 3"
	run 0 --no-chroot --syscalls none --isolation clone -- sh -c "readlink /proc/self/ns/user | grep -qxF '$(readlink /proc/self/ns/user)'"
	ok "and no user namespace is made"
	run 0 --isolation clone --syscalls none -- "$guest" files && out_has '^entries=2$' && out_has '^above=2$' && out_has '^mkdir=-1$'
	ok "and the root is empty"
fi
assume user-ns=blocked,pid-ns=blocked,suid-helper=absent
run 125 --min-level 2 -- "$guest" exit 0 && one_line && err_has user-ns
ok "--min-level 2 without user-ns: named"
run 125 --isolation clone -- "$guest" exit 0 && one_line && err_has user-ns
ok "--isolation clone without user-ns: named"
run 0 -- "$guest" exit 0 && one_line && err_has 'level 1 only'
ok "less than layered is said"
assume seccomp-filter=absent
run 125 --syscalls bpf -- "$guest" exit 0 && one_line && err_has seccomp-filter
ok "--syscalls bpf without seccomp-filter: named"
assume user-ns=blocked,pid-ns=blocked,suid-helper=absent,seccomp-filter=absent
run 125 -- "$guest" exit 0 && one_line
ok "nothing to be had: nothing is run"
assume seccomp-tsync=absent
run 125 --min-level 3 -- "$guest" exit 0 && one_line && err_has seccomp-tsync && run 0 --min-level 2 -- "$guest" exit 0
ok "without seccomp-tsync: level 2 and no more"
assume nonsense
run 125 -- "$guest" exit 0 && one_line
ok "an assumption that can't be understood"
unset SANDBOX_PROBE_ASSUME

# --- options
run 0 --verbose -- "$guest" exit 0 && err_has 'level 3 \(full\): isolation clone, system calls bpf by tsync' && err_has 'not suid'
ok "--verbose prints the plan"
for option in "--isolation suid" "--syscalls trusted-thread" "--crash-dir /tmp"; do
	# shellcheck disable=SC2086 # an option and its value
	run 125 $option -- "$guest" exit 0 && one_line && err_has 'not built in this version'
	ok "$option is refused"
done
for mistake in "--nosuch" "--min-level 4" "--min-level x" "--isolation magic" "--syscalls magic" "--chroot / --no-chroot" \
	"--policy compute --syscalls none" "--chroot / --isolation none" "--policy"; do
	# shellcheck disable=SC2086
	run 125 $mistake -- "$guest" exit 0 && one_line
	ok "a mistake: $mistake"
done
run 125 && one_line
ok "no command"
run 0 --help && out_has '^Usage: sandbox-run' && run 0 --version && out_has '^sandbox-run [0-9]'
ok "--help and --version"
run 0 --isolation clone --syscalls bpf --min-level 3 "$guest" exit 0
ok "a command without --"

plan
