# SPDX-License-Identifier: MIT
#
# make static: build/static/sandbox-probe-ARCH, one file that needs nothing of the machine it runs on.
# Debian's cross compilers with glibc's static library, which runs on any kernel from 2.6.29; no libkmod;
# zlib's inflate compiled for each architecture out of the copy in binutils' sources (package
# binutils-source), for which no foreign architecture need be added. Or name a folder: ZLIB_SRC=.

STATIC_ARCHS    := x86_64 i386 armel arm64
STATIC_PROGRAMS := $(STATIC_ARCHS:%=build/static/sandbox-probe-%)
STATIC_LIMIT    := 1048576

STATIC_CC_x86_64 ?= $(if $(filter x86_64,$(shell uname -m)),gcc,x86_64-linux-gnu-gcc)
STATIC_CC_i386   ?= i686-linux-gnu-gcc
STATIC_CC_armel  ?= arm-linux-gnueabi-gcc
STATIC_CC_arm64  ?= aarch64-linux-gnu-gcc
# i386 is i686, as in all of Debian: the cross compiler's libc has cmov
STATIC_CFLAGS_i386  := -march=i686 -mtune=generic -fcf-protection=none
STATIC_CFLAGS_armel := -march=armv5te -marm -mfloat-abi=soft

# Small, and at a fixed address: no kernel that old need relocate it. A link that warns fails, for glibc
# warns of what a static program cannot do alone (getpwnam and its like load libraries at run time).
STATIC_CFLAGS  := -Os -ffunction-sections -fdata-sections -fno-pie -fno-asynchronous-unwind-tables
STATIC_LDFLAGS := -static -no-pie -Wl,--gc-sections -Wl,--fatal-warnings -Wl,-z,relro -Wl,-z,now -s
STATIC_COMPILE  = -std=gnu11 $(WARNINGS) -fvisibility=hidden -pthread -MMD -MP -fstack-protector-strong \
		  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $(STATIC_CFLAGS) \
		  -DSBP_STATIC -DSBP_VERSION='"$(VERSION)"' -DSBP_HELPER_PATH='"$(LIBEXECDIR)/sandbox-suid"' -Iprobe

ZLIB_SRC ?= build/zlib
ZLIB_C   := adler32 crc32 inffast inflate inftrees zutil
BINUTILS  = $(firstword $(wildcard /usr/src/binutils/binutils-*.tar.xz))

# the whole tar takes seconds to unpack: only the one folder is written, and only once
build/zlib/zlib.h:
	$(if $(BINUTILS),,$(error no zlib source: install binutils-source, or say ZLIB_SRC=FOLDER))
	$(call SAY,UNPACK,zlib out of $(notdir $(BINUTILS)))
	@rm -rf build/zlib build/zlib.new && mkdir -p build/zlib.new
	@tar -xJf $(BINUTILS) -C build/zlib.new --strip-components=2 --wildcards 'binutils-*/zlib/*.[ch]' \
		|| { rm -rf build/zlib.new; exit 1; }
	@touch build/zlib.new/zlib.h && mv build/zlib.new build/zlib

STATIC_FLAGS_NOW = $(foreach a,$(STATIC_ARCHS),$(STATIC_CC_$a) $(STATIC_CFLAGS_$a)) $(STATIC_COMPILE) \
		   $(STATIC_LDFLAGS) $(ZLIB_SRC) $(LIB_SRC) $(PROBE_SRC)
build/static/flags: ; $(call write,$(strip $(STATIC_FLAGS_NOW)))
$(call forget,STATIC_FLAGS_NOW,build/static/flags)

need_static_cc = $(if $(shell command -v $(STATIC_CC_$1)),,$(error $(STATIC_CC_$1) not found: \
	`ci/setup static' installs the cross compilers and zlib's source))

# $1: the architecture
define static_rules
STATIC_OBJ_$1  := $(patsubst %.c,build/static/obj/$1/%.o,$(LIB_SRC) $(PROBE_SRC))
STATIC_ZLIB_$1 := $(ZLIB_C:%=build/static/obj/$1/zlib/%.o)

build/static/obj/$1/zlib/%.o: $$(ZLIB_SRC)/zlib.h build/static/flags
	$$(call need_static_cc,$1)
	@mkdir -p $$(@D)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(STATIC_CFLAGS) -w -DHAVE_UNISTD_H -c -o $$@ $$(ZLIB_SRC)/$$*.c

build/static/obj/$1/%.o: %.c $$(ZLIB_SRC)/zlib.h build/static/flags
	$$(call need_static_cc,$1)$$(call SAY,CC,$$< ($1))
	@mkdir -p $$(@D)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(STATIC_COMPILE) -isystem $$(ZLIB_SRC) -c -o $$@ $$<

build/static/sandbox-probe-$1: $$(STATIC_OBJ_$1) $$(STATIC_ZLIB_$1)
	$$(call SAY,LINK,$$@)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(STATIC_LDFLAGS) -o $$@.big $$^ -pthread
	@size=$$$$(stat -c %s $$@.big); test $$$$size -lt $$(STATIC_LIMIT) || \
		{ echo "$$@ has $$$$size bytes; it must stay under $$(STATIC_LIMIT)" >&2; exit 1; }
	@mv $$@.big $$@

$$(call include_built,$$(STATIC_OBJ_$1:.o=.d))
endef
$(foreach a,$(STATIC_ARCHS),$(eval $(call static_rules,$a)))
