# SPDX-License-Identifier: GPL-2.0-only
#
# Where in a file a hunk that does not fit was meant to go: awk -v near=LINE -f locate.awk HUNK FILE.
# Prints LINE <tab> what the hunk wants there <tab> what is there, for the place that has most of its
# lines, the nearest one among equals.

function clean(text) {
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	return substr(text, 1, 60)
}

function score(at,    i, n) {
	for (i = 1; i <= wanted; i++)
		if (want[i] == have[at + i - 1] && want[i] ~ /[A-Za-z0-9]/)
			n++
	return n + 0
}

function distance(a, b) { return a > b ? a - b : b - a }

NR == FNR {
	if ($0 !~ /^[+\\]/)
		want[++wanted] = substr($0, 2)
	next
}

{ have[++lines] = $0 }

END {
	best = near
	for (at = 1; at <= lines; at++) {
		s = score(at)
		if (s > most || (s == most && s && distance(at, near) < distance(best, near))) {
			most = s
			best = at
		}
	}
	for (i = 1; i < wanted && want[i] == have[best + i - 1]; i++)
		;
	printf "%d\t%s\t%s\n", best + i - 1, clean(want[i]), clean(have[best + i - 1])
}
