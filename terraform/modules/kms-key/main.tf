resource "google_kms_crypto_key" "this" {
  key_ring        = var.key_ring
  name            = var.name
  purpose         = var.purpose
  rotation_period = var.rotation_days == null ? null : "${var.rotation_days * 86400}s"
  # A version that was destroyed by mistake can be restored for as long.
  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = var.algorithm
    protection_level = var.protection_level
  }

  lifecycle {
    prevent_destroy = true
  }
}
