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

$(call include_built,$(COMPAT_OBJ:.o=.d) $(RUN_OBJ:.o=.d))
