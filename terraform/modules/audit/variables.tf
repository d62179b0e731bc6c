variable "location" {
  description = "Where the bucket of the records lies: a region of Cloud Logging, or global. It cannot be moved."
  type        = string
  nullable    = false
}

variable "locked" {
  description = "Whether nobody may change the retention, nor delete the bucket before its records have aged. Cannot be undone."
  type        = bool
  nullable    = false
}

variable "project_id" {
  description = "Project whose accesses are recorded."
  type        = string
  nullable    = false
}

variable "retention_days" {
  description = "Days for which the records are kept: as long as the documents of the same records."
  type        = number
  default     = 430
  nullable    = false
}

variable "services" {
  description = "Services whose reads and writes are recorded; signatures by KMS and SignBlob are among them, an entry each."
  type        = set(string)
  default     = ["cloudkms.googleapis.com", "iam.googleapis.com"]
  nullable    = false
}
