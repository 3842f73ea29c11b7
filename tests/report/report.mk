# SPDX-License-Identifier: MIT
#
# The writers of the reports, given what no kernel says; once as built and once under sanitizers.

REPORT_TEST = $(B)/tests/report/test_report
REPORT_OBJ  = $(patsubst %.c,$(B)/obj/%.o,tests/report/test_report.c $(wildcard probe/report/*.c))

CHECKS += report report-asan
.PHONY: report-program

report-program: $(REPORT_TEST)

$(REPORT_TEST): $(REPORT_OBJ) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

check-report: report-program
	@ci/suite report $(REPORT_TEST)

check-report-asan:
	+@$(MAKE) --no-print-directory SANITIZE=address,undefined report-program
	@ci/suite report-asan build/asan/tests/report/test_report

$(call include_built,$(B)/obj/tests/report/test_report.d)
