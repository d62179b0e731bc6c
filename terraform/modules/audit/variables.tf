variable "project_id" {
  description = "Project whose accesses are recorded."
  type        = string
  nullable    = false
}

variable "services" {
  description = "Services whose reads and writes are recorded; signatures by KMS and SignBlob are among them, an entry each."
  type        = set(string)
  default     = ["cloudkms.googleapis.com", "iam.googleapis.com"]
  nullable    = false
}
