output "issuer" {
  description = "The iss of users' tokens."
  value       = "https://securetoken.google.com/${google_identity_platform_config.this.project}"
}
