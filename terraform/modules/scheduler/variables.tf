variable "account" {
  description = "Email of the account whose token the calls carry; the functions know it by this email."
  type        = string
  nullable    = false
}

variable "audience" {
  description = "Audience of the token, the same for all services."
  type        = string
  nullable    = false
}

variable "jobs" {
  description = "What is called when, by name."
  type = map(object({
    body             = optional(string)
    deadline_seconds = optional(number, 60)
    retries          = optional(number, 1)
    schedule         = string
    url              = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for job in values(var.jobs) : job.deadline_seconds >= 15 && job.deadline_seconds <= 1800])
    error_message = "deadline_seconds must be 15 to 1800."
  }

  validation {
    condition     = alltrue([for job in values(var.jobs) : length(split(" ", job.schedule)) == 5])
    error_message = "schedule must have the five fields of cron."
  }
}

variable "prefix" {
  description = "What the jobs' names begin with."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the jobs: the services' own, or their ingress shuts them out."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the jobs."
  type        = string
  nullable    = false
}
