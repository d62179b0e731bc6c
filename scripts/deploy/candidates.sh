#!/usr/bin/env bash
# A revision of each function, tagged candidate and without traffic; previous.txt then has what serves until now.
# Reads images.txt. Environment: _REGION.
set -euo pipefail

: >previous.txt
while read -r name image; do
  [ "$name" = task-worker ] && continue # a job has no traffic: it changes with the last step
  serving=$(gcloud run services describe "$name" --region "$_REGION" --flatten status.traffic \
    --format 'value(status.traffic.percent,status.traffic.revisionName)' </dev/null | sort -n | tail -n 1 | cut -f 2)
  echo "$name $serving" >>previous.txt
  gcloud run services update "$name" --region "$_REGION" --image "$image" --no-traffic --tag candidate --quiet </dev/null
done <images.txt
