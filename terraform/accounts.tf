locals {
  # One for each function, and three that are not one.
  accounts = {
    admin           = "Function: tenants, members, licences, audit"
    docs            = "Function: documentation; no right at all"
    key-rotation    = "Function: creates and disables versions of the signing key"
    license-signing = "Function: signs licence data"
    public-keys     = "Function: serves public keys; can neither sign nor write"
    scheduler       = "Cloud Scheduler's token; no right at all"
    seats           = "Function: lends out seats, signs licences"
    session-reaper  = "Function: ends zombie sessions"
    signed-urls     = "Function: signs URLs, which act with its rights"
    task-dispatcher = "Starts the worker's job, as task-payloads acting on its behalf"
    task-payloads   = "Function: seals payloads; can neither open nor read them"
    task-worker     = "Job: opens payloads; can neither seal nor create them"
  }
}

resource "google_service_account" "this" {
  for_each = local.accounts

  project    = var.project_id
  account_id = "${var.name_prefix}-${each.key}"
  # The name is what the logs show.
  display_name = "Countersign ${each.key}"
  description  = each.value

  depends_on = [module.services]
}
