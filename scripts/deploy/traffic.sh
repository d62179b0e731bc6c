#!/usr/bin/env bash
# Moves the traffic to the candidates in steps, with a smoke test after each; any failure moves all of it back.
# Reads images.txt and previous.txt. Environment: _AUDIENCE, _DEPLOYER, _REGION, SMOKE_LICENSE_KEY.
set -euo pipefail

back() {
  echo 'failed: all traffic goes back to where it was' >&2
  while read -r name revision; do
    gcloud run services update-traffic "$name" --region "$_REGION" --to-revisions "$revision=100" --quiet </dev/null
  done <previous.txt
}
trap back ERR

for percent in 10 50 100; do
  while read -r name _; do
    gcloud run services update-traffic "$name" --region "$_REGION" --to-tags "candidate=$percent" --quiet </dev/null
  done <previous.txt
  sleep "${SETTLE_SECONDS:-60}"
  bash scripts/deploy/smoke.sh "$_AUDIENCE"
done

image=$(awk '$1 == "task-worker" { print $2 }' images.txt)
gcloud run jobs update task-worker --region "$_REGION" --image "$image" --quiet

# From here on the traffic follows the latest revision, so that a setting changed by Terraform takes effect.
while read -r name _; do
  gcloud run services update-traffic "$name" --region "$_REGION" --to-latest --quiet </dev/null
done <previous.txt
