"""What a task does: the payload comes on standard input, and the exit status decides what becomes of it."""
import json
import os
import sys

payload = json.load(sys.stdin)
# Names only: what is printed goes to Cloud Logging.
print(f"task {os.environ['TASK_ID']}: {', '.join(sorted(payload))}")
# Exit status 0: the payload is deleted. Any other: it is kept, and the job can be run again.
sys.exit(0 if 'repository' in payload else 3)
