/* SPDX-License-Identifier: MIT */
/* Opens each of its arguments and ends with a bit for each that it could read; linked without anything to load. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int got = 0;

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);
		char byte;

		if (fd >= 0 && read(fd, &byte, 1) == 1)
			got |= 1 << (i - 1);
		if (fd >= 0)
			close(fd);
	}
	return got;
}
