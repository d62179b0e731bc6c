output "id" {
  description = "Resource name of the key."
  value       = google_kms_crypto_key.this.id
}
