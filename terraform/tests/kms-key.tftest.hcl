mock_provider "google" {}

variables {
  algorithm = "RSA_SIGN_PKCS1_4096_SHA256"
  key_ring  = "projects/example-keys/locations/europe-west1/keyRings/ring"
  name      = "license-signing"
  purpose   = "ASYMMETRIC_SIGN"
}

run "signs_with_rsa_4096" {
  command = plan

  module {
    source = "./modules/kms-key"
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

run "rotates_by_itself" {
  command = plan

  module {
    source = "./modules/kms-key"
  }

  variables {
    algorithm     = "GOOGLE_SYMMETRIC_ENCRYPTION"
    purpose       = "ENCRYPT_DECRYPT"
    rotation_days = 90
  }

  assert {
    condition     = google_kms_crypto_key.this.rotation_period == "7776000s"
    error_message = "a key that wraps rotates every 90 days"
  }
}

run "reject_algorithm" {
  command = plan

  module {
    source = "./modules/kms-key"
  }

  variables {
    algorithm = "EC_SIGN_P256_SHA256"
  }

  expect_failures = [var.algorithm]
}

run "reject_protection_level" {
  command = plan

  module {
    source = "./modules/kms-key"
  }

  variables {
    protection_level = "EXTERNAL"
  }

  expect_failures = [var.protection_level]
}

run "reject_purpose" {
  command = plan

  module {
    source = "./modules/kms-key"
  }

  variables {
    purpose = "MAC"
  }

  expect_failures = [var.purpose]
}

run "reject_rotation_of_a_key_that_signs" {
  command = plan

  module {
    source = "./modules/kms-key"
  }

  variables {
    rotation_days = 90
  }

  expect_failures = [var.rotation_days]
}
