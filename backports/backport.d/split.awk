# SPDX-License-Identifier: GPL-2.0-only
#
# The hunks of a patch. Prints a line each: NUMBER FILE OLDSTART OLDLINES NEWSTART NEWLINES KIND, KIND being
# new, gone or changed. With -v out=FOLDER each becomes a patch of its own, FOLDER/NUMBER, without its "@@" line.
# What stands between files (messages, "diff", "index") is no hunk's; the lengths say where one ends.

function name(line) {
	sub(/^(---|\+\+\+) /, "", line)
	sub(/\t.*/, "", line)
	return line
}

function stripped(path) {
	sub(/^[^\/]*\//, "", path)
	return path
}

function range(text, pair,    n) {
	n = split(substr(text, 2), pair, ",")
	if (n < 2)
		pair[2] = 1
}

left_old > 0 || left_new > 0 {
	first = substr($0, 1, 1)
	if (first == "\\") {
		# of the line before, which was counted
	} else if (first == "+") {
		left_new--
	} else if (first == "-") {
		left_old--
	} else {
		left_old--
		left_new--
	}
	if (out)
		print >(out "/" number)
	next
}

/^\\/ && number && out { print >(out "/" number) }

/^--- / { from = name($0) }

/^\+\+\+ / { to = name($0) }

/^@@ -[0-9,]+ \+[0-9,]+ @@/ {
	range($2, old)
	range($3, new)
	left_old = old[2]
	left_new = new[2]
	number++
	kind = from == "/dev/null" ? "new" : to == "/dev/null" ? "gone" : "changed"
	print number, stripped(kind == "gone" ? from : to), old[1], old[2], new[1], new[2], kind
}
