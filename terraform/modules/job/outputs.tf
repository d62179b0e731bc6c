output "name" {
  description = "Name of the job."
  value       = local.job.name
}

output "released" {
  description = "Name of the job when releases set its image; null when the image is your own."
  value       = var.image == null ? local.job.name : null
}

output "resource_name" {
  description = "projects/P/locations/L/jobs/J, by which it is started."
  value       = "projects/${var.project_id}/locations/${var.region}/jobs/${local.job.name}"
}
