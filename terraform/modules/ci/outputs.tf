output "builder" {
  description = "Email of the account that builds, once it may."
  value       = google_service_account.this["builder"].email
  depends_on  = [google_artifact_registry_repository_iam_member.builder, google_storage_bucket_iam_member.own]
}

output "builds_bucket" {
  description = "Logs, sources and what each build made, gs://…"
  value       = google_storage_bucket.this["builder"].url
}

output "deployer" {
  description = "Email of the account that deploys."
  value       = google_service_account.this["deployer"].email
}

output "registry" {
  description = "What the names of images begin with."
  value       = local.registry
}

output "releases_bucket" {
  description = "Logs and state of releases, gs://…"
  value       = google_storage_bucket.this["deployer"].url
}

output "releases_bucket_name" {
  description = "The same bucket by its name."
  value       = google_storage_bucket.this["deployer"].name
}

output "smoke_secret" {
  description = "Name of the secret with the licence key of the smoke test."
  value       = google_secret_manager_secret.license_key.secret_id
}

output "substitutions" {
  description = "What cloudbuild.yaml (build) and cloudbuild.release.yaml (release) are run with."
  value       = local.substitutions
  depends_on = [
    google_artifact_registry_repository_iam_member.builder,
    google_artifact_registry_repository_iam_member.deployer,
    google_cloud_run_v2_job_iam_member.deployer,
    google_cloud_run_v2_service_iam_member.deployer,
    google_secret_manager_secret_iam_member.license_key,
    google_service_account_iam_member.act_as,
    google_service_account_iam_member.token,
    google_storage_bucket_iam_member.builds,
    google_storage_bucket_iam_member.own,
  ]
}
