# SPDX-License-Identifier: MIT
#
# The suites of `make check`. A suite NAME is a word in CHECKS and a target check-NAME, which runs
#	ci/suite NAME COMMAND...
# and so leaves build/check/NAME.tap: what the command printed, TAP or KTAP. ci/README.md has the rules.

CHECKS := summary setup

SHELL_SCRIPTS := .ci/run ci/setup ci/suite ci/summary $(wildcard ci/check/*)

.PHONY: check-summary check-setup

check-summary:				# does the sum tell the truth of broken results?
	@ci/suite summary ci/check/summary

check-setup:				# the list of packages, and what is done when they are not there
	@ci/suite setup ci/check/setup
