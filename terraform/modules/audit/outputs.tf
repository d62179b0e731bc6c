output "bucket" {
  description = "Full name of the bucket of the records."
  value       = google_logging_project_bucket_config.records.id
}

output "location" {
  description = "Where the bucket lies."
  value       = google_logging_project_bucket_config.records.location
}

output "locked" {
  description = "Whether the bucket is locked."
  value       = google_logging_project_bucket_config.records.locked
}

output "services" {
  description = "Services whose accesses are recorded."
  value       = [for config in google_project_iam_audit_config.this : config.service]
}
