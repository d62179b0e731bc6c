mock_provider "google" {}

variables {
  key_ring   = "ring"
  location   = "europe-west1"
  project_id = "example-keys"
}

run "signs_with_rsa_4096" {
  command = plan

  module {
    source = "./modules/signing-key"
  }

  assert {
    condition     = google_kms_crypto_key.this.version_template[0].algorithm == "RSA_SIGN_PKCS1_4096_SHA256" && google_kms_crypto_key.this.purpose == "ASYMMETRIC_SIGN"
    error_message = "licences are signed with RSA_SIGN_PKCS1_4096_SHA256"
  }

  assert {
    condition     = google_kms_crypto_key.this.version_template[0].protection_level == "SOFTWARE"
    error_message = "an HSM signs 214 times a minute: not by default"
  }
}

run "reject_protection_level" {
  command = plan

  module {
    source = "./modules/signing-key"
  }

  variables {
    protection_level = "EXTERNAL"
  }

  expect_failures = [var.protection_level]
}
