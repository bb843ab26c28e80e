#!/bin/bash
# Each header compiles alone: as C11 and, for what the core or a user may include, as C++.
set -euo pipefail
cd "$(dirname "$0")/.."

cc=${CC:-clang}
flags=(-fsyntax-only -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-parameter
	-Wno-pragma-once-outside-header -D_GNU_SOURCE -Iinclude -Isrc -I.)

bad=0
while read -r header; do
	if ! echo "#include \"$header\"" | "$cc" -x c -std=c11 "${flags[@]}" -; then
		echo "$header: does not compile alone as C" >&2
		bad=1
	fi
	if ! echo "#include \"$header\"" | "$cc" -x c++ -std=c++17 "${flags[@]}" -Wno-missing-field-initializers -; then
		echo "$header: does not compile alone as C++" >&2
		bad=1
	fi
done < <(find include src drivers platform tools -name '*.h' | sort)
exit $bad
