/* SPDX-License-Identifier: MIT */
/*
 * Kernel constants newer than the headers of Linux 2.6.29, so that the project builds against any
 * headers and any libc. Each group says which release brought it. All are kernel ABI: they are the
 * same on every kernel that has them.
 */
#ifndef SBP_UAPI_H
#define SBP_UAPI_H

#include <sys/syscall.h>

/* prctl: 2.6.23 (seccomp), 3.5 (filter, no_new_privs) */
#ifndef PR_GET_SECCOMP
#define PR_GET_SECCOMP 21
#define PR_SET_SECCOMP 22
#endif
#ifndef PR_SET_NO_NEW_PRIVS
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#endif
#ifndef SECCOMP_MODE_STRICT
#define SECCOMP_MODE_STRICT 1
#endif
#ifndef SECCOMP_MODE_FILTER
#define SECCOMP_MODE_FILTER 2
#endif

/* seccomp(2): 3.17; GET_ACTION_AVAIL: 4.14; GET_NOTIF_SIZES: 5.0 */
#ifndef SECCOMP_SET_MODE_FILTER
#define SECCOMP_SET_MODE_STRICT 0
#define SECCOMP_SET_MODE_FILTER 1
#endif
#ifndef SECCOMP_GET_ACTION_AVAIL
#define SECCOMP_GET_ACTION_AVAIL 2
#endif
#ifndef SECCOMP_GET_NOTIF_SIZES
#define SECCOMP_GET_NOTIF_SIZES 3
#endif

/* filter flags: 3.17, 4.14, 4.17, 5.0, 5.7, 5.19 */
#ifndef SECCOMP_FILTER_FLAG_TSYNC
#define SECCOMP_FILTER_FLAG_TSYNC (1UL << 0)
#endif
#ifndef SECCOMP_FILTER_FLAG_LOG
#define SECCOMP_FILTER_FLAG_LOG (1UL << 1)
#endif
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER (1UL << 3)
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* filter actions: 3.5, 4.14 (KILL_PROCESS, LOG), 5.0 (USER_NOTIF) */
#ifndef SECCOMP_RET_ALLOW
#define SECCOMP_RET_ERRNO 0x00050000U
#define SECCOMP_RET_ALLOW 0x7fff0000U
#endif
#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif
#ifndef SECCOMP_RET_LOG
#define SECCOMP_RET_LOG 0x7ffc0000U
#endif
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000U
#endif

/* clone flags: 4.6 (cgroup), 5.6 (time; unshare and clone3 only) */
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* statfs f_flags: 2.6.36; statx mount root attribute: 5.8 */
#ifndef ST_VALID
#define ST_VALID 0x0020
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

/* landlock: 5.13 */
#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

/* system call numbers: getrandom, memfd_create, seccomp 3.17, statx 4.11, and those from 5.1 on that are equal everywhere */
#ifndef SYS_getrandom
#if defined(__x86_64__)
#define SYS_getrandom 318
#elif defined(__i386__)
#define SYS_getrandom 355
#elif defined(__arm__)
#define SYS_getrandom 384
#elif defined(__aarch64__)
#define SYS_getrandom 278
#endif
#endif
#ifndef SYS_memfd_create
#if defined(__x86_64__)
#define SYS_memfd_create 319
#elif defined(__i386__)
#define SYS_memfd_create 356
#elif defined(__arm__)
#define SYS_memfd_create 385
#elif defined(__aarch64__)
#define SYS_memfd_create 279
#endif
#endif
#ifndef SYS_seccomp
#if defined(__x86_64__)
#define SYS_seccomp 317
#elif defined(__i386__)
#define SYS_seccomp 354
#elif defined(__arm__)
#define SYS_seccomp 383
#elif defined(__aarch64__)
#define SYS_seccomp 277
#endif
#endif
#ifndef SYS_statx
#if defined(__x86_64__)
#define SYS_statx 332
#elif defined(__i386__)
#define SYS_statx 383
#elif defined(__arm__)
#define SYS_statx 397
#elif defined(__aarch64__)
#define SYS_statx 291
#endif
#endif
/* execveat: 3.19 */
#ifdef SYS_execveat
#define SBP_SYS_execveat SYS_execveat
#elif defined(__x86_64__)
#define SBP_SYS_execveat 322
#elif defined(__i386__)
#define SBP_SYS_execveat 358
#elif defined(__arm__)
#define SBP_SYS_execveat 387
#elif defined(__aarch64__)
#define SBP_SYS_execveat 281
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

/* 4.3 on i386; before, and there only, they are parts of socketcall(2) */
#if defined(__i386__)
#ifndef SYS_socketpair
#define SYS_socketpair 360
#endif
#ifndef SYS_sendmsg
#define SYS_sendmsg 370
#endif
#ifndef SYS_recvmsg
#define SYS_recvmsg 372
#endif
#endif

/* 32-bit machines have the calls for 32-bit ids and for limits under names of their own */
#if defined(__i386__) || defined(__arm__)
#define SBP_SYS_getuid	  SYS_getuid32
#define SBP_SYS_geteuid	  SYS_geteuid32
#define SBP_SYS_getgid	  SYS_getgid32
#define SBP_SYS_getegid	  SYS_getegid32
#define SBP_SYS_getrlimit SYS_ugetrlimit
#else
#define SBP_SYS_getuid	  SYS_getuid
#define SBP_SYS_geteuid	  SYS_geteuid
#define SBP_SYS_getgid	  SYS_getgid
#define SBP_SYS_getegid	  SYS_getegid
#define SBP_SYS_getrlimit SYS_getrlimit
#endif

/* AUDIT_ARCH_*: 2.6.6 and later; the architecture that a filter sees in struct seccomp_data */
#if defined(__x86_64__)
#define SBP_AUDIT_ARCH	    0xc000003eU
#define SBP_AUDIT_ARCH_NAME "AUDIT_ARCH_X86_64"
#elif defined(__i386__)
#define SBP_AUDIT_ARCH	    0x40000003U
#define SBP_AUDIT_ARCH_NAME "AUDIT_ARCH_I386"
#elif defined(__aarch64__)
#define SBP_AUDIT_ARCH	    0xc00000b7U
#define SBP_AUDIT_ARCH_NAME "AUDIT_ARCH_AARCH64"
#elif defined(__arm__)
#define SBP_AUDIT_ARCH	    0x40000028U
#define SBP_AUDIT_ARCH_NAME "AUDIT_ARCH_ARM"
#else
#error "sandbox-probe knows x86-64, i386, ARM and arm64"
#endif

#endif
