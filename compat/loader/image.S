/* SPDX-License-Identifier: MIT */
/* The loader's file, in the library: it is where the library is, and of the same version. */
	.section .rodata
	.globl sbp_loader_image, sbp_loader_image_end
	.hidden sbp_loader_image, sbp_loader_image_end
	.balign 16
sbp_loader_image:
	.incbin LOADER_IMAGE
sbp_loader_image_end:
	.section .note.GNU-stack, "", %progbits
