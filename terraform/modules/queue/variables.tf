variable "account" {
  description = "Email of the account whose token the tasks carry; the service knows it by this email."
  type        = string
  nullable    = false
}

variable "audience" {
  description = "Audience of the token, the same for all services."
  type        = string
  nullable    = false
}

variable "host" {
  description = "Host name of the service that executes the tasks."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.host))
    error_message = "host must be a host name, without scheme and path."
  }
}

variable "max_concurrent_dispatches" {
  description = "Tasks that are executed at the same time."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.max_concurrent_dispatches >= 1 && var.max_concurrent_dispatches <= 5000
    error_message = "max_concurrent_dispatches must be 1 to 5000."
  }
}

variable "name" {
  description = "Name of the queue. One that was deleted cannot be had again for a week."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the queue: the service's own, or its ingress shuts the tasks out."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the queue."
  type        = string
  nullable    = false
}
