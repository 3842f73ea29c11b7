// SPDX-License-Identifier: MIT
/*
 * Asks libkmod for the module `configs`, which carries the kernel's configuration. Reads indexes of
 * modules only: nothing is inserted, and the running kernel's list of modules is not asked.
 *
 * The library is opened when it is needed and not linked: it brings libcrypto along, a millisecond
 * at each start of a program that mostly finds /proc/config.gz. Where there is none, as in static programs, the
 * same indexes are read by kconfig_index.c.
 */
#include "kconfig.h"

#include <errno.h>

#ifndef HAVE_LIBKMOD
#define HAVE_LIBKMOD 0
#endif
#ifndef SBP_STATIC
#define SBP_STATIC 0
#endif

#if HAVE_LIBKMOD && !SBP_STATIC

#include <dlfcn.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#define FUNCTIONS(ROW)                 \
	ROW(kmod_new)                  \
	ROW(kmod_unref)                \
	ROW(kmod_set_log_fn)           \
	ROW(kmod_module_new_from_name) \
	ROW(kmod_module_unref)         \
	ROW(kmod_module_get_path)      \
	ROW(kmod_module_get_initstate)

struct library {
	void *handle;
#define MEMBER(name) __typeof__(&name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static void close_library(struct library *l)
{
	if (l->handle)
		dlclose(l->handle);
}

static bool open_library(struct library *l)
{
	/* NODELETE: another thread may be inside of what it brings along when we close it. */
	l->handle = dlopen("libkmod.so.2", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	if (!l->handle)
		return false;
#define LOOK_UP(name)                                           \
	l->name = (__typeof__(l->name))dlsym(l->handle, #name); \
	if (!l->name)                                           \
		return false;
	FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	return true;
}

/* libkmod reports to stderr unless it is told another place. */
static void log_nothing(void *data, int priority, const char *file, int line, const char *fn,
			const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format, (void)args;
}

static int ask(const struct library *l, struct kmod_ctx *ctx, char *path, size_t size, bool *builtin)
{
	struct kmod_module *module = NULL;
	const char *found;
	int err, length;

	err = l->kmod_module_new_from_name(ctx, "configs", &module);
	if (err < 0)
		return err;
	found = l->kmod_module_get_path(module);
	if (found) {
		length = snprintf(path, size, "%s", found);
		err = length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
	} else {
		*builtin = l->kmod_module_get_initstate(module) == KMOD_MODULE_BUILTIN;
		err = -ENOENT;
	}
	l->kmod_module_unref(module);
	return err;
}

int sbp_kconfig_find_module(const char *directory, char *path, size_t size, bool *builtin)
{
	/* Without modprobe.d: an alias or a blacklist there doesn't change which file it is. */
	static const char *const no_configuration[] = { NULL };
	__attribute__((cleanup(close_library))) struct library l = { .handle = NULL };
	struct kmod_ctx *ctx;
	int err;

	*builtin = false;
	if (!open_library(&l))
		return sbp_kconfig_find_in_index(directory, "configs", path, size, builtin);
	ctx = l.kmod_new(directory, no_configuration);
	if (!ctx)
		return -ENOMEM;
	l.kmod_set_log_fn(ctx, log_nothing, NULL);
	err = ask(&l, ctx, path, size, builtin);
	l.kmod_unref(ctx);
	return err;
}

#else

int sbp_kconfig_find_module(const char *directory, char *path, size_t size, bool *builtin)
{
	return sbp_kconfig_find_in_index(directory, "configs", path, size, builtin);
}

#endif
