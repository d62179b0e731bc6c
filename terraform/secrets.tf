# The secret under which keys of an older system are hashed. Its one version is made by hand, so that its value is in no
# state; without that version the keys are lost, so it is never replaced and never read as "latest".
locals {
  pepper_readers = toset([for name in local.functions : name if contains(keys(local.environment[name]), "IMPORTED_KEY_PEPPER")])

  # By the variable that has its value.
  secrets = var.imported_keys ? { IMPORTED_KEY_PEPPER = google_secret_manager_secret.imported_key_pepper.secret_id } : {}
}

resource "google_secret_manager_secret" "imported_key_pepper" {
  project   = var.project_id
  secret_id = "${var.name_prefix}-imported-key-pepper"

  replication {
    auto {}
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [module.services]
}

resource "google_secret_manager_secret_iam_member" "imported_key_pepper" {
  for_each = local.pepper_readers

  project   = var.project_id
  secret_id = google_secret_manager_secret.imported_key_pepper.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this[each.value].member
}
