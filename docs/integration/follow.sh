#!/bin/sh
# Keep a copy of what Meridian has in files: a snapshot of each kind, then the feed.
#
#   export MERIDIAN_URL=http://127.0.0.1:8080 MERIDIAN_USER=acme/anna MERIDIAN_PASSWORD=...
#   ./follow.sh copy companies people deals
#
# copy/<topic>/<id>.json is the newest state of a record, copy/cursor the place in the feed. The
# place is written after what was read up to there: it may be killed at any time, and takes the
# last page again. With ONCE=1 it ends when nothing new is left. Needs curl 7.76 and jq 1.6.
set -eu

copy=$1
shift
mkdir -p "$copy"
cd "$copy"

# The answer to a GET of the path "$2" into the file "$1"; what follows are options of curl.
ask() {
    file=$1 path=$2
    shift 2
    # The password is on no command line, where others could read it.
    printf '%s:%s' "$MERIDIAN_USER" "$MERIDIAN_PASSWORD" | sed 's/[\\"]/\\&/g; s/.*/user = "&"/' |
        curl --config - --silent --show-error --fail-with-body --compressed --max-time 100 \
            --retry 10 --retry-connrefused --output "$file" --get "$MERIDIAN_URL$path" "$@"
}

fail() {
    echo "$1" >&2
    exit 1
}

# Events from the standard input, one a line: states into files, what is no more away.
apply() {
    jq --raw-output '[(.type | sub("\\.[^.]*\\.[^.]*$"; "")), .subject,
        (.data.after | if . == null then "" else tojson end)] | join("\t")' |
        while IFS="$(printf '\t')" read -r topic id state; do
            if [ -z "$state" ]; then
                rm -f "$topic/$id.json"
            else
                printf '%s\n' "$state" >"$topic/.new"
                mv "$topic/.new" "$topic/$id.json"
            fi
        done
}

load() {
    ask .snapshot "/v1/snapshot/$1" || fail "$(cat .snapshot)"
    records=$(tail -n 1 .snapshot | jq '.records // -2')
    [ "$(wc -l <.snapshot)" -eq $((records + 2)) ] || fail "the snapshot has broken off"
    topic=$(head -n 1 .snapshot | jq --raw-output .topic)
    rm -rf "$topic"
    mkdir "$topic"
    sed '1d;$d' .snapshot | apply
    # One goes on from the cursor of the first snapshot, the oldest.
    if [ ! -e cursor ]; then
        head -n 1 .snapshot | jq --raw-output .cursor >.cursor
        mv .cursor cursor
    fi
    touch "loaded-$1"
}

while :; do
    for aggregate in "$@"; do
        [ -e "loaded-$aggregate" ] || load "$aggregate"
    done
    types=$(find . -mindepth 1 -maxdepth 1 -name 'crm.*' | sed 's,^\./,,' | paste -s -d , -)
    if ! ask .page /v1/feed --data-urlencode "cursor=$(cat cursor)" --data "types=$types" \
        --data "limit=500" --data "wait=$([ -n "${ONCE-}" ] && echo 0 || echo 50)"; then
        grep -q cursor-expired .page || fail "$(cat .page)"
        # The log has forgotten what came next: everything is to be read anew.
        rm -rf cursor loaded-* crm.*
        continue
    fi
    jq --compact-output '.items[]' .page | apply
    jq --raw-output .next_cursor .page >.cursor
    mv .cursor cursor
    [ -z "${ONCE-}" ] || [ "$(jq .has_more .page)" = true ] || exit 0
done
