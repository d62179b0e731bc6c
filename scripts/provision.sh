#!/usr/bin/env bash
# scripts/provision.sh ENVIRONMENT: what Terraform needs before it can begin (a bucket for its state, the APIs by which
# it asks for others), then terraform apply with environments/ENVIRONMENT.tfvars. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/../terraform"
environment=${1:?name an environment: $(ls environments | sed -n 's/\.tfvars$//p' | xargs)}

value() { sed -n "s/^$2 *= *\"\(.*\)\"$/\1/p" "environments/$environment.$1"; }
project=$(value tfvars project_id)
region=$(value tfvars region)
state=$(value gcs.tfbackend bucket)

gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com storage.googleapis.com --project "$project"
if ! gcloud storage buckets describe "gs://$state" --project "$project" >/dev/null 2>&1; then
  gcloud storage buckets create "gs://$state" --project "$project" --location "$region" \
    --uniform-bucket-level-access --public-access-prevention
  gcloud storage buckets update "gs://$state" --versioning
fi
terraform init -reconfigure -backend-config="environments/$environment.gcs.tfbackend"
terraform apply -var-file="environments/$environment.tfvars"
