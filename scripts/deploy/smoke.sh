#!/usr/bin/env bash
# The smoke test at an address, as the account that deploys. Environment: _AUDIENCE, _DEPLOYER, SMOKE_LICENSE_KEY.
set -euo pipefail

if [ "$1" = none ]; then
  echo 'no candidate_domain: what has no traffic yet cannot be tested' >&2
  exit 0
fi
SMOKE_TOKEN=$(gcloud auth print-identity-token --impersonate-service-account "$_DEPLOYER" --audiences "$_AUDIENCE" --include-email)
export SMOKE_TOKEN
SMOKE_URL=$1 node scripts/smoke-test.ts
