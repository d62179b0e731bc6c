# Certificate Manager instead of certificates on the proxy: a certificate is authorised by a DNS record of its own, so it
# is active before any traffic comes, and a host is added to or taken from the map without touching the others. Each
# resource is keyed by its host: another domain is another certificate beside the old one, never a replacement in use.
locals {
  # Names are letters, digits and hyphens, at most 63; hosts may be longer.
  certificate_names = { for host in local.hosts : host => "${var.prefix}-${substr(replace(host, ".", "-"), 0, 36)}-${substr(sha1(host), 0, 8)}" }
}

resource "google_certificate_manager_dns_authorization" "this" {
  for_each = local.hosts

  project = var.project_id
  name    = local.certificate_names[each.value]
  domain  = each.value
}

resource "google_certificate_manager_certificate" "this" {
  for_each = local.hosts

  project = var.project_id
  name    = local.certificate_names[each.value]

  managed {
    domains            = [each.value]
    dns_authorizations = [google_certificate_manager_dns_authorization.this[each.value].id]
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  project = var.project_id
  name    = var.prefix
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  for_each = local.hosts

  project      = var.project_id
  name         = local.certificate_names[each.value]
  map          = google_certificate_manager_certificate_map.this.name
  hostname     = each.value
  certificates = [google_certificate_manager_certificate.this[each.value].id]
}
