resource "google_identity_platform_config" "this" {
  project            = var.project_id
  authorized_domains = var.authorized_domains

  sign_in {
    allow_duplicate_emails = false

    anonymous {
      enabled = false
    }

    email {
      enabled           = true
      password_required = true
    }
  }

  # Staff need a second factor; a TOTP code of the period before or after counts, for clocks that differ.
  mfa {
    state = "ENABLED"

    provider_configs {
      state = "ENABLED"

      totp_provider_config {
        adjacent_intervals = 1
      }
    }
  }

  # Whoever signs up has no role, and so no right, until an owner gives one; deleting an account is the owner's too.
  client {
    permissions {
      disabled_user_deletion = true
      disabled_user_signup   = false
    }
  }
}

resource "google_identity_platform_default_supported_idp_config" "this" {
  for_each = nonsensitive(toset(keys(var.oauth_clients)))

  project       = var.project_id
  idp_id        = each.value
  client_id     = var.oauth_clients[each.value].client_id
  client_secret = var.oauth_clients[each.value].client_secret
  enabled       = var.oauth_clients[each.value].enabled

  depends_on = [google_identity_platform_config.this]
}
