# SPDX-License-Identifier: MIT
#
# The patches for old kernels, and backports/backport, the maintainer's command. Needs no kernel's tree; where
# one is found (tests/qemu/find-tree) the patches are tried on it, too. No network, no boot.

CHECKS += backports
.PHONY: check-backports

check-backports:
	@ci/suite backports sh -c 'for t in command patches; do tests/backports/$$t; done'
