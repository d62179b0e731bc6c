output "database" {
  description = "Database id, once its indexes can serve the queries."
  value       = google_firestore_database.this.name
  depends_on  = [google_firestore_index.this, google_firestore_field.this]
}
