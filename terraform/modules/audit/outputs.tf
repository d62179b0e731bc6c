output "services" {
  description = "Services whose accesses are recorded."
  value       = [for config in google_project_iam_audit_config.this : config.service]
}
