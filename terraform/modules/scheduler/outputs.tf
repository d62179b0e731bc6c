output "jobs" {
  description = "Full names of the jobs, by which they are run by hand."
  value       = { for name, job in google_cloud_scheduler_job.this : name => job.name }
}
