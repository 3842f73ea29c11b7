# SPDX-License-Identifier: MIT
#
# The command line's contract, asked of the program itself: as it is built, and as one static file.

CLI_TESTS := options formats places users config pages

CHECKS += cli cli-static

check-cli: all
	@ci/suite cli tests/cli/run $(B)/sandbox-probe $(CLI_TESTS)

check-cli-static: static
	@ci/suite cli-static tests/cli/run build/static/sandbox-probe-x86_64 $(filter-out pages,$(CLI_TESTS))
