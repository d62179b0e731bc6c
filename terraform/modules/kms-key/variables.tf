variable "algorithm" {
  description = "Algorithm of the versions."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["GOOGLE_SYMMETRIC_ENCRYPTION", "RSA_SIGN_PKCS1_4096_SHA256"], var.algorithm)
    error_message = "algorithm must be GOOGLE_SYMMETRIC_ENCRYPTION or RSA_SIGN_PKCS1_4096_SHA256."
  }
}

variable "key_ring" {
  description = "Resource name of the key ring."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the key. A key cannot be deleted, so neither can its name be used again."
  type        = string
  nullable    = false
}

variable "protection_level" {
  description = "SOFTWARE or HSM. It cannot be changed: another level is another key beside this one."
  type        = string
  default     = "SOFTWARE"
  nullable    = false

  validation {
    condition     = contains(["HSM", "SOFTWARE"], var.protection_level)
    error_message = "protection_level must be HSM or SOFTWARE."
  }
}

variable "purpose" {
  description = "ASYMMETRIC_SIGN or ENCRYPT_DECRYPT."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["ASYMMETRIC_SIGN", "ENCRYPT_DECRYPT"], var.purpose)
    error_message = "purpose must be ASYMMETRIC_SIGN or ENCRYPT_DECRYPT."
  }
}

variable "rotation_days" {
  description = "Days after which KMS makes a new primary version; null for keys that sign, which KMS does not rotate."
  type        = number
  default     = null

  validation {
    condition     = var.rotation_days == null || try(var.purpose == "ENCRYPT_DECRYPT" && var.rotation_days >= 1 && var.rotation_days <= 365, false)
    error_message = "rotation_days must be 1 to 365, and KMS rotates keys that encrypt only."
  }
}
