locals {
  projects = toset([var.project_id, var.keys_project_id])
  # One channel an address and project, since a policy knows those of its own project only.
  channels = { for pair in setproduct(local.projects, var.emails) : "${pair[0]} ${pair[1]}" => { project = pair[0], email = pair[1] } }

  channels_of = {
    for project in local.projects :
    project => [for name, channel in local.channels : google_monitoring_notification_channel.email[name].name if channel.project == project]
  }

  # KMS as the services use it, by what the API itself counts: nothing can sign past it.
  kms_signing = join(" AND ", [
    "resource.type = \"consumed_api\"",
    "resource.labels.service = \"cloudkms.googleapis.com\"",
    "resource.labels.method = \"google.cloud.kms.v1.KeyManagementService.AsymmetricSign\"",
  ])
  signing_count   = "metric.type = \"serviceruntime.googleapis.com/api/request_count\" AND ${local.kms_signing}"
  signing_latency = "metric.type = \"serviceruntime.googleapis.com/api/request_latencies\" AND ${local.kms_signing}"

  run_count     = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\""
  run_errors    = "${local.run_count} AND metric.labels.response_code_class = \"5xx\""
  run_latency   = "metric.type = \"run.googleapis.com/request_latencies\" AND resource.type = \"cloud_run_revision\""
  balancer      = "resource.type = \"https_lb_rule\" AND resource.labels.url_map_name = \"${var.url_map}\""
  edge_count    = "metric.type = \"loadbalancing.googleapis.com/https/request_count\" AND ${local.balancer}"
  edge_failures = "${local.edge_count} AND metric.labels.response_code_class = 500"
}

resource "google_monitoring_notification_channel" "email" {
  for_each = local.channels

  project      = each.value.project
  display_name = "Countersign: ${each.value.email}"
  type         = "email"
  labels       = { email_address = each.value.email }
}

# What the functions log by name, counted.
resource "google_logging_metric" "event" {
  for_each = {
    directory_key_ended       = "jsonPayload.message=\"directory_key_ended\""
    directory_key_ends        = "jsonPayload.message=\"directory_key_ends\""
    key_list_five_runs_missed = "jsonPayload.message=\"key_list_five_runs_missed\""
    key_list_two_runs_missed  = "jsonPayload.message=\"key_list_two_runs_missed\""
    kms_budget_spent          = "jsonPayload.message=\"kms_budget_spent\""
    kms_budget_unshared       = "jsonPayload.message=\"kms_budget_unshared\""
    rate_limiter_open         = "jsonPayload.message=\"rate_limiter_open\""
    reaper_behind             = "jsonPayload.message=\"reaper_behind\""
    reaper_runs               = "jsonPayload.message=(\"reaped\" OR \"reaper_behind\")"
    seats_denied              = "jsonPayload.message=\"request\" AND labels.service=\"seats\" AND httpRequest.status=402"
    seats_granted             = "jsonPayload.message=\"request\" AND labels.service=\"seats\" AND httpRequest.status=201"
    stale_keys                = "jsonPayload.message=\"stale_keys\""
    stripe_not_understood     = "jsonPayload.message=\"stripe_not_understood\""
    unsigned_fallback         = "jsonPayload.message=\"unsigned_fallback\""
  }

  project = var.project_id
  name    = "countersign/${each.key}"
  filter  = "resource.type=\"cloud_run_revision\" AND ${each.value}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}

resource "google_monitoring_custom_service" "this" {
  project      = var.project_id
  service_id   = "countersign"
  display_name = "Countersign"
}

resource "google_monitoring_slo" "availability" {
  project             = var.project_id
  service             = google_monitoring_custom_service.this.service_id
  slo_id              = "availability"
  display_name        = "99.9 % of requests answered"
  goal                = 0.999
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      bad_service_filter   = local.edge_failures
      total_service_filter = local.edge_count
    }
  }
}
