output "name" {
  description = "Name of the job."
  value       = google_cloud_run_v2_job.this.name
}

output "resource_name" {
  description = "projects/P/locations/L/jobs/J, by which it is started."
  value       = "projects/${var.project_id}/locations/${var.region}/jobs/${google_cloud_run_v2_job.this.name}"
}
