output "topic" {
  description = "Id of the topic, once the bucket may publish to it."
  value       = google_pubsub_topic.this.id

  depends_on = [google_pubsub_topic_iam_member.bucket]
}
