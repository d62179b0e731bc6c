#!/usr/bin/env bash
# The first member of staff: makes the user at Identity Platform, writes the document that says "staff", and prints the
# link to set a password. It can be repeated, also for somebody who exists. The second factor is enrolled by the person
# at the first sign-in; until then the functions refuse staff (STAFF_SECOND_FACTOR).
#
#   PROJECT=example-countersign-prod scripts/first-staff.sh ada@example.com
#
# Needs: curl, node, and gcloud signed in as somebody with roles/firebaseauth.admin and roles/datastore.user.
set -euo pipefail

email=${1:-}
project=${PROJECT:-}
database=${FIRESTORE_DATABASE:-(default)}
[[ $email == *@*.* && -n $project ]] || { echo "usage: PROJECT=… $0 EMAIL" >&2; exit 64; }

token=$(gcloud auth print-access-token)
accounts=https://identitytoolkit.googleapis.com/v1/projects/$project
documents=https://firestore.googleapis.com/v1/projects/$project/databases/$database/documents

# call METHOD URL JSON
call() {
  curl --silent --show-error --fail-with-body --max-time 30 -X "$1" "$2" -d "$3" -H 'content-type: application/json' \
    -H "authorization: Bearer $token" -H "x-goog-user-project: $project"
}
json() { node -e 'const [email, kind] = process.argv.slice(1); console.log(JSON.stringify({
  lookup: { email: [email] },
  create: { email, emailVerified: true },
  verify: { localId: email, emailVerified: true },
  reset: { requestType: "PASSWORD_RESET", email, returnOobLink: true },
  staff: { fields: { email: { stringValue: email }, staff: { booleanValue: true } } },
}[kind]))' "$@"; }
# member PATH: the member of the JSON on standard input, empty if it is not there
member() { node -e 'let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () => {
  const value = process.argv[1].split(".").reduce((one, name) => one?.[name], JSON.parse(text)); console.log(value ?? "");
})' "$1"; }

uid=$(call POST "$accounts/accounts:lookup" "$(json "$email" lookup)" | member users.0.localId)
[[ -n $uid ]] || uid=$(call POST "$accounts/accounts" "$(json "$email" create)" | member localId)
[[ -n $uid ]] || { echo "Identity Platform named no user" >&2; exit 1; }
call POST "$accounts/accounts:update" "$(json "$uid" verify)" >/dev/null
call PATCH "$documents/users/$uid?updateMask.fieldPaths=email&updateMask.fieldPaths=staff" "$(json "$email" staff)" >/dev/null
link=$(call POST "$accounts/accounts:sendOobCode" "$(json "$email" reset)" | member oobLink)

echo "$email is staff now (user $uid). Set a password, then sign in and enrol the second factor:"
echo "$link"
