resource "google_project_service" "this" {
  for_each = var.apis

  project = var.project_id
  service = each.value
  # Switching one off would take what others in the project have built with it.
  disable_on_destroy = false
}
