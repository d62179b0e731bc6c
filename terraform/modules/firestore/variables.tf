variable "database" {
  description = "Database id; (default) is the one with a free tier."
  type        = string
  default     = "(default)"
  nullable    = false

  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "database must be (default), or 4 to 63 of a-z, 0-9 and hyphens that begin with a letter."
  }
}

variable "declared" {
  description = "The declared list: composite indexes, fields without a single-field index, and TTL policies."
  type = object({
    composite = list(object({
      collection  = string
      query_scope = optional(string, "COLLECTION")
      fields = list(object({
        field_path = string
        order      = string
      }))
    }))
    exempt = optional(list(object({ collection = string, field = string })), [])
    ttl    = optional(list(object({ collection = string, field = string })), [])
  })
  nullable = false

  validation {
    condition = alltrue(flatten([
      for index in var.declared.composite : [for field in index.fields : contains(["ASCENDING", "DESCENDING"], field.order)]
    ]))
    error_message = "the order of an indexed field must be ASCENDING or DESCENDING."
  }

  validation {
    condition     = alltrue([for index in var.declared.composite : contains(["COLLECTION", "COLLECTION_GROUP"], index.query_scope)])
    error_message = "query_scope must be COLLECTION or COLLECTION_GROUP."
  }
}

variable "location" {
  description = "Firestore location, e.g. eur3 or europe-west1. It can never be changed."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project of the database."
  type        = string
  nullable    = false
}
