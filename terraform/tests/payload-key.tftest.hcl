mock_provider "google" {}

variables {
  key_ring   = "ring"
  location   = "europe-west1"
  project_id = "example-keys"
}

run "rotates_by_itself" {
  command = plan

  module {
    source = "./modules/payload-key"
  }

  assert {
    condition     = google_kms_crypto_key.this.rotation_period == "7776000s"
    error_message = "the payload key rotates every 90 days"
  }
}

run "reject_protection_level" {
  command = plan

  module {
    source = "./modules/payload-key"
  }

  variables {
    protection_level = "EXTERNAL"
  }

  expect_failures = [var.protection_level]
}

run "reject_rotation_days" {
  command = plan

  module {
    source = "./modules/payload-key"
  }

  variables {
    rotation_days = 0
  }

  expect_failures = [var.rotation_days]
}
