# A queue whose tasks all go to one service, with the token of one account: whoever makes a task names neither. The queue
# is made after the service, whose address it holds, and the service knows the queue by its name alone.
resource "google_cloud_tasks_queue" "this" {
  project  = var.project_id
  location = var.region
  name     = var.name

  http_target {
    http_method = "POST"

    uri_override {
      host                      = var.host
      scheme                    = "HTTPS"
      uri_override_enforce_mode = "ALWAYS"
    }

    oidc_token {
      service_account_email = var.account
      audience              = var.audience
    }
  }

  rate_limits {
    max_concurrent_dispatches = var.max_concurrent_dispatches
  }

  # What the function answers 5xx to; a delivery that fails is no failure of its task.
  retry_config {
    max_attempts = 20
    max_backoff  = "300s"
    min_backoff  = "5s"
  }
}
