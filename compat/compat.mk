# SPDX-License-Identifier: MIT
#
# What carries plans out joins the library; sandbox-run is linked with it. A folder with something to make
# of its own has a fragment, compat/FOLDER/FOLDER.mk, which may add to COMPAT_OBJ and COMPAT_NOT.

COMPAT_NOT :=
COMPAT_OBJ :=
include $(wildcard compat/*/*.mk)

COMPAT_SRC := $(filter-out $(COMPAT_NOT),$(wildcard compat/launch.c compat/clone/*.c compat/bpf/*.c compat/broker/*.c compat/policy/*.c))
COMPAT_OBJ += $(COMPAT_SRC:%.c=$(B)/obj/%.o)
RUN_OBJ    := $(patsubst %.c,$(B)/obj/%.o,$(wildcard compat/main.c compat/run/*.c) probe/cli/complain.c)

LIB_OBJ  += $(COMPAT_OBJ)
PROGRAMS += $(B)/sandbox-run
INSTALL_FILES += 755:$(B)/sandbox-run:$(BINDIR)/sandbox-run \
		 644:compat/completion/sandbox-run:$(BASHCOMPDIR)/sandbox-run

$(B)/libsandbox-probe.a $(B)/libsandbox-probe.so: $(COMPAT_OBJ)

# Where there is a static libc, and a linker that makes it position-independent, loading libraries would be a third
# of what a launch costs. Such a program can load libkmod no more than others.
static_pie = $(if $(SANITIZE),,$(if $(filter /%,$(shell $(CC) -print-file-name=rcrt1.o)),$(if $(filter /%,$(shell \
	$(CC) -print-file-name=libc.a)),$(filter -l:libz.a,$(PROGRAM_LIBS)))))
RUN_ALONE := $(B)/obj/run/kconfig_module.o
RUN_LINK   = $(if $(static_pie),$(LINK:-pie=-static-pie) -o $@ $(RUN_OBJ) $(RUN_ALONE) $(B)/libsandbox-probe.a -l:libz.a,$(LINK) \
	-o $@ $(RUN_OBJ) $(B)/libsandbox-probe.a $(PROGRAM_LIBS))

$(RUN_ALONE): probe/kconfig_module.c
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -UHAVE_LIBKMOD -DSBP_STATIC -o $@ $<

$(B)/sandbox-run: $(RUN_OBJ) $(RUN_ALONE) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	$(Q)$(RUN_LINK)

$(call include_built,$(COMPAT_OBJ:.o=.d) $(RUN_OBJ:.o=.d) $(RUN_ALONE:.o=.d))
