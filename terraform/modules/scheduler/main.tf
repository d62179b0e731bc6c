resource "google_cloud_scheduler_job" "this" {
  for_each = var.jobs

  project          = var.project_id
  region           = var.region
  name             = "${var.prefix}-${each.key}"
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "${each.value.deadline_seconds}s"

  retry_config {
    retry_count          = each.value.retries
    min_backoff_duration = "5s"
  }

  http_target {
    http_method = "POST"
    uri         = each.value.url
    body        = each.value.body == null ? null : base64encode(each.value.body)
    headers     = each.value.body == null ? {} : { "Content-Type" = "application/json" }

    oidc_token {
      service_account_email = var.account
      audience              = var.audience
    }
  }
}
