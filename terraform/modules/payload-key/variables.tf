variable "key_ring" {
  description = "Name of the key ring. A ring cannot be deleted, so neither can its name be used again."
  type        = string
  nullable    = false
}

variable "location" {
  description = "Location of the key, e.g. europe-west1."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the key, which need not be the one of the services."
  type        = string
  nullable    = false
}

variable "protection_level" {
  description = "SOFTWARE or HSM. It wraps one data key a payload, so that either keeps up."
  type        = string
  default     = "SOFTWARE"
  nullable    = false

  validation {
    condition     = contains(["SOFTWARE", "HSM"], var.protection_level)
    error_message = "protection_level must be SOFTWARE or HSM."
  }
}

variable "rotation_days" {
  description = "Days after which a new version wraps; older ones still unwrap."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.rotation_days >= 1 && var.rotation_days <= 365
    error_message = "rotation_days must be 1 to 365."
  }
}
