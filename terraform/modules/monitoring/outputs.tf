output "dashboard" {
  description = "Resource name of the dashboard."
  value       = google_monitoring_dashboard.this.id
}

output "metrics" {
  description = "Names of the log-based metrics."
  value       = [for metric in google_logging_metric.event : metric.name]
}
