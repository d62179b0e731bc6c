mock_provider "google" {}

variables {
  emails          = ["on-call@example.com"]
  keys_project_id = "example-keys"
  project_id      = "example-project"
  url_map         = "countersign"
}

run "watches_the_keys_where_they_are" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = google_monitoring_alert_policy.key_access.project == "example-keys"
    error_message = "changes of a key's policy are in the log of its project"
  }

  assert {
    condition     = toset(keys(google_monitoring_notification_channel.email)) == toset(["example-keys on-call@example.com", "example-project on-call@example.com"])
    error_message = "a policy can use the channels of its own project only"
  }

  assert {
    condition     = google_monitoring_alert_policy.signing_rate.conditions[0].condition_threshold[0].threshold_value == 1000 && google_monitoring_alert_policy.signing_latency.conditions[0].condition_threshold[0].threshold_value == 0.5 && google_monitoring_alert_policy.errors.conditions[0].condition_threshold[0].threshold_value == 0.01
    error_message = "1,000 signatures a minute, 500 ms, 1 %"
  }

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.event)) == toset(["directory_key_ended", "directory_key_ends", "key_list_five_runs_missed", "key_list_two_runs_missed", "kms_budget_spent", "kms_budget_unshared", "rate_limiter_open", "reaper_behind", "stripe_not_understood", "unsigned_fallback"])
    error_message = "each of these tells somebody"
  }
}

run "charts" {
  command = apply

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.this.dashboard_json).mosaicLayout.tiles) == 10
    error_message = "one tile a chart"
  }
}

run "reject_email" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    emails = ["on-call"]
  }

  expect_failures = [var.emails]
}

run "reject_error_ratio" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    thresholds = { error_ratio = 1 }
  }

  expect_failures = [var.thresholds]
}
