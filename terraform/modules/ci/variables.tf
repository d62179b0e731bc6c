variable "accounts" {
  description = "Accounts that the deployed run as, by name: who deploys must be allowed to hand them out."
  type        = map(string)
  nullable    = false
}

variable "audience" {
  description = "Audience of service tokens, for the smoke test."
  type        = string
  nullable    = false
}

variable "branch" {
  description = "Regular expression of the branch that is deployed."
  type        = string
  default     = "^main$"
  nullable    = false
}

variable "candidate_url" {
  description = "Where the smoke test finds revisions that have no traffic yet; null leaves it out."
  type        = string
  default     = null
}

variable "functions" {
  description = "Services that are deployed."
  type        = set(string)
  nullable    = false
}

variable "job" {
  description = "The job that is deployed; null when its image is your own."
  type        = string
  default     = null
}

variable "location" {
  description = "Location of images and buckets."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "What the resources' names begin with."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the services."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the services."
  type        = string
  nullable    = false
}

variable "release_ref" {
  description = "Whose cloudbuild.release.yaml and scripts/release release: the branch that is protected."
  type        = string
  default     = "refs/heads/main"
  nullable    = false
}

variable "repository" {
  description = "Cloud Build repository (2nd generation) to build from, projects/P/locations/L/connections/C/repositories/R; null for builds by hand alone."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^projects/[^/]+/locations/[^/]+/connections/[^/]+/repositories/[^/]+$", var.repository))
    error_message = "repository must be projects/P/locations/L/connections/C/repositories/R."
  }
}

variable "terraform_account" {
  description = "Email of the account that plans and applies after an approval; null leaves that to people."
  type        = string
  default     = null
}
