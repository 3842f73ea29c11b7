# SPDX-License-Identifier: MIT
#
# The command line's contract, asked of the program itself: as it is built, and as one static file.

CLI_TESTS := options formats places users config pages

CHECKS += cli cli-static cli-asan

check-cli: all
	@ci/suite cli tests/cli/run $(B)/sandbox-probe $(CLI_TESTS)

check-cli-static: static
	@ci/suite cli-static tests/cli/run build/static/sandbox-probe-x86_64 $(filter-out pages,$(CLI_TESTS))

# AddressSanitizer and UndefinedBehaviorSanitizer, the writers' own tests with them; the empty root takes a
# static program.
check-cli-asan: build/static/sandbox-probe-x86_64
	$(call sanitized,address,build/asan/sandbox-probe report-program)
	@ci/suite cli-asan tests/cli/run build/asan/sandbox-probe $(filter-out pages,$(CLI_TESTS)) \
		../../build/asan/tests/report/test_report
