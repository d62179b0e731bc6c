resource "google_project_iam_audit_config" "this" {
  for_each = var.services

  project = var.project_id
  service = each.value

  audit_log_config {
    log_type = "ADMIN_READ"
  }

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

# The records of administration and signing, and Google's own of KMS and IAM, where nobody can shorten or change them.
# Google deletes a locked bucket only when it is empty, and unlocks none: a plan that would is refused here already.
resource "google_logging_project_bucket_config" "records" {
  project        = var.project_id
  location       = var.location
  bucket_id      = "countersign-audit"
  description    = "Audit records, kept as they were written."
  retention_days = var.retention_days
  locked         = var.locked

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_logging_project_sink" "records" {
  project                = var.project_id
  name                   = "countersign-audit"
  description            = "Audit records into a bucket of their own."
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.records.id}"
  unique_writer_identity = true

  filter = <<-EOT
    (resource.type = "cloud_run_revision" AND jsonPayload.message = "audit_record")
    OR logName : "cloudaudit.googleapis.com%2Fdata_access"
  EOT
}
