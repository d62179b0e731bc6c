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

run "an_hsm_key_beside_it" {
  command = apply

  variables {
    signing_keys = { license-signing = { protection_level = "SOFTWARE" }, license-signing-hsm = { protection_level = "HSM" } }
  }

  assert {
    condition     = output.keys["license-signing"] == run.software.keys["license-signing"] && output.signing_key == run.software.signing_key
    error_message = "the key that signs is not touched"
  }

  assert {
    condition     = length([for key in keys(google_kms_crypto_key_iam_member.key) : key if endswith(key, " license-signing-hsm")]) > 0
    error_message = "who signs may sign with it before it does"
  }
}

run "signs" {
  command = apply

  variables {
    signing_keys     = { license-signing = { protection_level = "SOFTWARE" }, license-signing-hsm = { protection_level = "HSM" } }
    signing_key      = "license-signing-hsm"
    region           = "europe-west4"
    keys_location    = "europe-west1"
    storage_location = "europe-west1"
  }

  assert {
    condition     = output.signing_key == run.an_hsm_key_beside_it.keys["license-signing-hsm"] && output.keys == run.an_hsm_key_beside_it.keys
    error_message = "the other key signs, and no key was made, moved or lost, whatever region the services are in"
  }
}
