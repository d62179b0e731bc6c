# Who may do what, on which thing: rights.json, written from local/accounts.ts, which the stand-ins enforce. Each
# account is bound on the resource itself, by a role of those permissions and no others; Firestore and Identity Platform
# know no resource below the project.
locals {
  rights = jsondecode(file("${path.module}/rights.json"))

  grants = merge([
    for thing, accounts in local.rights : {
      for account, permissions in accounts : "${account} ${thing}" => { thing = thing, account = account, permissions = permissions }
    }
  ]...)

  # By what rights.json calls them. A thing that is in none of these is an error of the plan (things_known below).
  accounts_of  = { for name in local.account_names : "account/${name}" => name }
  buckets_of   = { payload_bucket = module.storage.payload_bucket, upload_bucket = module.storage.upload_bucket }
  databases_of = { database = local.database, keys_database = module.keys_database.database }
  jobs_of      = { worker_job = module.worker.name }

  things = concat(keys(local.keys_of), keys(local.accounts_of), ["payload_bucket", "upload_bucket"], ["database", "keys_database"], ["worker_job"], ["webhook_queue"], ["project"])

  key_grants = merge([
    for grant, one in local.grants : { for key in try(local.keys_of[one.thing], []) : "${one.account} ${key}" => merge(one, { grant = grant, key = key }) }
  ]...)
}

resource "google_project_iam_custom_role" "this" {
  for_each = local.grants

  project     = contains(keys(local.keys_of), each.value.thing) ? local.keys_project : var.project_id
  role_id     = replace("${var.name_prefix}_${replace(each.value.thing, "/", "_")}_${each.value.account}", "-", "_")
  title       = substr("Countersign: ${each.value.account} on ${each.value.thing}", 0, 100)
  description = "Written from the code (terraform/rights.json)."
  permissions = each.value.permissions

  lifecycle {
    precondition {
      condition     = contains(local.things, each.value.thing)
      error_message = "rights.json has rights on ${each.value.thing}, and terraform/access.tf does not know what that is."
    }
  }

  depends_on = [module.services, module.keys_services]
}

resource "google_kms_crypto_key_iam_member" "key" {
  for_each = local.key_grants

  crypto_key_id = module.key[each.value.key].id
  role          = google_project_iam_custom_role.this[each.value.grant].id
  member        = google_service_account.this[each.value.account].member
}

resource "google_storage_bucket_iam_member" "bucket" {
  for_each = { for grant, one in local.grants : grant => one if contains(["payload_bucket", "upload_bucket"], one.thing) }

  bucket = local.buckets_of[each.value.thing]
  role   = google_project_iam_custom_role.this[each.key].id
  member = google_service_account.this[each.value.account].member
}

# Whoever sets the worker's environment can run code in it: the account that starts the job is worth as much as the
# worker's.
resource "google_cloud_run_v2_job_iam_member" "job" {
  for_each = { for grant, one in local.grants : grant => one if one.thing == "worker_job" }

  project  = var.project_id
  location = var.region
  name     = local.jobs_of[each.value.thing]
  role     = google_project_iam_custom_role.this[each.key].id
  member   = google_service_account.this[each.value.account].member
}

resource "google_cloud_tasks_queue_iam_member" "queue" {
  for_each = { for grant, one in local.grants : grant => one if one.thing == "webhook_queue" }

  project  = var.project_id
  location = var.region
  name     = module.queue.name
  role     = google_project_iam_custom_role.this[each.key].id
  member   = google_service_account.this[each.value.account].member
}

resource "google_service_account_iam_member" "account" {
  for_each = { for grant, one in local.grants : grant => one if startswith(one.thing, "account/") }

  service_account_id = google_service_account.this[local.accounts_of[each.value.thing]].name
  role               = google_project_iam_custom_role.this[each.key].id
  member             = google_service_account.this[each.value.account].member
}

# On the project, since Firestore has nothing below; the condition holds it to one database.
resource "google_project_iam_member" "database" {
  for_each = { for grant, one in local.grants : grant => one if contains(["database", "keys_database"], one.thing) }

  project = var.project_id
  role    = google_project_iam_custom_role.this[each.key].id
  member  = google_service_account.this[each.value.account].member

  condition {
    title      = "One database"
    expression = "resource.name == \"projects/${var.project_id}/databases/${local.databases_of[each.value.thing]}\""
  }
}

# On the project, since users belong to it.
resource "google_project_iam_member" "project" {
  for_each = { for grant, one in local.grants : grant => one if one.thing == "project" }

  project = var.project_id
  role    = google_project_iam_custom_role.this[each.key].id
  member  = google_service_account.this[each.value.account].member
}
