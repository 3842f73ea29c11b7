/* SPDX-License-Identifier: MIT */
/*
 * The stack that the kernel made for the loader becomes the program's: the kernel's own entries, random
 * bytes, capabilities of the processor and all, stay.
 */
#include "loader.h"

void loader_read_stack(long *start, struct loader_stack *stack)
{
	char **at;

	stack->start = start;
	stack->arguments = (char **)(start + 1);
	stack->environment = stack->arguments + start[0] + 1;
	for (at = stack->environment; *at; at++)
		;
	stack->auxiliary = (unsigned long(*)[2])(at + 1);
}

/* The stack's end keeps its place, and with it its alignment: all that is above moves down. */
void loader_drop_arguments(struct loader_stack *stack, unsigned int count)
{
	unsigned long(*last)[2] = stack->auxiliary;
	long *from = stack->start + 1 + count, *to = stack->start + 1;

	while ((*last)[0])
		last++;
	while (from < (long *)(last + 1))
		*to++ = *from++;
	stack->start[0] -= count;
	loader_read_stack(stack->start, stack);
}

static unsigned long *find(const struct loader_stack *stack, unsigned long type)
{
	for (unsigned long(*at)[2] = stack->auxiliary; (*at)[0]; at++)
		if ((*at)[0] == type)
			return &(*at)[1];
	return NULL;
}

unsigned long loader_auxiliary(const struct loader_stack *stack, unsigned long type)
{
	const unsigned long *value = find(stack, type);

	return value ? *value : 0;
}

void loader_set_auxiliary(struct loader_stack *stack, unsigned long type, unsigned long value)
{
	unsigned long *entry = find(stack, type);

	if (entry)
		*entry = value;
}
