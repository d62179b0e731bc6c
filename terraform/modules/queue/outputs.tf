output "id" {
  description = "Resource name of the queue."
  value       = google_cloud_tasks_queue.this.id
}

output "name" {
  description = "Name of the queue within its region."
  value       = google_cloud_tasks_queue.this.name
}
