# SPDX-License-Identifier: MIT
#
# The writers of the reports, given what no kernel says. check-cli-asan runs them under sanitizers.

REPORT_TEST = $(B)/tests/report/test_report
REPORT_OBJ  = $(patsubst %.c,$(B)/obj/%.o,tests/report/test_report.c $(wildcard probe/report/*.c))

CHECKS += report
.PHONY: report-program

report-program: $(REPORT_TEST)

$(REPORT_TEST): $(REPORT_OBJ) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

check-report: report-program
	@ci/suite report $(REPORT_TEST)

$(call include_built,$(B)/obj/tests/report/test_report.d)
