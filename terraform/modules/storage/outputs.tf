output "payload_bucket" {
  description = "Name of the bucket of sealed payloads."
  value       = google_storage_bucket.payloads.name
}

output "upload_bucket" {
  description = "Name of the bucket that signed URLs lead into."
  value       = google_storage_bucket.uploads.name
}
