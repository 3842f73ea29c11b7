# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # the variables are backport's
#
# backport check: what the tree is, what it has, what fits and what does not.

# A row a feature: where to look, and for what. What a vendor put in himself is found by this.
tell_features() {
	tab=$(printf '\t')
	grep -v '^#' "$here/backport.d/features.def" | tr -s '\t' |
		while IFS=$tab read -r feature files pattern; do
			[ -n "$feature" ] || continue
			printf '  %-22s %s\n' "$feature" "$(has_feature "$files" "$pattern")"
		done
}

has_feature() {
	for file in $1; do
		[ -f "$tree/$file" ] || continue
		line=$(grep -nE -m 1 -- "$2" "$tree/$file" | cut -d: -f1)
		[ -z "$line" ] || { echo "there: $file:$line"; return; }
	done
	echo no
}

tell_tree() {
	say "tree      $tree"
	say "version   Linux $version, $(tell_kind)"
	say "series    $(echo "$dir" | sed "s#^$here/##"), $(patches | wc -l) patches, for Linux $base"
}

tell_kind() {
	if [ $kind = plain ]; then
		echo "a plain folder"
	elif [ -n "$(git -C "$tree" status --porcelain --untracked-files=no)" ]; then
		echo "git, with changes that are not committed"
	else
		echo "git, clean"
	fi
}

tell_conflicts() {
	grep '^conflict' "$scratch/fates" >"$scratch/conflicts" || return 0
	say
	say "conflicts"
	while IFS=$(printf '\t') read -r head wants has; do
		# shellcheck disable=SC2086 # the words of the line's first part
		tell_conflict "$wants" "$has" $head
	done <"$scratch/conflicts"
}

tell_conflict() { # WANTS HAS conflict PATCH NUMBER OF FILE LINE
	say "  $7:$8"
	say "      $4, hunk $5 of $6: $(subject "$dir/$4")"
	say "      wants: $1"
	say "      has:   ${2:-an empty line, or the end}"
}

count_fate() { grep -c "^$1 " "$scratch/fates" || :; }

# Judges every hunk into $scratch/fates. Sets there, the number of patches that the tree has already.
judge() {
	copy_touched "$scratch/tree"
	there=$(count_there)
	: >"$scratch/fates"
	n=0
	for patch in $(patches); do
		n=$((n + 1))
		if [ $n -le "$there" ]; then
			awk -f "$here/backport.d/split.awk" "$dir/$patch" | sed "s/.*/there $patch &/" >>"$scratch/fates"
		else
			try_hunks "$patch"
		fi
	done
}

tell_hunks() {
	total=$(wc -l <"$scratch/fates")
	[ "$total" -gt 0 ] || die 1 "$dir has no hunks"
	fits=$(count_fate fits) moved=$(count_fate moved) had=$(count_fate there) bad=$(count_fate conflict)
	say "hunks     $total: $((fits + moved)) fit ($moved of them at another line), $had are there already, $bad conflict"
	# In tenths, rounded down: 99.9 is not all.
	tenths=$(((total - bad) * 1000 / total))
	say "unaided   $((tenths / 10)).$((tenths % 10)) %"
}

run_check() {
	tell_tree
	say "has"
	tell_features
	judge
	[ "$there" = 0 ] || say "applied   the first $there of $(patches | wc -l) patches are there already"
	tell_hunks
	tell_conflicts
	[ "$bad" = 0 ]
}
