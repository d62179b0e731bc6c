locals {
  # One for each function and the job, those that have rights beside, and the scheduler's, which has none.
  account_names = toset(concat(keys(local.environment), flatten([for accounts in values(local.rights) : keys(accounts)]), ["scheduler", "upload-push", "webhook-queue"]))

  # What a reader of the list should know; the rights themselves are in rights.json.
  account_descriptions = {
    docs             = "Function: documentation; no right at all"
    public-keys      = "Function: serves public keys; can neither sign nor write"
    scheduler        = "Cloud Scheduler's token; no right at all"
    signed-urls      = "Function: signs URLs, which act with its rights"
    task-dispatcher  = "Starts the worker's job, as task-payloads acting on its behalf; worth as much as the worker"
    task-payloads    = "Function: seals payloads; can neither open nor read them"
    upload-push      = "Pub/Sub's token; no right at all"
    webhook-delivery = "Function: sends webhooks; opens their secrets"
    webhook-queue    = "Cloud Tasks' token; no right at all"
    task-worker      = "Job: opens payloads; can neither seal nor create them"
  }
}

resource "google_service_account" "this" {
  for_each = local.account_names

  project    = var.project_id
  account_id = "${var.name_prefix}-${each.value}"
  # The name is what the logs show.
  display_name = "Countersign ${each.value}"
  description  = lookup(local.account_descriptions, each.value, "Function: ${each.value}")

  lifecycle {
    precondition {
      condition     = length("${var.name_prefix}-${each.value}") <= 30
      error_message = "name_prefix is too long: ${var.name_prefix}-${each.value} has more than the 30 characters of an account's name."
    }
  }

  depends_on = [module.services]
}
