#!/usr/bin/env bash
# scripts/root-ceremony.sh ENVIRONMENT [--root-version N] [--directory-version N] [--endorsed-by N] [--days N]
#
# The root signs which directory key is good, for 400 days: before the first release, and once a year. No account has a
# right on the root; whoever is logged in is given it for as long as this runs, and a key of the person's own it never is.
# Safe to repeat. The root's public keys are then in terraform/roots/PROJECT.pem, which belongs into the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:?name an environment: $(ls terraform/environments | sed -n 's/\.tfvars$//p' | xargs)}
shift
root_version=1
for ((i = 1; i < $#; i++)); do
  if [ "${!i}" = --root-version ]; then
    next=$((i + 1))
    root_version=${!next}
  fi
done
export PATH="$PWD/node_modules/.bin:$PATH"

terraform -chdir=terraform init -input=false -reconfigure "-backend-config=environments/$environment.gcs.tfbackend" >&2
project=$(terraform -chdir=terraform output -raw project_id)
names=$(terraform -chdir=terraform output -json keys)
name_of() { printf %s "$names" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
root=$(name_of license-root)
directory=$(name_of license-directory)

person=$(gcloud config get-value account 2>/dev/null)
[ -n "$person" ] || { echo 'nobody is logged in: gcloud auth login' >&2; exit 1; }
member="user:$person"
[[ $person == *.gserviceaccount.com ]] && member="serviceAccount:$person"

grants=("$root roles/cloudkms.signerVerifier" "$directory roles/cloudkms.publicKeyViewer")
give() {
  local key=$1 role=$2
  gcloud kms keys add-iam-policy-binding "$key" --member "$member" --role "$role" --quiet >/dev/null
}
# Taken back whatever happens, and looked at: a right on the root that stays is the one thing that must not be.
take_back() {
  local status=$? grant key role left=0
  trap '' INT TERM
  for grant in "${grants[@]}"; do
    read -r key role <<<"$grant"
    for _ in 1 2 3; do
      gcloud kms keys remove-iam-policy-binding "$key" --member "$member" --role "$role" --quiet >/dev/null && break
    done
    if ! policy=$(gcloud kms keys get-iam-policy "$key" --format json) || [[ $policy == *"$member"* ]]; then
      echo "STILL BOUND: gcloud kms keys remove-iam-policy-binding $key --member $member --role $role" >&2
      left=1
    fi
  done
  [ "$left" = 0 ] || status=2
  exit "$status"
}
trap take_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# An HSM takes minutes to make a key of 4,096 bits.
for ((i = 0; ; i++)); do
  state=$(gcloud kms keys versions describe "$root_version" --key "$root" --format 'value(state)')
  [ "$state" = ENABLED ] && break
  [ "$i" -lt 60 ] || { echo "version $root_version of the root is $state" >&2; exit 1; }
  sleep "${PAUSE_SECONDS:-15}"
done
for grant in "${grants[@]}"; do
  read -r key role <<<"$grant"
  give "$key" "$role"
done

# A right that was given takes effect within a minute or two.
for ((i = 0; ; i++)); do
  if pem=$(PROJECT_ID=$project ROOT_KEY=$root DIRECTORY_KEY=$directory node scripts/root-ceremony.ts "$@"); then break; fi
  [ "$i" -lt 12 ] || exit 1
  sleep "${PAUSE_SECONDS:-15}"
done

mkdir -p terraform/roots
file=terraform/roots/$project.pem
before=$(cat "$file" 2>/dev/null || true)
if [[ $before != *"$pem"* ]]; then
  { printf '%s\n' "$pem"; [ -z "$before" ] || printf '%s\n' "$before"; } >"$file.new"
  mv "$file.new" "$file"
fi
echo "$file has the root's public key: commit it, and pin it in the programs that you ship" >&2
