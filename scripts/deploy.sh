#!/usr/bin/env bash
# scripts/deploy.sh: runs cloudbuild.yaml on what is checked out here, in the project that terraform/ was applied to
# last from here.
set -euo pipefail
cd "$(dirname "$0")/.."
of() { terraform -chdir=terraform output -raw "$1"; }

project=$(of project_id)
gcloud builds submit . \
  --config cloudbuild.yaml \
  --project "$project" \
  --region "$(of region)" \
  --service-account "projects/$project/serviceAccounts/$(of deployer)" \
  --gcs-source-staging-dir "$(of logs_bucket)/source" \
  --substitutions "$(of build_substitutions)"
