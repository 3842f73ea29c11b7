/* SPDX-License-Identifier: MIT */
/*
 * What a filter can return: kernel ABI, written down here because the tool that runs while the project
 * is built uses the headers of a machine that may be older than the machine that the project is for.
 */
#ifndef SBP_SECCOMP_RET_H
#define SBP_SECCOMP_RET_H

#undef SECCOMP_RET_KILL_PROCESS
#undef SECCOMP_RET_KILL_THREAD
#undef SECCOMP_RET_TRAP
#undef SECCOMP_RET_ERRNO
#undef SECCOMP_RET_USER_NOTIF
#undef SECCOMP_RET_LOG
#undef SECCOMP_RET_ALLOW

#define SECCOMP_RET_KILL_PROCESS 0x80000000U /* 4.14; kills the thread before */
#define SECCOMP_RET_KILL_THREAD	 0x00000000U /* 3.5 */
#define SECCOMP_RET_TRAP	 0x00030000U /* 3.5 */
#define SECCOMP_RET_ERRNO	 0x00050000U /* 3.5 */
#define SECCOMP_RET_USER_NOTIF	 0x7fc00000U /* 5.0; kills before, as all that are unknown */
#define SECCOMP_RET_LOG		 0x7ffc0000U /* 4.14; kills before */
#define SECCOMP_RET_ALLOW	 0x7fff0000U /* 3.5 */

#endif
