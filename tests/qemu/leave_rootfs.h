/* SPDX-License-Identifier: MIT */
/*
 * pivot_root() refuses the root that the kernel unpacks an initramfs into, and a sandbox needs it: the guest gets
 * another, with the same files. Called once, before anything is mounted.
 *
 * Returns NULL, or the step that failed, with errno set.
 */
#ifndef LEAVE_ROOTFS_H
#define LEAVE_ROOTFS_H

const char *leave_rootfs(void);

#endif
