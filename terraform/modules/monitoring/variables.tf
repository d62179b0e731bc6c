variable "emails" {
  description = "Who is told of alerts."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "emails must be email addresses."
  }
}

variable "keys_project_id" {
  description = "Project of the signing key: what happens to it is in the log of that project."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the services."
  type        = string
  nullable    = false
}

variable "thresholds" {
  description = "When to tell: signatures a minute, their 99th percentile in seconds, share of requests answered 5xx."
  type = object({
    error_ratio             = optional(number, 0.01)
    signing_p99_seconds     = optional(number, 0.5)
    signing_rate_per_minute = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.thresholds.error_ratio > 0 && var.thresholds.error_ratio < 1
    error_message = "thresholds.error_ratio must be between 0 and 1."
  }
}

variable "url_map" {
  description = "Name of the load balancer's URL map."
  type        = string
  nullable    = false
}
