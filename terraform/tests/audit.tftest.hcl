mock_provider "google" {}

variables {
  location   = "europe-west1"
  locked     = true
  project_id = "example-project"
}

run "keeps_the_records_for_good" {
  command = plan

  module {
    source = "./modules/audit"
  }

  assert {
    condition     = google_logging_project_bucket_config.records.locked && google_logging_project_bucket_config.records.retention_days >= 430
    error_message = "nobody shortens the records, which live as long as the documents of the same records"
  }

  assert {
    condition     = strcontains(google_logging_project_sink.records.filter, "audit_record") && strcontains(google_logging_project_sink.records.filter, "cloudaudit.googleapis.com%2Fdata_access")
    error_message = "our records and Google's are both in it"
  }
}
