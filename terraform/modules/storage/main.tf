locals {
  names = { payloads = "${var.prefix}-payloads", uploads = "${var.prefix}-uploads" }
}

resource "google_storage_bucket" "payloads" {
  project                     = var.project_id
  name                        = local.names.payloads
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Or a payload that was shredded lives on for a week.
  soft_delete_policy {
    retention_duration_seconds = var.settings.payloads.softDeleteSeconds
  }

  versioning {
    enabled = false
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = var.payload_retention_days
    }
  }

  dynamic "encryption" {
    for_each = var.payload_kms_key == null ? [] : [var.payload_kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.bucket]
}

# A bucket encrypts as the project's storage agent, not as the caller.
data "google_storage_project_service_account" "this" {
  count = var.payload_kms_key == null ? 0 : 1

  project = var.project_id
}

resource "google_kms_crypto_key_iam_member" "bucket" {
  count = var.payload_kms_key == null ? 0 : 1

  crypto_key_id = var.payload_kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = data.google_storage_project_service_account.this[0].member
}

resource "google_storage_bucket" "uploads" {
  project                     = var.project_id
  name                        = local.names.uploads
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  soft_delete_policy {
    retention_duration_seconds = var.settings.uploads.softDeleteSeconds
  }

  # An upload that was begun and never finished is paid for until somebody clears it away.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "cors" {
    for_each = length(var.cors_origins) == 0 ? [] : [var.cors_origins]
    content {
      origin          = cors.value
      method          = var.settings.uploads.cors.method
      response_header = var.settings.uploads.cors.responseHeader
      max_age_seconds = var.settings.uploads.cors.maxAgeSeconds
    }
  }
}
