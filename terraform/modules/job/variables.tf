variable "account" {
  description = "Email of the service account that it runs as."
  type        = string
  nullable    = false
}

variable "cpu" {
  description = "CPUs of a task."
  type        = string
  default     = "1"
  nullable    = false

  validation {
    condition     = contains(["1", "2", "4", "8"], var.cpu)
    error_message = "cpu must be 1, 2, 4 or 8."
  }
}

variable "environment" {
  description = "Environment variables; null leaves one out."
  type        = map(string)
  nullable    = false
}

variable "image" {
  description = "Container image of your own, by digest, which releases leave alone; null for the suite's, which they set."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must name its digest: …@sha256:…"
  }
}

variable "max_retries" {
  description = "Tries after one that failed: the payload is kept for them."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.max_retries >= 0 && var.max_retries <= 10
    error_message = "max_retries must be 0 to 10."
  }
}

variable "memory" {
  description = "Memory of a task, e.g. 1Gi."
  type        = string
  default     = "1Gi"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+(Mi|Gi)$", var.memory))
    error_message = "memory must be a number with Mi or Gi."
  }
}

variable "name" {
  description = "Name of the job."
  type        = string
  nullable    = false
}

variable "placeholder_image" {
  description = "What the job has until the first release."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the job."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the job."
  type        = string
  nullable    = false
}

variable "timeout_seconds" {
  description = "After which Cloud Run ends a task; above the worker's own deadline, so that its end is the worker's to report."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 60 && var.timeout_seconds <= 604800
    error_message = "timeout_seconds must be 60 to 604800."
  }
}
