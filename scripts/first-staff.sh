#!/usr/bin/env bash
# scripts/first-staff.sh EMAIL: makes a member of staff with a second factor; safe to repeat at any point.
#
#   PROJECT=example-countersign-prod scripts/first-staff.sh ada@example.com
#
# Needs gcloud, signed in as somebody with roles/firebaseauth.admin and roles/datastore.user. --help says more.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$here/node_modules/.bin:$PATH" exec node "$here/scripts/first-staff/main.ts" "$@"
