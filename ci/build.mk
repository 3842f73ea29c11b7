# SPDX-License-Identifier: MIT
#
# How objects, libraries and programs are made. Yours to set: CC, CFLAGS, CPPFLAGS, LDFLAGS,
# PREFIX and the folders below it, WERROR= (for a compiler whose warnings we have not met),
# SANITIZE=address,undefined or SANITIZE=thread (each in a build folder of its own).
# For fragments (compat/compat.mk, tests/KIND/KIND.mk) to use: $(B), $(COMPILE), $(LINK), $(LIBS), $(SAY),
# $(LIB_OBJ), $(PROBE_OBJ), $(LIBRARIES), $(B)/obj/%.o; they append to PROGRAMS, INSTALL_FILES, CHECKS.

ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS ?= -O2 -g
WERROR ?= -Werror
SOVERSION := 1

B := build$(if $(SANITIZE),/$(or $(if $(findstring thread,$(SANITIZE)),tsan),$(if \
     $(findstring address,$(SANITIZE)),asan),$(SANITIZE)))

# --- folders of an installation
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man

# --- flags
WARNINGS := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes $(WERROR)
DEFINES   = -DSBP_VERSION='"$(VERSION)"' -DSBP_HELPER_PATH='"$(LIBEXECDIR)/sandbox-suid"'

# Hardening wants optimisation (FORTIFY_SOURCE does nothing without, and says so), gets in the way of
# the sanitizers, and a distribution that sets its own level keeps it.
OPTIMISED := $(filter-out -O0,$(filter -O%,$(CFLAGS)))
HARDEN := -fstack-protector-strong
ifneq ($(and $(OPTIMISED),$(if $(SANITIZE),,yes)),)
HARDEN += $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif
RELRO := -Wl,-z,relro -Wl,-z,now
SANITIZER := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)

# What the compiler finds, asked once and only when something is to be built.
H := \#
HAVE = $(eval HAVE := $$(shell printf '%s\n' compiler \
	'$$(H)if __has_include(<zlib.h>)' zlib '$$(H)endif' \
	'$$(H)if __has_include(<libkmod.h>)' libkmod '$$(H)endif' \
	| $$(CC) $$(CPPFLAGS) $$(CFLAGS) -E -P -xc - 2>/dev/null))$(HAVE)

need_compiler = $(if $(filter compiler,$(HAVE)),,$(error $(CC) does not work with these flags; if it is not there install gcc and libc6-dev, \
	or say `make CC=...' (`make run' installs what building needs)))
need_zlib = $(if $(filter zlib,$(HAVE)),,$(error zlib.h not found: install zlib1g-dev \
	(`make run' installs what building needs)))

# libkmod is opened at run time: only its header is needed, and without it one source of
# configuration is missing, no more.
DEFINES += $(if $(filter libkmod,$(HAVE)),-DHAVE_LIBKMOD)
want_libkmod = $(if $(filter compiler,$(HAVE)),$(if $(filter libkmod,$(HAVE)),,$(info libkmod.h not found: \
	building without; libkmod-dev has it (configuration kept in the module "configs" will not be read))))

BASE_CFLAGS  = -std=gnu11 $(WARNINGS) -fvisibility=hidden -fPIC -pthread -MMD -MP $(HARDEN) $(SANITIZER)
COMPILE      = $(CC) $(BASE_CFLAGS) $(DEFINES) -Iprobe $(CPPFLAGS) $(CFLAGS) -c
LINK         = $(CC) -pie -pthread $(SANITIZER) $(RELRO) $(CFLAGS) $(LDFLAGS)
LINK_SHARED  = $(CC) -shared -pthread $(SANITIZER) $(RELRO) $(if $(SANITIZE),,-Wl,-z,defs) $(CFLAGS) $(LDFLAGS)
LIBS        ?= -lz -ldl
# A program of a millisecond shall not spend a tenth of it on loading zlib.
PROGRAM_LIBS = $(if $(filter /%,$(shell $(CC) -print-file-name=libz.a)),$(LIBS:-lz=-l:libz.a),$(LIBS))

Q   := $(if $(V),,@)
SAY  = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

# --- nothing is read, asked or forgotten when nothing is to be built
NO_BUILD := run check qemu bench fuzz clean uninstall format format-check
BUILDING := $(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all))
# $(call forget,VARIABLE,FILE): remove FILE unless it holds the words of VARIABLE
same   = $(and $(findstring x$1x,x$2x),$(findstring x$2x,x$1x))
forget = $(if $(BUILDING),$(if $(call same,$(strip $($1)),$(strip $(file <$2))),,$(shell rm -f $2)))
# the words go into the file when the recipe is expanded, before any command would make the folder
write = $(shell mkdir -p $(@D))$(file >$@,$(strip $1))
include_built = $(if $(BUILDING),$(eval -include $1))

# --- what is made of what
MAIN_SRC  := $(wildcard probe/main.c probe/main_*.c probe/cli/*.c)
LIB_SRC   := $(filter-out $(MAIN_SRC),$(wildcard probe/*.c))
PROBE_SRC := $(MAIN_SRC) $(wildcard probe/report/*.c)
# what clang-format looks after; the engine stands in kernel trees byte for byte, in their own style
OUR_C      = $(wildcard probe/*.[ch] probe/*/*.[ch] compat/*.[ch] compat/*/*.[ch] tests/*/*.[ch])

LIB_OBJ   := $(LIB_SRC:%.c=$(B)/obj/%.o)
PROBE_OBJ := $(PROBE_SRC:%.c=$(B)/obj/%.o)
PROGRAMS  := $(B)/sandbox-probe
LIBRARIES := $(B)/libsandbox-probe.a $(B)/libsandbox-probe.so $(B)/libsandbox-probe.so.$(SOVERSION) $(B)/sandbox-probe.pc \
	     $(B)/include/sandbox-probe.h $(B)/include/sandbox-probe/features.def

$(B)/obj/%.o: %.c $(B)/flags
	$(need_compiler)$(need_zlib)$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -o $@ $<

$(B)/libsandbox-probe.a: $(LIB_OBJ) $(B)/sources
	$(call SAY,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(LIB_OBJ)

$(B)/libsandbox-probe.so: $(LIB_OBJ) probe/libsandbox-probe.map $(B)/sources
	$(call SAY,LINK,$@)
	$(Q)$(LINK_SHARED) -Wl,-soname,libsandbox-probe.so.$(SOVERSION) \
		-Wl,--version-script=probe/libsandbox-probe.map -o $@ $(LIB_OBJ) $(LIBS)

$(B)/libsandbox-probe.so.$(SOVERSION): $(B)/libsandbox-probe.so
	$(Q)ln -sf $(<F) $@

# The installed header finds the table in a folder of its own.
$(B)/include/sandbox-probe.h: probe/sandbox-probe.h
	@mkdir -p $(@D)
	$(Q)sed 's|^#include "features.def"|#include "sandbox-probe/features.def"|' $< > $@

$(B)/include/sandbox-probe/features.def: probe/features.def
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(B)/sandbox-probe.pc: probe/sandbox-probe.pc.in $(B)/flags
	$(Q)sed -e 's|@VERSION@|$(VERSION)|' -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@LIBS@|$(LIBS)|' $< > $@

# What was built with other flags, another compiler or another prefix is built again, and so is what was
# linked from other files: each of these files holds the words of the last time.
FLAGS_NOW   = $(VERSION) $(AR) $(COMPILE) $(LINK) $(LINK_SHARED) $(LIBS) $(PREFIX) $(LIBDIR) $(INCLUDEDIR)
SOURCES_NOW = $(LIB_SRC) $(PROBE_SRC)
$(B)/flags: ; $(want_libkmod)$(call write,$(strip $(FLAGS_NOW)))
$(B)/sources: ; $(call write,$(strip $(SOURCES_NOW)))

$(call forget,FLAGS_NOW,$(B)/flags)
$(call forget,SOURCES_NOW,$(B)/sources)
$(call include_built,$(LIB_OBJ:.o=.d) $(PROBE_OBJ:.o=.d))
