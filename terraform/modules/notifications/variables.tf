variable "account" {
  description = "Email of the account whose token is sent."
  type        = string
  nullable    = false
}

variable "audience" {
  description = "Audience of the token."
  type        = string
  nullable    = false
}

variable "bucket" {
  description = "Name of the bucket."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of topic and subscription."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of topic and subscription."
  type        = string
  nullable    = false
}

variable "url" {
  description = "What is called."
  type        = string
  nullable    = false
}
