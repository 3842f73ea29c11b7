# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # the variables are backport's
#
# Patches and hunks tried one by one on copies of the files that they touch.

# No fuzz, no questions, nothing left behind; what it says goes to $scratch/said.
try_patch() { # FOLDER OPTION... <PATCH
	where=$1
	shift
	patch -p1 --fuzz=0 --force --no-backup-if-mismatch --reject-file=- -d "$where" "$@" >"$scratch/said" 2>&1
}

# How many patches from the first on are in the tree already. One may change what an earlier one brought, so
# they are taken off from the last.
count_there() {
	patches >"$scratch/patches"
	count=$(wc -l <"$scratch/patches")
	while [ "$count" -gt 0 ]; do
		rm -rf "$scratch/off"
		cp -a "$scratch/tree" "$scratch/off"
		take_off "$count" && break
		count=$((count - 1))
	done
	rm -rf "$scratch/off"
	echo "$count"
}

take_off() {
	n=$1
	while [ "$n" -gt 0 ]; do
		patch=$(sed -n "${n}p" "$scratch/patches")
		try_patch "$scratch/off" -R --dry-run <"$dir/$patch" || return 1
		try_patch "$scratch/off" -R <"$dir/$patch" || return 1
		n=$((n - 1))
	done
}

# One hunk as a patch of its own. $shift_by: how far the hunks before it have moved its lines; $drift: how much
# of that was not theirs but the tree's.
hunk_patch() {
	at=$(($3 + shift_by))
	case $7 in
	new)	from=/dev/null to=b/$2 at=0 ;;
	gone)	from=a/$2 to=/dev/null ;;
	*)	from=a/$2 to=b/$2 ;;
	esac
	[ $at -ge 0 ] || at=0
	printf -- '--- %s\n+++ %s\n@@ -%d,%d +%d,%d @@\n' "$from" "$to" "$at" "$4" "$5" "$6"
	cat "$scratch/hunks/$1"
}

# Sets fate: fits, moved (fits at another line), there, conflict.
try_hunk() { # NUMBER FILE OLDSTART OLDLINES NEWSTART NEWLINES KIND
	fate=conflict
	hunk_patch "$@" >"$scratch/hunk"
	if [ "$7" = new ] && [ -e "$scratch/tree/$2" ]; then
		sed 's/^+//; /^\\/d' "$scratch/hunks/$1" | cmp -s - "$scratch/tree/$2" && fate=there
		return
	fi
	if [ "$7" != new ] && [ ! -e "$scratch/tree/$2" ]; then
		return
	fi
	if try_patch "$scratch/tree" -N <"$scratch/hunk"; then
		fate=fits
		offset=$(sed -n 's/.*(offset \(-\{0,1\}[0-9]*\) lines*).*/\1/p' "$scratch/said" | head -n 1)
		drift=$((drift + ${offset:-0}))
		[ $drift -eq 0 ] || fate=moved
		shift_by=$((shift_by + $6 - $4 + ${offset:-0}))
	elif try_patch "$scratch/tree" -R --dry-run <"$scratch/hunk"; then
		fate=there
		shift_by=$((shift_by + $6 - $4))
	fi
}

# All hunks of a patch: appends to $scratch/fates a line each, FATE PATCH NUMBER OF FILE LINE <tab> WANTS <tab> HAS
try_hunks() {
	rm -rf "$scratch/hunks"
	mkdir "$scratch/hunks"
	awk -v out="$scratch/hunks" -f "$here/backport.d/split.awk" "$dir/$1" >"$scratch/index"
	of=$(wc -l <"$scratch/index")
	file='' shift_by=0 drift=0
	while read -r number name old_start old_lines new_start new_lines what; do
		[ "$name" = "$file" ] || shift_by=0 drift=0
		file=$name
		try_hunk "$number" "$name" "$old_start" "$old_lines" "$new_start" "$new_lines" "$what"
		printf '%s %s %d %d %s %s\n' "$fate" "$1" "$number" "$of" "$name" \
			"$(place "$number" "$name" $((old_start + shift_by)) "$what")" >>"$scratch/fates"
	done <"$scratch/index"
}

place() { # NUMBER FILE NEAR KIND
	if [ "$fate" != conflict ]; then
		echo "$3"
	elif [ ! -e "$scratch/tree/$2" ]; then
		printf '0\tthe file\tno such file'
	elif [ "$4" = new ]; then
		printf '1\tno such file\tanother file of that name'
	else
		awk -v near="$3" -f "$here/backport.d/locate.awk" "$scratch/hunks/$1" "$scratch/tree/$2"
	fi
}
