output "deployer" {
  description = "Email of the account that deploys, once it may."
  value       = google_service_account.deployer.email
}

output "logs_bucket" {
  description = "Where builds log to, gs://…"
  value       = google_storage_bucket.logs.url
  depends_on  = [google_storage_bucket_iam_member.logs]
}

output "registry" {
  description = "What the names of images begin with."
  value       = "${var.location}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.this.name}"
  depends_on  = [google_artifact_registry_repository_iam_member.deployer]
}

output "smoke_secret" {
  description = "Secret version with the licence key of the smoke test; the key is put there by hand."
  value       = "${google_secret_manager_secret.license_key.name}/versions/latest"
}
