# SPDX-License-Identifier: MIT
#
# The shipped policies: a tool that runs on the building machine (HOSTCC) compiles them for every
# architecture, by the code that the library has for a user's file. compat/compat.mk takes it from here.

HOSTCC ?= $(if $(shell command -v gcc),gcc,$(CC))

POLICY_TEXTS    := $(wildcard compat/policy/*.policy)
POLICY_RULES    := $(wildcard compat/policy/*.rules)
POLICY_COMPILER := $(B)/host/policy-compiler
POLICY_TOOL_SRC := $(addprefix compat/policy/,compiler.c token.c parse.c parse_rule.c check.c rules.c \
		   syscalls.c constants.c compile.c emit.c)

COMPAT_NOT += compat/policy/compiler.c
COMPAT_OBJ += $(B)/obj/gen/shipped.o

$(POLICY_COMPILER): $(POLICY_TOOL_SRC) $(wildcard compat/policy/*.h compat/policy/*.def)
	$(call SAY,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O1 $(WARNINGS) -Iprobe -o $@ $(POLICY_TOOL_SRC)

$(B)/gen/shipped.c: $(POLICY_COMPILER) $(POLICY_TEXTS) $(POLICY_RULES)
	$(call SAY,POLICY,$(notdir $(POLICY_TEXTS)))
	@mkdir -p $(@D)
	$(Q)$(POLICY_COMPILER) $(POLICY_TEXTS) > $@.new && mv $@.new $@

$(B)/obj/gen/shipped.o: $(B)/gen/shipped.c $(B)/flags
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Icompat -o $@ $<
