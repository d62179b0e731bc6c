mock_provider "google" {}

variables {
  location   = "europe-west1"
  prefix     = "example"
  project_id = "example-project"
  settings = {
    payloads = { softDeleteSeconds = 0 }
    uploads  = { cors = { maxAgeSeconds = 3600, method = ["PUT"], responseHeader = ["Content-Range"] }, softDeleteSeconds = 604800 }
  }
}

run "shreds_for_good" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = google_storage_bucket.payloads.soft_delete_policy[0].retention_duration_seconds == 0 && google_storage_bucket.payloads.versioning[0].enabled == false
    error_message = "a payload that was deleted is gone"
  }

  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.payloads, google_storage_bucket.uploads] : bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access])
    error_message = "no object can be made public"
  }
}

run "encrypts_with_a_key_of_ours" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    payload_kms_key = "projects/example-keys/locations/europe-west1/keyRings/storage/cryptoKeys/payloads"
  }

  assert {
    condition     = google_storage_bucket.payloads.encryption[0].default_kms_key_name == var.payload_kms_key && google_kms_crypto_key_iam_member.bucket[0].crypto_key_id == var.payload_kms_key
    error_message = "the bucket uses the key, and its agent may"
  }
}

run "reject_cors_origin_with_path" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    cors_origins = ["https://example.com/app"]
  }

  expect_failures = [var.cors_origins]
}

run "reject_retention_without_end" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    payload_retention_days = 0
  }

  expect_failures = [var.payload_retention_days]
}

run "lets_pages_upload_as_the_code_says" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    cors_origins = ["https://app.example.com"]
  }

  assert {
    condition     = google_storage_bucket.uploads.cors[0].method == tolist(["PUT"]) && google_storage_bucket.uploads.cors[0].response_header == tolist(["Content-Range"]) && google_storage_bucket.uploads.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "methods, headers and soft delete are those of buckets.json"
  }
}

run "reject_payloads_that_live_on" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    settings = {
      payloads = { softDeleteSeconds = 604800 }
      uploads  = { cors = { maxAgeSeconds = 3600, method = ["PUT"], responseHeader = [] }, softDeleteSeconds = 604800 }
    }
  }

  expect_failures = [var.settings]
}
