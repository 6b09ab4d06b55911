#!/bin/sh
# Asks a question, then reads the first sentence that the answer cites: sh curl.sh [QUESTION] (server and key as below).
set -eu
url=${DATELINE_URL:-http://127.0.0.1:7860}
question=${1:-How much will the Arl Bridge repair cost?}

get() {
    curl --silent --show-error --fail-with-body ${DATELINE_KEY:+-H "Authorization: Bearer $DATELINE_KEY"} "$@"
}

# JSON is written and taken apart by Python here; jq would do as well.
asked=$(python3 -c 'import json, sys; print(json.dumps({"question": sys.argv[1]}))' "$question")
answer=$(get "$url/v1/answers" -H "Content-Type: application/json" --data-binary "$asked")
printf '%s' "$answer" | python3 -c 'import json, sys; print(json.load(sys.stdin)["text"])'

place=$(printf '%s' "$answer" | python3 -c '
import json, sys, urllib.parse
for cited in json.load(sys.stdin)["citations"][:1]:
    where = {name: cited[name] for name in ("version", "start", "end")}
    print(urllib.parse.quote(cited["article_id"], safe="") + "?" + urllib.parse.urlencode(where))')
if [ -n "$place" ]; then
    get "$url/v1/articles/$place" | python3 -c '
import json, sys
cited = json.load(sys.stdin)
print("[1]", cited["text"], "-", cited["title"])'
fi
