# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC2034 # the variables are backport's
#
# backport refresh: patches out of commits, in a text that stays the same as long as the commits do.

# In a repository that borrows the tree's objects and has nobody's configuration.
bare_git() { GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$scratch/git" "$@"; }

format_patch() { # NUMBER COMMIT
	bare_git format-patch -q --stat -p -U1 -N --no-signature --zero-commit --no-renames --start-number="$1" \
		-o "$scratch/made" -1 "$2" >"$scratch/said" 2>&1 || die 1 "git format-patch: $(head -n 1 "$scratch/said")"
}

# Commits "ARM: ..." are numbered from 101 on and come last, so that each half can grow; what a compiler needs
# is in no such order.
number_commits() {
	next=1
	git -C "$tree" rev-list --reverse --no-merges "$since..HEAD" >"$scratch/commits" || exit 1
	while read -r commit; do
		case $(git -C "$tree" log -1 --format=%s "$commit") in
		ARM:*)	[ "$(basename "$dir")" = toolchain ] || [ $next -gt 100 ] || next=101 ;;
		*)	[ $next -le 100 ] || die 1 "commit $commit stands after the first of ARM: move it before" ;;
		esac
		format_patch $next "$commit"
		next=$((next + 1))
	done <"$scratch/commits"
}

# Object names say nothing without the objects, and change with every version of git's abbreviation.
strip_index_lines() {
	for file in "$scratch/made"/*.patch; do
		awk '/^diff --git /	{ in_header = 1 }
			/^(--- |@@ )/		{ in_header = 0 }
			in_header && /^index [0-9a-f]+\.\.[0-9a-f]+/ { next }
			{ print }' "$file" >"$file.new" && mv "$file.new" "$file" || exit 1
	done
}

tell_differences() {
	for file in "$scratch/made"/*.patch; do
		name=$(basename "$file")
		if [ ! -f "$dir/$name" ]; then
			say "new      $name"
		elif ! cmp -s "$file" "$dir/$name"; then
			say "changed  $name"
		fi
	done
	for file in "$dir"/*.patch; do
		[ ! -e "$file" ] || [ -f "$scratch/made/$(basename "$file")" ] || say "gone     $(basename "$file")"
	done
}

# The new folder is whole before the old one goes; names beside it, so that each step is a rename.
replace_series() {
	undo=undo_refresh
	mkdir -p "$(dirname "$dir")" && rm -rf "$dir.new" "$dir.old" && mkdir "$dir.new" || die 1 "cannot write beside $dir"
	[ ! -d "$dir" ] || find "$dir" -maxdepth 1 -type f ! -name '*.patch' ! -name series -exec cp -p {} "$dir.new/" \;
	cp "$scratch/made"/* "$dir.new/" || die 1 "cannot write to $dir.new; $dir is as it was"
	[ ! -d "$dir" ] || mv "$dir" "$dir.old" || die 1 "cannot replace $dir"
	mv "$dir.new" "$dir" || die 1 "cannot make $dir"
	undo=:
	rm -rf "$dir.old"
}

undo_refresh() {
	[ -d "$dir" ] || [ ! -d "$dir.old" ] || mv "$dir.old" "$dir"
	rm -rf "$dir.new"
}

run_refresh() {
	[ -n "$since" ] || misused "refresh needs --since COMMIT"
	[ $kind = git ] || misused "$tree is not the top of a work tree of git"
	git -C "$tree" rev-parse -q --verify "$since^{commit}" >/dev/null || misused "$tree has no commit $since"
	git -C "$tree" merge-base --is-ancestor "$since" HEAD || misused "$since is not an ancestor of HEAD"
	mkdir "$scratch/made"
	borrow_objects || die 1 "cannot work beside $tree"
	number_commits
	[ -s "$scratch/commits" ] || die 1 "no commit since $since; nothing was changed"
	strip_index_lines
	(cd "$scratch/made" && ls -- *.patch) >"$scratch/series" && mv "$scratch/series" "$scratch/made/series"
	tell_differences
	replace_series
	say "$(wc -l <"$dir/series") patches in $dir"
}
