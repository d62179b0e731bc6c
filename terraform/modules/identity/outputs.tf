output "api_key" {
  description = "The project's API key: it names the project to Identity Platform, gives no right, and is in every web page that signs people in."
  value       = nonsensitive(one(google_identity_platform_config.this.client[*].api_key))
}

output "issuer" {
  description = "The iss of users' tokens."
  value       = "https://securetoken.google.com/${google_identity_platform_config.this.project}"
}
