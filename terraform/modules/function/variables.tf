variable "account" {
  description = "Email of the service account that it runs as."
  type        = string
  nullable    = false
}

variable "concurrency" {
  description = "Requests that one instance takes at a time."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000
    error_message = "concurrency must be 1 to 1000."
  }
}

variable "cpu" {
  description = "CPUs of an instance. Below one, Cloud Run takes one request at a time."
  type        = string
  default     = "1"
  nullable    = false

  validation {
    condition     = contains(["1", "2", "4", "8"], var.cpu)
    error_message = "cpu must be 1, 2, 4 or 8."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
  default     = true
  nullable    = false
}

variable "environment" {
  description = "Environment variables; null leaves one out."
  type        = map(string)
  nullable    = false
}

variable "image" {
  description = "Container image of the first revision. Later ones are the pipeline's."
  type        = string
  nullable    = false
}

variable "max_instances" {
  description = "Instances at most: what a flood may cost."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 1000
    error_message = "max_instances must be 1 to 1000."
  }
}

variable "memory" {
  description = "Memory of an instance, e.g. 512Mi."
  type        = string
  default     = "512Mi"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+(Mi|Gi)$", var.memory))
    error_message = "memory must be a number with Mi or Gi."
  }
}

variable "min_instances" {
  description = "Instances that are kept warm."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.min_instances >= 0 && var.min_instances <= 100
    error_message = "min_instances must be 0 to 100."
  }
}

variable "name" {
  description = "Name of the service."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the service."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the service."
  type        = string
  nullable    = false
}

variable "required" {
  description = "Variables without which it does not start."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "secrets" {
  description = "Environment variables whose value is a version of a secret: the first, unless another one is named."
  type = map(object({
    secret  = string
    version = optional(string, "1")
  }))
  default  = {}
  nullable = false
}

variable "timeout_seconds" {
  description = "After which Cloud Run gives a request up."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600
    error_message = "timeout_seconds must be 1 to 3600."
  }
}
