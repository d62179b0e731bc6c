# The first line only: which credential was wrong is known to the functions alone, and they count that themselves.
resource "google_compute_security_policy" "this" {
  project     = var.project_id
  name        = var.prefix
  type        = "CLOUD_ARMOR"
  description = "Throttles by address."

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  rule {
    priority    = 100
    action      = "deny(404)"
    description = "Internal routes are not on the map; a mistake in it shall not put them there."

    match {
      expr {
        expression = "request.path.startsWith('/internal/')"
      }
    }
  }

  rule {
    priority    = 1000
    action      = "rate_based_ban"
    description = "Guessing licence keys and session ids."

    match {
      expr {
        expression = "request.path.matches('^/api/v1/licenses/(acquire|heartbeat|release)/?$')"
      }
    }

    rate_limit_options {
      conform_action   = "allow"
      exceed_action    = "deny(429)"
      enforce_on_key   = "IP"
      ban_duration_sec = 600

      rate_limit_threshold {
        count        = var.throttle.licence
        interval_sec = 60
      }

      # An office that comes to work is slowed down; banned is who goes on at it for ten minutes.
      ban_threshold {
        count        = var.throttle.licence * 10
        interval_sec = 600
      }
    }
  }

  rule {
    priority    = 2147483647
    action      = "throttle"
    description = "All other requests."

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.throttle.all
        interval_sec = 60
      }
    }
  }
}
