variable "candidate_domain" {
  description = "Host under which the revisions tagged candidate are reached before they get traffic; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.candidate_domain != var.domain
    error_message = "candidate_domain must be another host than domain."
  }
}

variable "client_ip_header" {
  description = "Header in which the functions are told the client's address."
  type        = string
  nullable    = false
}

variable "domain" {
  description = "Host that clients use. Its A record must point to the address of this module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a host name in lower case, without scheme and path."
  }
}

variable "former_domains" {
  description = "Hosts that are served like domain: the one that was, until its clients have moved, or the next one, until its certificate is active."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = !contains(var.former_domains, var.domain) && !contains(var.former_domains, coalesce(var.candidate_domain, "none"))
    error_message = "former_domains must not name domain or candidate_domain."
  }
}

variable "log_sample_rate" {
  description = "Share of requests that the load balancer logs, 0 to 1. The functions log each one themselves."
  type        = number
  default     = 0.1
  nullable    = false

  validation {
    condition     = var.log_sample_rate >= 0 && var.log_sample_rate <= 1
    error_message = "log_sample_rate must be 0 to 1."
  }
}

variable "prefix" {
  description = "What the resources' names begin with."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the load balancer."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the services."
  type        = string
  nullable    = false
}

variable "routes" {
  description = "Paths of the URL map by service: as they stand, with and without trailing slash; prefixes, which end in /*; and templates, in which * is one segment."
  type        = map(list(string))
  nullable    = false

  validation {
    condition     = alltrue(flatten([for paths in values(var.routes) : [for path in paths : !startswith(path, "/internal")]]))
    error_message = "what only the scheduler may call is not for the load balancer."
  }

  validation {
    condition     = contains(keys(var.routes), "public-keys")
    error_message = "routes must have public-keys, which answers what belongs to no service."
  }
}

variable "throttle" {
  description = "Requests a minute and address: all, and those with a licence key or session id (a whole office may share an address)."
  type = object({
    all     = optional(number, 6000)
    licence = optional(number, 1200)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttle.licence >= 1 && var.throttle.licence <= var.throttle.all && var.throttle.all <= 1000000
    error_message = "throttle.licence must be at least 1 and at most throttle.all, which must be at most 1,000,000."
  }
}
