locals {
  # Each service, and the same once more at its revision tagged candidate.
  candidates = var.candidate_domain == null ? {} : { for name in keys(var.routes) : "${name}-candidate" => { service = name, tag = "candidate" } }
  backends   = merge({ for name in keys(var.routes) : name => { service = name, tag = null } }, local.candidates)
  matchers = merge(
    { main = { hosts = setunion([var.domain], var.former_domains), suffix = "" } },
    var.candidate_domain == null ? {} : { candidate = { hosts = [var.candidate_domain], suffix = "-candidate" } },
  )

  # Path rules, the simpler kind, have a wildcard at their end alone, and a path matcher has one kind of rules. The first
  # route rule that matches counts: paths as they stand, then templates, then prefixes, of which the longest comes first.
  patterns = flatten([for service, paths in var.routes : [
    for path in paths : {
      service = service
      path    = path
      kind    = !strcontains(path, "*") ? "full_path" : can(regex("^[^*]*/[*]$", path)) ? "prefix" : "template"
    }
  ]])
  prefixes = [
    for sorted in sort([for one in local.patterns : format("%05d %s %s", 99999 - length(one.path), one.path, one.service) if one.kind == "prefix"]) :
    { service = split(" ", sorted)[2], matches = [{ full_path = null, template = null, prefix = trimsuffix(split(" ", sorted)[1], "*") }] }
  ]
  rules = concat(
    [for service, paths in { for one in local.patterns : one.service => one.path... if one.kind == "full_path" } :
    { service = service, matches = [for path in paths : { full_path = path, template = null, prefix = null }] }],
    [for service, paths in { for one in local.patterns : one.service => one.path... if one.kind == "template" } :
    { service = service, matches = [for path in paths : { full_path = null, template = path, prefix = null }] }],
    local.prefixes,
  )

  hosts = setunion([var.domain], var.former_domains, var.candidate_domain == null ? [] : [var.candidate_domain])
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each = local.backends

  project = var.project_id
  region  = var.region
  # All that makes it another one is in the name, so that the next is there before the one in use goes.
  name                  = "${var.prefix}-${each.key}-${var.region}"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value.service
    tag     = each.value.tag
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_backend_service" "this" {
  for_each = local.backends

  project               = var.project_id
  name                  = "${var.prefix}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id
  # Hops in X-Forwarded-For are not to be counted on; this one is ours.
  custom_request_headers = ["${var.client_ip_header}: {client_ip_address}"]

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  # The public keys and the console's files are the same for everybody; the console's other answers say no-store. A stale
  # list may be served for a minute, not for the default day: a revoked key has to disappear.
  enable_cdn = contains(["console", "public-keys"], each.key)

  dynamic "cdn_policy" {
    for_each = contains(["console", "public-keys"], each.key) ? [true] : []
    content {
      cache_mode         = "USE_ORIGIN_HEADERS"
      serve_while_stale  = 60
      request_coalescing = true
      # Without it an error of the origin would be kept for as long as its headers say; they say no-store.
      negative_caching = false

      cache_key_policy {
        include_host         = true
        include_protocol     = true
        include_query_string = false
      }
    }
  }

  log_config {
    enable      = var.log_sample_rate > 0
    sample_rate = var.log_sample_rate
  }

  # One that is dropped goes after the URL map has let it go.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_url_map" "this" {
  project = var.project_id
  name    = var.prefix
  # What belongs to nobody gets a 404 from a service that has no right to anything but public keys.
  default_service = google_compute_backend_service.this["public-keys"].id

  dynamic "host_rule" {
    for_each = local.matchers
    content {
      hosts        = host_rule.value.hosts
      path_matcher = host_rule.key
    }
  }

  dynamic "path_matcher" {
    for_each = local.matchers
    content {
      name            = path_matcher.key
      default_service = google_compute_backend_service.this["public-keys${path_matcher.value.suffix}"].id

      dynamic "route_rules" {
        for_each = local.rules
        content {
          priority = route_rules.key + 1
          service  = google_compute_backend_service.this["${route_rules.value.service}${path_matcher.value.suffix}"].id

          dynamic "match_rules" {
            for_each = route_rules.value.matches
            content {
              full_path_match     = match_rules.value.full_path
              path_template_match = match_rules.value.template
              prefix_match        = match_rules.value.prefix
            }
          }
        }
      }
    }
  }
}

resource "google_compute_global_address" "this" {
  project = var.project_id
  name    = var.prefix
}

resource "google_compute_ssl_policy" "this" {
  project         = var.project_id
  name            = var.prefix
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  project         = var.project_id
  name            = var.prefix
  url_map         = google_compute_url_map.this.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.this.id}"
  ssl_policy      = google_compute_ssl_policy.this.id
}

resource "google_compute_global_forwarding_rule" "https" {
  project               = var.project_id
  name                  = "${var.prefix}-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  target                = google_compute_target_https_proxy.this.id
}

resource "google_compute_url_map" "redirect" {
  project = var.project_id
  name    = "${var.prefix}-redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  project = var.project_id
  name    = "${var.prefix}-redirect"
  url_map = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "http" {
  project               = var.project_id
  name                  = "${var.prefix}-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect.id
}
