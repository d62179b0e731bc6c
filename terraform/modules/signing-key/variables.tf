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
  description = "SOFTWARE (60,000 signatures a minute) or HSM (about 214)."
  type        = string
  default     = "SOFTWARE"
  nullable    = false

  validation {
    condition     = contains(["SOFTWARE", "HSM"], var.protection_level)
    error_message = "protection_level must be SOFTWARE or HSM."
  }
}
