# SPDX-License-Identifier: MIT
#
# The two commands, as files that need no library at run time. Loading libraries was a fifth of what
# `sandbox-probe --json` took, and glibc's start, static or not, asks the processor a hundred times what it is, which
# on a virtual machine are a hundred exits: with musl (package musl-tools) a command starts in half the
# time. Without musl it is glibc's static library, without that an ordinary program; ci/libc-alone finds out which.
# MUSL_LIB=none is for who doesn't want musl, ALONE=none for who wants an ordinary program.
#
# All of the library is compiled a second time for it, since musl has headers of its own (and signs in its
# CMSG_NXTHDR that clang doesn't like).

# asked again when another compiler, other flags or another libc could change the answer
ALONE_ASKED = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(SANITIZE) $(ALONE) $(MUSL_LIB) $(MUSL_INCLUDE) \
	      $(filter -l:libz.a,$(PROGRAM_LIBS)) $(wildcard /usr/lib/*-musl/rcrt1.o $(MUSL_LIB)/rcrt1.o)
ALONE_ASK   = $(if $(filter none,$(ALONE))$(SANITIZE),,$(if $(filter -l:libz.a,$(PROGRAM_LIBS)),$(shell \
	      MUSL_LIB='$(MUSL_LIB)' MUSL_INCLUDE='$(MUSL_INCLUDE)' ci/libc-alone $(B)/alone $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS))))
ifneq ($(BUILDING),)
$(call forget,ALONE_ASKED,$(B)/alone/asked)
ALONE_LIBC := $(file <$(B)/alone/libc)
ifeq ($(wildcard $(B)/alone/asked),)
ALONE_LIBC := $(ALONE_ASK)
$(shell mkdir -p $(B)/alone)$(file >$(B)/alone/libc,$(ALONE_LIBC))$(file >$(B)/alone/asked,$(strip $(ALONE_ASKED)))
endif
endif

ALONE_MUSL    := $(filter musl,$(firstword $(ALONE_LIBC)))
ALONE_LIB     := $(word 2,$(ALONE_LIBC))
ALONE_HEADERS  = $(if $(ALONE_MUSL),-nostdinc -isystem $(word 3,$(ALONE_LIBC)) -isystem $(shell $(CC) -print-file-name=include) \
		 -idirafter $(B)/alone/include -Wno-sign-compare)
# Such a program can load neither libkmod nor NSS: SBP_STATIC is what does without them.
ALONE_COMPILE  = $(CC) $(BASE_CFLAGS:-fPIC=-fPIE) $(ALONE_HEADERS) $(DEFINES) -UHAVE_LIBKMOD -DSBP_STATIC -Iprobe $(CPPFLAGS) $(CFLAGS) -c
# One segment for all that is not written: fewer to map and to fault in than where data that is only read has its own.
ALONE_TEXT    := -Wl,-z,text -Wl,-z,noseparate-code
ALONE_LINK     = $(if $(ALONE_MUSL),$(CC) -nostdlib -nostartfiles -static-pie $(RELRO) $(ALONE_TEXT) $(CFLAGS) $(LDFLAGS) \
		 $(ALONE_LIB)/rcrt1.o $(ALONE_LIB)/crti.o,$(LINK:-pie=-static-pie))
ALONE_END      = -l:libz.a $(if $(ALONE_MUSL),$(ALONE_LIB)/libc.a -lgcc $(ALONE_LIB)/crtn.o)

# what is no C is the same for every libc
ALONE_SAME    := $(filter %/image.o,$(LIB_OBJ))
ALONE_LIB_OBJ := $(patsubst $(B)/obj/%,$(B)/alone/%,$(filter-out $(ALONE_SAME),$(LIB_OBJ)))
ALONE_OBJ     := $(sort $(ALONE_LIB_OBJ) $(patsubst $(B)/obj/%,$(B)/alone/%,$(PROBE_OBJ) $(RUN_OBJ)))

# $1: the command, $2: its own objects
define alone_rules
ifneq ($(ALONE_LIBC),)
$(B)/$1: $(patsubst $(B)/obj/%,$(B)/alone/%,$2) $(B)/alone/library.a
	$$(call SAY,LINK,$$@)
	$$(Q)$$(ALONE_LINK) -o $$@ $$(filter %.o %.a,$$^) $$(ALONE_END)
else
$(B)/$1: $2 $(B)/libsandbox-probe.a $(B)/alone/flags
	$$(call SAY,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $2 $(B)/libsandbox-probe.a $$(PROGRAM_LIBS)
endif
$(B)/$1: $(B)/sources
endef
$(eval $(call alone_rules,sandbox-probe,$(PROBE_OBJ)))
$(eval $(call alone_rules,sandbox-run,$(RUN_OBJ)))

$(B)/alone/library.a: $(ALONE_LIB_OBJ) $(ALONE_SAME) $(B)/sources
	$(call SAY,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(ALONE_LIB_OBJ) $(ALONE_SAME)

$(B)/alone/%.o: %.c $(B)/flags $(B)/alone/flags
	$(need_compiler)$(need_zlib)$(call SAY,CC,$< (alone))
	@mkdir -p $(@D)
	$(Q)$(ALONE_COMPILE) -o $@ $<

$(B)/alone/gen/%.o: $(B)/gen/%.c $(B)/flags $(B)/alone/flags
	$(call SAY,CC,$< (alone))
	@mkdir -p $(@D)
	$(Q)$(ALONE_COMPILE) -Icompat -o $@ $<

ALONE_FLAGS_NOW = $(ALONE_LIBC) $(ALONE_COMPILE) $(ALONE_LINK) $(ALONE_END)
$(B)/alone/flags: ; $(call write,$(strip $(ALONE_FLAGS_NOW)))
$(call forget,ALONE_FLAGS_NOW,$(B)/alone/flags)
$(call include_built,$(ALONE_OBJ:.o=.d))
