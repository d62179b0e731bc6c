locals {
  logged = { for name, metric in google_logging_metric.event : name => "metric.type = \"logging.googleapis.com/user/${metric.name}\" AND resource.type = \"cloud_run_revision\"" }

  # Title, and for each line its name, filter, aligner, reducer and what it is split by.
  charts = [
    { title = "Signatures a second", lines = [
      { name = "KMS", filter = local.signing_count, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [] },
    ] },
    { title = "Signing latency", lines = [
      for percentile in ["50", "95", "99"] :
      { name = "p${percentile}", filter = local.signing_latency, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_${percentile}", by = [] }
    ] },
    { title = "Request latency, p50", lines = [
      { name = "p50", filter = local.run_latency, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_50", by = ["resource.label.service_name"] },
    ] },
    { title = "Request latency, p95", lines = [
      { name = "p95", filter = local.run_latency, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = ["resource.label.service_name"] },
    ] },
    { title = "Request latency, p99", lines = [
      { name = "p99", filter = local.run_latency, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = ["resource.label.service_name"] },
    ] },
    { title = "Requests a second, by function", lines = [
      { name = "requests", filter = local.run_count, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] },
    ] },
    { title = "Seats granted and denied", lines = [
      for name in ["seats_granted", "seats_denied"] :
      { name = name, filter = local.logged[name], aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [] }
    ] },
    { title = "Public keys, by cache result", lines = [
      { name = "requests", filter = "${local.edge_count} AND resource.labels.backend_target_name = monitoring.regex.full_match(\".*public-keys\")", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.cache_result"] },
    ] },
    { title = "Active key versions", lines = [
      { name = "versions", filter = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.active_key_versions.name}\" AND resource.type = \"cloud_run_revision\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = [] },
    ] },
    { title = "Error budget left", lines = [
      { name = "budget", filter = "select_slo_budget_fraction(\"${google_monitoring_slo.availability.name}\")", aligner = "ALIGN_NEXT_OLDER", reducer = "REDUCE_NONE", by = [] },
    ] },
  ]
}

# A number out of a log line can only be a distribution.
resource "google_logging_metric" "active_key_versions" {
  project         = var.project_id
  name            = "countersign/active_key_versions"
  filter          = "resource.type=\"cloud_run_revision\" AND jsonPayload.message=\"keys_rotated\""
  value_extractor = "EXTRACT(jsonPayload.active)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"
  }

  bucket_options {
    linear_buckets {
      num_finite_buckets = 32
      width              = 1
      offset             = 0
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  project = var.project_id

  dashboard_json = jsonencode({
    displayName = "Countersign"
    mosaicLayout = {
      columns = 12
      tiles = [
        for place, chart in local.charts : {
          xPos   = place % 2 * 6
          yPos   = floor(place / 2) * 4
          width  = 6
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [
                for line in chart.lines : {
                  plotType       = "LINE"
                  legendTemplate = length(line.by) == 0 ? line.name : ""
                  timeSeriesQuery = {
                    timeSeriesFilter = {
                      filter = line.filter
                      aggregation = {
                        alignmentPeriod    = "60s"
                        perSeriesAligner   = line.aligner
                        crossSeriesReducer = line.reducer
                        groupByFields      = line.by
                      }
                    }
                  }
                }
              ]
            }
          }
        }
      ]
    }
  })
}
