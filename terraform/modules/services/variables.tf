variable "apis" {
  description = "APIs to switch on, e.g. run.googleapis.com."
  type        = set(string)
  nullable    = false
}

variable "project_id" {
  description = "Project to switch them on in."
  type        = string
  nullable    = false
}
