terraform {
  required_version = ">= 1.9, < 2.0"

  # Named by environments/*.gcs.tfbackend.
  backend "gcs" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 8.0"
    }
  }
}

# Identity Platform wants to know whose quota it is.
provider "google" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
}
