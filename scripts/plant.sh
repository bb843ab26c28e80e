# Planting defects in a copy of the tree: source it. Used by the scripts that check the checks.
#   copy_tree FOLDER               the tracked files and new ones
#   plant_after FILE LINE DEFECT   put DEFECT behind the only line that reads so
#   plant_text FILE OLD NEW        the only line that has OLD has NEW in its place
#   plant_end FILE DEFECT          put DEFECT at the end
#   mend_all                       every planted file as it was
# $planted is the folder of the copy. A plant fails if the source is not changed by it.

copy_tree() {
	planted=$1
	git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$planted"
}

# Keep the whole file, once, and put what comes from standard input in its place.
put_planted() {
	local file=$planted/$1 whole=$planted/whole/$1 new
	new=$(mktemp)
	cat >"$new"
	mkdir -p "$(dirname "$whole")"
	[ -f "$whole" ] || cp "$file" "$whole"
	if cmp -s "$new" "$file"; then
		rm -f "$new"
		return 1
	fi
	cat "$new" >"$file"
	rm -f "$new"
}

plant_after() {
	[ "$(grep -cxF -- "$2" "$planted/$1")" = 1 ] || return 1
	LINE=$2 DEFECT=$3 awk '{ print } $0 == ENVIRON["LINE"] { print ENVIRON["DEFECT"] }' "$planted/$1" | put_planted "$1"
}

plant_text() {
	[ "$(grep -cF -- "$2" "$planted/$1")" = 1 ] || return 1
	OLD=$2 NEW=$3 awk '
		(at = index($0, ENVIRON["OLD"])) {
			$0 = substr($0, 1, at - 1) ENVIRON["NEW"] substr($0, at + length(ENVIRON["OLD"]))
		}
		{ print }' "$planted/$1" | put_planted "$1"
}

plant_end() {
	[ -s "$planted/$1" ] || return 1
	{ cat "$planted/$1" && printf '%s\n' "$2"; } | put_planted "$1"
}

mend_all() {
	local whole
	[ -d "$planted/whole" ] || return 0
	while read -r whole; do
		cat "$whole" >"$planted/${whole#"$planted/whole/"}"
	done < <(find "$planted/whole" -type f)
	rm -rf "$planted/whole"
}
