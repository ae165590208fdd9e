#!/bin/sh
# Bug: $* is not quoted, so empty arguments vanish and those behind them move up: an external id becomes the e-mail.
set -- $*
source_id=$1; first=$2; second=$3
ask() {
    curl -sS --fail -X "$1" -H "Authorization: Bearer $INTERCOM_ACCESS_TOKEN" -H 'Intercom-Version: 2.14' \
        -H 'Content-Type: application/json' -d "$3" "$INTERCOM_BASE_URL$2"
}
case $# in
    1) ask POST /visitors/convert "{\"visitor\": {\"user_id\": \"$source_id\"}, \"type\": \"lead\"}" ;;
    2) ask POST /visitors/convert "{\"visitor\": {\"user_id\": \"$source_id\"}, \"user\": {\"email\": \"$first\"}, \"type\": \"user\"}" ;;
    *) ask POST /visitors/convert "{\"visitor\": {\"user_id\": \"$source_id\"}, \"user\": {\"id\": \"$first\"}, \"type\": \"user\"}" ;;
esac
