variable "cors_origins" {
  description = "Origins of web pages that upload with signed URLs."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "a CORS origin must be https:// and a host, without a path."
  }
}

variable "location" {
  description = "Location of the buckets."
  type        = string
  nullable    = false
}

variable "payload_kms_key" {
  description = "Key for the payload bucket at rest; null for Google's. Payloads are sealed either way."
  type        = string
  default     = null
}

variable "payload_retention_days" {
  description = "Days after which a payload that nobody has opened is deleted."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.payload_retention_days >= 1 && var.payload_retention_days <= 365
    error_message = "payload_retention_days must be 1 to 365."
  }
}

variable "prefix" {
  description = "What the buckets' names begin with; names are shared by all of Google Cloud."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the buckets."
  type        = string
  nullable    = false
}

variable "settings" {
  description = "What the buckets are made with: buckets.json, written from the code."
  type = object({
    payloads = object({
      softDeleteSeconds = number
    })
    uploads = object({
      cors = object({
        maxAgeSeconds  = number
        method         = list(string)
        responseHeader = list(string)
      })
      softDeleteSeconds = number
    })
  })
  nullable = false

  validation {
    condition     = var.settings.payloads.softDeleteSeconds == 0
    error_message = "settings: a deleted payload must be gone at once."
  }
}
