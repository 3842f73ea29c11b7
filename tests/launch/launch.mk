# SPDX-License-Identifier: MIT
#
# Launching: what a launched command finds, what a failed launch leaves, many at once, and sandbox-run.
# Run as whoever calls and, where that is root, as a user without rights.

LAUNCH := $(B)/tests/launch
LAUNCH_PROGRAMS := inject each test_launch test_copy old passwords many
LAUNCH_PARTS    := traces outer state

CHECKS += launch launch-asan
check-launch: all $(LAUNCH_PROGRAMS:%=$(LAUNCH)/%) $(LAUNCH)/guest
	@ci/suite launch tests/launch/run $(B)/sandbox-run $(LAUNCH)

# The long form: 10,000 in a row, 200 at once, as root and as a user. A quarter of an hour.
.PHONY: launch-many
launch-many: $(LAUNCH)/many $(LAUNCH)/guest
	@tests/launch/run-many $(LAUNCH) 10000 200

# AddressSanitizer and UndefinedBehaviorSanitizer in the launcher; the guest is static, which they are not made for
check-launch-asan: $(LAUNCH)/guest
	$(call sanitized,address,build/asan/tests/launch/test_launch)
	@cp $(LAUNCH)/guest build/asan/tests/launch/
	@ci/suite launch-asan tests/unit/run build/asan/tests/launch/test_launch

$(LAUNCH_PROGRAMS:%=$(LAUNCH)/%): $(LAUNCH)/%: $(B)/obj/tests/launch/%.o \
		$(LAUNCH_PARTS:%=$(B)/obj/tests/launch/%.o) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

# what runs in an empty root can load nothing
$(LAUNCH)/guest: tests/launch/guest.c tests/launch/state.c $(B)/libsandbox-probe.a
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -O1 $(WARNINGS) -Iprobe -o $@ $^

$(call include_built,$(patsubst %,$(B)/obj/tests/launch/%.d,$(LAUNCH_PROGRAMS) $(LAUNCH_PARTS)))
