# SPDX-License-Identifier: MIT
#
# What a sandboxed process tries and may not: as whoever calls and, where that is root, as a user.

ATTACK := $(B)/tests/attack

CHECKS += attack
check-attack: $(ATTACK)/runner $(ATTACK)/attacker
	@ci/suite attack tests/attack/run $(ATTACK)

$(ATTACK)/runner: $(B)/obj/tests/attack/runner.o $(B)/obj/tests/attack/attacks.o $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lutil $(LIBS)

# what runs in an empty root can load nothing
$(ATTACK)/attacker: tests/attack/attacker.c tests/attack/attacks.c tests/attack/attack.h
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -O1 $(WARNINGS) -o $@ $(filter %.c,$^)

$(call include_built,$(B)/obj/tests/attack/runner.d $(B)/obj/tests/attack/attacks.d)
