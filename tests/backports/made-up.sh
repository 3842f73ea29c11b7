# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # dir is of ci/check/tap.sh
#
# Small trees that look like a kernel's, and a series for them: sourced by what tests backports/backport.

lines() { # FIRST LAST WORD
	n=$1
	while [ "$n" -le "$2" ]; do
		echo "$3 line $n"
		n=$((n + 1))
	done
}

make_tree() { # FOLDER
	mkdir -p "$1/kernel" "$1/arch/x86/kernel" "$1/include/linux"
	printf 'VERSION = 3\nPATCHLEVEL = 4\nSUBLEVEL = 113\nEXTRAVERSION =\n' >"$1/Makefile"
	lines 1 60 sys >"$1/kernel/sys.c"
	lines 1 60 trace >"$1/arch/x86/kernel/ptrace.c"
	lines 1 20 old >"$1/kernel/gone.c"
	chmod 755 "$1/kernel/gone.c"
	echo header >"$1/include/linux/kernel.h"
	echo untouched >"$1/kernel/other.c"
}

git_in() { # FOLDER COMMAND...
	folder=$1
	shift
	git -C "$folder" -c user.name=Tester -c user.email=tester@example.invalid -c commit.gpgSign=false "$@"
}

make_git() { # FOLDER
	git -C "$1" init -q
	git -C "$1" config user.name Tester
	git -C "$1" config user.email tester@example.invalid
	git_in "$1" add -A
	git_in "$1" commit -q -m base
	git_in "$1" tag -f base >/dev/null
}

commit() { # FOLDER SUBJECT
	git_in "$1" add -A
	GIT_AUTHOR_DATE='2026-11-22T00:00:00Z' git_in "$1" commit -q -m "$2" -m "Why this is so."
}

# Three patches, of which the second changes a line that the first brought, makes a file in a folder of its own
# and takes one away; the last is ARM's.
make_branch() { # FOLDER
	sed -i '10a added by the first' "$1/kernel/sys.c"
	sed -i '40a also added' "$1/kernel/sys.c"
	commit "$1" "sys: add two lines"
	sed -i 's/added by the first/changed by the second/' "$1/kernel/sys.c"
	sed -i '30d' "$1/arch/x86/kernel/ptrace.c"
	mkdir "$1/kernel/fresh"
	lines 1 5 fresh >"$1/kernel/fresh/new.c"
	rm "$1/kernel/gone.c"
	commit "$1" "x86: take a line away, and a file"
	sed -i '50a of ARM' "$1/arch/x86/kernel/ptrace.c"
	commit "$1" "ARM: add one more"
}

# What a tree is: names, modes, kinds, contents; of git also where HEAD is and what status says.
fingerprint() { # FOLDER
	(
		cd "$1" || exit 1
		find . -path ./.git -prune -o -printf '%p %y %m %l\n' | LC_ALL=C sort
		find . -path ./.git -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
		[ ! -d .git ] || { git rev-parse HEAD; git symbolic-ref -q HEAD; git status --porcelain; ls .git/rebase-apply .git/index.lock 2>/dev/null; }
	)
}
