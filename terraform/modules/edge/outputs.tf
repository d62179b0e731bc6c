output "address" {
  description = "IPv4 address that the hosts' A records must point to."
  value       = google_compute_global_address.this.address
}

output "url_map" {
  description = "Name of the URL map, by which the monitoring finds the load balancer."
  value       = google_compute_url_map.this.name
}
