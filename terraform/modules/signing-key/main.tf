resource "google_kms_key_ring" "this" {
  project  = var.project_id
  location = var.location
  name     = var.key_ring

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key" "this" {
  key_ring = google_kms_key_ring.this.id
  name     = "license-signing"
  purpose  = "ASYMMETRIC_SIGN"
  # A version that was destroyed by mistake can be restored for as long.
  destroy_scheduled_duration = "2592000s"

  # KMS does not rotate asymmetric keys: the function key-rotation does.
  version_template {
    algorithm        = "RSA_SIGN_PKCS1_4096_SHA256"
    protection_level = var.protection_level
  }

  lifecycle {
    prevent_destroy = true
  }
}
