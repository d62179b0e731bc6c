variable "alert_emails" {
  description = "Who is told of alerts."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "allowed_content_types" {
  description = "Media types that may be uploaded with signed URLs, e.g. image/* or application/pdf."
  type        = list(string)
  default     = ["*/*"]
  nullable    = false

  validation {
    condition     = length(var.allowed_content_types) > 0 && alltrue([for type in var.allowed_content_types : can(regex("^[^/, ]+/[^/, ]+$", type))])
    error_message = "allowed_content_types must be media types such as image/png, image/* or */*."
  }
}

variable "audit_log_location" {
  description = "Where the bucket of audit records lies: a region of Cloud Logging, or global. It cannot be moved, whatever happens to `region`."
  type        = string
  default     = "global"
  nullable    = false
}

variable "audit_log_locked" {
  description = "Whether nobody may change the retention of the audit records. Cannot be undone: once applied, leave it."
  type        = bool
  default     = true
  nullable    = false
}

variable "authorized_domains" {
  description = "Domains of web pages that may sign users in."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "candidate_domain" {
  description = "Host under which new revisions are tested before they get traffic; null for none."
  type        = string
  default     = null
}

variable "cors_origins" {
  description = "Origins of web pages that upload with signed URLs and call the routes of users and of seats."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete services and the job."
  type        = bool
  default     = true
  nullable    = false
}

variable "domain" {
  description = "Host that clients use; https:// and this is the audience of service tokens and the issuer of licence tokens."
  type        = string
  nullable    = false
}

variable "firestore_database" {
  description = "Database id."
  type        = string
  default     = "(default)"
  nullable    = false
}

variable "firestore_location" {
  description = "Location of the database, e.g. eur3 or europe-west1; null for the region. It can never be changed."
  type        = string
  default     = null
}

variable "former_domains" {
  description = "Hosts that are served like domain: the one that was, until its clients have moved, or the next one, until its certificate is active."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "imported_keys" {
  description = "Whether licences may be created with keys of an older system. Needs the secret's version first (docs/operations.md)."
  type        = bool
  default     = false
  nullable    = false
}

variable "key_periods" {
  description = "The life of a signing key version: published before it signs, age at which the next is made, archived after its retirement, and how far validity may reach."
  type = object({
    archive_after_days           = optional(number, 30)
    longest_validity_days        = optional(number, 400)
    publish_before_signing_hours = optional(number, 48)
    rotate_after_days            = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.key_periods.publish_before_signing_hours >= 26 && var.key_periods.rotate_after_days >= 3 && var.key_periods.archive_after_days >= 1 && var.key_periods.longest_validity_days >= 1
    error_message = "key_periods: a version must be published for 26 hours before it signs (longer than caches keep the list), rotated after 3 days or more, archived after 1 or more."
  }
}

variable "keys_location" {
  description = "Location of the keys when it is not the region: keys cannot move, so name the old region here when the services move."
  type        = string
  default     = null
}

variable "keys_project_id" {
  description = "Project of the keys, when it is not the one of the services."
  type        = string
  default     = null
}

variable "max_upload_bytes" {
  description = "The largest upload by a signed URL; null for no limit of ours."
  type        = number
  default     = null

  validation {
    condition     = var.max_upload_bytes == null || try(var.max_upload_bytes >= 1 && floor(var.max_upload_bytes) == var.max_upload_bytes, false)
    error_message = "max_upload_bytes must be a whole number of at least 1."
  }
}

variable "name_prefix" {
  description = "What the names of accounts and global resources begin with."
  type        = string
  default     = "countersign"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 3 to 14 of a-z, 0-9 and hyphens, and begin with a letter."
  }
}

variable "oauth_clients" {
  description = "OAuth clients for signing in, by provider: google.com, github.com. Their secrets end up in the state."
  type = map(object({
    client_id     = string
    client_secret = string
    enabled       = optional(bool, true)
  }))
  default   = {}
  nullable  = false
  sensitive = true
}

variable "payload_bucket_kms_key" {
  description = "Key for the payload bucket at rest; null for Google's."
  type        = string
  default     = null
}

variable "payload_key_regions" {
  description = "Locations with a payload key; the first one seals. To move, put the new one first and keep the old one until its payloads are gone. Empty for the region alone."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(distinct(var.payload_key_regions)) == length(var.payload_key_regions)
    error_message = "payload_key_regions must name each location once."
  }
}

variable "payload_retention_days" {
  description = "Days after which a payload that nobody has opened is deleted."
  type        = number
  default     = 30
  nullable    = false
}

variable "placeholder_image" {
  description = "What services run until the pipeline deploys them. It must answer 200 on /health."
  type        = string
  default     = "us-docker.pkg.dev/cloudrun/container/hello"
  nullable    = false
}

variable "portal" {
  description = "The view of one licence that a customer's back end links to or embeds: origins that may show it in a frame, colour of its buttons, HTTPS address of a logo."
  type = object({
    accent          = optional(string)
    frame_ancestors = optional(list(string), [])
    logo            = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for origin in var.portal.frame_ancestors : can(regex("^https://[^/*]+$", origin))])
    error_message = "portal.frame_ancestors must be origins such as https://account.example.com."
  }

  validation {
    condition     = (var.portal.accent == null || can(regex("^#[0-9a-fA-F]{6}$", var.portal.accent))) && (var.portal.logo == null || can(regex("^https://", var.portal.logo)))
    error_message = "portal.accent must be like #1a7f5a, and portal.logo an https:// address."
  }
}

variable "project_id" {
  description = "Project of the services: one project an environment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project id: 6 to 30 of a-z, 0-9 and hyphens."
  }
}

variable "rate_limit_per_hour" {
  description = "Requests an hour of one user or service."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.rate_limit_per_hour >= 1 && floor(var.rate_limit_per_hour) == var.rate_limit_per_hour
    error_message = "rate_limit_per_hour must be a whole number of at least 1."
  }
}

variable "region" {
  description = "Region of services, keys and buckets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west1."
  }
}

variable "repository" {
  description = "Cloud Build repository (2nd generation) to deploy from; null for builds by hand alone."
  type        = string
  default     = null
}

variable "root_protection_level" {
  description = "HSM or SOFTWARE, of the root key. It cannot be changed; SOFTWARE is for environments that vouch for nothing."
  type        = string
  default     = "HSM"
  nullable    = false
}

variable "scaling" {
  description = "Sizes of functions that differ from those in functions.tf, by name."
  type = map(object({
    concurrency     = optional(number)
    cpu             = optional(string)
    max_instances   = optional(number)
    memory          = optional(string)
    min_instances   = optional(number)
    timeout_seconds = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.scaling) : contains(local.functions, name)])
    error_message = "scaling names a function that is not there."
  }
}

variable "service_accounts" {
  description = "Back ends, by email, with their scopes: licenses, portal, sign, tasks, urls, and urls:TENANT_ID for one tenant's uploads alone."
  type        = map(set(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for email in keys(var.service_accounts) : can(regex("^[^@, ]+@[^@, ]+\\.gserviceaccount\\.com$", email))])
    error_message = "service_accounts must be emails of service accounts."
  }

  validation {
    condition     = alltrue([for scope in flatten([for scopes in values(var.service_accounts) : tolist(scopes)]) : can(regex("^(licenses|portal|sign|tasks|urls(:[A-Za-z0-9_-]+)?)$", scope))])
    error_message = "a scope must be licenses, portal, sign, tasks, urls or urls:TENANT_ID."
  }
}

variable "serving_database" {
  description = "Database that the functions use when it is another one, such as one restored from a point in time; null for firestore_database."
  type        = string
  default     = null
}

variable "settings" {
  description = "Variables of the code that Terraform has no value for, by name, when the code's default will not do. See .env.example."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : contains(flatten([for variables in values(local.environment) : keys(variables)]), name)])
    error_message = "settings names a variable that nothing reads."
  }
}

variable "signatures_per_minute" {
  description = "KMS's quota of signatures, which the instances share; null for 214 with an HSM and no limit of ours otherwise."
  type        = number
  default     = null

  validation {
    condition     = var.signatures_per_minute == null || try(var.signatures_per_minute >= 1, false)
    error_message = "signatures_per_minute must be at least 1."
  }
}

variable "signing_key" {
  description = "Which of signing_keys makes the signatures."
  type        = string
  default     = "license-signing"
  nullable    = false

  validation {
    condition     = contains(keys(var.signing_keys), var.signing_key)
    error_message = "signing_key must be one of signing_keys."
  }
}

variable "signing_keys" {
  description = "Licence-signing keys, by name: SOFTWARE (60,000 signatures a minute) or HSM (about 214). Neither can become the other; add one beside it and set signing_key."
  type        = map(object({ protection_level = string }))
  default     = { license-signing = { protection_level = "SOFTWARE" } }
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.signing_keys) : can(regex("^[a-z][a-z0-9-]{2,62}$", name)) && !contains(["license-directory", "license-root"], name)])
    error_message = "a signing key's name must be lower-case letters, digits and hyphens, and not license-directory or license-root."
  }
}

variable "storage_location" {
  description = "Location of buckets and images when it is not the region: buckets cannot move, so name the old region here when the services move."
  type        = string
  default     = null
}

variable "stranger_limit_per_hour" {
  description = "Requests an hour and address without a valid licence key, session id or token."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.stranger_limit_per_hour >= 1 && floor(var.stranger_limit_per_hour) == var.stranger_limit_per_hour
    error_message = "stranger_limit_per_hour must be a whole number of at least 1."
  }
}

variable "stripe" {
  description = "Whether licences are sold through Stripe. Needs a version of the secret first (docs/billing.md)."
  type        = bool
  default     = false
  nullable    = false
}

variable "stripe_grace_days" {
  description = "Days for which a licence goes on after a paid period, or after a payment has failed; null for the code's default."
  type        = number
  default     = null

  validation {
    condition     = var.stripe_grace_days == null || try(var.stripe_grace_days >= 0 && var.stripe_grace_days <= 365, false)
    error_message = "stripe_grace_days must be 0 to 365."
  }
}

variable "terraform_account" {
  description = "Email of the account that plans and applies in the pipeline, after an approval; null leaves that to people."
  type        = string
  default     = null
}

variable "throttle" {
  description = "Requests a minute and address at the edge: all, and those with a licence key or session id."
  type = object({
    all     = optional(number, 6000)
    licence = optional(number, 1200)
  })
  default  = {}
  nullable = false
}

variable "unsigned_fallback" {
  description = "allow: hand out unsigned licence data when signing fails. Clients refuse it unless told otherwise."
  type        = string
  default     = "deny"
  nullable    = false

  validation {
    condition     = contains(["allow", "deny"], var.unsigned_fallback)
    error_message = "unsigned_fallback must be allow or deny."
  }
}

variable "worker_command" {
  description = "Program and arguments that the worker runs with a task's payload on standard input. null for what the image says (WORKER_COMMAND); the suite's own image has no program, so its tasks fail with 78 and are kept."
  type        = list(string)
  default     = null

  validation {
    condition     = var.worker_command == null ? true : length(var.worker_command) > 0 && try(var.worker_command[0] != "", false)
    error_message = "worker_command must name a program."
  }
}

variable "worker_image" {
  description = "Container image of the worker, by digest, when it is your own; releases leave it alone then. null for the suite's, which they set."
  type        = string
  default     = null
}
