output "bucket" {
  description = "Full name of the bucket of the records."
  value       = google_logging_project_bucket_config.records.id
}

output "services" {
  description = "Services whose accesses are recorded."
  value       = [for config in google_project_iam_audit_config.this : config.service]
}
