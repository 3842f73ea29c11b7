# SPDX-License-Identifier: MIT
#
# The command line's contract, asked of the program itself: as it is built, and as one static file.

CLI_TESTS := options formats places users config pages

CHECKS += cli cli-static cli-asan

check-cli: all
	@ci/suite cli tests/cli/run $(B)/sandbox-probe $(CLI_TESTS)

check-cli-static: static
	@ci/suite cli-static tests/cli/run build/static/sandbox-probe-x86_64 $(filter-out pages,$(CLI_TESTS))

# AddressSanitizer and UndefinedBehaviorSanitizer, the writers' own tests with them. A folder of its own, for
# other suites build theirs at the same time.
CLI_ASAN := build/asan-cli

check-cli-asan:
	+@$(MAKE) --no-print-directory SANITIZE=address,undefined B=$(CLI_ASAN) $(CLI_ASAN)/sandbox-probe report-program
	@ci/suite cli-asan tests/cli/run $(CLI_ASAN)/sandbox-probe $(filter-out pages,$(CLI_TESTS)) \
		../../$(CLI_ASAN)/tests/report/test_report
