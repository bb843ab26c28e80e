#!/bin/bash
# Each header compiles alone, as C11 and as C++17: the public one without any allowance; ours with the three that C++
# needs for C text: conversions from void *, `restrict`, `_Static_assert`.
set -euo pipefail
cd "$(dirname "$0")/.."

includes=(-D_GNU_SOURCE -Iinclude -Isrc -I.)
as_c=(gcc -x c -std=c11 -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter)
as_cpp=(g++ -x c++ -std=c++17 -fsyntax-only)
allowances=(-w -fpermissive -Drestrict=__restrict -D_Static_assert=static_assert)

bad=0
while read -r header; do
	case $header in
	include/*) more=(-Wall -Wextra -Werror -pedantic) ;;
	*) more=("${allowances[@]}") ;;
	esac
	text="#include \"$header\""
	if ! "${as_c[@]}" "${includes[@]}" - <<<"$text"; then
		echo "$header: does not compile alone as C" >&2
		bad=1
	fi
	if ! "${as_cpp[@]}" "${includes[@]}" "${more[@]}" - <<<"$text"; then
		echo "$header: does not compile alone as C++" >&2
		bad=1
	fi
done < <(find include src drivers platform tools -name '*.h' | sort)
exit $bad
