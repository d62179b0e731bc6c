# The keys: what signs licences, what vouches for the signing keys, what wraps payloads. Rings and keys cannot be
# deleted and cannot move, so their location is a variable of its own.
locals {
  keys_project  = coalesce(var.keys_project_id, var.project_id)
  keys_location = coalesce(var.keys_location, var.region)

  payload_key_regions = length(var.payload_key_regions) == 0 ? [local.keys_location] : var.payload_key_regions

  signs = { purpose = "ASYMMETRIC_SIGN", algorithm = "RSA_SIGN_PKCS1_4096_SHA256", rotation_days = null }
  wraps = { purpose = "ENCRYPT_DECRYPT", algorithm = "GOOGLE_SYMMETRIC_ENCRYPTION", rotation_days = 90 }

  # The function key-rotation makes the versions of a licence-signing key; KMS those of a key that wraps. The root signs
  # once a year, by a person's hand (scripts/root-ceremony.sh); no account has any right on it.
  keys = merge(
    { for name, one in var.signing_keys : name => merge(local.signs, { ring = "signing", key = name, protection_level = one.protection_level }) },
    {
      license-directory = merge(local.signs, { ring = "signing", key = "license-directory", protection_level = "SOFTWARE" })
      license-root      = merge(local.signs, { ring = "signing", key = "license-root", protection_level = var.root_protection_level })
    },
    { webhook-secrets = merge(local.wraps, { ring = "webhooks", key = "webhook-secrets", protection_level = "SOFTWARE" }) },
    { for region in local.payload_key_regions : "task-payloads ${region}" => merge(local.wraps, { ring = "payloads ${region}", key = "task-payloads", protection_level = "SOFTWARE" }) },
  )

  key_rings = merge(
    {
      signing  = { name = "${var.name_prefix}-signing", location = local.keys_location }
      webhooks = { name = "${var.name_prefix}-webhooks", location = local.keys_location }
    },
    { for region in local.payload_key_regions : "payloads ${region}" => { name = "${var.name_prefix}-payloads", location = region } },
  )

  # What rights.json calls a key, and the keys that it is.
  keys_of = {
    directory_key = ["license-directory"]
    payload_key   = [for region in local.payload_key_regions : "task-payloads ${region}"]
    root_key      = ["license-root"]
    signing_key   = keys(var.signing_keys)
    webhook_key   = ["webhook-secrets"]
  }

  # Public keys of the root, newest first: scripts/root-ceremony.sh writes them, and they belong into the repository. Before
  # the first ceremony no function starts that needs them.
  roots_file = "${path.module}/roots/${var.project_id}.pem"
  root_keys  = fileexists(local.roots_file) ? file(local.roots_file) : "none yet: scripts/root-ceremony.sh"

  # KMS's quota, of which the instances lease slices from a shared counter. An HSM's is small; software keys need no limit of
  # ours.
  signatures = var.signatures_per_minute != null ? var.signatures_per_minute : var.signing_keys[var.signing_key].protection_level == "HSM" ? 214 : null
}

resource "google_kms_key_ring" "this" {
  for_each = local.key_rings

  project  = local.keys_project
  location = each.value.location
  name     = each.value.name

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [module.services, module.keys_services]
}

module "key" {
  source   = "./modules/kms-key"
  for_each = local.keys

  key_ring         = google_kms_key_ring.this[each.value.ring].id
  name             = each.value.key
  purpose          = each.value.purpose
  algorithm        = each.value.algorithm
  protection_level = each.value.protection_level
  rotation_days    = each.value.rotation_days
}
