locals {
  # Each of these is wrong however rarely it happens.
  events = {
    directory_key_ended = {
      severity = "CRITICAL"
      title    = "The directory key has ended"
      what     = "Clients verify nothing 14 days after that. Hold the root ceremony today: docs/operations.md."
    }
    directory_key_ends = {
      title = "The directory key ends within 60 days"
      what  = "The root has to sign the next one: hold the root ceremony, docs/operations.md."
    }
    key_list_five_runs_missed = {
      severity = "CRITICAL"
      title    = "The key list has not been signed for five days"
      what     = "Five runs of key-rotation are missing. Clients refuse the list 44 days after it was signed. Look at the job in Cloud Scheduler and at key-rotation's log."
    }
    key_list_two_runs_missed = {
      title = "The key list has not been signed for two days"
      what  = "Two runs of key-rotation are missing. Look at the job in Cloud Scheduler and at key-rotation's log."
    }
    kms_budget_spent = {
      severity = "WARNING"
      title    = "Requests are sent away for want of signatures"
      what     = "KMS's quota does not suffice, or KMS is slow. Clients come again when they are told. Request a higher quota, or longer offline_seconds: docs/capacity.md, Where the limits are."
    }
    kms_budget_unshared = {
      title = "KMS's quota is not shared"
      what  = "The budget's counter cannot be reached, and each instance signs with a sixteenth of the quota. Look at Firestore: docs/operations.md, Firestore is down."
    }
    rate_limiter_open = {
      title = "Rate limits are not shared"
      what  = "The limiter's store cannot be reached, and requests pass uncounted. Look at Firestore: docs/operations.md, Firestore is down."
    }
    reaper_behind = {
      title = "The reaper is behind"
      what  = "Expired sessions were left over at the end of a run. Seats are right all the same; raise REAP_SECONDS or run it by hand: docs/operations.md, Who holds my seat."
    }
    stripe_not_understood = {
      title = "An event of Stripe's was not understood"
      what  = "Somebody has paid for something that no licence says, or the other way round. The log entry has event and reason: docs/billing.md, What is not understood."
    }
    unsigned_fallback = {
      title = "Unsigned licences are handed out"
      what  = "Signing fails and UNSIGNED_FALLBACK allows it. Clients refuse such data unless told otherwise: docs/operations.md, KMS is down."
    }
  }
}

resource "google_monitoring_alert_policy" "signing_rate" {
  project               = var.project_id
  display_name          = "Signing rate"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels_of[var.project_id]

  conditions {
    display_name = "more than ${var.thresholds.signing_rate_per_minute} signatures a minute"

    condition_threshold {
      filter          = local.signing_count
      comparison      = "COMPARISON_GT"
      threshold_value = var.thresholds.signing_rate_per_minute
      duration        = "120s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "A storm of acquires, or somebody signs who should not: compare with the audit log of KMS (docs/operations.md, A key is compromised)."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "signing_latency" {
  project               = var.project_id
  display_name          = "Signing latency"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels_of[var.project_id]

  conditions {
    display_name = "99th percentile above ${var.thresholds.signing_p99_seconds} s"

    condition_threshold {
      filter          = local.signing_latency
      comparison      = "COMPARISON_GT"
      threshold_value = var.thresholds.signing_p99_seconds
      duration        = "300s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_PERCENTILE_99"
      }
    }
  }

  documentation {
    content   = "KMS is slow: docs/operations.md, KMS is down."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "errors" {
  project               = var.project_id
  display_name          = "Error rate"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels_of[var.project_id]

  conditions {
    display_name = "more than ${var.thresholds.error_ratio * 100} % of requests fail"

    condition_threshold {
      filter             = local.run_errors
      denominator_filter = local.run_count
      comparison         = "COMPARISON_GT"
      threshold_value    = var.thresholds.error_ratio
      duration           = "300s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }

      denominator_aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    content   = "Roll back if it began with a release: docs/operations.md, Rolling back."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "event" {
  for_each = local.events

  project               = var.project_id
  display_name          = each.value.title
  combiner              = "OR"
  severity              = try(each.value.severity, "ERROR")
  notification_channels = local.channels_of[var.project_id]

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.event[each.key].name}\" AND resource.type = \"cloud_run_revision\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = each.value.what
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "reaper_silent" {
  project               = var.project_id
  display_name          = "The reaper is not called"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels_of[var.project_id]

  conditions {
    display_name = "no run in ten minutes"

    condition_absent {
      filter   = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.event["reaper_runs"].name}\" AND resource.type = \"cloud_run_revision\""
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "Look at the job in Cloud Scheduler and its last answer: docs/operations.md, Who holds my seat."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "key_access" {
  project               = var.keys_project_id
  display_name          = "Who may use the keys has changed"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels_of[var.keys_project_id]

  conditions {
    display_name = "policy of a key, or a version destroyed"

    condition_matched_log {
      filter = "protoPayload.serviceName=\"cloudkms.googleapis.com\" AND protoPayload.methodName=~\"(SetIamPolicy|DestroyCryptoKeyVersion)$\""
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    content   = "If nobody of you did it: docs/operations.md, A key is compromised."
    mime_type = "text/markdown"
  }
}
