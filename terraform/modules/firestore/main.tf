locals {
  indexes = {
    for index in var.declared.composite :
    "${index.collection} ${join(",", [for field in index.fields : "${field.field_path}:${field.order}"])}" => index
  }

  # A field that is exempt and has a TTL is one resource.
  exempt = toset([for field in var.declared.exempt : "${field.collection}/${field.field}"])
  ttl    = toset([for field in var.declared.ttl : "${field.collection}/${field.field}"])
}

resource "google_firestore_database" "this" {
  project                           = var.project_id
  name                              = var.database
  location_id                       = var.location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_firestore_index" "this" {
  for_each = local.indexes

  project     = var.project_id
  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = each.value.query_scope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.field_path
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "this" {
  for_each = setunion(local.exempt, local.ttl)

  project    = var.project_id
  database   = google_firestore_database.this.name
  collection = split("/", each.value)[0]
  field      = split("/", each.value)[1]

  # Empty: no single-field index. A growing value in one holds its collection to 500 writes a second.
  dynamic "index_config" {
    for_each = contains(local.exempt, each.value) ? [true] : []
    content {}
  }

  dynamic "ttl_config" {
    for_each = contains(local.ttl, each.value) ? [true] : []
    content {}
  }
}
