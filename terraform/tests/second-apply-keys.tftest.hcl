# A key's protection level cannot be changed: another key is made beside it, and signs when it is told to.
mock_provider "google" {}

variables {
  domain     = "licensing.example.com"
  project_id = "example-project"
  region     = "europe-west1"
}

run "software" {
  command = apply
}

run "an_hsm_key_beside_it_signs_from_another_region" {
  command = apply

  variables {
    signing_keys     = { license-signing = { protection_level = "SOFTWARE" }, license-signing-hsm = { protection_level = "HSM" } }
    signing_key      = "license-signing-hsm"
    region           = "europe-west4"
    keys_location    = "europe-west1"
    storage_location = "europe-west1"
  }

  assert {
    condition     = output.signing_key == output.keys["license-signing-hsm"] && alltrue([for name, id in run.software.keys : output.keys[name] == id])
    error_message = "the other key signs, and no key was replaced, moved or lost, whatever region the services are in"
  }

  assert {
    condition     = length([for key in keys(google_kms_crypto_key_iam_member.key) : key if endswith(key, " license-signing-hsm")]) == length([for key in keys(google_kms_crypto_key_iam_member.key) : key if endswith(key, " license-signing")])
    error_message = "who has rights on the one has them on the other"
  }
}
