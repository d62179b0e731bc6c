mock_provider "google" {}

variables {
  location   = "eur3"
  project_id = "example-project"
  declared   = { composite = [] }
}

run "declares_indexes_exemptions_and_ttl" {
  command = plan

  module {
    source = "./modules/firestore"
  }

  variables {
    declared = {
      composite = [{ collection = "sessions", fields = [{ field_path = "shard", order = "ASCENDING" }, { field_path = "expires_at", order = "ASCENDING" }] }]
      exempt    = [{ collection = "ended_sessions", field = "delete_after" }, { collection = "sessions", field = "expires_at" }]
      ttl       = [{ collection = "ended_sessions", field = "delete_after" }]
    }
  }

  assert {
    condition     = [for field in google_firestore_index.this["sessions shard:ASCENDING,expires_at:ASCENDING"].fields : field.field_path] == ["shard", "expires_at"]
    error_message = "an index keeps the order of its fields"
  }

  assert {
    condition     = length(google_firestore_field.this["ended_sessions/delete_after"].index_config) == 1 && length(google_firestore_field.this["ended_sessions/delete_after"].ttl_config) == 1
    error_message = "a field that is exempt and has a TTL is one resource with both"
  }

  assert {
    condition     = length(google_firestore_field.this["sessions/expires_at"].ttl_config) == 0
    error_message = "a live session is not Firestore's to delete"
  }

  assert {
    condition     = google_firestore_database.this.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" && google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "the database can be restored, and not be deleted"
  }
}

run "reject_database" {
  command = plan

  module {
    source = "./modules/firestore"
  }

  variables {
    database = "Licences"
  }

  expect_failures = [var.database]
}

run "reject_order" {
  command = plan

  module {
    source = "./modules/firestore"
  }

  variables {
    declared = { composite = [{ collection = "sessions", fields = [{ field_path = "shard", order = "UP" }] }] }
  }

  expect_failures = [var.declared]
}

run "reject_query_scope" {
  command = plan

  module {
    source = "./modules/firestore"
  }

  variables {
    declared = { composite = [{ collection = "sessions", query_scope = "EVERYTHING", fields = [{ field_path = "shard", order = "ASCENDING" }] }] }
  }

  expect_failures = [var.declared]
}
