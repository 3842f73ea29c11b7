# SPDX-License-Identifier: MIT
#
# One list, mode:source:destination, from which both install and uninstall work: what the one
# brings, the other takes away. Fragments append to it.

BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions

INSTALL_FILES = \
	755:$(B)/sandbox-probe:$(BINDIR)/sandbox-probe \
	755:$(B)/libsandbox-probe.so:$(LIBDIR)/libsandbox-probe.so.$(SOVERSION) \
	644:$(B)/libsandbox-probe.a:$(LIBDIR)/libsandbox-probe.a \
	644:$(B)/sandbox-probe.pc:$(LIBDIR)/pkgconfig/sandbox-probe.pc \
	644:$(B)/include/sandbox-probe.h:$(INCLUDEDIR)/sandbox-probe.h \
	644:probe/features.def:$(INCLUDEDIR)/sandbox-probe/features.def \
	644:probe/completion/sandbox-probe:$(BASHCOMPDIR)/sandbox-probe \
	$(foreach m,$(wildcard */man/*.1),644:$m:$(MANDIR)/man1/$(notdir $m)) \
	$(foreach m,$(wildcard */man/*.3),644:$m:$(MANDIR)/man3/$(notdir $m)) \
	$(foreach j,$(wildcard probe/*.schema.json probe/*/*.schema.json),644:$j:$(DATADIR)/sandbox-probe/$(notdir $j))
INSTALL_LINKS = libsandbox-probe.so.$(SOVERSION):$(LIBDIR)/libsandbox-probe.so
# folders that are ours alone, removed with what was in them
INSTALL_OWN_DIRS = $(INCLUDEDIR)/sandbox-probe $(DATADIR)/sandbox-probe

define INSTALL_EACH
set -e; \
for f in $(INSTALL_FILES); do \
	mode=$${f%%:*}; f=$${f#*:}; \
	install -D -m $$mode "$${f%%:*}" "$(DESTDIR)$${f#*:}"; echo "  INSTALL $(DESTDIR)$${f#*:}"; \
done; \
for l in $(INSTALL_LINKS); do \
	ln -sf "$${l%%:*}" "$(DESTDIR)$${l#*:}"; echo "  INSTALL $(DESTDIR)$${l#*:}"; \
done
endef

define UNINSTALL_EACH
for f in $(INSTALL_FILES) $(INSTALL_LINKS); do \
	rm -f "$(DESTDIR)$${f##*:}" && echo "  REMOVE  $(DESTDIR)$${f##*:}"; \
done; \
for d in $(INSTALL_OWN_DIRS); do \
	if [ -d "$(DESTDIR)$$d" ]; then rmdir "$(DESTDIR)$$d"; fi; \
done
endef
