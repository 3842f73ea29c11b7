# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC2034 # the variables are backport's
#
# What a tree is: its version, of git or plain, which series belongs to it, which files that touches.

makefile_field() { sed -n "s/^$1[ 	]*=[ 	]*//p" "$tree/Makefile" | sed 's/[ 	]*$//' | head -n 1; }

# Sets tree (absolute), version (3.4.113), base (the folder here: 3.4, 2.6.29) and kind (git, plain).
find_tree() {
	[ -d "$tree" ] || misused "$tree is not a folder"
	tree=$(cd "$tree" && pwd -P) || exit 2
	{ [ -f "$tree/Makefile" ] && [ -d "$tree/kernel" ] && [ -n "$(makefile_field VERSION)" ]; } ||
		misused "$tree is not a kernel's source: no Makefile with VERSION, or no kernel/"
	base=$(makefile_field VERSION).$(makefile_field PATCHLEVEL)
	version=$base.$(makefile_field SUBLEVEL)
	version=${version%.}
	case $base in 2.6) base=$version ;; esac
	kind=plain
	# A plain folder within some repository is still plain.
	top=$(git -C "$tree" rev-parse --show-toplevel 2>/dev/null) && [ "$top" = "$tree" ] && kind=git
}

# Sets dir, the folder with the file "series".
find_series() {
	case ${series:=seccomp} in
	*/*)	dir=$series ;;
	*)	dir=$here/$base/$series ;;
	esac
	if [ ! -f "$dir/series" ]; then
		[ "$command" = refresh ] && return
		die 3 "no series \"$series\" for Linux $version; there are: $(known_series)"
	fi
	dir=$(cd "$dir" && pwd -P)
	for patch in $(patches); do
		[ -f "$dir/$patch" ] || die 1 "$dir/series names $patch, which is not there"
	done
}

known_series() {
	for file in "$here"/*/*/series; do
		file=${file%/series}
		printf '%s ' "${file#"$here"/}"
	done
}

# The patches in their order; quilt's options and comments are left out.
patches() { sed 's/[ 	]*#.*//; s/[ 	].*//; /^$/d' "$dir/series"; }

subject() {
	sed -n '/^Subject:/,/^$/p' "$1" | sed '/^$/d; s/^Subject: *//; s/^\[PATCH[^]]*\] *//' | tr -d '\n'
}

# Every file that the series touches, once.
touched() {
	for patch in $(patches); do
		awk -f "$here/backport.d/split.awk" "$dir/$patch"
	done | awk '{ print $2 }' | sort -u
}

# The tree's copies of what the series touches, to try things in. cp -L: a tree may be a farm of links.
copy_touched() {
	mkdir -p "$1"
	touched >"$scratch/touched"
	while read -r file; do
		[ -e "$tree/$file" ] || continue
		mkdir -p "$1/$(dirname "$file")"
		cp -pL "$tree/$file" "$1/$file" || die 1 "cannot read $tree/$file"
		chmod u+w "$1/$file"
	done <"$scratch/touched"
}
