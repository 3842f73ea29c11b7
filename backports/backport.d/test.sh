# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # the variables are backport's
#
# backport test: the rows of the kernel matrix that carry the series, on the tree that was named. The
# harness (tests/qemu) copies the tree, applies, builds, boots and judges.

# The release that the rows of this version name.
release_of() {
	sed -n "s/.*[ 	]tree:\(${base}[0-9.]*\):[^ 	]*:backports\/${base}\/.*/\1/p" "$top/tests/qemu/kernels.def" | head -n 1
}

run_test() {
	top=$(dirname "$here")
	[ -f "$top/tests/qemu/kernels.def" ] || die 1 "the tests are not beside this folder"
	release=$(release_of)
	[ -n "$release" ] || die 3 "tests/qemu/kernels.def has no row for Linux $base with a series"
	copy_touched "$scratch/tree"
	there=$(count_there) all=$(patches | wc -l)
	case $there in
	0|"$all")	;;
	*)	die 1 "the tree has $there of $all patches; apply the others first" ;;
	esac
	[ "$there" = 0 ] || SERIES_THERE=1
	export SERIES_THERE
	export "KERNEL_TREE_$(echo "$release" | tr .- __)=$tree"
	KERNELS_MUST_RUN=1 make -C "$top" qemu KERNEL="${row:-$release-seccomp}" ARCH="$arch" ||
		die 1 "not everything is as expected; build/qemu/runs/ has each guest's output"
}
