output "address" {
  description = "IPv4 address that the hosts' A records must point to."
  value       = google_compute_global_address.this.address
}

output "backends" {
  description = "Resource names of the backend services, by their key."
  value       = { for name, backend in google_compute_backend_service.this : name => backend.id }
}

output "certificates" {
  description = "Resource names of the certificates, by host."
  value       = { for host, certificate in google_certificate_manager_certificate.this : host => certificate.id }
}

output "records" {
  description = "DNS records to set: an A record a host for its traffic, a CNAME a host by which its certificate is issued."
  value = concat(
    [for host in sort(local.hosts) : { name = "${host}.", type = "A", data = google_compute_global_address.this.address }],
    flatten([for host in sort(local.hosts) : [
      for record in google_certificate_manager_dns_authorization.this[host].dns_resource_record : { name = record.name, type = record.type, data = record.data }
    ]]),
  )
}

output "url_map" {
  description = "Name of the URL map, by which the monitoring finds the load balancer."
  value       = google_compute_url_map.this.name
}
