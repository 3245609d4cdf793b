"""Plan and outcome as JSONL, CSV and HTML."""
