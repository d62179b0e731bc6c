# Who may do what, on which thing: the whole of it. Each account is bound on the resource itself; Firestore and Identity
# Platform know no resource below the project.
locals {
  grants = {
    # account => what for => role
    signing_key = {
      key-rotation    = { rotate = google_project_iam_custom_role.key_rotator.id }
      license-signing = { read = google_project_iam_custom_role.key_reader.id, sign = "roles/cloudkms.signerVerifier" }
      public-keys     = { read = google_project_iam_custom_role.key_reader.id }
      seats           = { read = google_project_iam_custom_role.key_reader.id, sign = "roles/cloudkms.signerVerifier" }
    }

    payload_key = {
      task-payloads = { seal = "roles/cloudkms.cryptoKeyEncrypter" }
      task-worker   = { open = "roles/cloudkms.cryptoKeyDecrypter" }
    }

    payload_bucket = {
      task-payloads = { store = google_project_iam_custom_role.payload_sealer.id }
      task-worker   = { take = google_project_iam_custom_role.payload_opener.id }
    }

    # Signed URLs act with the rights of the account that signed them.
    upload_bucket = {
      signed-urls = { lend = "roles/storage.objectUser" }
    }

    # Whoever sets the worker's environment can run code in it: this account is worth as much as the worker's.
    worker_job = {
      task-dispatcher = { start = "roles/run.jobsExecutorWithOverrides" }
    }

    signed_urls_account = {
      signed-urls = { sign = "roles/iam.serviceAccountTokenCreator" }
    }

    dispatcher_account = {
      task-payloads = { act = google_project_iam_custom_role.token_minter.id }
    }

    database = {
      admin           = { use = "roles/datastore.user" }
      key-rotation    = { use = "roles/datastore.user" }
      license-signing = { use = "roles/datastore.user" }
      public-keys     = { look = "roles/datastore.viewer" }
      seats           = { use = "roles/datastore.user" }
      session-reaper  = { use = "roles/datastore.user" }
      signed-urls     = { use = "roles/datastore.user" }
      task-payloads   = { use = "roles/datastore.user" }
    }

    users = {
      admin = { keep = google_project_iam_custom_role.member_keeper.id }
    }
  }

  # The same, a list a thing: "account/what for" => account and role.
  bindings = {
    for thing, accounts in local.grants : thing => merge([
      for account, roles in accounts : { for purpose, role in roles : "${account}/${purpose}" => { account = account, role = role } }
    ]...)
  }
}

resource "google_project_iam_custom_role" "key_reader" {
  project     = local.keys_project
  role_id     = "${replace(var.name_prefix, "-", "_")}_key_reader"
  title       = "Countersign: reads key versions"
  description = "List versions and their public keys. roles/cloudkms.viewer reads more, and lists no public key."
  permissions = ["cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeyVersions.viewPublicKey"]

  depends_on = [module.services, module.keys_services]
}

resource "google_project_iam_custom_role" "key_rotator" {
  project     = local.keys_project
  role_id     = "${replace(var.name_prefix, "-", "_")}_key_rotator"
  title       = "Countersign: rolls the signing key"
  description = "Create and disable versions; not destroy them, not sign, not change the policy."
  permissions = ["cloudkms.cryptoKeyVersions.create", "cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeyVersions.update", "cloudkms.cryptoKeyVersions.viewPublicKey"]

  depends_on = [module.services, module.keys_services]
}

resource "google_project_iam_custom_role" "payload_sealer" {
  project     = var.project_id
  role_id     = "${replace(var.name_prefix, "-", "_")}_payload_sealer"
  title       = "Countersign: stores sealed payloads"
  description = "Create, list and delete objects; not read them, not even their metadata one by one."
  permissions = ["storage.objects.create", "storage.objects.delete", "storage.objects.list"]

  depends_on = [module.services, module.keys_services]
}

resource "google_project_iam_custom_role" "payload_opener" {
  project     = var.project_id
  role_id     = "${replace(var.name_prefix, "-", "_")}_payload_opener"
  title       = "Countersign: takes sealed payloads"
  description = "Read and delete an object whose name is known; neither list nor create."
  permissions = ["storage.objects.delete", "storage.objects.get"]

  depends_on = [module.services, module.keys_services]
}

resource "google_project_iam_custom_role" "token_minter" {
  project     = var.project_id
  role_id     = "${replace(var.name_prefix, "-", "_")}_token_minter"
  title       = "Countersign: acts as the dispatcher"
  description = "Access tokens alone; the predefined role signs as the account, too."
  permissions = ["iam.serviceAccounts.getAccessToken"]

  depends_on = [module.services, module.keys_services]
}

resource "google_project_iam_custom_role" "member_keeper" {
  project     = var.project_id
  role_id     = "${replace(var.name_prefix, "-", "_")}_member_keeper"
  title       = "Countersign: keeps members' claims"
  description = "Look users up and set their claims; neither create nor delete them."
  permissions = ["firebaseauth.users.get", "firebaseauth.users.update"]

  depends_on = [module.services, module.keys_services]
}

resource "google_kms_crypto_key_iam_member" "signing_key" {
  for_each = local.bindings.signing_key

  crypto_key_id = module.signing_key.id
  role          = each.value.role
  member        = google_service_account.this[each.value.account].member
}

resource "google_kms_crypto_key_iam_member" "payload_key" {
  for_each = {
    for pair in setproduct(local.payload_key_regions, keys(local.bindings.payload_key)) :
    "${pair[0]} ${pair[1]}" => merge(local.bindings.payload_key[pair[1]], { region = pair[0] })
  }

  crypto_key_id = module.payload_key[each.value.region].id
  role          = each.value.role
  member        = google_service_account.this[each.value.account].member
}

resource "google_storage_bucket_iam_member" "payload_bucket" {
  for_each = local.bindings.payload_bucket

  bucket = module.storage.payload_bucket
  role   = each.value.role
  member = google_service_account.this[each.value.account].member
}

resource "google_storage_bucket_iam_member" "upload_bucket" {
  for_each = local.bindings.upload_bucket

  bucket = module.storage.upload_bucket
  role   = each.value.role
  member = google_service_account.this[each.value.account].member
}

resource "google_cloud_run_v2_job_iam_member" "worker_job" {
  for_each = local.bindings.worker_job

  project  = var.project_id
  location = var.region
  name     = module.worker.name
  role     = each.value.role
  member   = google_service_account.this[each.value.account].member
}

resource "google_service_account_iam_member" "signed_urls_account" {
  for_each = local.bindings.signed_urls_account

  service_account_id = google_service_account.this["signed-urls"].name
  role               = each.value.role
  member             = google_service_account.this[each.value.account].member
}

resource "google_service_account_iam_member" "dispatcher_account" {
  for_each = local.bindings.dispatcher_account

  service_account_id = google_service_account.this["task-dispatcher"].name
  role               = each.value.role
  member             = google_service_account.this[each.value.account].member
}

# On the project, since Firestore has nothing below; the condition holds it to one database.
resource "google_project_iam_member" "database" {
  for_each = local.bindings.database

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.this[each.value.account].member

  condition {
    title      = "One database"
    expression = "resource.name == \"projects/${var.project_id}/databases/${local.database}\""
  }
}

# On the project, since users belong to it; the role is our own, of two permissions.
resource "google_project_iam_member" "users" {
  for_each = local.bindings.users

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.this[each.value.account].member
}
