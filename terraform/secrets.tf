# The secret under which keys of an older system are hashed. Its one version is made by hand, so that its value is in no
# state; without that version the keys are lost, so it is never replaced and never read as "latest".
locals {
  pepper_readers = toset([for name in local.functions : name if contains(keys(local.environment[name]), "IMPORTED_KEY_PEPPER")])

  stripe_readers = toset([for name in local.functions : name if contains(keys(local.environment[name]), "STRIPE_WEBHOOK_SECRET")])

  # By the variable that has its value. Stripe's secret is rolled in Stripe's dashboard, so its newest version is read.
  secrets = merge(
    var.imported_keys ? { IMPORTED_KEY_PEPPER = { secret = google_secret_manager_secret.imported_key_pepper.secret_id } } : {},
    var.stripe ? { STRIPE_WEBHOOK_SECRET = { secret = google_secret_manager_secret.stripe_webhook.secret_id, version = "latest" } } : {},
  )
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

# The signing secret of Stripe's webhook endpoint. Its versions are made by hand, from Stripe's dashboard.
resource "google_secret_manager_secret" "stripe_webhook" {
  project   = var.project_id
  secret_id = "${var.name_prefix}-stripe-webhook"

  replication {
    auto {}
  }

  depends_on = [module.services]
}

resource "google_secret_manager_secret_iam_member" "stripe_webhook" {
  for_each = local.stripe_readers

  project   = var.project_id
  secret_id = google_secret_manager_secret.stripe_webhook.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this[each.value].member
}
