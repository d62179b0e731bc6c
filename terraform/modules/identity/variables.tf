variable "authorized_domains" {
  description = "Domains of web pages that may sign users in."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "oauth_clients" {
  description = "OAuth clients by provider, google.com or github.com. Their secrets end up in the state, which must be kept like one."
  type = map(object({
    client_id     = string
    client_secret = string
    enabled       = optional(bool, true)
  }))
  default   = {}
  nullable  = false
  sensitive = true

  validation {
    condition     = alltrue([for provider in keys(var.oauth_clients) : contains(["google.com", "github.com"], provider)])
    error_message = "an identity provider must be google.com or github.com."
  }
}

variable "project_id" {
  description = "Project of the users."
  type        = string
  nullable    = false
}
