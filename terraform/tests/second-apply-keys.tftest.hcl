# A key's protection level cannot be changed: another key is made beside it, and signs when it is told to. Planned only:
# what is protected cannot be torn down again, by a test neither.
mock_provider "google" {}

variables {
  domain     = "licensing.example.com"
  project_id = "example-project"
  region     = "europe-west1"
}

run "software" {
  command = plan

  assert {
    condition     = keys(module.key) == ["license-directory", "license-root", "license-signing", "task-payloads europe-west1", "webhook-secrets"]
    error_message = "the keys of a first apply"
  }
}

run "an_hsm_key_beside_it_signs_from_another_region" {
  command = plan

  variables {
    signing_keys     = { license-signing = { protection_level = "SOFTWARE" }, license-signing-hsm = { protection_level = "HSM" } }
    signing_key      = "license-signing-hsm"
    region           = "europe-west4"
    keys_location    = "europe-west1"
    storage_location = "europe-west1"
  }

  assert {
    condition     = keys(module.key) == ["license-directory", "license-root", "license-signing", "license-signing-hsm", "task-payloads europe-west1", "webhook-secrets"]
    error_message = "one more, and the others under the addresses that they had"
  }

  assert {
    condition     = alltrue([for ring in google_kms_key_ring.this : ring.location == "europe-west1"])
    error_message = "no ring moves, whatever region the services are in"
  }

  assert {
    condition     = length([for key in keys(google_kms_crypto_key_iam_member.key) : key if endswith(key, " license-signing-hsm")]) == length([for key in keys(google_kms_crypto_key_iam_member.key) : key if endswith(key, " license-signing")])
    error_message = "who has rights on the one has them on the other"
  }
}
