# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC2034 # the variables are backport's
#
# backport apply. Everything is tried on a copy; the tree itself is touched in one last step, which is
# taken back when it fails or a signal comes.

run_apply() {
	refuse_dirty
	copy_touched "$scratch/tree"
	there=$(count_there)
	patches | tail -n +$((there + 1)) >"$scratch/todo"
	if [ ! -s "$scratch/todo" ]; then
		say "all $there patches are there already; nothing was done"
		return 0
	fi
	[ "$there" = 0 ] || say "the first $there patches are there already and are left out"
	refuse_half_applied
	refuse_existing
	"apply_$kind"
	say "applied $(wc -l <"$scratch/todo") patches to $tree"
}

# --- refusals
refuse_dirty() {
	if [ $kind = git ]; then
		for state in rebase-apply rebase-merge MERGE_HEAD CHERRY_PICK_HEAD; do
			[ ! -e "$(git_path $state)" ] || die 4 "$tree is in the middle of something: $state; end that first"
		done
		changes=$(git -C "$tree" status --porcelain --untracked-files=no) || die 1 "git status failed in $tree"
		[ -z "$changes" ] || die 4 "$tree has changes that are not committed, $(echo "$changes" |
			wc -l) of them, the first: $(echo "$changes" | head -n 1)"
	fi
	for file in $(touched); do
		for left in "$tree/$file.rej" "$tree/$file.orig"; do
			[ ! -e "$left" ] || die 4 "$left was left by a patch that did not fit; remove it first"
		done
	done
}

# A patch of which some hunks are there and some not was applied by halves, or is a vendor's own.
refuse_half_applied() {
	patch=$(head -n 1 "$scratch/todo")
	rm -rf "$scratch/probe"
	cp -a "$scratch/tree" "$scratch/probe"
	! try_patch "$scratch/probe" --dry-run <"$dir/$patch" || return 0
	: >"$scratch/fates"
	mv "$scratch/tree" "$scratch/kept"
	cp -a "$scratch/kept" "$scratch/tree"
	try_hunks "$patch"
	rm -rf "$scratch/tree"
	mv "$scratch/kept" "$scratch/tree"
	grep -q '^there' "$scratch/fates" || return 0
	die 1 "$patch is in the tree by halves: $(grep -c '^there' "$scratch/fates") of its" \
		"$(wc -l <"$scratch/fates") hunks are there already; nothing was changed (see: backport check)"
}

# A file of the name of one that the patches make, which git does not know of, would be overwritten.
refuse_existing() {
	for patch in $(cat "$scratch/todo"); do
		awk -f "$here/backport.d/split.awk" "$dir/$patch"
	done | awk '$7 == "new" { print $2 }' >"$scratch/new"
	while read -r file; do
		[ ! -e "$tree/$file" ] || die 4 "$tree/$file is there, and the series makes one of its own"
	done <"$scratch/new"
}

# --- into a tree of git
git_path() {
	path=$(git -C "$tree" rev-parse --git-path "$1")
	case $path in
	/*)	echo "$path" ;;
	*)	echo "$tree/$path" ;;
	esac
}

# A repository beside the tree, which reads the tree's objects and keeps new ones to itself.
borrow_objects() {
	head=$(git -C "$tree" rev-parse --verify -q HEAD) || die 1 "$tree has no commit yet"
	git init -q --object-format="$(git -C "$tree" rev-parse --show-object-format)" "$scratch/git" || return 1
	git_path objects >"$scratch/git/.git/objects/info/alternates"
	shallow=$(git_path shallow)
	[ ! -f "$shallow" ] || cp "$shallow" "$scratch/git/.git/shallow"
	git -C "$scratch/git" update-ref --no-deref HEAD "$head"
}

commit_as_the_tree_does() {
	ident=$(git -C "$tree" var GIT_COMMITTER_IDENT 2>/dev/null) ||
		die 1 "git does not know who commits: git -C $tree config user.name and user.email"
	GIT_COMMITTER_NAME=${ident%% <*}
	GIT_COMMITTER_EMAIL=${ident#*<}
	GIT_COMMITTER_EMAIL=${GIT_COMMITTER_EMAIL%%>*}
	export GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
}

# git am checks out the files that it needs, and no other.
am_beside() {
	while read -r patch; do
		git -C "$scratch/git" -c core.hooksPath=/dev/null -c commit.gpgSign=false \
			am -q --no-3way --whitespace=nowarn "$dir/$patch" >"$scratch/said" 2>&1 ||
			{ sed 's/^/    /' "$scratch/said" >&2
			die 1 "$patch does not fit; nothing was changed (backport check tells where)"; }
	done <"$scratch/todo"
}

apply_git() {
	commit_as_the_tree_does
	borrow_objects && git -C "$scratch/git" read-tree "$head" || die 1 "cannot work beside $tree"
	am_beside
	new=$(git -C "$scratch/git" rev-parse HEAD)
	git -C "$scratch/git" rev-list --objects "$head..$new" >"$scratch/objects" &&
		git -C "$scratch/git" pack-objects -q --stdout <"$scratch/objects" >"$scratch/pack" &&
		git -C "$tree" unpack-objects -q <"$scratch/pack" >"$scratch/said" 2>&1 ||
		die 1 "cannot bring the commits to $tree: $(head -n 1 "$scratch/said"); nothing was changed"
	undo=undo_git
	git -C "$tree" -c core.hooksPath=/dev/null merge -q --ff-only "$new" >"$scratch/said" 2>&1 ||
		die 1 "cannot move $tree to the commits: $(head -n 1 "$scratch/said"); it is as it was"
	undo=:
	say "git -C $tree reset --keep $head takes it off again"
}

# Nothing of the user's can be lost: the tree was clean, and no file stood where one was made.
undo_git() {
	lock=$(git_path index.lock)
	rm -f "$lock"
	git -C "$tree" reset -q --hard "$head" || complain "cannot take it back: git reset --hard $head in $tree"
	while read -r file; do
		rm -f "$tree/$file"
	done <"$scratch/new"
}

# --- into a plain folder
apply_plain() {
	cp -a "$scratch/tree" "$scratch/result"
	while read -r patch; do
		try_patch "$scratch/result" <"$dir/$patch" ||
			{ sed 's/^/    /' "$scratch/said" >&2
			die 1 "$patch does not fit; nothing was changed (backport check tells where)"; }
	done <"$scratch/todo"
	: >"$scratch/journal"
	: >"$scratch/folders"
	undo=undo_plain
	while read -r file; do
		put_file "$file" || die 1 "cannot write $tree/$file; the tree is as it was"
	done <"$scratch/touched"
	undo=:
}

# The old one is kept whole, a link as a link; the new one comes by a rename.
put_file() {
	! cmp -s "$scratch/tree/$1" "$scratch/result/$1" || return 0
	if [ ! -e "$scratch/result/$1" ]; then
		[ -e "$tree/$1" ] || return 0
		keep_file "$1" && rm -f "$tree/$1"
		return
	fi
	make_folder "$(dirname "$1")" && keep_file "$1" &&
		cp "$scratch/result/$1" "$tree/$1.backport-new" 2>"$scratch/said" &&
		{ [ ! -e "$tree/$1" ] || chmod --reference="$tree/$1" "$tree/$1.backport-new"; } &&
		mv -f "$tree/$1.backport-new" "$tree/$1"
}

keep_file() {
	if [ -e "$tree/$1" ] || [ -L "$tree/$1" ]; then
		mkdir -p "$scratch/kept/$(dirname "$1")" && cp -a "$tree/$1" "$scratch/kept/$1" || return 1
	fi
	echo "$1" >>"$scratch/journal"
}

make_folder() {
	[ ! -d "$tree/$1" ] || return 0
	make_folder "$(dirname "$1")" && echo "$1" >>"$scratch/folders" && mkdir "$tree/$1"
}

undo_plain() {
	while read -r file; do
		rm -f "$tree/$file.backport-new"
		if [ -e "$scratch/kept/$file" ] || [ -L "$scratch/kept/$file" ]; then
			cp -a "$scratch/kept/$file" "$tree/$file.backport-old" &&
				mv -f "$tree/$file.backport-old" "$tree/$file" ||
				complain "cannot put $tree/$file back"
		else
			rm -f "$tree/$file"
		fi
	done <"$scratch/journal"
	sort -r "$scratch/folders" | while read -r folder; do rmdir "$tree/$folder" 2>/dev/null; done
	:
}
