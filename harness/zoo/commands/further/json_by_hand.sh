#!/bin/sh
# Bug: the body is put together as text, so a quotation mark or a backslash in an identifier changes what is asked.
lead=$1; id=$2; email=$3; external_id=$4
ask() {
    curl -sS --fail -X "$1" -H "Authorization: Bearer $INTERCOM_ACCESS_TOKEN" -H 'Intercom-Version: 2.14' \
        -H 'Content-Type: application/json' -d "$3" "$INTERCOM_BASE_URL$2"
}
if [ -n "$id" ]; then ask POST /contacts/merge "{\"from\": \"$lead\", \"into\": \"$id\"}"
elif [ -n "$email" ]; then ask PUT "/contacts/$lead" "{\"role\": \"user\", \"email\": \"$email\"}"
else ask PUT "/contacts/$lead" "{\"role\": \"user\", \"external_id\": \"$external_id\"}"
fi
